"""Signing in and out with a password of ours, and the first account of all."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from service.api.guards import LOOPBACK_NAMES, host_name
from service.api.ports import Needed, Needs
from service.api.problems import Problem
from service.kinds import is_loopback
from service.web.desk import AtDesk, Desk, address_of, welcome
from service.web.going_on import local_path
from service.web.names import objection_to_name, tidy
from service.web.passwords import SHORTEST, objection
from service.web.rendering import render
from service.web.sessions import close_session, digest, open_session, token_of
from service.web.visitor import Changing

router = APIRouter()
WRONG = "The name or the password is wrong."
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")

Typed = Annotated[str, Form()]


@router.get("/sign-in")
def show_sign_in(request: Request, needs: Needed, at: AtDesk, next: str = "/") -> Response:  # noqa: A002
    """The form; the first account's while there is none."""
    if not needs.users.count():
        return _first(request)
    token = token_of(request)
    if token and needs.users.session(digest(token), idle=at.idle):
        return RedirectResponse(local_path(next), HTTPStatus.SEE_OTHER)
    return _form(request, at, next)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    needs: Needed,
    at: AtDesk,
    name: Typed = "",
    password: Typed = "",
    next: Typed = "/",  # noqa: A002
) -> Response:
    """Look at name and password; a new session, whatever session the browser had."""
    try:
        user = await welcome(needs, at, tidy(name), password, address_of(request))
    except Problem as problem:
        if problem.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            raise
        page = _form(request, at, next, name=name, said=problem.detail, status=HTTPStatus.TOO_MANY_REQUESTS)
        page.headers.update(problem.headers or {})
        return page
    if user is None:
        return _form(request, at, next, name=name, said=WRONG, status=HTTPStatus.FORBIDDEN)
    return await run_in_threadpool(_enter, request, needs, at, user.name, local_path(next))


@router.post("/sign-out")
def sign_out(request: Request, needs: Needed, who: Changing) -> Response:
    """End this session."""
    answer = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    close_session(request, answer, needs.users)
    needs.actions.note(who.name, "signed out", {})
    return answer


@router.post("/first-admin")
def first_admin(
    request: Request, needs: Needed, at: AtDesk, name: Typed = "", password: Typed = "", again: Typed = ""
) -> Response:
    """Make the first account, an admin's, and sign it in."""
    if not is_at_the_machine(request):
        raise Problem(HTTPStatus.FORBIDDEN, "the first account is made on the machine that runs the service")
    wanted = tidy(name)
    said = objection_to_name(wanted) or objection(password, wanted)
    said = said or (None if again == password else "the two passwords differ")
    if said:
        return _first(request, name=name, said=said, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if not needs.users.add_first(wanted, at.passwords.hash(password)):
        raise Problem(HTTPStatus.CONFLICT, "the first account is made already: sign in")
    needs.actions.note(wanted, "user added", {"user": wanted, "role": "admin", "first": True})
    return _enter(request, needs, at, wanted, "/")


def is_at_the_machine(request: Request) -> bool:
    """Whether the browser seems to run where the service does: no proxy, no name but home's."""
    return (
        is_loopback(address_of(request))
        and host_name(request.headers.get("host", "")) in LOOPBACK_NAMES
        and not any(name in request.headers for name in FORWARDED)
    )


def _enter(request: Request, needs: Needs, at: Desk, name: str, to: str) -> Response:
    answer = RedirectResponse(to, HTTPStatus.SEE_OTHER)
    if not open_session(request, answer, needs, at.web, name):
        return _form(request, at, to, name=name, said=WRONG, status=HTTPStatus.FORBIDDEN)
    needs.actions.note(name, "signed in", {"address": address_of(request)})
    return answer


def _form(
    request: Request,
    at: Desk,
    next: str,  # noqa: A002
    *,
    name: str = "",
    said: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    provider = at.oidc.label if at.oidc.issuer else ""
    values = {"next": local_path(next), "name": name[:64], "said": said, "provider": provider}
    return render(request, "sign_in.html", None, status=status, **values)


def _first(
    request: Request, *, name: str = "", said: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    values = {"offered": is_at_the_machine(request), "name": name, "said": said, "shortest": SHORTEST}
    return render(request, "first_admin.html", None, status=status, **values)
