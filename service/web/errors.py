"""Errors below the pages, as pages: the problem's words, and where to go from here."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from router.errors import RadrouterError
from service.api.problems import Problem, problem_of
from service.web.going_on import sign_in_address
from service.web.rendering import render
from service.web.visitor import SignInNeeded

# What programs ask, not people: these get problem documents whatever they accept.
PROGRAMS = ("/api/", "/dicom-web", "/assets/", "/metrics", "/healthz", "/readyz")

TITLES = {
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.NOT_FOUND: "Not here",
    HTTPStatus.CONFLICT: "Not now",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Too large",
    HTTPStatus.MISDIRECTED_REQUEST: "Not under this name",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Not understood",
    HTTPStatus.TOO_MANY_REQUESTS: "Too often",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not available right now",
}


def is_for_people(request: Request) -> bool:
    """Whether the answer is read in a browser's window."""
    if request.url.path.startswith(PROGRAMS):
        return False
    return "hx-request" in request.headers or "text/html" in request.headers.get("accept", "")


def tell(scope: Scope, problem: Problem) -> Response:
    """A refusal in the words and the form that its reader understands."""
    request = Request(scope)
    if not is_for_people(request):
        return problem.response()
    status, who = HTTPStatus(problem.status_code), scope.get("visitor")
    page = render(request, "error.html", who, status=status, problem=problem, title=title_of(status))
    page.headers.update(problem.headers or {})
    return page


def title_of(status: HTTPStatus) -> str:
    """A status as a heading that says what is the matter."""
    return TITLES.get(status, status.phrase.capitalize())


def _problem(request: Request, error: Exception) -> Response:
    return tell(request.scope, problem_of(error))


def _sign_in(request: Request, error: Exception) -> Response:
    """The way to the sign-in page, and back.

    A link in another page brings no cookie along (SameSite=Strict), so nobody knows yet whether somebody is
    signed in: the page then asks for itself once more, and that request is its own.
    """
    assert isinstance(error, SignInNeeded)
    address = sign_in_address(request)
    if "hx-request" in request.headers:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": address})
    if request.method == "GET" and request.headers.get("sec-fetch-site") == "cross-site":
        return render(request, "once_more.html", None)
    if not is_for_people(request):
        return Problem(HTTPStatus.UNAUTHORIZED, "sign in first").response()
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def install(app: FastAPI) -> None:
    """Answer every error as its reader understands it."""
    app.add_exception_handler(SignInNeeded, _sign_in)
    for kind in (HTTPException, RequestValidationError, RadrouterError):
        app.add_exception_handler(kind, _problem)
