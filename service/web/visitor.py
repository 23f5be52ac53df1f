"""Who is looking: the person behind the session cookie, and what the page may do for them."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request

from service.api.ports import Needed
from service.api.problems import Problem
from service.api.tokens import Principal, Role
from service.web.desk import AtDesk
from service.web.sessions import POLLS, digest, token_of

CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A signed-in person; ``csrf`` is what each of their forms must send back."""

    name: str
    role: Role
    csrf: str

    @property
    def may_review(self) -> bool:
        """Whether reviews are theirs to give."""
        return self.role >= Role.REVIEWER

    @property
    def may_administer(self) -> bool:
        """Whether rules, senders and users are theirs to change."""
        return self.role >= Role.ADMIN


class SignInNeeded(Exception):  # noqa: N818
    """Nobody is signed in: the page of the web rooms turns this into a way to the sign-in page."""


def visitor(request: Request, needs: Needed, at: AtDesk) -> Visitor:
    """The person behind the cookie.

    Raises:
        SignInNeeded: there is no cookie, or its session is over.
    """
    token = token_of(request)
    counts = POLLS not in request.headers
    session = needs.users.session(digest(token), idle=at.idle, counts=counts) if token else None
    if session is None:
        raise SignInNeeded
    found = Visitor(name=session.name, role=Role[session.role.upper()], csrf=session.csrf)
    request.scope["principal"] = Principal(name=found.name, role=found.role)  # for the log line
    request.scope["visitor"] = found  # for the bar above a page about an error
    return found


async def changing(request: Request, who: Annotated[Visitor, Depends(visitor)]) -> Visitor:
    """The person behind a change, which must carry the form token of their session.

    Raises:
        Problem: 403, it does not.
    """
    sent = request.headers.get(CSRF_HEADER)
    if sent is None:
        sent = str((await request.form()).get(CSRF_FIELD, ""))
    if not hmac.compare_digest(sent.encode(), who.csrf.encode()):
        await request.close()  # what was uploaded with it
        raise Problem(HTTPStatus.FORBIDDEN, "this form is out of date: load the page again")
    return who


def _reviewer(who: Annotated[Visitor, Depends(visitor)]) -> Visitor:
    return _at_least(Role.REVIEWER, who)


def _admin(who: Annotated[Visitor, Depends(visitor)]) -> Visitor:
    return _at_least(Role.ADMIN, who)


def _changing_reviewer(who: Annotated[Visitor, Depends(changing)]) -> Visitor:
    return _at_least(Role.REVIEWER, who)


def _changing_admin(who: Annotated[Visitor, Depends(changing)]) -> Visitor:
    return _at_least(Role.ADMIN, who)


def _at_least(role: Role, who: Visitor) -> Visitor:
    if who.role < role:
        raise Problem(HTTPStatus.FORBIDDEN, f"this needs the role {role.name.lower()}")
    return who


Reading = Annotated[Visitor, Depends(visitor)]
Reviewing = Annotated[Visitor, Depends(_reviewer)]
Administering = Annotated[Visitor, Depends(_admin)]
Changing = Annotated[Visitor, Depends(changing)]
ChangingReviewer = Annotated[Visitor, Depends(_changing_reviewer)]
ChangingAdmin = Annotated[Visitor, Depends(_changing_admin)]
