"""Orders: taken in, told, cancelled; and the procedures that the map does not know."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from db.read_orders import StoredOrder
from router.orders import OrderControl, OrderOutcome
from service.api.etags import answer_by_content, as_json
from service.api.filters import LIMIT_DEFAULT, LIMIT_MOST, Text, next_page
from service.api.out_orders import (
    OrderDetailOut,
    OrderIn,
    OrderOut,
    OrdersOut,
    UnmappedListOut,
    order_detail_out,
    order_out,
    unmapped_out,
)
from service.api.ports import Needed, Needs
from service.api.problems import documented, not_found, not_understood
from service.api.shape import UID_LENGTH, UID_PATTERN, In
from service.api.tokens import READER, REVIEWER, Asking

router = APIRouter(prefix="/orders", tags=["orders"])
OrderId = Annotated[int, Path(ge=1, le=2**62, description="as told by `id`", examples=[17])]
REPLACED: dict[int | str, dict[str, Any]] = {
    200: {"model": OrderOut, "description": "the order was known: it says this now"}
}


class OrderListIn(In):
    """Which orders."""

    accession_number: Text | None = None
    patient_id: Text | None = None
    study_instance_uid: Annotated[str, Field(pattern=UID_PATTERN, max_length=UID_LENGTH)] | None = None
    limit: int = Field(default=LIMIT_DEFAULT, ge=1, le=LIMIT_MOST, description="entries per page")
    cursor: str | None = Field(
        default=None, max_length=1024, description="where the page begins: as given by `next`"
    )


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    response_model=OrderOut,
    responses=REPLACED,
    dependencies=REVIEWER,
)
def create_order(asked: OrderIn, needs: Needed, asking: Asking) -> Response:
    """Take an order in: 201 for a new one, 200 where this caller's order number was known.

    Asked again with the same words nothing changes. The studies it belongs to are judged again.
    """
    order = asked.order(asking.name)
    outcome = needs.orders.record(order)
    stored = needs.orders.named(order.source, order.origin, order.order_number)
    assert stored is not None
    status = HTTPStatus.CREATED if outcome is OrderOutcome.NEW else HTTPStatus.OK
    return as_json(order_out(stored), status)


@router.get("", response_model=OrdersOut, dependencies=READER)
def list_orders(request: Request, needs: Needed, asked: Annotated[OrderListIn, Query()]) -> Response:
    """Orders, the latest first; cancelled ones too."""
    try:
        page = needs.orders.page(**asked.model_dump())
    except ValueError as error:
        raise not_understood("query", "cursor", "this is not a cursor of this list") from error
    found = tuple(map(order_out, page.items))
    return answer_by_content(request, OrdersOut(orders=found, next=next_page(request, page.next_cursor)))


@router.get("/unmapped", response_model=UnmappedListOut, dependencies=READER)
def list_unmapped(
    request: Request, needs: Needed, limit: Annotated[int, Query(ge=1, le=LIMIT_MOST)] = LIMIT_DEFAULT
) -> Response:
    """Procedures that the map does not know, those of most studies first, each with a line to begin with.

    They are never guessed: their studies have the remark `unmapped`.
    """
    procedures = needs.procedures()
    found = tuple(unmapped_out(count, procedures) for count in needs.orders.unmapped(limit))
    return answer_by_content(request, UnmappedListOut(map_version=procedures.digest, unmapped=found))


@router.get(
    "/{order_id}",
    response_model=OrderDetailOut,
    dependencies=READER,
    responses=documented(HTTPStatus.NOT_FOUND),
)
def read_order(request: Request, needs: Needed, order_id: OrderId) -> Response:
    """One order, with every message about it as it came."""
    stored = _known(needs, order_id)
    return answer_by_content(request, order_detail_out(stored, needs.orders.messages(order_id)))


@router.delete(
    "/{order_id}",
    response_model=OrderOut,
    dependencies=REVIEWER,
    responses=documented(HTTPStatus.NOT_FOUND),
)
def cancel_order(needs: Needed, order_id: OrderId) -> Response:
    """Cancel an order, whoever sent it. It stays in the list, and nothing is held against it any more."""
    needs.orders.record(replace(_known(needs, order_id).order, control=OrderControl.CANCEL))
    return as_json(order_out(_known(needs, order_id)))


def _known(needs: Needs, order_id: int) -> StoredOrder:
    stored = needs.orders.get(order_id)
    if stored is None:
        raise not_found("order")
    return stored
