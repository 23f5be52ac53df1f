"""Again: analysed or failed films go back to the queue, one or many."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from db.read import InstanceFilter
from router.types import State
from service.api.etags import as_json
from service.api.filters import LIMIT_MOST, FilterIn
from service.api.ports import Needed, Needs
from service.api.problems import Problem, not_found, not_understood
from service.api.shape import In, Out, SopInstanceUid
from service.api.tokens import ADMIN, REVIEWER, Asking

router = APIRouter(tags=["requeue"])


class RequeuedOut(Out):
    """How many films wait again."""

    dry_run: bool = Field(description="nothing was changed: `count` is what would be")
    count: int = Field(description="films that are done or failed and fit the filter", examples=[12])


class RequeueIn(In):
    """Which films to analyse again."""

    filter: FilterIn = Field(examples=[{"state": "failed", "modality": "DX"}])
    dry_run: bool = Field(default=True, description="only count; send false to do it")


@router.post("/instances/{sop_instance_uid}/requeue", response_model=RequeuedOut, dependencies=REVIEWER)
def requeue_one(sop_instance_uid: SopInstanceUid, needs: Needed, asking: Asking) -> Response:
    """Analyse one film again. 409 when it waits or is being analysed already."""
    if not needs.instances.requeue(sop_instance_uid, asking.name):
        if needs.queries.instance(sop_instance_uid) is None:
            raise not_found("instance")
        raise Problem(HTTPStatus.CONFLICT, "it waits or is being analysed already")
    return as_json(RequeuedOut(dry_run=False, count=1))


@router.post("/requeue", response_model=RequeuedOut, dependencies=ADMIN)
def requeue_many(asked: RequeueIn, needs: Needed, asking: Asking) -> Response:
    """Analyse all films again that are done or failed and fit the filter; first only counts them."""
    wanted = asked.filter.instance_filter()
    if asked.dry_run:
        return as_json(RequeuedOut(dry_run=True, count=_count(needs, wanted)))
    if not asked.filter.conditions():
        raise not_understood("body", "filter", "name at least one condition")
    return as_json(RequeuedOut(dry_run=False, count=needs.instances.requeue_where(wanted, asking.name)))


def _count(needs: Needs, wanted: InstanceFilter) -> int:
    """How many films ``requeue_where`` would take, page by page."""
    ended = [state for state in (State.DONE, State.FAILED) if wanted.state in (None, state)]
    return sum(_count_in(needs, replace(wanted, state=state)) for state in ended)


def _count_in(needs: Needs, wanted: InstanceFilter) -> int:
    count, cursor = 0, None
    while True:
        page = needs.queries.instances(wanted, LIMIT_MOST, cursor)
        count, cursor = count + len(page.items), page.next_cursor
        if cursor is None:
            return count
