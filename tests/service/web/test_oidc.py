"""Signing in by a real OpenID Connect provider that nobody here wrote: there, back, and who comes in."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from service.sections_web import Oidc
from service.web.oidc import claim, role_of
from service.web.oidc_sign_in import name_of

PEOPLE = [
    {"sub": "1", "preferred_username": "Ann Admin", "roles": ["admin", "printing"]},
    {"sub": "2", "preferred_username": "rick", "roles": "reviewer"},
    {"sub": "3", "preferred_username": "nora", "roles": ["printing"]},
    {"sub": "4", "preferred_username": "local", "roles": ["reader"]},
]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider as a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [word for person in PEOPLE for word in ("--user-claims", json.dumps(person))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as provider:
        url, end = f"http://127.0.0.1:{port}", time.monotonic() + 60
        while not _answers(url):
            assert time.monotonic() < end and provider.poll() is None, "the provider did not start"
            time.sleep(0.2)
        yield url
        provider.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid-configuration", trust_env=False).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture
def pages(open_pages: Callable[..., Any], issuer: str) -> Any:
    """The pages, with this provider."""
    return open_pages(
        oidc=Oidc(issuer=issuer, client_id="radrouter", client_secret=SecretStr("s"), label="the ward")
    )


def go_there(browser: Any, wanted: str = "/account") -> str:
    """Begin; gives the provider's address with all it is asked."""
    answer = browser.get(f"/sign-in/oidc?next={wanted}")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def come_back(browser: Any, address: str, sub: str) -> httpx.Response:
    """Let the provider know who one is, and follow its link back."""
    told = httpx.post(address, data={"sub": sub}, trust_env=False)
    assert told.status_code == 302, told.text
    return browser.client.get(told.headers["location"])  # type: ignore[no-any-return]


def test_somebody_comes_back_with_an_account_and_a_session(pages: Any) -> None:
    pages.house.users.add("boss", "admin", None, by="test")
    browser = pages.nobody()
    assert "Sign in with the ward" in browser.text("/sign-in?next=/account")
    address = go_there(browser)
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["response_type"] == ["code"]
    assert len(asked["state"][0]) > 30 and len(asked["nonce"][0]) > 30
    page = come_back(browser, address, "1")
    assert page.status_code == 200 and 'content="0; url=/account"' in page.text
    assert "ann-admin (admin)" in browser.text("/account")
    assert "change your password there" in browser.text("/account")
    again = pages.nobody()
    assert come_back(again, go_there(again), "1").status_code == 200
    assert [user.name for user in pages.house.users.list()] == ["ann-admin", "boss"]


def test_a_role_follows_the_providers_word(pages: Any) -> None:
    pages.house.users.add("rick", "reader", None, by="i", issuer=pages_issuer(pages), subject="2")
    browser = pages.nobody()
    assert come_back(browser, go_there(browser), "2").status_code == 200
    assert pages.house.users.find("rick").role == "reviewer"


def pages_issuer(pages: Any) -> str:
    address = go_there(pages.nobody())
    return address.split("/oauth2/")[0]


def test_whoever_has_no_role_here_stays_out(pages: Any) -> None:
    browser = pages.nobody()
    answer = come_back(browser, go_there(browser), "3")
    assert answer.status_code == 403 and "no role here" in answer.text
    assert pages.house.users.count() == 0


def test_nobody_takes_over_an_account_by_its_name(pages: Any) -> None:
    pages.house.users.add("local", "admin", None, by="test")
    browser = pages.nobody()
    answer = come_back(browser, go_there(browser), "4")
    assert answer.status_code == 409 and "belongs to another account" in answer.text
    assert browser.get("/account").status_code == 303


def test_a_disabled_account_stays_out(pages: Any) -> None:
    users = pages.house.users
    users.add("boss", "admin", None, by="test")
    users.add("rick", "reviewer", None, by="i", issuer=pages_issuer(pages), subject="2")
    users.disable("rick")
    browser = pages.nobody()
    answer = come_back(browser, go_there(browser), "2")
    assert answer.status_code == 403
    assert browser.get("/account").status_code == 303


def test_what_another_browser_began_ends_nowhere(pages: Any) -> None:
    one, other = pages.nobody(), pages.nobody()
    address = go_there(one)
    assert come_back(other, address, "1").status_code == 403
    go_there(other)
    answer = come_back(other, address, "1")
    assert answer.status_code == 403 and "begun elsewhere" in answer.text


def test_an_identity_token_for_another_nonce_is_not_believed(pages: Any) -> None:
    browser = pages.nobody()
    address = go_there(browser)
    forged = address.replace("nonce=", "nonce=other")
    answer = come_back(browser, forged, "1")
    assert answer.status_code == 403 and "not believed" in answer.text
    assert pages.house.users.count() == 0


def test_a_code_that_the_provider_did_not_give_is_not_believed(pages: Any) -> None:
    browser = pages.nobody()
    state = parse_qs(urlsplit(go_there(browser)).query)["state"][0]
    assert browser.get(f"/sign-in/oidc/back?code=made-up&state={state}").status_code == 403
    assert browser.get(f"/sign-in/oidc/back?error=access_denied&state={state}").status_code == 403


def test_a_provider_that_is_away_is_told_in_words(open_pages: Callable[..., Any]) -> None:
    pages = open_pages(oidc=Oidc(issuer="http://127.0.0.1:9", client_id="radrouter"))
    assert pages.nobody().get("/sign-in/oidc").status_code == 503


def test_a_provider_by_another_name_is_not_asked(open_pages: Callable[..., Any], issuer: str) -> None:
    pages = open_pages(oidc=Oidc(issuer=issuer + "/", client_id="radrouter"))
    assert pages.nobody().get("/sign-in/oidc").status_code == 503


def test_without_a_provider_there_is_no_such_page(open_pages: Callable[..., Any]) -> None:
    assert open_pages().nobody().get("/sign-in/oidc").status_code == 404


@pytest.mark.parametrize(
    ("claims", "settings", "role"),
    [
        ({"roles": ["reader", "admin"]}, {}, "admin"),
        ({"roles": "reviewer"}, {}, "reviewer"),
        ({"roles": ["king"]}, {}, None),
        ({"roles": {"admin": True}}, {}, None),
        ({}, {"default_role": "reader"}, "reader"),
        (
            {"realm": {"roles": ["x-ray"]}},
            {"role_claim": "realm.roles", "roles": {"x-ray": "reviewer"}},
            "reviewer",
        ),
        ({"roles": ["admin"]}, {"roles": {"boss": "admin"}}, None),
    ],
)
def test_the_role_that_claims_give(claims: Any, settings: Any, role: str | None) -> None:
    assert role_of(claims, Oidc(**settings)) == role


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"sub": "1", "preferred_username": "Ann B."}, "ann-b."),
        ({"sub": "1", "preferred_username": "", "email": "a@b.example"}, "a@b.example"),
        ({"sub": "AbC", "preferred_username": None}, "abc"),
        ({"sub": "***"}, "somebody"),
    ],
)
def test_what_somebody_is_called_here(claims: Any, name: str) -> None:
    assert name_of(claims, "preferred_username") == name


def test_a_claim_is_found_by_its_name_or_its_path() -> None:
    assert claim({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert claim({"a": {"b": 2}}, "a.b") == 2 and claim({"a": 3}, "a.b") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://idp.example", "client_id": "x"},
        {"issuer": "https://idp.example"},
        {"issuer": "https://idp.example", "client_id": "x", "scopes": ["profile"]},
    ],
)
def test_settings_that_cannot_be(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"issuer|openid"):
        Oidc(**wrong)
