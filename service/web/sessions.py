"""Sessions: a random token in a cookie, of which the database keeps only the digest."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from db.users import Users
from service.api.ports import Needs
from service.sections_web import Web

# Over https the prefix makes browsers refuse such a cookie from anywhere but this very host (RFC 6265bis).
COOKIE, SECURE_COOKIE = "radrouter-session", "__Host-radrouter-session"
TOKEN_BYTES = 32
POLLS = "X-Polls"  # header of requests that a page makes by itself: they keep nobody signed in


def is_secure(request: Request) -> bool:
    """Whether the browser came by https, as far as a trusted proxy says."""
    return request.url.scheme == "https"


def token_of(request: Request) -> str | None:
    """The token in the session's cookie; None without one."""
    return request.cookies.get(SECURE_COOKIE if is_secure(request) else COOKIE)


def digest(token: str) -> str:
    """What the database keeps of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(request: Request, response: Response, needs: Needs, web: Web, name: str) -> bool:
    """Sign ``name`` in with a new token, whatever the browser had before; False: the user may not in."""
    close_session(request, response, needs.users)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    longest = timedelta(hours=web.session_longest_hours)
    expires_at, csrf = needs.clock() + longest, secrets.token_urlsafe(TOKEN_BYTES)
    if not needs.users.open_session(name, digest(token), expires_at, csrf):
        return False
    secure = is_secure(request)
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        token,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    return True


def close_session(request: Request, response: Response, users: Users) -> None:
    """End the session of this browser, if it has one."""
    token = token_of(request)
    if token is None:
        return
    users.close_session(digest(token))
    secure = is_secure(request)
    name = SECURE_COOKIE if secure else COOKIE
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")
