"""One's own account: what one may do here, and one's own password."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from service.api.ports import Needed, Needs
from service.api.tokens import Role
from service.web.desk import AtDesk, Desk, address_of, count_failure, refuse_blocked
from service.web.passwords import SHORTEST, objection
from service.web.rendering import render
from service.web.sessions import digest, token_of
from service.web.visitor import Changing, Reading, Visitor

router = APIRouter()
MAY = {
    Role.READER: "may look at everything",
    Role.REVIEWER: "may look at everything, and review films",
    Role.ADMIN: "may change rules, senders and users as well",
}
DONE = {
    "password": "Your password is changed, and you are signed out everywhere else.",
    "elsewhere": "You are signed out everywhere else.",
}

Typed = Annotated[str, Form()]


@router.get("/account")
def show(request: Request, needs: Needed, at: AtDesk, who: Reading, done: str = "") -> Response:
    """Name, role, and the form for another password."""
    return _page(request, needs, at, who, done=DONE.get(done, ""))


@router.post("/account/password")
def change_password(
    request: Request,
    needs: Needed,
    at: AtDesk,
    who: Changing,
    old: Typed = "",
    password: Typed = "",
    again: Typed = "",
) -> Response:
    """Another password, for somebody who knows the present one; the other sessions end."""
    user = needs.users.find(who.name)
    refuse_blocked(needs, who.name, address_of(request))
    said = None
    if user is None or not at.passwords.fits(user.password_hash, old):
        count_failure(needs, who.name, address_of(request))
        said = "the password you have now is another one"
    said = said or objection(password, who.name)
    said = said or (None if again == password else "the two new passwords differ")
    if said:
        return _page(request, needs, at, who, said=said, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    needs.users.set_password(who.name, at.passwords.hash(password), but=digest(token_of(request) or ""))
    needs.actions.note(who.name, "password changed", {"user": who.name})
    return RedirectResponse("/account?done=password", HTTPStatus.SEE_OTHER)


@router.post("/account/sign-out-elsewhere")
def sign_out_elsewhere(request: Request, needs: Needed, who: Changing) -> Response:
    """End all sessions but this one."""
    count = needs.users.close_sessions_of(who.name, but=digest(token_of(request) or ""))
    needs.actions.note(who.name, "signed out elsewhere", {"sessions": count})
    return RedirectResponse("/account?done=elsewhere", HTTPStatus.SEE_OTHER)


def _page(
    request: Request,
    needs: Needs,
    at: Desk,
    who: Visitor,
    *,
    done: str = "",
    said: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    user = needs.users.find(who.name)
    session = needs.users.session(digest(token_of(request) or ""), idle=at.idle)
    values = {
        "may": MAY[who.role],
        "until": session.expires_at if session else None,
        "idle_minutes": f"{at.web.session_idle_minutes:g}",
        "own_password": user is not None and user.password_hash is not None,
        "provider": at.oidc.label if at.oidc.issuer else "",
        "shortest": SHORTEST,
    }
    return render(request, "account.html", who, status=status, done=done, said=said, **values)
