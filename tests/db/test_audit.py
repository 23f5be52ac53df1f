from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from db.instances import Instances
from db.queries import Queries
from router.types import Analysis, Event, Outcome

Receive = Callable[..., Outcome]
Answer = Callable[..., Analysis]
MINUTE = timedelta(minutes=1)
UID = "1.2.3.1"


def test_the_audit_tells_the_whole_story_and_no_patients_field(
    receive: Receive, instances: Instances, queries: Queries, analysis: Answer
) -> None:
    receive(1)
    instances.finish(instances.claim(1, lease=MINUTE, worker="w")[0], analysis())
    story = queries.audit(UID)
    assert [entry.event for entry in story] == [
        Event.RECEIVED, Event.CLAIMED, Event.PREDICTED, Event.ROUTED, Event.ANALYSED, Event.DONE,
    ]  # fmt: skip
    assert [entry.id for entry in story] == sorted(entry.id for entry in story)
    assert story[3].detail["matched"] == ["chests"]
    assert story[4].detail["models_absent"] == ["fracture"]
    assert story[4].detail["models_silent"][0]["reason"] == "image quality not good enough to be analysed"
    assert not any(word in str(entry.detail) for entry in story for word in ("Doe", "P1", "A1"))


@pytest.mark.parametrize("statement", ["UPDATE audit SET event = 'done'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_the_audit(
    statement: str, receive: Receive, maker: sessionmaker[Session], queries: Queries
) -> None:
    receive(1)
    with pytest.raises(DBAPIError, match="append-only"), maker.begin() as session:
        session.execute(text(statement))
    assert [entry.event for entry in queries.audit(UID)] == [Event.RECEIVED]
