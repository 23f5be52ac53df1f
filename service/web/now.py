"""Now: what arrives and how it is answered, live, and what failed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from db.read import Counts, InstanceFilter, InstanceSummary
from db.read_arrivals import Arriving
from router.types import State
from service.api.etags import matches, tag
from service.api.health import check
from service.api.ports import Needed, Needs
from service.api.problems import Problem, not_found
from service.api.tally import kind_of
from service.web.charts import Bars, bars
from service.web.rendering import render
from service.web.visitor import ChangingAdmin, ChangingReviewer, Reading, Visitor

router = APIRouter()
MINUTES = 30
MOST_FILMS = 25
MOST_FAILURES = 500  # looked through for their reasons
PROBES = ("workers", "disk", "rules")  # those that cost little: this page asks every two seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureKind:
    """Films that failed for the same kind of reason."""

    kind: str
    reason: str  # of the first of them, whole
    films: tuple[InstanceSummary, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """All that the page shows, at one moment."""

    counts: Counts
    arriving: Arriving
    chart: Bars
    failures: tuple[FailureKind, ...]
    warnings: tuple[str, ...]
    sentence: str

    @property
    def p50(self) -> float | None:
        """Half of the answers took no longer, in seconds."""
        return percentile(self.arriving.waits_s, 0.50)

    @property
    def p95(self) -> float | None:
        """19 of 20 answers took no longer, in seconds."""
        return percentile(self.arriving.waits_s, 0.95)


@router.get("/")
def show(request: Request, needs: Needed, who: Reading) -> Response:
    """The page; its part below the heading asks for itself again and again."""
    return render(request, "now.html", who, **_values(needs, who))


@router.get("/now/live")
def live(request: Request, needs: Needed, who: Reading) -> Response:
    """The live part, or 304 to a page that shows this state already."""
    counts = needs.queries.counts()
    etag = _tag(needs, who, counts)
    if matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
    page = render(request, "_now.html", who, **_values(needs, who, counts))
    page.headers["ETag"] = etag
    return page


@router.post("/now/requeue")
def requeue(needs: Needed, who: ChangingReviewer, sop_instance_uid: Annotated[str, Form()]) -> Response:
    """Analyse one failed film again."""
    if not needs.instances.requeue(sop_instance_uid, who.name):
        if needs.queries.instance(sop_instance_uid) is None:
            raise not_found("film")
        raise Problem(HTTPStatus.CONFLICT, "it waits or is being analysed already")
    return RedirectResponse("/", HTTPStatus.SEE_OTHER)


@router.post("/now/requeue-kind")
def requeue_kind(needs: Needed, who: ChangingAdmin, kind: Annotated[str, Form()]) -> Response:
    """Analyse all films again that failed for this kind of reason."""
    films = next((each.films for each in kinds_of(_failed(needs)) if each.kind == kind), ())
    count = sum(needs.instances.requeue(film.sop_instance_uid, who.name) for film in films)
    needs.actions.note(who.name, "failed films requeued", {"kind": kind, "films": count})
    return RedirectResponse("/", HTTPStatus.SEE_OTHER)


def percentile(ordered: Sequence[float], part: float) -> float | None:
    """The smallest value that ``part`` of them do not exceed (nearest rank); None of nothing."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else None


def kinds_of(failed: Sequence[InstanceSummary]) -> tuple[FailureKind, ...]:
    """Failed films by the kind of their reason, the most frequent first."""
    found: dict[str, list[InstanceSummary]] = {}
    for film in failed:
        found.setdefault(kind_of(film.reason or ""), []).append(film)
    kinds = [
        FailureKind(kind=kind, reason=films[0].reason or "no reason was kept", films=tuple(films))
        for kind, films in found.items()
    ]
    return tuple(sorted(kinds, key=lambda each: (-len(each.films), each.kind)))


def sentence_of(counts: Counts, arriving: Arriving) -> str:
    """How things stand, in one sentence that changes seldom: it is read aloud when it does."""
    failed = counts.states[State.FAILED]
    if counts.due:
        standing = "Films wait for their answer."
    elif counts.states[State.PROCESSING]:
        standing = "Films are being analysed."
    elif counts.states[State.RECEIVED]:
        standing = "Some films will be tried again later."
    elif any(arriving.per_minute):
        standing = "All films that came are answered."
    else:
        standing = f"Nothing came within the last {len(arriving.per_minute)} minutes."
    return f"{standing} {failed} failed." if failed else standing


def _values(needs: Needs, who: Visitor, counts: Counts | None = None) -> dict[str, Any]:
    counts = counts or needs.queries.counts()
    arriving = needs.queries.arriving(minutes=MINUTES, most=MOST_FILMS)
    moment = Moment(
        counts=counts,
        arriving=arriving,
        chart=bars(arriving.per_minute),
        failures=kinds_of(_failed(needs)) if counts.states[State.FAILED] else (),
        warnings=_warnings(needs),
        sentence=sentence_of(counts, arriving),
    )
    return {"now": moment, "etag": _tag(needs, who, counts), "at": needs.clock(), "minutes": MINUTES}


def _tag(needs: Needs, who: Visitor, counts: Counts) -> str:
    """Changes with whatever happens, with each minute of the chart, and each second while films wait."""
    now = needs.clock()
    seconds = now.second if counts.due else 0
    return tag(counts.audit_id, now.strftime("%H:%M"), seconds, who.name, who.role, *_warnings(needs))


def _warnings(needs: Needs) -> tuple[str, ...]:
    found = (check(needs.probes[name]) for name in PROBES if name in needs.probes)
    return tuple(each.reason for each in found if each.reason)


def _failed(needs: Needs) -> Sequence[InstanceSummary]:
    return needs.queries.instances(InstanceFilter(state=State.FAILED), MOST_FAILURES).items
