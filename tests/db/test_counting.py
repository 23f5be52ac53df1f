from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session, sessionmaker

from db.counting import Tally
from db.schema import InstanceRow, StudyRow
from db.transactions import reading
from router.types import Outcome


@pytest.mark.parametrize("unsettled", [0, 1, 3, 100])
def test_a_tally_is_right_however_much_of_the_table_it_remembers(
    unsettled: int, receive: Callable[..., Outcome], maker: sessionmaker[Session]
) -> None:
    instances = Tally(InstanceRow, unsettled=unsettled)
    studies = Tally(StudyRow, unsettled=unsettled)
    for number in range(1, 9):
        receive(number, study=number // 2)
        receive(number, study=number // 2, content="b")
        with reading(maker) as session:
            assert (instances.count(session), studies.count(session)) == (number, number // 2 + 1)
