"""What webhooks were told, what they were not, and telling them again."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from db.read_webhooks import DeliveryState
from service.api.etags import answer_by_content
from service.api.filters import LIMIT_DEFAULT, LIMIT_MOST, next_page
from service.api.ports import Needed
from service.api.problems import documented, not_found, not_understood
from service.api.shape import In, Out, Shown, ShownJson
from service.api.tokens import ADMIN, Asking

router = APIRouter(prefix="/webhooks/deliveries", tags=["webhooks"], dependencies=ADMIN)
MOST_ID = 2**63 - 1


class DeliveriesIn(In):
    """Which messages to show."""

    webhook: str | None = Field(default=None, min_length=1, max_length=64, description="name of a target")
    state: DeliveryState | None = None
    limit: int = Field(default=LIMIT_DEFAULT, ge=1, le=LIMIT_MOST, description="entries per page")
    cursor: str | None = Field(default=None, max_length=1024, description="as given by `next`")


class DeliveryOut(Out):
    """One message to one webhook, and how it stands."""

    id: int = Field(examples=[17])
    webhook: Shown = Field(examples=["viewer"])
    event_id: str = Field(description="its Idempotency-Key", examples=["4711.answered"])
    event: str = Field(examples=["answered"])
    sop_instance_uid: str | None
    study_instance_uid: str
    body: ShownJson
    state: DeliveryState
    attempts: int = Field(examples=[1])
    next_at: datetime = Field(description="of a pending one: when it is tried next")
    created_at: datetime
    ended_at: datetime | None
    last_error: Shown | None = Field(examples=["it did not answer within 10 s"])


class DeliveriesOut(Out):
    """A page of messages, the latest first."""

    deliveries: tuple[DeliveryOut, ...]
    next: str | None = Field(description="link to the following page, null at the end")


@router.get("", response_model=DeliveriesOut)
def list_deliveries(request: Request, needs: Needed, asked: Annotated[DeliveriesIn, Query()]) -> Response:
    """Messages to webhooks, the latest first: delivered, pending with the last error, or given up."""
    try:
        page = needs.deliveries.page(
            limit=asked.limit, cursor=asked.cursor, webhook=asked.webhook, state=asked.state
        )
    except ValueError as error:
        raise not_understood("query", "cursor", "this is not a cursor of this list") from error
    found = DeliveriesOut(
        deliveries=tuple(DeliveryOut.model_validate(one) for one in page.items),
        next=next_page(request, page.next_cursor),
    )
    return answer_by_content(request, found)


@router.post(
    "/{delivery_id}/resend",
    status_code=HTTPStatus.NO_CONTENT,
    responses=documented(HTTPStatus.NOT_FOUND),
)
def resend_delivery(
    delivery_id: Annotated[int, Path(ge=1, le=MOST_ID)], needs: Needed, asking: Asking
) -> Response:
    """Send one message again, whatever became of it; its Idempotency-Key stays the same."""
    if not needs.deliveries.resend(delivery_id):
        raise not_found("delivery")
    needs.actions.note(asking.name, "webhook delivery resent", {"delivery_id": delivery_id})
    return Response(status_code=HTTPStatus.NO_CONTENT)
