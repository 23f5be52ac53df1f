"""Senders: who may send films, who was turned away and why, and how a new one begins."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from db.read import AllowedCaller, Knock
from db.read_arrivals import ActiveSender
from db.read_people import ActionEntry
from service.api.callers import REVOKED, AllowedCallerIn, let_in, turn_away
from service.api.ports import Needed, Needs
from service.api.problems import of_validation
from service.web.rendering import render
from service.web.visitor import ChangingAdmin, Reading, Visitor

router = APIRouter(prefix="/senders")
MOST_KNOCKS = 100
MOST_ACTIONS = 500  # looked through for revocations
ACTIVE_MINUTES = 60

Typed = Annotated[str, Form()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knocking:
    """A caller that was turned away, with the networks it could be let in from."""

    knock: Knock
    networks: tuple[tuple[str, str], ...]  # a network and what it is in words
    is_allowed: bool  # by now


@router.get("")
def show(request: Request, needs: Needed, who: Reading) -> Response:
    """All senders."""
    return _page(request, needs, who)


@router.post("/allow")
def allow(
    request: Request,
    needs: Needed,
    who: ChangingAdmin,
    calling_ae_title: Typed = "",
    network: Typed = "",
) -> Response:
    """Let a caller in, from the next association on."""
    try:
        caller = AllowedCallerIn(calling_ae_title=calling_ae_title, network=network)
    except ValidationError as error:
        said = str(of_validation([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]).detail)
        typed = {"calling_ae_title": calling_ae_title[:64], "network": network[:64]}
        return _page(request, needs, who, said=said, typed=typed, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    let_in(needs, caller, who.name)
    return RedirectResponse("/senders", HTTPStatus.SEE_OTHER)


@router.post("/revoke")
def revoke(needs: Needed, who: ChangingAdmin, calling_ae_title: Typed, network: Typed) -> Response:
    """Turn a caller away that was let in here; associations that are open stay open."""
    turn_away(needs, AllowedCallerIn(calling_ae_title=calling_ae_title, network=network), who.name)
    return RedirectResponse("/senders", HTTPStatus.SEE_OTHER)


def networks_of(address: str) -> tuple[tuple[str, str], ...]:
    """What a caller at ``address`` can be let in from: itself, its neighbours, a wider network."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ()
    widths = (32, 24, 16) if known.version == 4 else (128, 64, 48)
    words = ("this address only", "its neighbours", "a wider network")
    return tuple(
        (str(ipaddress.ip_network(f"{known}/{width}", strict=False)), words[number])
        for number, width in enumerate(widths)
    )


def is_covered(knock: Knock, allowed: Sequence[AllowedCaller]) -> bool:
    """Whether somebody let this caller in after all."""
    try:
        address = ipaddress.ip_address(knock.address)
    except ValueError:
        return False
    return any(
        caller.calling_ae_title == knock.calling_ae_title
        and address in ipaddress.ip_network(caller.network, strict=False)
        for caller in allowed
    )


def _page(
    request: Request,
    needs: Needs,
    who: Visitor,
    *,
    said: str = "",
    typed: dict[str, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    allowed = needs.callers.allowed()
    values: dict[str, Any] = {
        "door": needs.about.door,
        "allowed": allowed,
        "knocking": [_knocking(knock, allowed) for knock in needs.callers.list(MOST_KNOCKS)],
        "revoked": _revoked(needs, allowed),
        "active": _active(needs),
        "minutes": ACTIVE_MINUTES,
        "said": said,
        "typed": typed or {"calling_ae_title": "", "network": ""},
    }
    return render(request, "senders.html", who, status=status, **values)


def _knocking(knock: Knock, allowed: Sequence[AllowedCaller]) -> Knocking:
    return Knocking(knock=knock, networks=networks_of(knock.address), is_allowed=is_covered(knock, allowed))


def _active(needs: Needs) -> dict[str, ActiveSender]:
    """Who sent within the hour, by AE title."""
    senders = needs.queries.arriving(minutes=ACTIVE_MINUTES, most=1).senders
    return {sender.calling_ae_title: sender for sender in reversed(senders)}


def _revoked(needs: Needs, allowed: Sequence[AllowedCaller]) -> list[ActionEntry]:
    """Those turned away again and not let in since, the latest first."""
    present = {(caller.calling_ae_title, caller.network) for caller in allowed}
    found: dict[tuple[str, str], ActionEntry] = {}
    for entry in needs.actions.page(MOST_ACTIONS).items:
        key = (str(entry.detail.get("calling_ae_title")), str(entry.detail.get("network")))
        if entry.action == REVOKED and key not in present:
            found.setdefault(key, entry)
    return list(found.values())
