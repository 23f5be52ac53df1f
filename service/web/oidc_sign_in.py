"""Signing in by the OpenID Connect provider: there and back, and an account here for whoever comes."""

from __future__ import annotations

import base64
import hmac
import json
import re
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from db.read_people import User
from service.api.ports import Needed, Needs
from service.api.problems import Problem, not_found
from service.web.desk import AtDesk, Desk, address_of
from service.web.going_on import local_path
from service.web.names import objection_to_name, tidy
from service.web.oidc import Asked, NotBelieved, Provider, claim, role_of
from service.web.rendering import render
from service.web.sessions import is_secure, open_session

router = APIRouter(prefix="/sign-in/oidc")
COOKIE, SECURE_COOKIE = "radrouter-oidc", "__Host-radrouter-oidc"
COOKIE_S = 600
NO_ROLE = "your account has no role here: ask an administrator"
TRY_AGAIN = "this sign-in was begun elsewhere or long ago: begin again"


@router.get("")
def begin(request: Request, at: AtDesk, next: str = "/") -> Response:  # noqa: A002
    """Send the browser to the provider; a cookie keeps what it must bring back.

    The cookie comes along when the provider sends the browser back, which is a link of a stranger's page:
    SameSite=Lax, unlike the session's.
    """
    address, asked = _provider(at).begin(_redirect_uri(request))
    answer = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    kept = json.dumps({**asdict(asked), "next": local_path(next)}).encode()
    secure = is_secure(request)
    answer.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        base64.urlsafe_b64encode(kept).decode(),
        max_age=COOKIE_S,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/back")
def come_back(
    request: Request, needs: Needed, at: AtDesk, code: str = "", state: str = "", error: str = ""
) -> Response:
    """Somebody comes back from the provider."""
    asked, to = _kept(request)
    if asked is None or not hmac.compare_digest(asked.state.encode(), state.encode()):
        raise Problem(HTTPStatus.FORBIDDEN, TRY_AGAIN)
    if error or not code:
        raise Problem(HTTPStatus.FORBIDDEN, "the sign-in service did not let you in")
    try:
        claims = _provider(at).claims(code, asked, _redirect_uri(request))
    except NotBelieved as doubt:
        needs.actions.note("(unknown)", "sign-in failed", {"address": address_of(request), "by": "oidc"})
        raise Problem(HTTPStatus.FORBIDDEN, str(doubt)) from doubt
    user = _user(needs, at, claims)
    # A redirect would still count as the provider's link, and the new cookie (SameSite=Strict) stay at home.
    answer = render(request, "signed_in.html", None, next=to)
    if not open_session(request, answer, needs, at.web, user.name):
        raise Problem(HTTPStatus.FORBIDDEN, "this account may not sign in here any more")
    answer.delete_cookie(SECURE_COOKIE if is_secure(request) else COOKIE, path="/")
    needs.actions.note(user.name, "signed in", {"address": address_of(request), "by": "oidc"})
    return answer


def _user(needs: Needs, at: Desk, claims: dict[str, Any]) -> User:
    """The account of whoever the claims are about, made at the first time; its role is the provider's word.

    Raises:
        Problem: 403, there is no role for them here; 409, their name is somebody else's here.
    """
    issuer, subject = at.oidc.issuer, str(claims["sub"])
    role = role_of(claims, at.oidc)
    user = needs.users.find_subject(issuer, subject)
    if role is None:
        raise Problem(HTTPStatus.FORBIDDEN, NO_ROLE)
    if user is None:
        name = name_of(claims, at.oidc.name_claim)
        if not needs.users.add(name, role, None, by=issuer, issuer=issuer, subject=subject):
            raise Problem(HTTPStatus.CONFLICT, f"the name {name} belongs to another account here")
        needs.actions.note(issuer, "user added", {"user": name, "role": role})
    elif user.role != role:
        if not needs.users.set_role(user.name, role):
            raise Problem(HTTPStatus.CONFLICT, "the last administrator of this service stays one")
        needs.actions.note(issuer, "role changed", {"user": user.name, "role": role})
    found = needs.users.find_subject(issuer, subject)
    assert found is not None
    return found


def name_of(claims: dict[str, Any], name_claim: str) -> str:
    """What somebody is called here; the provider's subject where its name for them cannot be had."""
    for told in (claim(claims, name_claim), claims.get("email"), claims["sub"]):
        name = re.sub(r"[^a-z0-9._@+-]", "-", tidy(str(told or ""))).lstrip("._@+-")[:64]
        if objection_to_name(name) is None:
            return name
    return "somebody"


def _provider(at: Desk) -> Provider:
    if at.provider is None:
        raise not_found("path")
    return at.provider


def _redirect_uri(request: Request) -> str:
    return str(request.url.replace(path="/sign-in/oidc/back", query="", fragment=""))


def _kept(request: Request) -> tuple[Asked | None, str]:
    """What this browser took to the provider, and where it wanted to go; None for nothing that is ours."""
    cookie = request.cookies.get(SECURE_COOKIE if is_secure(request) else COOKIE, "")
    try:
        kept = json.loads(base64.urlsafe_b64decode(cookie))
        to = local_path(str(kept.pop("next")))
        return Asked(**{name: str(value) for name, value in kept.items()}), to
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, "/"
