from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from db.users import Users

HOUR = timedelta(hours=1)


@pytest.fixture
def users(maker: sessionmaker[Session], clock: Any) -> Users:
    return Users(maker, clock=clock, failures_kept=5)


def test_the_first_user_is_an_admin_and_there_is_one_first(users: Users) -> None:
    assert users.add_first("ann", "hash")
    assert not users.add_first("bob", "hash")
    assert [(one.name, one.role, one.added_by) for one in users.list()] == [("ann", "admin", "ann")]


def test_a_name_is_taken_once(users: Users) -> None:
    assert users.add("ann", "reader", "hash", by="boss")
    assert not users.add("ann", "admin", "other", by="boss")
    found = users.find("ann")
    assert found is not None and (found.role, found.password_hash) == ("reader", "hash")
    assert users.find("bob") is None


def test_an_issuers_subject_is_found(users: Users) -> None:
    users.add("ann", "reader", None, by="issuer", issuer="https://i.example", subject="1")
    found = users.find_subject("https://i.example", "1")
    assert found is not None and found.name == "ann"
    assert users.find_subject("https://other.example", "1") is None
    assert not users.add("bob", "reader", None, by="issuer", issuer="https://i.example", subject="1")


def test_an_admin_is_always_left(users: Users) -> None:
    users.add("ann", "admin", "hash", by="cli")
    assert not users.disable("ann")
    assert not users.set_role("ann", "reader")
    users.add("bob", "admin", "hash", by="ann")
    assert users.disable("ann")
    assert not users.set_role("bob", "reviewer")
    assert users.enable("ann")
    assert users.set_role("bob", "reviewer")


def test_a_session_ends_by_age_by_idleness_and_by_hand(users: Users, clock: Any) -> None:
    users.add("ann", "reader", "hash", by="cli")
    assert users.open_session("ann", "t1", clock() + 3 * HOUR, "csrf")
    opened = users.session("t1", idle=HOUR)
    assert opened is not None and (opened.name, opened.role, opened.csrf) == ("ann", "reader", "csrf")
    clock.forward(timedelta(minutes=50))
    assert users.session("t1", idle=HOUR)  # somebody is there: an hour begins anew
    clock.forward(timedelta(minutes=50))
    assert users.session("t1", idle=HOUR, counts=False)  # a page asked by itself: it does not
    clock.forward(timedelta(minutes=50))
    assert users.session("t1", idle=HOUR) is None
    assert users.open_session("ann", "t2", clock() + HOUR, "csrf")
    clock.forward(HOUR)
    assert users.session("t2", idle=2 * HOUR) is None
    assert users.open_session("ann", "t3", clock() + HOUR, "csrf")
    users.close_session("t3")
    assert users.session("t3", idle=HOUR) is None


def test_the_role_of_a_session_is_the_users_present_one(users: Users, clock: Any) -> None:
    users.add("ann", "reader", "hash", by="cli")
    users.open_session("ann", "t", clock() + HOUR, "csrf")
    users.set_role("ann", "reviewer")
    found = users.session("t", idle=HOUR)
    assert found is not None and found.role == "reviewer"


def test_a_disabled_user_is_out_at_once_and_stays_out(users: Users, clock: Any) -> None:
    users.add("boss", "admin", "hash", by="cli")
    users.add("ann", "reader", "hash", by="boss")
    users.open_session("ann", "t", clock() + HOUR, "csrf")
    assert users.disable("ann")
    assert users.session("t", idle=HOUR) is None
    assert not users.open_session("ann", "t2", clock() + HOUR, "csrf")
    users.enable("ann")
    assert users.session("t", idle=HOUR) is None


def test_a_new_password_ends_the_other_sessions(users: Users, clock: Any) -> None:
    users.add("ann", "reader", "old", by="cli")
    for token in ("here", "there"):
        users.open_session("ann", token, clock() + HOUR, "csrf")
    assert users.set_password("ann", "new", but="here")
    assert users.session("here", idle=HOUR) and users.session("there", idle=HOUR) is None
    assert users.rehash("ann", "newer") and users.session("here", idle=HOUR)
    assert users.close_sessions_of("ann") == 1


def test_failures_are_counted_by_name_by_address_and_by_both(users: Users, clock: Any) -> None:
    for name, address in (("ann", "10.0.0.1"), ("ann", "10.0.0.2"), ("bob", "10.0.0.1")):
        users.failed(name, address)
    since = clock() - HOUR
    assert users.recent_failures(since, name="ann") == 2
    assert users.recent_failures(since, address="10.0.0.1") == 2
    assert users.recent_failures(since, name="ann", address="10.0.0.1") == 1
    assert users.recent_failures(clock() + HOUR) == 0
    assert sorted((one.name, one.address, one.times) for one in users.failures(since)) == [
        ("ann", "10.0.0.1", 1),
        ("ann", "10.0.0.2", 1),
        ("bob", "10.0.0.1", 1),
    ]


def test_only_the_latest_failures_are_kept(users: Users, clock: Any) -> None:
    for number in range(9):
        users.failed(f"guess{number}", "10.0.0.1\0")
    assert users.recent_failures(clock() - HOUR, address="10.0.0.1\0") == 5
