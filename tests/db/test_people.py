"""What people did, and the rules they published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from db.actions import Actions
from db.rule_versions import RuleVersions


@pytest.fixture
def actions(maker: sessionmaker[Session], clock: Callable[[], datetime]) -> Actions:
    return Actions(maker, clock=clock)


@pytest.fixture
def rule_versions(maker: sessionmaker[Session], clock: Callable[[], datetime]) -> RuleVersions:
    return RuleVersions(maker, clock=clock)


def test_what_people_did_is_listed_page_by_page_the_latest_first(actions: Actions, clock: Any) -> None:
    for number in range(3):
        actions.note("ada", "caller allowed", {"number": number})
    first = actions.page(2)
    rest = actions.page(2, first.next_cursor)
    assert [entry.detail["number"] for entry in (*first.items, *rest.items)] == [2, 1, 0]
    assert (rest.items[0].actor, rest.items[0].action, rest.items[0].at) == ("ada", "caller allowed", clock())
    assert rest.next_cursor is None
    with pytest.raises(ValueError, match="1 to 1000"):
        actions.page(0)


def test_rules_are_kept_as_published_and_going_back_is_publishing_again(rule_versions: RuleVersions) -> None:
    for content, digest, comment in (("a\0", "d1", "first"), ("b", "d2", ""), ("a\0", "d1", "back")):
        rule_versions.publish(content, digest, "ada", comment)
    assert [version.digest for version in rule_versions.list()] == ["d1", "d2", "d1"]
    assert [version.comment for version in rule_versions.list(1)] == ["back"]
    found = rule_versions.get("d1")
    assert found is not None and (found.text, found.published_by, found.comment) == ("a\0", "ada", "back")
    assert rule_versions.get("d9") is None


@pytest.mark.parametrize("table", ["action", "rule_version"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = 9", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_change_them(
    table: str, statement: str, actions: Actions, rule_versions: RuleVersions, maker: sessionmaker[Session]
) -> None:
    actions.note("ada", "signed in", {})
    rule_versions.publish("a", "d1", "ada", "")
    with pytest.raises(DBAPIError, match="append-only"), maker.begin() as session:
        session.execute(text(statement.format(table)))
