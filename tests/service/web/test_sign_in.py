"""Who comes in, how long they stay, and what it takes to keep strangers out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from argon2 import PasswordHasher

from service.sections_web import Web
from service.web.going_on import local_path
from service.web.passwords import Passwords, objection
from service.web.sign_in_limits import Failures, delay_s, is_blocked

PASSWORD = "four small green lamps"


@pytest.fixture
def ann(pages: Any) -> Any:
    """A browser, and an account with a password to sign in with."""
    assert pages.house.users.add("ann", "reviewer", PasswordHasher().hash(PASSWORD), by="test")
    return pages.nobody()


def sign_in(browser: Any, name: str = "ann", password: str = PASSWORD, **more: Any) -> Any:
    return browser.client.post("/sign-in", data={"name": name, "password": password, **more})


def actions(pages: Any) -> list[tuple[str, str]]:
    return [(each.actor, each.action) for each in pages.house.actions.page(50).items]


def test_a_password_opens_a_session_that_only_its_cookie_knows(pages: Any, ann: Any) -> None:
    answer = sign_in(ann, name=" Ann ", next="/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie
    assert "Secure" not in cookie and "Max-Age" not in cookie
    assert "ann (reviewer)" in ann.text("/account")
    assert actions(pages) == [("ann", "signed in")]


def test_over_https_the_cookie_is_bound_to_the_host(ann: Any) -> None:
    ann.client.headers["X-Forwarded-Proto"] = "https"
    cookie = sign_in(ann).headers["set-cookie"]
    assert cookie.startswith("__Host-radrouter-session=") and "Secure" in cookie and "Domain" not in cookie


def test_signing_in_again_ends_the_session_before(ann: Any) -> None:
    sign_in(ann)
    before = dict(ann.client.cookies)
    sign_in(ann)
    assert dict(ann.client.cookies) != before
    ann.client.cookies.update(before)
    assert ann.get("/account").status_code == 303


def test_signing_out_ends_it_here_and_in_the_database(pages: Any, ann: Any) -> None:
    sign_in(ann)
    kept, page = dict(ann.client.cookies), ann.get("/account").text
    ann.csrf = page.split('name="csrf" value="')[1].split('"')[0]
    assert ann.send("/sign-out").headers["location"] == "/sign-in"
    ann.client.cookies.update(kept)
    assert ann.get("/account").status_code == 303
    assert ("ann", "signed out") in actions(pages)


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong"), ("bob", PASSWORD), ("", ""), ("ann", "")])
def test_a_wrong_name_and_a_wrong_password_look_the_same(ann: Any, name: str, password: str) -> None:
    answer = sign_in(ann, name, password)
    assert answer.status_code == 403
    assert "The name or the password is wrong." in answer.text
    assert "set-cookie" not in answer.headers


def test_what_was_typed_as_an_unknown_name_is_kept_nowhere(pages: Any, ann: Any) -> None:
    sign_in(ann, "my secret password")
    assert actions(pages) == [("(unknown)", "sign-in failed")]
    assert [each.name for each in pages.house.users.failures(datetime(2020, 1, 1, tzinfo=UTC))] == [
        "(unknown)"
    ]


def test_a_disabled_user_and_one_without_a_password_stay_out(pages: Any, ann: Any) -> None:
    pages.house.users.disable("ann")
    assert sign_in(ann).status_code == 403
    pages.house.users.add("eve", "admin", None, by="issuer", issuer="https://i.example", subject="1")
    assert sign_in(ann, "eve", "nobody has this password").status_code == 403


def test_after_five_failures_not_even_the_right_password_is_looked_at(pages: Any, ann: Any) -> None:
    for _ in range(5):
        pages.house.users.failed("ann", "127.0.0.1")
    answer = sign_in(ann)
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
    assert "too many sign-ins failed" in answer.text
    ann.client.headers["X-Forwarded-For"] = "10.9.9.9"  # another address, said by a trusted proxy
    assert sign_in(ann).status_code == 303


def test_an_old_hash_is_made_anew_at_the_next_sign_in(pages: Any, ann: Any) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    pages.house.users.rehash("ann", weak)
    assert sign_in(ann).status_code == 303
    assert pages.house.users.find("ann").password_hash != weak
    assert sign_in(ann).status_code == 303


@pytest.mark.usefixtures("ann")
def test_without_a_session_a_page_leads_to_sign_in_and_back(nobody: Any) -> None:
    answer = nobody.get("/account?done=password")
    assert answer.headers["location"] == "/sign-in?next=/account%3Fdone%3Dpassword"
    assert 'name="next" value="/account?done=password"' in nobody.get(answer.headers["location"]).text


def test_a_fragment_leads_the_whole_page_there(nobody: Any) -> None:
    answer = nobody.fragment("/account", **{"HX-Current-URL": "http://127.0.0.1/studies?view=hand_ap"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/sign-in?next=/studies%3Fview%3Dhand_ap"


def test_a_link_from_elsewhere_asks_once_more_by_itself(nobody: Any) -> None:
    answer = nobody.get("/account", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200 and 'http-equiv="refresh"' in answer.text


def test_a_form_of_a_strangers_page_signs_nobody_in(ann: Any) -> None:
    ann.client.headers["Origin"] = "https://evil.example"
    answer = sign_in(ann)
    assert answer.status_code == 403 and "other origins" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


def test_a_form_without_its_token_changes_nothing(reader: Any) -> None:
    answer = reader.client.post("/sign-out")
    assert answer.status_code == 403 and "out of date" in answer.text
    assert reader.get("/account").status_code == 200


def test_a_session_ends_when_nobody_is_there(open_pages: Callable[..., Any]) -> None:
    pages = open_pages(web=Web(session_idle_minutes=0.0001))
    assert pages.person("reader").get("/account").status_code == 303


def test_one_changes_ones_own_password_and_is_signed_out_elsewhere(pages: Any, ann: Any) -> None:
    sign_in(ann)
    other = pages.nobody()
    sign_in(other)
    ann.csrf = ann.get("/account").text.split('name="csrf" value="')[1].split('"')[0]
    new = "seven tall blue doors"
    for old, password, again, said in (
        ("wrong", new, new, "another one"),
        (PASSWORD, "short", "short", "at least 12"),
        (PASSWORD, new, new + "x", "differ"),
    ):
        answer = ann.send("/account/password", old=old, password=password, again=again)
        assert answer.status_code == 422 and said in answer.text
    answer = ann.send("/account/password", old=PASSWORD, password=new, again=new)
    assert answer.headers["location"] == "/account?done=password"
    assert ann.get("/account").status_code == 200 and other.get("/account").status_code == 303
    assert sign_in(other, password=new).status_code == 303
    assert ("ann", "password changed") in actions(pages)


def test_the_first_account_is_made_on_the_machine_itself(pages: Any) -> None:
    browser = pages.nobody()
    assert "Make the first account" in browser.text("/sign-in")
    made = browser.client.post("/first-admin", data={"name": "Boss", "password": PASSWORD, "again": PASSWORD})
    assert made.status_code == 303
    assert "boss (admin)" in browser.text("/account")
    again = browser.client.post("/first-admin", data={"name": "eve", "password": PASSWORD, "again": PASSWORD})
    assert again.status_code == 409 and pages.house.users.count() == 1


@pytest.mark.parametrize(
    ("name", "password", "again", "said"),
    [
        ("b/ss", PASSWORD, PASSWORD, "letters, digits"),
        ("boss", "short", "short", "at least 12"),
        ("boss", "boss boss boss!", "boss boss boss!", "easy to guess"),
        ("boss", PASSWORD, "", "differ"),
    ],
)
def test_the_first_account_is_a_sound_one(
    pages: Any, name: str, password: str, again: str, said: str
) -> None:
    answer = pages.nobody().client.post(
        "/first-admin", data={"name": name, "password": password, "again": again}
    )
    assert answer.status_code == 422 and said in answer.text and pages.house.users.count() == 0


@pytest.mark.parametrize(
    "headers",
    [{"X-Forwarded-For": "10.1.2.3"}, {"Forwarded": "for=127.0.0.1"}, {"X-Forwarded-For": "127.0.0.1"}],
)
def test_from_elsewhere_the_command_is_told_instead(pages: Any, headers: dict[str, str]) -> None:
    browser = pages.nobody()
    browser.client.headers.update(headers)
    assert "radrouter user add NAME --role admin" in browser.text("/sign-in")
    made = browser.client.post("/first-admin", data={"name": "eve", "password": PASSWORD, "again": PASSWORD})
    assert made.status_code == 403 and pages.house.users.count() == 0


def test_what_is_not_there_is_a_page_to_people_and_a_document_to_programs(reader: Any) -> None:
    page = reader.get("/nowhere")
    assert page.status_code == 404 and "<h1>Not here</h1>" in page.text
    asked = reader.client.get("/nowhere", headers={"Accept": "*/*"})
    assert asked.status_code == 404 and asked.json()["detail"] == "no such path"
    assert reader.get("/api/v1/nowhere").headers["content-type"].startswith("application/problem+json")


def test_a_lost_database_is_told_in_words(open_pages: Callable[..., Any], raising: Any) -> None:
    from router.errors import OutOfResources

    class Away:
        count = staticmethod(raising(OutOfResources("the disk of db1 is full")))

    answer = open_pages(users=Away()).nobody().get("/sign-in")
    assert answer.status_code == 503 and "not to be had right now" in answer.text and "db1" not in answer.text


def test_every_page_has_its_guards(reader: Any) -> None:
    headers = reader.get("/account").headers
    assert headers["cache-control"] == "no-store"
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin" and headers["x-frame-options"] == "DENY"


def test_assets_are_kept_under_the_address_that_pages_give_them(nobody: Any) -> None:
    address = nobody.get("/sign-in").text.split('href="/assets/style.css')[1].split('"')[0]
    kept, asked = (
        nobody.get(f"/assets/style.css{query}").headers["cache-control"] for query in (address, "?v=1")
    )
    assert "immutable" in kept and "no-cache" in asked


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [
        ("/studies?view=hand_ap", "/studies?view=hand_ap"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nSet-Cookie: b", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
        (None, "/"),
        ("/" + "a" * 3000, "/"),
    ],
)
def test_one_goes_on_to_a_path_of_ours_only(wanted: str | None, leads: str) -> None:
    assert local_path(wanted) == leads


@pytest.mark.parametrize(
    ("here", "address", "name", "blocked"),
    [(0, 0, 0, False), (4, 29, 49, False), (5, 5, 5, True), (0, 30, 0, True), (0, 0, 50, True)],
)
def test_when_signing_in_is_blocked(here: int, address: int, name: int, blocked: bool) -> None:
    failures = Failures(of_name_from_address=here, of_address=address, of_name=name)
    assert is_blocked(failures) is blocked


def test_each_failure_is_told_later_than_the_one_before() -> None:
    waits = [delay_s(Failures(of_name_from_address=n, of_address=n, of_name=n)) for n in range(9)]
    assert waits[:4] == [0.25, 0.5, 1.0, 2.0] and max(waits) == 4.0


@pytest.mark.parametrize(
    ("password", "good"),
    [
        (PASSWORD, True),
        ("elevenchars", False),
        ("a" * 40, False),
        ("ann is my name", False),
        ("x" * 257, False),
    ],
)
def test_what_a_password_must_be(password: str, good: bool) -> None:
    assert (objection(password, "ann") is None) is good


def test_an_unreadable_hash_opens_nothing() -> None:
    assert not Passwords().fits("not a hash", PASSWORD)
