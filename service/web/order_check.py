"""Order check: the worklist of studies whose verdict needs a human, and what the human says."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from pydantic import Field
from starlette.responses import RedirectResponse, Response

from db.read import Page
from db.read_verdicts import WorklistItem
from router.orders import Side
from router.settling import WORST_FIRST
from router.verdicts import Kind, ReviewAction
from service.api.out_reviews import ReviewIn
from service.api.ports import Needed, Needs
from service.api.problems import not_found
from service.api.reviews import add_review, undo_review
from service.api.shape import In, StudyInstanceUid
from service.api.tokens import Principal
from service.web.rendering import render, words
from service.web.view_choices import choices
from service.web.visitor import ChangingReviewer, Reading, Visitor
from service.web.worklist import SETTLED, WorklistIn, worklist
from service.web.worksheet import Card, card_of

PATH = "/order-check"
REASONS = (
    "taken so on purpose",
    "the patient could not be positioned otherwise",
    "agreed with the referrer; the order was not changed",
    "the film belongs to another order",
    "the procedure map expects the wrong views",
)
SIDES = ((Side.RIGHT, "right"), (Side.LEFT, "left"), (Side.BOTH, "both"), (Side.UNPAIRED, "unpaired"))
DONE = {
    ReviewAction.CONFIRM: "Confirmed",
    ReviewAction.CORRECT: "Corrected",
    ReviewAction.DISMISS: "Dismissed",
}

router = APIRouter(prefix=PATH)

Asked = Annotated[WorklistIn, Query()]


class WordForm(ReviewIn):
    """A reviewer's word as the card's forms send it."""

    csrf: str = ""


class UndoForm(In):
    """Which word to take back."""

    review_id: int = Field(ge=1, le=2**62)
    csrf: str = ""


@router.get("")
def first_study(request: Request, needs: Needed, who: Reading, asked: Asked) -> Response:
    """The worklist with its first study; only more of the list for a page that goes on reading it."""
    page = worklist(needs, asked, who.name)
    if asked.cursor is not None and "hx-request" in request.headers:
        return render(request, "_worklist.html", who, page=page, asked=asked, shown=None)
    first = page.items[0].study_instance_uid if page.items else None
    return _whole(request, needs, who, asked, first, page)


@router.get("/{study_instance_uid}")
def one_study(
    request: Request, needs: Needed, who: Reading, study_instance_uid: StudyInstanceUid, asked: Asked
) -> Response:
    """One study: its card alone for the page that shows the list already."""
    if "hx-request" in request.headers:
        return _part(request, needs, who, asked, study_instance_uid)
    return _whole(request, needs, who, asked, study_instance_uid, worklist(needs, asked, who.name))


@router.post("/{study_instance_uid}/words")
def say(
    request: Request,
    needs: Needed,
    who: ChangingReviewer,
    study_instance_uid: StudyInstanceUid,
    form: Annotated[WordForm, Form()],
    asked: Asked,
) -> Response:
    """Keep a reviewer's word."""
    stored = add_review(needs, form, Principal(name=who.name, role=who.role))
    review = stored.review
    what = words(review.view or (review.about or "").partition(":")[0]) or "the remarks about this film"
    said = f"{DONE[review.action]}: {what}."
    return _answer(request, needs, who, asked, study_instance_uid, said=said, review_id=stored.id)


@router.post("/{study_instance_uid}/undo")
def take_back(
    request: Request,
    needs: Needed,
    who: ChangingReviewer,
    study_instance_uid: StudyInstanceUid,
    form: Annotated[UndoForm, Form()],
    asked: Asked,
) -> Response:
    """Take a word back."""
    undo_review(needs, form.review_id, Principal(name=who.name, role=who.role))
    return _answer(request, needs, who, asked, study_instance_uid, said="Taken back.", review_id=None)


def _answer(
    request: Request, needs: Needs, who: Visitor, asked: WorklistIn, study_instance_uid: str, **told: Any
) -> Response:
    """The card anew, or the way to it for a browser without scripts."""
    if "hx-request" in request.headers:
        return _part(request, needs, who, asked, study_instance_uid, **told)
    query = asked.link()
    target = f"{request.scope.get('root_path', '')}{PATH}/{study_instance_uid}"
    return RedirectResponse(f"{target}?{query}" if query else target, HTTPStatus.SEE_OTHER)


def _part(
    request: Request,
    needs: Needs,
    who: Visitor,
    asked: WorklistIn,
    study_instance_uid: str,
    *,
    said: str | None = None,
    review_id: int | None = None,
) -> Response:
    card = _card(needs, who, study_instance_uid)
    if card is None:
        raise not_found("study that was judged")
    return render(
        request,
        "_order_check_answer.html",
        who,
        **_card_values(needs, who, card),
        **_list_values(needs, asked),
        said=said,
        review_id=review_id,
    )


def _whole(
    request: Request,
    needs: Needs,
    who: Visitor,
    asked: WorklistIn,
    study_instance_uid: str | None,
    page: Page[WorklistItem],
) -> Response:
    card = None if study_instance_uid is None else _card(needs, who, study_instance_uid)
    found = HTTPStatus.OK if card is not None or study_instance_uid is None else HTTPStatus.NOT_FOUND
    return render(
        request,
        "order_check.html",
        who,
        status=found,
        page=page,
        shown=study_instance_uid,
        review_id=None,
        **_card_values(needs, who, card),
        **_list_values(needs, asked),
    )


def _card(needs: Needs, who: Visitor, study_instance_uid: str) -> Card | None:
    stored = needs.verdicts.current(study_instance_uid)
    if stored is None:
        return None
    return card_of(
        stored,
        needs.verdicts.film_facts(study_instance_uid),
        needs.reviews.of_study(study_instance_uid),
        needs.reviews.truths(study_instance_uid),
        reader=who.name,
        now=needs.clock(),
    )


def _card_values(needs: Needs, who: Visitor, card: Card | None) -> dict[str, Any]:
    uid = card.verdict.study_instance_uid if card else None
    study = needs.queries.study(uid) if uid else None
    return {
        "card": card,
        "study": study.summary if study else None,
        "others_here": needs.presence.look(who.name, uid) if uid else (),
        "regions": choices(),
        "sides": SIDES,
        "reasons": REASONS,
    }


def _list_values(needs: Needs, asked: WorklistIn) -> dict[str, Any]:
    """The kinds with their numbers, the worst first; "complete" is nothing to look at."""
    counts = needs.verdicts.counts(settled=SETTLED.get(asked.show))
    kinds = [(kind, counts.get(kind, 0)) for kind in WORST_FIRST if kind is not Kind.COMPLETE]
    return {"asked": asked, "kinds": kinds}
