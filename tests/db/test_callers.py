from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from db.callers import Callers
from router.types import Refusal


@pytest.fixture
def knock(callers: Callers, clock: Callable[[], datetime]) -> Callable[..., None]:
    def refuse(calling: str = "STRANGER", address: str = "192.0.2.7", reason: str = "not allowed") -> None:
        callers.refuse(
            Refusal(
                calling_ae_title=calling,
                called_ae_title="RADROUTER",
                address=address,
                reason=reason,
                at=clock(),
            )
        )

    return refuse


def test_knocks_within_an_hour_are_counted_as_one(
    knock: Callable[..., None], callers: Callers, clock: object
) -> None:
    knock()
    clock.forward(timedelta(minutes=50))  # type: ignore[attr-defined]
    knock(reason="still not")
    (one,) = callers.list(10)
    assert (one.times, one.reason, one.last_at - one.first_at) == (2, "still not", timedelta(minutes=50))
    clock.forward(timedelta(minutes=61))  # type: ignore[attr-defined]
    knock()
    assert [one.times for one in callers.list(10)] == [1, 2]


def test_another_name_or_address_is_another_knock_and_the_last_comes_first(
    knock: Callable[..., None], callers: Callers, clock: object
) -> None:
    for calling, address in (("A", "192.0.2.1"), ("B", "192.0.2.1"), ("A", "192.0.2.2")):
        knock(calling, address)
        clock.forward(timedelta(seconds=1))  # type: ignore[attr-defined]
    assert [(one.calling_ae_title, one.address[-1]) for one in callers.list(2)] == [("A", "2"), ("B", "1")]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        (" 10.0.0.0/8 ", "10.0.0.0/8"),
        ("2001:db8::1", "2001:db8::1/128"),
    ],
)
def test_a_caller_is_allowed_from_an_address_or_a_network(given: str, kept: str, callers: Callers) -> None:
    callers.allow("MODALITY", given, "admin")
    callers.allow("MODALITY", given, "another admin")
    (one,) = callers.allowed()
    assert (one.calling_ae_title, one.network, one.allowed_by) == ("MODALITY", kept, "admin")


@pytest.mark.parametrize("nonsense", ["", "everywhere", "192.0.2.300", "192.0.2.0/33"])
def test_what_is_no_network_is_refused(nonsense: str, callers: Callers) -> None:
    with pytest.raises(ValueError, match="neither an IP address nor a network"):
        callers.allow("MODALITY", nonsense, "admin")


def test_a_revoked_caller_is_allowed_no_more_and_may_be_allowed_again(callers: Callers) -> None:
    callers.allow("MODALITY", "192.0.2.7", "admin")
    assert callers.revoke("MODALITY", "192.0.2.7", "admin") is True
    assert callers.allowed() == ()
    assert callers.revoke("MODALITY", "192.0.2.7", "admin") is False
    callers.allow("MODALITY", "192.0.2.7", "second thoughts")
    assert [one.allowed_by for one in callers.allowed()] == ["second thoughts"]


def test_strangers_who_make_up_names_do_not_fill_the_disk(
    callers: Callers, maker: sessionmaker[Session], clock: Callable[[], datetime]
) -> None:
    keeping_three = Callers(maker, clock=clock, knocks_kept=3)
    for number in range(5):
        keeping_three.refuse(
            Refusal(calling_ae_title=f"X{number}", called_ae_title="R", address="h", reason="no", at=clock())
        )
    assert [one.calling_ae_title for one in callers.list(10)] == ["X4", "X3", "X2"]
