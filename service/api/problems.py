"""Errors as problem documents (RFC 9457): words for a human, never a stack trace, never a patient field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from router.errors import (
    AnalysisCrashed,
    FilmError,
    HeatAbsent,
    ModelAbsent,
    NotAFilm,
    OutOfResources,
    RadrouterError,
    RefusedObject,
    RulesError,
)

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:radrouter:problem:"
RETRY_AFTER_S = "5"
LONGEST_NAME = 80  # a stranger's key is repeated to them, but not at any length


class FieldOut(BaseModel):
    """One field of a request that was not understood. Its value is not repeated: it may be a patient's."""

    model_config = ConfigDict(extra="forbid")

    place: str = Field(description="query, path, header or body", examples=["query"])
    field: str = Field(examples=["limit"])
    reason: str = Field(examples=["Input should be less than or equal to 1000"])


class ProblemOut(BaseModel):
    """RFC 9457. ``type`` names the kind, ``detail`` is one sentence for a human."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(examples=["urn:radrouter:problem:not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["no such instance"])
    fields: list[FieldOut] | None = Field(default=None, description="of a 422: what was not understood")


KINDS: Mapping[int, str] = {
    400: "bad-request",
    401: "token-needed",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "conflict",
    413: "too-large",
    421: "wrong-host",
    422: "not-understood",
    429: "too-many",
    500: "our-fault",
    503: "not-now",
}


class Problem(HTTPException):
    """An answer that is a refusal: raise it anywhere below an endpoint."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        kind: str | None = None,
        headers: Mapping[str, str] | None = None,
        fields: Sequence[FieldOut] = (),
    ) -> None:
        super().__init__(status_code=status, detail=detail, headers=headers)
        self.kind = kind or KINDS.get(status, "http")
        self.fields = tuple(fields)

    def response(self) -> Response:
        """The document that goes over the wire."""
        body = ProblemOut(
            type=PREFIX + self.kind,
            title=HTTPStatus(self.status_code).phrase,
            status=self.status_code,
            detail=str(self.detail),
            fields=list(self.fields) or None,
        )
        headers = {"Cache-Control": "no-store", **(self.headers or {})}
        return Response(
            body.model_dump_json(exclude_none=True), self.status_code, headers, media_type=MEDIA_TYPE
        )


def not_found(what: str) -> Problem:
    """404: ``what`` is a noun, not the value that was looked for."""
    return Problem(HTTPStatus.NOT_FOUND, f"no such {what}")


def not_understood(place: str, field: str, reason: str) -> Problem:
    """422 about one field."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{field}: {reason}",
        fields=[FieldOut(place=place, field=field, reason=reason)],
    )


def of(error: RadrouterError) -> Problem:
    """Our errors as answers; their messages are written for humans and carry no patient field."""
    if isinstance(error, OutOfResources):
        return Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "the database or the disk is not to be had right now",
            headers={"Retry-After": RETRY_AFTER_S},
        )
    if isinstance(error, AnalysisCrashed):
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the analysis of this film did not come to an end")
    if isinstance(error, ModelAbsent | HeatAbsent):
        return Problem(HTTPStatus.NOT_FOUND, str(error))
    if isinstance(error, RulesError):
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), kind="rules-not-valid")
    if isinstance(error, RefusedObject):
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), kind="not-dicom")
    if isinstance(error, FilmError):
        kind = "not-a-film" if isinstance(error, NotAFilm) else "undecodable-pixels"
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), kind=kind)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the service could not answer")


def of_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """422 with the offending fields, without the values that were sent."""
    fields = [_field(error) for error in errors]
    detail = "; ".join(f"{field.field}: {field.reason}" for field in fields[:3])
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail or "the request", fields=fields)


def _field(error: Mapping[str, Any]) -> FieldOut:
    if error["type"] == "json_invalid":
        return FieldOut(place="body", field="(whole)", reason=f"not JSON at character {error['loc'][-1]}")
    place, *names = [str(part) for part in error["loc"]] or ["body"]
    reason = (
        "there is no such field"
        if error["type"] == "extra_forbidden"
        else error["msg"].removeprefix("Value error, ")
    )
    return FieldOut(place=place, field=".".join(names)[:LONGEST_NAME] or "(whole)", reason=reason)


def problem_of(error: Exception) -> Problem:
    """Any error that is an answer; one that is none goes on to the door's last resort.

    Raises:
        RadrouterError: ``error``, where nobody should have let it come this far.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        detail = "no such path" if status == HTTPStatus.NOT_FOUND else str(error.detail)
        return Problem(status, detail, headers=error.headers)
    if isinstance(error, RequestValidationError):
        return of_validation(error.errors())
    assert isinstance(error, RadrouterError)
    problem = of(error)
    if problem.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error
    return problem


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says about the refusals an endpoint may answer with."""
    return {
        int(status): {
            "description": status.phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
        }
        for status in statuses
    }
