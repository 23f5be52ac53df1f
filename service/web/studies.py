"""Studies: found as in a PACS, page by page.

A search names patients, so it is sent as a form (POST) and never stands in an address: addresses are kept by
the browser's history and by the logs of proxies on the way, which we cannot keep from writing query strings.
The last search of each session stays in memory here, so that going back finds it.
What names nobody (dates, views, states ...) may stand in a link: ``/studies?state=failed``.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from pydantic import Field
from starlette.responses import Response

from db.read import Page, StudyFilter, StudySummary
from router.settling import WORST_FIRST
from router.types import State
from router.verdicts import Kind
from router.views import OTHER, UNSURE
from service.api.filters import StudyDate, Text
from service.api.ports import Needed, Needs
from service.api.problems import not_understood
from service.api.shape import In
from service.web.last_searches import LastSearches
from service.web.rendering import render
from service.web.view_choices import choices
from service.web.visitor import Changing, Reading, Visitor
from service.web.worklist import Unless

PAGE = 50
QUICK = (("any", "Any day"), ("today", "Today"), ("yesterday", "Yesterday"), ("week", "7 days"))

router = APIRouter()


class Named(In):
    """Conditions that name no patient; all must hold. An empty one is none."""

    when: Literal["any", "today", "yesterday", "week"] = "any"
    study_date_from: Annotated[StudyDate | None, Unless] = None
    study_date_to: Annotated[StudyDate | None, Unless] = None
    modality: Annotated[Text | None, Unless] = None
    view: Annotated[Text | None, Unless] = None
    state: Annotated[State | None, Unless] = None
    calling_ae_title: Annotated[Text | None, Unless] = None
    verdict: Annotated[Kind | None, Unless] = None


class SearchForm(Named):
    """A search as the page sends it."""

    patient: Annotated[Text | None, Unless] = None
    accession_number: Annotated[Text | None, Unless] = None
    cursor: Annotated[str | None, Unless] = Field(default=None, max_length=1024)
    csrf: str = ""


@router.get("/studies")
def first_page(request: Request, needs: Needed, who: Reading, asked: Annotated[Named, Query()]) -> Response:
    """What a link asks for; else what was searched for last; else the newest studies."""
    last = None if request.query_params else _searches(request).of(who.csrf)
    return _answer(request, needs, who, last or SearchForm(**asked.model_dump()))


@router.post("/studies")
def search(request: Request, needs: Needed, who: Changing, asked: Annotated[SearchForm, Form()]) -> Response:
    """What is looked for; only its lines for the page that is there already."""
    return _answer(request, needs, who, asked)


def _searches(request: Request) -> LastSearches[SearchForm]:
    kept: LastSearches[SearchForm] = request.app.state.last_searches
    return kept


def _answer(request: Request, needs: Needs, who: Visitor, asked: SearchForm) -> Response:
    page = found(needs, asked)
    _searches(request).keep(who.csrf, asked.model_copy(update={"cursor": None}))
    values: dict[str, Any] = {"page": page, "asked": asked, "is_more": asked.cursor is not None}
    if "hx-request" in request.headers:
        part = render(request, "_study_lines.html" if asked.cursor else "_studies.html", who, **values)
        # The address of a link that led here would put its own conditions back on the way back.
        part.headers["HX-Replace-Url"] = f"{request.scope.get('root_path', '')}/studies"
        return part
    return render(
        request,
        "studies.html",
        who,
        **values,
        quick=QUICK,
        regions=choices(),
        unnamed=(UNSURE, OTHER),
        states=tuple(State),
        kinds=WORST_FIRST,
    )


def found(needs: Needs, asked: SearchForm) -> Page[StudySummary]:
    """A page of studies.

    Raises:
        Problem: 422, the cursor is of another list.
    """
    today = needs.clock().astimezone().date()  # a study's date is the hospital's day
    try:
        return needs.queries.studies(study_filter(asked, today), PAGE, asked.cursor)
    except ValueError as error:
        raise not_understood("body", "cursor", "this is not a cursor of this list") from error


def study_filter(asked: SearchForm, today: date) -> StudyFilter:
    """The search as the database takes it; days that are named go before a quick choice."""
    first, last = asked.study_date_from, asked.study_date_to
    if first is None and last is None:
        first, last = days(asked.when, today)
    return StudyFilter(
        study_date_from=None if first is None else first.strftime("%Y%m%d"),
        study_date_to=None if last is None else last.strftime("%Y%m%d"),
        patient_like=from_beginning(asked.patient),
        accession_number_like=from_beginning(asked.accession_number),
        modality=None if asked.modality is None else asked.modality.strip().upper(),
        view=asked.view,
        state=asked.state,
        calling_ae_title=None if asked.calling_ae_title is None else asked.calling_ae_title.strip(),
        verdict=asked.verdict,
    )


def days(when: str, today: date) -> tuple[date | None, date | None]:
    """The first and the last day of a quick choice."""
    if when == "today":
        return today, today
    if when == "yesterday":
        return today - timedelta(days=1), today - timedelta(days=1)
    if when == "week":
        return today - timedelta(days=6), today
    return None, None


def from_beginning(typed: str | None) -> str | None:
    """What is typed so far, as a pattern: a name's parts in DICOM's order, however they are set apart."""
    parts = [part for part in re.split(r"[\s,^]+", typed or "") if part]
    return "*".join(parts) + "*" if parts else None
