"""Instances: a list with filters, one with everything, and what happened to it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service.api.etags import answer, answer_by_content, tag
from service.api.filters import ListIn, next_page
from service.api.out_instances import (
    AuditOut,
    InstanceOut,
    InstancesOut,
    InstanceSummaryOut,
    audit_entry_out,
    instance_out,
)
from service.api.ports import Needed
from service.api.problems import documented, not_found, not_understood
from service.api.shape import SopInstanceUid
from service.api.tokens import READER

router = APIRouter(prefix="/instances", tags=["instances"], dependencies=READER)
NOT_FOUND = documented(HTTPStatus.NOT_FOUND)


@router.get("", response_model=InstancesOut)
def list_instances(request: Request, needs: Needed, asked: Annotated[ListIn, Query()]) -> Response:
    """Instances for which every stated filter holds, the newest study date first."""

    try:
        page = needs.queries.instances(asked.instance_filter(), asked.limit, asked.cursor)
    except ValueError as error:
        raise not_understood("query", "cursor", "this is not a cursor of this list") from error
    found = InstancesOut(
        instances=tuple(InstanceSummaryOut.model_validate(item) for item in page.items),
        next=next_page(request, page.next_cursor),
    )
    return answer_by_content(request, found)


@router.get("/{sop_instance_uid}", response_model=InstanceOut, responses=NOT_FOUND)
def read_instance(request: Request, needs: Needed, sop_instance_uid: SopInstanceUid) -> Response:
    """One instance: header facts, arrival, state, view with its DICOM codes, findings, decision."""
    detail = needs.queries.instance(sop_instance_uid)
    if detail is None:
        raise not_found("instance")
    etag = tag("instance", sop_instance_uid, detail.audit_id, needs.reference_links)
    return answer(request, etag, lambda: instance_out(detail, links=needs.reference_links))


@router.get("/{sop_instance_uid}/audit", response_model=AuditOut, responses=NOT_FOUND)
def read_audit(request: Request, needs: Needed, sop_instance_uid: SopInstanceUid) -> Response:
    """What happened to one instance, in order."""
    entries = needs.queries.audit(sop_instance_uid)
    if not entries:
        raise not_found("instance")
    etag = tag("audit", sop_instance_uid, entries[-1].id)
    return answer(request, etag, lambda: AuditOut(audit=tuple(audit_entry_out(entry) for entry in entries)))
