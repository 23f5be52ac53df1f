"""System: whether everything is in order, what runs, how it was set, and who changed what."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from db.read_webhooks import DeliveryState
from router.errors import OutOfResources
from service.about import DatabaseFacts
from service.api.health import check
from service.api.ports import Needed, Needs
from service.api.problems import not_found, not_understood
from service.web.rendering import render
from service.web.visitor import Administering, ChangingAdmin, Reading

router = APIRouter(prefix="/system")
MOST_DELIVERIES = 20
MOST_ACTIONS = 15
PAGE_OF_ACTIONS = 100
WORDS_OF_PROBES = {
    "database": "Database",
    "rules": "Rules",
    "models": "View model",
    "workers": "Workers",
    "disk": "Disk",
    "judge": "Order check",
}


@router.get("")
def show(request: Request, needs: Needed, who: Reading) -> Response:
    """Everything on one page; settings and actions for admins alone."""
    values: dict[str, Any] = {
        "checks": [(WORDS_OF_PROBES.get(name, name), check(probe)) for name, probe in needs.probes.items()],
        "about": needs.about,
        "disk": needs.about.disk(),
        "database": _database(needs),
        "stored": needs.queries.stored_bytes(),
        "counts": needs.queries.counts(),
        "workers": needs.about.workers(),
        "supervisors": needs.about.supervisors(),
        "rules": needs.rules.current.version,
        "models": needs.models,
        "actions": needs.actions.page(MOST_ACTIONS).items if who.may_administer else (),
        "now": needs.clock(),
    }
    return render(request, "system.html", who, **values, **_deliveries(needs))


@router.get("/actions")
def show_actions(
    request: Request, needs: Needed, who: Administering, after: Annotated[str | None, Query()] = None
) -> Response:
    """What people did, page by page, the latest first."""
    try:
        page = needs.actions.page(PAGE_OF_ACTIONS, after)
    except ValueError as error:
        raise not_understood("query", "after", str(error)) from error
    return render(request, "actions.html", who, page=page)


@router.post("/deliveries/resend")
def resend(needs: Needed, who: ChangingAdmin, delivery_id: Annotated[int, Form()]) -> Response:
    """Tell a webhook once more what it did not take."""
    if not needs.deliveries.resend(delivery_id):
        raise not_found("delivery")
    needs.actions.note(who.name, "delivery resent", {"delivery": delivery_id})
    return RedirectResponse("/system#webhooks", HTTPStatus.SEE_OTHER)


def _database(needs: Needs) -> DatabaseFacts | None:
    try:
        return needs.about.database()
    except OutOfResources:
        return None


def _deliveries(needs: Needs) -> dict[str, Any]:
    """What webhooks were not told, and the latest of all."""
    page = needs.deliveries.page
    return {
        "given_up": page(limit=MOST_DELIVERIES, state=DeliveryState.GIVEN_UP).items,
        "pending": page(limit=MOST_DELIVERIES, state=DeliveryState.PENDING).items,
        "deliveries": page(limit=MOST_DELIVERIES).items,
    }
