"""System and its users: seen by those who may, changed by those who may, and noted."""

from __future__ import annotations

from typing import Any

import pytest

from service.web.rendering import size

PASSWORD = "four small green lamps"


def actions(pages: Any) -> list[tuple[str, str, Any]]:
    return [(each.actor, each.action, dict(each.detail)) for each in pages.house.actions.page(50).items]


def test_everything_on_one_page(pages: Any, reader: Any, admin: Any) -> None:
    pages.house.receive(1)
    pages.house.rules.problem = 'rule "hands": unknown view "hnd_ap"'
    words = reader.text("/system")
    for part in (
        "Database in order",
        "Rules look at it Older rules are in force",
        "SQLite",
        "radrouter backup",
    ):
        assert part in words, part
    assert "Settings as loaded" not in words
    words = admin.text("/system")
    assert "storage.soft_free_fraction 0.1 default" in words
    assert "(hidden)" not in words  # nothing secret is set


def test_actions_are_read_page_by_page_by_admins(pages: Any, reader: Any, admin: Any) -> None:
    for number in range(120):
        pages.house.actions.note("ann", "tested", {"number": number})
    words = admin.text("/system/actions")
    assert "number 119" in words and "number 19 " not in words and "Older" in words
    older = admin.get("/system/actions").text.split('href="/system/actions?after=')[1].split('"')[0]
    assert "number 19 " in admin.text(f"/system/actions?after={older}")
    assert admin.get("/system/actions?after=nonsense").status_code == 422
    assert reader.get("/system/actions").status_code == 403


def test_an_account_from_the_first_day_to_the_last(pages: Any, admin: Any) -> None:
    users = pages.house.users
    assert admin.send("/system/users/add", name="Ann", role="reader", password=PASSWORD).status_code == 303
    taken = admin.send("/system/users/add", name="ann", role="reader", password=PASSWORD)
    assert taken.status_code == 422 and "There is a user ann already." in taken.text
    short = admin.send("/system/users/add", name="bob", role="reader", password="short")
    assert short.status_code == 422 and "at least 12" in short.text and users.find("bob") is None
    assert admin.send("/system/users/add", name="bob", role="king", password=PASSWORD).status_code == 422
    assert admin.send("/system/users/role", name="ann", role="reviewer").status_code == 303
    assert users.find("ann").role == "reviewer"
    before = users.find("ann").password_hash
    assert admin.send("/system/users/password", name="ann", password="x").status_code == 422
    assert admin.send("/system/users/password", name="ann", password=PASSWORD + "!").status_code == 303
    assert users.find("ann").password_hash != before
    assert admin.send("/system/users/disable", name="ann").status_code == 303
    assert "ann disabled" in admin.text("/system/users")
    assert admin.send("/system/users/enable", name="ann").status_code == 303
    assert [action for _, action, _ in reversed(actions(pages))] == [
        "user added",
        "role changed",
        "password changed",
        "user disabled",
        "user enabled",
    ]
    assert PASSWORD not in str(actions(pages))
    assert admin.send("/system/users/role", name="eve", role="admin").status_code == 404


def test_the_last_admin_stays_one(pages: Any, admin: Any) -> None:
    for path, form in (("role", {"role": "reader"}), ("disable", {})):
        answer = admin.send(f"/system/users/{path}", name="admin", **form)
        assert answer.status_code == 409 and "last administrator" in answer.text
    assert pages.house.users.find("admin").role == "admin"


@pytest.mark.parametrize("role", ["reader", "reviewer"])
def test_nobody_else_sees_or_changes_users(pages: Any, role: str) -> None:
    person = pages.person(role)
    assert person.get("/system/users").status_code == 403
    assert person.send("/system/users/role", name=role, role="admin").status_code == 403
    assert person.send("/system/users/add", name="x", role="admin", password=PASSWORD).status_code == 403
    assert person.send("/system/deliveries/resend", delivery_id=1).status_code == 403
    assert pages.house.users.find(role).role == role


def test_failed_sign_ins_are_seen(pages: Any, admin: Any) -> None:
    for _ in range(5):
        pages.house.users.failed("ann", "10.0.0.9")
    assert "ann 10.0.0.9 5" in admin.text("/system/users")
    assert "blocked" in admin.text("/system/users")


def test_the_password_of_somebody_elses_account_is_not_set_here(pages: Any, admin: Any) -> None:
    pages.house.users.add("eve", "reader", None, by="issuer", issuer="https://i.example", subject="1")
    assert admin.send("/system/users/password", name="eve", password=PASSWORD).status_code == 409
    assert pages.house.users.find("eve").password_hash is None


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1500, "1.5 kB"),
        (8_400_000, "8.4 MB"),
        (999_700, "1.0 MB"),
        (2e12, "2.0 TB"),
    ],
)
def test_sizes_as_people_read_them(count: float, words: str) -> None:
    assert size(count) == words
