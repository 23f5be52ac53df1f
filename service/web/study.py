"""One study: its films beside what was ordered and the verdict, and why each film went where it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from db.read import InstanceDetail, InstanceFilter, StudyDetail
from router.settling import RANK
from router.types import Candidate, State, ViewPrediction
from router.verdicts import FilmFacts, Remark, Source, Truth, Verdict
from service.api.ports import Needed, Needs
from service.api.problems import Problem, not_found
from service.api.shape import SopInstanceUid, StudyInstanceUid
from service.web.findings import FindingCard, boxes_of, finding_cards
from service.web.rendering import render, words
from service.web.telling import Told, told
from service.web.visitor import ChangingAdmin, Reading

OPEN = (State.RECEIVED, State.PROCESSING)
SOURCES = {
    Source.HUMAN: "said by a reviewer",
    Source.AI: "said by the model",
    Source.HEADER: "claimed by the header",
}

router = APIRouter(prefix="/studies")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmCard:
    """One film with all that the page says about it."""

    detail: InstanceDetail
    number: int
    view: str | None  # the stated one: a human's word goes before the model's
    source: str  # who says so
    gate: float | None  # the lead that the model's answer needs
    rotation: Candidate | None  # how the film lies turned, where the model is sure that it does
    truth: Truth | None
    remarks: tuple[Remark, ...]
    findings: tuple[FindingCard, ...]  # those that count
    story: tuple[Told, ...]

    @property
    def name(self) -> str:
        """What to call the film."""
        return f"Film {self.number}, {words(self.view) if self.view else 'no view'}"

    @property
    def has_picture(self) -> bool:
        """Whether there may be something to show: its pixels were read, or may yet be."""
        if self.detail.view is not None:
            return True
        return self.detail.state is not State.FAILED and not self.no_picture

    @property
    def no_picture(self) -> str:
        """Why its header promises no picture, where it does not."""
        instance = self.detail.instance
        if instance.number_of_frames > 1:
            return f"it has {instance.number_of_frames} frames, and pictures are made of single frames"
        return "there are no pixels in it" if instance.rows == instance.columns is None else ""

    @property
    def boxes(self) -> list[dict[str, Any]]:
        """What the viewer draws, in stored pixels."""
        return boxes_of(card.finding for card in self.findings)

    @property
    def has_heat(self) -> bool:
        """Whether there is a heat map to lay over it."""
        return any(card.heat for card in self.findings)


@router.get("/{study_instance_uid}")
def show(request: Request, needs: Needed, who: Reading, study_instance_uid: StudyInstanceUid) -> Response:
    """The study's page."""
    detail = needs.queries.study(study_instance_uid)
    if detail is None:
        raise not_found("study")
    summary = detail.summary
    current = needs.verdicts.current(study_instance_uid)
    orders = needs.orders.for_study(
        study_instance_uid=study_instance_uid,
        accession_number=summary.accession_number,
        patient_id=summary.patient_id,
    )
    return render(
        request,
        "study.html",
        who,
        study=summary,
        films=cards(needs, detail, current.verdict if current else None),
        orders=orders,
        judged=current,
        remarks=worst(current.verdict.remarks if current else ()),
        past_verdicts=max(0, len(needs.verdicts.history(study_instance_uid)) - 1),
        is_open=is_open(detail),
    )


@router.get("/{study_instance_uid}/waiting")
def waiting(
    request: Request,  # noqa: ARG001
    needs: Needed,
    who: Reading,  # noqa: ARG001
    study_instance_uid: StudyInstanceUid,
) -> Response:
    """Nothing while films wait; afterwards the page is to load itself again."""
    detail = needs.queries.study(study_instance_uid)
    if detail is not None and is_open(detail):
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return Response(status_code=HTTPStatus.OK, headers={"HX-Refresh": "true"})


@router.post("/{study_instance_uid}/again")
def all_again(
    request: Request, needs: Needed, who: ChangingAdmin, study_instance_uid: StudyInstanceUid
) -> Response:
    """Analyse all films of the study again that are done or failed."""
    wanted = InstanceFilter(study_instance_uid=study_instance_uid)
    if needs.instances.requeue_where(wanted, who.name) == 0:
        raise Problem(HTTPStatus.CONFLICT, "its films wait or are being analysed already")
    return _back(request, study_instance_uid, "")


@router.post("/{study_instance_uid}/films/{sop_instance_uid}/again")
def one_again(
    request: Request,
    needs: Needed,
    who: ChangingAdmin,
    study_instance_uid: StudyInstanceUid,
    sop_instance_uid: SopInstanceUid,
) -> Response:
    """Analyse one film again."""
    if not needs.instances.requeue(sop_instance_uid, who.name):
        if needs.queries.instance(sop_instance_uid) is None:
            raise not_found("instance")
        raise Problem(HTTPStatus.CONFLICT, "it waits or is being analysed already")
    return _back(request, study_instance_uid, f"#film-{sop_instance_uid}")


def _back(request: Request, study_instance_uid: str, fragment: str) -> Response:
    root = request.scope.get("root_path", "")
    return RedirectResponse(f"{root}/studies/{study_instance_uid}{fragment}", HTTPStatus.SEE_OTHER)


def is_open(detail: StudyDetail) -> bool:
    """Whether something is still to be found out."""
    return any(detail.summary.states.get(state) for state in OPEN)


def worst(remarks: Sequence[Remark]) -> list[Remark]:
    """The remarks, the worst first."""
    return sorted(remarks, key=lambda remark: RANK[remark.kind])


def cards(needs: Needs, detail: StudyDetail, verdict: Verdict | None) -> list[FilmCard]:
    """The study's films, in the order in which they are hung up."""
    uid = detail.summary.study_instance_uid
    facts = {each.sop_instance_uid: each for each in needs.verdicts.film_facts(uid)}
    truths = needs.reviews.truths(uid)
    return [
        _card(needs, number, one, facts.get(one.instance.sop_instance_uid), truths, verdict)
        for number, one in enumerate(detail.instances, start=1)
    ]


def _card(
    needs: Needs,
    number: int,
    detail: InstanceDetail,
    facts: FilmFacts | None,
    truths: dict[str, Truth],
    verdict: Verdict | None,
) -> FilmCard:
    uid, predicted = detail.instance.sop_instance_uid, detail.view
    human = facts is not None and facts.source is Source.HUMAN
    view = facts.view if facts is not None and human else (predicted.view if predicted else None)
    source = Source.HUMAN if human else Source.AI if predicted else Source.HEADER
    gates = {(model.name, model.version): model.gate.margin for model in needs.models}
    remarks = verdict.remarks if verdict else ()
    return FilmCard(
        detail=detail,
        number=number,
        view=view,
        source=SOURCES[source] if view else "",
        gate=gates.get((predicted.model.name, predicted.model.version)) if predicted else None,
        rotation=turned(predicted, needs.trust.rotation),
        truth=truths.get(uid),
        remarks=tuple(worst([remark for remark in remarks if uid in remark.sop_instance_uids])),
        findings=finding_cards(needs, detail),
        story=tuple(told(entry) for entry in needs.queries.audit(uid)),
    )


def turned(view: ViewPrediction | None, least: float) -> Candidate | None:
    """How a film lies turned, where the model says so with at least this score."""
    said = view.further.get("rotation", ()) if view else ()
    best = said[0] if said else None
    return best if best is not None and best.label != "0" and best.score >= least else None
