"""Studies: a list with filters, and one with all its films."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service.api.etags import answer, answer_by_content, tag
from service.api.filters import ListIn, next_page
from service.api.out_instances import StudiesOut, StudyOut, StudySummaryOut, study_out
from service.api.ports import Needed
from service.api.problems import documented, not_found, not_understood
from service.api.shape import StudyInstanceUid
from service.api.tokens import READER

router = APIRouter(prefix="/studies", tags=["studies"], dependencies=READER)


@router.get("", response_model=StudiesOut)
def list_studies(request: Request, needs: Needed, asked: Annotated[ListIn, Query()]) -> Response:
    """Studies that have a film for which every stated filter holds, the newest study date first."""

    try:
        page = needs.queries.studies(asked.study_filter(), asked.limit, asked.cursor)
    except ValueError as error:
        raise not_understood("query", "cursor", "this is not a cursor of this list") from error
    found = StudiesOut(
        studies=tuple(StudySummaryOut.model_validate(study) for study in page.items),
        next=next_page(request, page.next_cursor),
    )
    return answer_by_content(request, found)


@router.get("/{study_instance_uid}", response_model=StudyOut, responses=documented(HTTPStatus.NOT_FOUND))
def read_study(request: Request, needs: Needed, study_instance_uid: StudyInstanceUid) -> Response:
    """One study: each film with its view, score, margin, runners-up, model, findings, decision and state."""
    detail = needs.queries.study(study_instance_uid)
    if detail is None:
        raise not_found("study")
    etag = tag("study", study_instance_uid, detail.audit_id, needs.reference_links)
    return answer(request, etag, lambda: study_out(detail, links=needs.reference_links))
