"""Verdicts: was what was ordered performed? One study's, with its history, and the worklist of all."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from router.verdicts import Kind
from service.api.etags import answer_by_content
from service.api.filters import LIMIT_DEFAULT, LIMIT_MOST, StudyDate, Text, next_page
from service.api.out_verdicts import (
    JudgedStudiesOut,
    VerdictHistoryOut,
    VerdictOut,
    judged_study_out,
    verdict_out,
)
from service.api.ports import Needed
from service.api.problems import documented, not_found, not_understood
from service.api.shape import In, StudyInstanceUid
from service.api.tokens import READER

router = APIRouter(tags=["verdicts"], dependencies=READER)
ABSENT = documented(HTTPStatus.NOT_FOUND)


class WorklistIn(In):
    """Which studies; conditions must all hold."""

    kind: tuple[Kind, ...] = Field(
        default=(), description="studies with any of these remarks; without: with any fault"
    )
    faults_only: bool = Field(default=True, description="false: without `kind`, studies without a fault too")
    open_only: bool = Field(default=False, description="only studies that somebody has still to look at")
    study_date_from: StudyDate | None = Field(default=None, description="first Study Date, YYYY-MM-DD")
    study_date_to: StudyDate | None = Field(default=None, description="last Study Date, YYYY-MM-DD")
    calling_ae_title: Text | None = Field(default=None, examples=["XRAY1"])
    worst_first: bool = Field(default=False, description="by severity; otherwise the newest Study Date first")
    limit: int = Field(default=LIMIT_DEFAULT, ge=1, le=LIMIT_MOST, description="entries per page")
    cursor: str | None = Field(
        default=None, max_length=1024, description="where the page begins: as given by `next`"
    )

    def wanted(self) -> dict[str, Any]:
        """The conditions as the database takes them."""
        first, last = self.study_date_from, self.study_date_to
        return {
            "kinds": frozenset(self.kind) or None,
            "faults_only": self.faults_only,
            "settled": False if self.open_only else None,
            # DA as sent and stored: YYYYMMDD (PS3.5 section 6.2)
            "study_date_from": first.strftime("%Y%m%d") if first else None,
            "study_date_to": last.strftime("%Y%m%d") if last else None,
            "calling_ae_title": self.calling_ae_title,
            "worst_first": self.worst_first,
            "limit": self.limit,
            "cursor": self.cursor,
        }


@router.get("/verdicts", response_model=JudgedStudiesOut)
def list_verdicts(request: Request, needs: Needed, asked: Annotated[WorklistIn, Query()]) -> Response:
    """The worklist: studies where order and films do not agree, each with its whole verdict."""
    try:
        page = needs.verdicts.page(**asked.wanted())
    except ValueError as error:
        raise not_understood("query", "cursor", "this is not a cursor of this list") from error
    found = tuple(map(judged_study_out, page.items))
    return answer_by_content(
        request, JudgedStudiesOut(studies=found, next=next_page(request, page.next_cursor))
    )


@router.get("/studies/{study_instance_uid}/verdict", response_model=VerdictOut, responses=ABSENT)
def read_verdict(request: Request, needs: Needed, study_instance_uid: StudyInstanceUid) -> Response:
    """Was what was ordered performed? 404 until the study has been quiet for `orders.quiet_s` seconds."""
    stored = needs.verdicts.current(study_instance_uid)
    if stored is None:
        raise not_found("verdict" if needs.queries.study(study_instance_uid) else "study")
    return answer_by_content(request, verdict_out(stored))


@router.get(
    "/studies/{study_instance_uid}/verdict/history", response_model=VerdictHistoryOut, responses=ABSENT
)
def read_verdict_history(request: Request, needs: Needed, study_instance_uid: StudyInstanceUid) -> Response:
    """Every verdict on a study, the first one first: late films, orders and reviews change it."""
    found = needs.verdicts.history(study_instance_uid)
    if not found and needs.queries.study(study_instance_uid) is None:
        raise not_found("study")
    return answer_by_content(request, VerdictHistoryOut(verdicts=tuple(map(verdict_out, found))))
