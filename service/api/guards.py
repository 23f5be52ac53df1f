"""The door of the API, before any body is read: for which host, from which page, by whom.

Plain ASGI, so that streams pass through untouched. :func:`refusal`, a pure function, decides.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.attempts import WrongTokens
from service.api.problems import Problem
from service.api.tokens import CHALLENGE, Keyring, Principal

log = logging.getLogger("service.api")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PREFIXES = ("/api/", "/dicom-web/")
OPEN = frozenset(
    {"/api/v1/openapi.json"}
)  # below PREFIXES, yet for everyone: it says how to ask, and nothing else
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
LONGEST_LOGGED_PATH = 200
HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


Tell = Callable[[Scope, Problem], Response]  # a refusal in the form that its reader understands


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Whom the API lets in."""

    keyring: Keyring
    hosts: frozenset[str] | None  # names it answers to; None: any, because a token is asked for anyway
    origins: frozenset[str]  # pages of other origins that may change things
    largest_body: int  # bytes
    largest_upload: int  # bytes, where files are taken
    upload_paths: frozenset[str]


def host_name(host: str) -> str:
    """The name in a ``Host`` header, without its port, in lower case; empty when it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def hosts_of(bound: str, allowed: Collection[str], keyring: Keyring) -> frozenset[str] | None:
    """The names the API answers to.

    A page of a stranger whose name resolves to 127.0.0.1 (DNS rebinding) is same-origin to a browser: where
    nobody needs a token, the ``Host`` header is all that tells it apart.
    """
    if not keyring.is_empty and not allowed:
        return None
    return LOOPBACK_NAMES | {bound.strip("[]").lower()} | {host_name(name) for name in allowed}


def refusal(door: Door, method: str, path: str, headers: Headers, who: Principal | None) -> Problem | None:
    """Why a request does not come in; None when it does."""
    if door.hosts is not None and host_name(headers.get("host", "")) not in door.hosts:
        return Problem(HTTPStatus.MISDIRECTED_REQUEST, "this service does not answer to that host name")
    if method not in SAFE_METHODS and _is_foreign(door, headers):
        return Problem(HTTPStatus.FORBIDDEN, "pages of other origins may not change anything here")
    if who is None and (headers.get("authorization") or (path.startswith(PREFIXES) and path not in OPEN)):
        return _token_needed(headers)
    if _announced_size(headers) > _largest(door, path):
        return _too_large(_largest(door, path))
    return None


def _token_needed(headers: Headers) -> Problem:
    known = headers.get("authorization") is not None
    challenge = f'{CHALLENGE}, error="invalid_token"' if known else CHALLENGE
    detail = "this token is not known" if known else "a token is needed"
    return Problem(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": challenge})


def _is_foreign(door: Door, headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "cross-site"
    return urlsplit_netloc(origin) != headers.get("host") and origin not in door.origins


def urlsplit_netloc(origin: str) -> str | None:
    """Host and port of an ``Origin`` header; None when it has none, as with the opaque origin ``null``."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def _announced_size(headers: Headers) -> int:
    announced = headers.get("content-length", "0")
    return int(announced) if announced.isascii() and announced.isdigit() else 0


def _largest(door: Door, path: str) -> int:
    return door.largest_upload if path in door.upload_paths else door.largest_body


def _too_large(largest: int) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {largest} bytes are taken here")


class Guard:
    """Let in whom the door lets in, and count what they send."""

    def __init__(self, app: ASGIApp, door: Door, tell: Tell) -> None:
        self.app = app
        self.door = door
        self.tell = tell
        self.wrong_tokens = WrongTokens()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        who = self.door.keyring.find(headers.get("authorization"))
        scope["principal"] = who
        problem = refusal(self.door, scope["method"], scope["path"], headers, who)
        if problem is not None:
            if problem.status_code == HTTPStatus.UNAUTHORIZED and "authorization" in headers:
                problem = self.wrong_tokens.count((scope.get("client") or ("?",))[0]) or problem
            return await self.tell(scope, problem)(scope, receive, send)
        largest, taken = _largest(self.door, scope["path"]), 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > largest:
                raise _too_large(largest)
            return message

        return await self.app(scope, counted, send)


class Outermost:
    """The outermost frame of a request: headers on every answer, one log line, and the last resort."""

    def __init__(self, app: ASGIApp, tell: Tell) -> None:
        self.app = app
        self.tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        start, status = time.perf_counter(), 0

        async def with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, with_headers)
        except Exception as error:
            _tell(error)
            if status:
                # Too late for another answer: the reader must see that this one was cut short.
                raise ConnectionAbortedError("an answer was cut short") from None
            problem = Problem(
                HTTPStatus.INTERNAL_SERVER_ERROR, "the service could not answer; its log says why"
            )
            await self.tell(scope, problem)(scope, receive, with_headers)
        finally:
            log.info(log_line(scope, status, time.perf_counter() - start))
        return None


def _tell(error: Exception) -> None:
    """The error's place, without its message, which may quote a patient's values."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("unexpected %s\n%s", type(error).__qualname__, frames)


def log_line(scope: Scope, status: int, seconds: float) -> str:
    """One request: no query string (it may name a patient), no foreign path, nothing that breaks the line."""
    path = quote(scope["path"], safe="/.-_~")[:LONGEST_LOGGED_PATH] if "route" in scope else "(no such path)"
    who = scope.get("principal")
    name = who.name if isinstance(who, Principal) else "-"
    return f"{scope['method']} {path} {status} {seconds * 1000:.1f} ms by {quote(name, safe=' ')}"
