"""Who comes in is decided by a pure function: a table."""

from __future__ import annotations

import hashlib
from http import HTTPStatus

import pytest
from starlette.datastructures import Headers

from router.errors import SettingsError
from service.api.guards import Door, host_name, hosts_of, log_line, refusal
from service.api.tokens import LOCAL, Keyring, Principal, Role
from service.sections import Token

READS = "GET"


def token(name: str, role: str, secret: str) -> Token:
    return Token.model_validate(
        {"name": name, "role": role, "sha256": hashlib.sha256(secret.encode()).hexdigest()}
    )


NO_TOKENS = Keyring((), host="127.0.0.1")
WITH_TOKENS = Keyring((token("ward", "reader", "r"), token("boss", "admin", "a")), host="0.0.0.0")


def door(keyring: Keyring, bound: str, allowed: tuple[str, ...] = (), origins: tuple[str, ...] = ()) -> Door:
    return Door(
        keyring=keyring,
        hosts=hosts_of(bound, allowed, keyring),
        origins=frozenset(origins),
        largest_body=10,
        largest_upload=100,
        upload_paths=frozenset({"/api/v1/upload"}),
    )


LOOPBACK = door(NO_TOKENS, "127.0.0.1")
OUTSIDE = door(WITH_TOKENS, "0.0.0.0")
CORS = door(WITH_TOKENS, "0.0.0.0", origins=("https://viewer.example",))
PROXIED = door(WITH_TOKENS, "127.0.0.1", allowed=("radrouter.example",))
AT_HOME = {"host": "127.0.0.1:8080"}

TABLE = [
    ("a reader at home", LOOPBACK, "GET", "/api/v1/studies", AT_HOME, None),
    ("home by name", LOOPBACK, "GET", "/api/v1/studies", {"host": "localhost:1"}, None),
    ("home by IPv6", LOOPBACK, "GET", "/api/v1/studies", {"host": "[::1]:8080"}, None),
    ("DNS rebinding", LOOPBACK, "GET", "/api/v1/studies", {"host": "evil.example"}, 421),
    ("a name that only begins well", LOOPBACK, "GET", "/", {"host": "localhost.evil.example"}, 421),
    ("no host at all", LOOPBACK, "GET", "/api/v1/studies", {}, 421),
    ("a host that is none", LOOPBACK, "GET", "/", {"host": "[::1"}, 421),
    ("a form of a stranger's page", LOOPBACK, "POST", "/", AT_HOME | {"origin": "https://evil.example"}, 403),
    ("a page without an origin", LOOPBACK, "POST", "/", AT_HOME | {"origin": "null"}, 403),
    ("fetch metadata alone", LOOPBACK, "DELETE", "/", AT_HOME | {"sec-fetch-site": "cross-site"}, 403),
    ("our own page", LOOPBACK, "POST", "/", AT_HOME | {"origin": "http://127.0.0.1:8080"}, None),
    ("a stranger's page reads", LOOPBACK, "GET", "/", AT_HOME | {"origin": "https://evil.example"}, None),
    ("outside without a token", OUTSIDE, "GET", "/api/v1/studies", {"host": "x"}, 401),
    ("the description is open", OUTSIDE, "GET", "/api/v1/openapi.json", {"host": "x"}, None),
    ("health is open", OUTSIDE, "GET", "/healthz", {"host": "x"}, None),
    ("a wrong token is told so even there", OUTSIDE, "GET", "/healthz", {"authorization": "Bearer z"}, 401),
    ("a known token", OUTSIDE, "GET", "/api/v1/studies", {"authorization": "Bearer r"}, None),
    ("the scheme in any case", OUTSIDE, "GET", "/api/v1/studies", {"authorization": "bearer r"}, None),
    ("another scheme", OUTSIDE, "GET", "/api/v1/studies", {"authorization": "Basic r"}, 401),
    ("a token that is no ASCII", OUTSIDE, "GET", "/api/v1/studies", {"authorization": "Bearer é"}, 401),
    (
        "an allowed origin",
        CORS,
        "POST",
        "/",
        {"origin": "https://viewer.example", "authorization": "Bearer r"},
        None,
    ),
    ("behind a proxy", PROXIED, "GET", "/", {"host": "radrouter.example"}, None),
    ("behind another's", PROXIED, "GET", "/", {"host": "evil.example"}, 421),
    ("a body of just the size", LOOPBACK, "POST", "/", AT_HOME | {"content-length": "10"}, None),
    ("a body too large", LOOPBACK, "POST", "/", AT_HOME | {"content-length": "11"}, 413),
    (
        "an upload may be larger",
        LOOPBACK,
        "POST",
        "/api/v1/upload",
        AT_HOME | {"content-length": "100"},
        None,
    ),
    ("but not too large", LOOPBACK, "POST", "/api/v1/upload", AT_HOME | {"content-length": "101"}, 413),
    ("a length that is none", LOOPBACK, "POST", "/", AT_HOME | {"content-length": "²"}, None),
]


@pytest.mark.parametrize(
    ("case", "at", "method", "path", "headers", "status"), TABLE, ids=[row[0] for row in TABLE]
)
def test_the_door(
    case: str, at: Door, method: str, path: str, headers: dict[str, str], status: int | None
) -> None:
    sent = Headers(headers)
    problem = refusal(at, method, path, sent, at.keyring.find(sent.get("authorization")))
    assert (problem and problem.status_code) == status, case


def test_without_tokens_everyone_at_home_is_admin() -> None:
    assert NO_TOKENS.find(None) == LOCAL
    assert LOCAL.role is Role.ADMIN


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "radrouter.example", "", "*"])
def test_beyond_loopback_a_token_is_a_must(host: str) -> None:
    with pytest.raises(SettingsError, match="name at least one token"):
        Keyring((), host=host)


def test_a_token_tells_who_asks() -> None:
    assert WITH_TOKENS.find("Bearer a") == Principal(name="boss", role=Role.ADMIN)
    assert WITH_TOKENS.find("Bearer  r ") == Principal(name="ward", role=Role.READER)
    assert WITH_TOKENS.find("Bearer") is None


@pytest.mark.parametrize(
    ("host", "name"),
    [("a.example:80", "a.example"), ("A.Example", "a.example"), ("[::1]:80", "::1"), ("", "")],
)
def test_host_names(host: str, name: str) -> None:
    assert host_name(host) == name


def test_a_refusal_says_how_to_ask() -> None:
    problem = refusal(OUTSIDE, READS, "/api/v1/studies", Headers({}), None)
    assert problem is not None
    assert problem.status_code == HTTPStatus.UNAUTHORIZED
    assert problem.headers == {"WWW-Authenticate": 'Bearer realm="radrouter"'}


def test_log_lines_name_no_patient_and_stay_one_line() -> None:
    scope = {"method": "GET", "path": "/api/v1/instances/1.2\nFORGED", "query_string": b"patient_id=4711"}
    line = log_line({**scope, "route": object(), "principal": LOCAL}, 200, 0.0123)
    assert line == "GET /api/v1/instances/1.2%0AFORGED 200 12.3 ms by local"
    assert log_line({**scope, "path": "/Doe%5EJane"}, 404, 0) == "GET (no such path) 404 0.0 ms by -"
