"""Who may send: callers that were turned away, and those an admin lets in, from the next association on."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, Field, StringConstraints
from starlette.responses import Response

from service.api.etags import as_json
from service.api.ports import Needed, Needs
from service.api.problems import documented, not_found
from service.api.shape import In, Out, Shown
from service.api.tokens import ADMIN, REVIEWER, Asking

LIMIT_MOST = 1000
ALLOWED, REVOKED = "sender allowed", "sender revoked"  # as the actions have it


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value.strip(), strict=False))
    except ValueError as error:
        raise ValueError("write an IP address or a network such as 10.1.0.0/16") from error


# PS3.5 section 6.2, value representation AE: no backslash, no control characters
AeTitle = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=16, pattern=r"^[\x20-\x5b\x5d-\x7e]+$"),
    Field(examples=["XRAY1"]),
]
Network = Annotated[str, Field(max_length=64, examples=["10.1.2.3"]), AfterValidator(_network)]


class KnockOut(Out):
    """A caller that was turned away, counted while it keeps knocking."""

    calling_ae_title: Shown = Field(examples=["XRAY1"])
    called_ae_title: Shown = Field(examples=["RADROUTER"])
    address: Shown = Field(examples=["10.1.2.3"])
    reason: Shown = Field(examples=["the calling AE title is not on the list"])
    first_at: datetime
    last_at: datetime
    times: int = Field(examples=[3])


class KnocksOut(Out):
    """Callers that were turned away, the latest first."""

    refused: tuple[KnockOut, ...]


class AllowedCallerIn(In):
    """Whom to let in: an AE title, from an address or a network."""

    calling_ae_title: AeTitle
    network: Network


class AllowedCallerOut(Out):
    """A caller that an admin let in."""

    calling_ae_title: Shown = Field(examples=["XRAY1"])
    network: str = Field(examples=["10.1.2.3/32"])
    allowed_by: str = Field(examples=["local"])
    allowed_at: datetime


class AllowedCallersOut(Out):
    """Callers that admins let in, beside those of the settings."""

    allowed: tuple[AllowedCallerOut, ...]


router = APIRouter(prefix="/callers", tags=["callers"])


@router.get("/refused", response_model=KnocksOut, dependencies=REVIEWER)
def list_refused(needs: Needed, limit: Annotated[int, Query(ge=1, le=LIMIT_MOST)] = 100) -> Response:
    """Callers that were turned away, the latest first: what to put into `POST /callers/allowed`."""
    knocks = needs.callers.list(limit)
    return as_json(KnocksOut(refused=tuple(KnockOut.model_validate(knock) for knock in knocks)))


@router.get("/allowed", response_model=AllowedCallersOut, dependencies=REVIEWER)
def list_allowed(needs: Needed) -> Response:
    """Callers that admins let in, beside those that the settings name."""
    allowed = needs.callers.allowed()
    return as_json(
        AllowedCallersOut(allowed=tuple(AllowedCallerOut.model_validate(caller) for caller in allowed))
    )


@router.post("/allowed", status_code=HTTPStatus.CREATED, response_model=AllowedCallerIn, dependencies=ADMIN)
def allow(caller: AllowedCallerIn, needs: Needed, asking: Asking) -> Response:
    """Let a caller in, without a restart. Allowing it again changes nothing."""
    let_in(needs, caller, asking.name)
    return as_json(caller, HTTPStatus.CREATED)


@router.delete(
    "/allowed",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=ADMIN,
    responses=documented(HTTPStatus.NOT_FOUND),
)
def revoke(caller: Annotated[AllowedCallerIn, Query()], needs: Needed, asking: Asking) -> Response:
    """Turn a caller away again. Associations that are open stay open."""
    turn_away(needs, caller, asking.name)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def let_in(needs: Needs, caller: AllowedCallerIn, by: str) -> None:
    """Let a caller in, from the next association on, and note who did it."""
    needs.callers.allow(caller.calling_ae_title, caller.network, by)
    needs.actions.note(by, ALLOWED, caller.model_dump())


def turn_away(needs: Needs, caller: AllowedCallerIn, by: str) -> None:
    """Turn a caller away that was let in, and note who did it.

    Raises:
        Problem: 404, it was not let in.
    """
    if not needs.callers.revoke(caller.calling_ae_title, caller.network, by):
        raise not_found("allowed caller")
    needs.actions.note(by, REVOKED, caller.model_dump())
