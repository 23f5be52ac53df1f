"""Users: who may sign in and what they may do; for admins."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from db.read_people import User
from service.api.ports import Needed, Needs
from service.api.problems import Problem, not_found
from service.web import sign_in_limits as limits
from service.web.desk import AtDesk, Desk
from service.web.names import objection_to_name, tidy
from service.web.passwords import SHORTEST, objection
from service.web.rendering import render
from service.web.visitor import Administering, ChangingAdmin, Visitor

router = APIRouter(prefix="/system/users")
LAST_ADMIN = "this is the last administrator who may sign in: make another one first"

Typed = Annotated[str, Form()]
RoleTyped = Annotated[Literal["reader", "reviewer", "admin"], Form()]


@router.get("")
def show(request: Request, needs: Needed, at: AtDesk, who: Administering) -> Response:
    """All users, and the sign-ins that failed lately."""
    return _page(request, needs, at, who)


@router.post("/add")
def add(
    request: Request,
    needs: Needed,
    at: AtDesk,
    who: ChangingAdmin,
    role: RoleTyped,
    name: Typed = "",
    password: Typed = "",
) -> Response:
    """Make an account with a first password, which its user changes under "account"."""
    wanted = tidy(name)
    said = objection_to_name(wanted) or objection(password, wanted)
    said = said or (f"there is a user {wanted} already" if needs.users.find(wanted) else None)
    if said or not needs.users.add(wanted, role, at.passwords.hash(password), by=who.name):
        said = said or f"there is a user {wanted} already"
        typed = {"name": name[:64], "role": role}
        return _page(request, needs, at, who, said=said, typed=typed)
    needs.actions.note(who.name, "user added", {"user": wanted, "role": role})
    return _back()


@router.post("/role")
def change_role(needs: Needed, who: ChangingAdmin, name: Typed, role: RoleTyped) -> Response:
    """What somebody may do, at once, for open sessions too."""
    _known(needs, name)
    if not needs.users.set_role(name, role):
        raise Problem(HTTPStatus.CONFLICT, LAST_ADMIN)
    needs.actions.note(who.name, "role changed", {"user": name, "role": role})
    return _back()


@router.post("/password")
def change_password(
    request: Request, needs: Needed, at: AtDesk, who: ChangingAdmin, name: Typed, password: Typed = ""
) -> Response:
    """A new password for somebody who forgot theirs; it ends their sessions."""
    if _known(needs, name).issuer:
        raise Problem(HTTPStatus.CONFLICT, "the password of this user is not kept here")
    if said := objection(password, name):
        return _page(request, needs, at, who, said=said)
    needs.users.set_password(name, at.passwords.hash(password))
    needs.actions.note(who.name, "password changed", {"user": name})
    return _back()


@router.post("/disable")
def disable(needs: Needed, who: ChangingAdmin, name: Typed) -> Response:
    """Let somebody in no more."""
    _known(needs, name)
    if not needs.users.disable(name):
        raise Problem(HTTPStatus.CONFLICT, LAST_ADMIN)
    needs.actions.note(who.name, "user disabled", {"user": name})
    return _back()


@router.post("/enable")
def enable(needs: Needed, who: ChangingAdmin, name: Typed) -> Response:
    """Let somebody in again."""
    _known(needs, name)
    needs.users.enable(name)
    needs.actions.note(who.name, "user enabled", {"user": name})
    return _back()


def _known(needs: Needs, name: str) -> User:
    user = needs.users.find(name)
    if user is None:
        raise not_found("user")
    return user


def _back() -> Response:
    return RedirectResponse("/system/users", HTTPStatus.SEE_OTHER)


def _page(
    request: Request,
    needs: Needs,
    at: Desk,
    who: Visitor,
    *,
    said: str = "",
    typed: dict[str, str] | None = None,
) -> Response:
    now = needs.clock()
    values: dict[str, Any] = {
        "users": needs.users.list(),
        "failures": needs.users.failures(now - limits.WITHIN),
        "most": limits.OF_NAME_FROM_ADDRESS,
        "minutes": int(limits.WITHIN.total_seconds() // 60),
        "typed": typed or {"name": "", "role": "reader"},
        "shortest": SHORTEST,
        "provider": at.oidc.label if at.oidc.issuer else "",
        "said": said,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if said else HTTPStatus.OK
    return render(request, "users.html", who, status=status, **values)
