"""Look at a file: somebody's DICOM, PNG or JPEG, analysed now and kept nowhere unless they ask for it.

The body of an upload is read only after the visitor is known: a stranger's gigabyte is never taken. The
page's script holds the file and sends it once more for its pixels, or to be kept, so that nothing waits here
between two requests.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from classifiers.pictures import HEAD, is_picture
from classifiers.values import FilmValues
from dicom_scp import header
from router.errors import FilmError
from router.rules import decide
from router.types import Candidate, Decision, Outcome
from service.api.ports import Needed, Needs
from service.api.problems import Problem, not_understood
from service.api.uploads import explained, laid_down
from service.explainer import Explained
from service.web.film_values import LONGEST_SIDE, MEDIA_TYPE
from service.web.findings import FindingCard, boxes_of, plain_cards
from service.web.rendering import render
from service.web.study import turned
from service.web.visitor import Changing, ChangingAdmin, Reading, Visitor

PREVIEW = 640  # pixels of the picture that comes with the answer
UPLOADS = frozenset({"/look", "/look/pixels", "/look/keep"})  # paths that take large bodies
OUTCOMES = {
    Outcome.NEW: "It is kept, and will be analysed with what else arrives.",
    Outcome.DUPLICATE: "It is here already, with the same bytes: nothing changed.",
    Outcome.REPLACED: "It is kept in place of other bytes under the same UID, and will be analysed again.",
    Outcome.KEPT_FIRST: "Other bytes under the same UID came first: these are kept aside, not analysed.",
}
Found = TypeVar("Found")

router = APIRouter(prefix="/look")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that was found out about one file."""

    explained: Explained
    decision: Decision
    values: FilmValues | None  # small; None where there is no picture in the file
    rotation: Candidate | None  # how it lies turned, where the model is sure that it does
    findings: tuple[FindingCard, ...]  # those that count

    @property
    def boxes(self) -> list[dict[str, Any]]:
        """What the viewer draws."""
        return boxes_of(card.finding for card in self.findings)

    @property
    def picture(self) -> str:
        """The film as a ``data:`` address: no file of it stays here."""
        if self.values is None:
            return ""
        return "data:image/png;base64," + base64.b64encode(self.values.png()).decode()


@router.get("")
def show(request: Request, who: Reading) -> Response:
    """The page, before anything is dropped on it."""
    return _page(request, who)


@router.post("")
async def look(request: Request, needs: Needed, who: Changing) -> Response:
    """What the file is: a fragment for the page's script, else the page."""
    seen = await _with_file(request, lambda path: see(needs, path))
    if "text/html" in request.headers.get("accept", ""):
        return _page(request, who, seen=seen)
    return render(request, "_look_result.html", who, seen=seen)


@router.post("/pixels")
async def pixels(request: Request, needs: Needed, who: Changing) -> Response:  # noqa: ARG001
    """The file's values, for the viewer."""

    def read(path: Path) -> bytes:
        with needs.picture_turns.turn():
            return needs.values(path, long_side=LONGEST_SIDE).wire()

    return Response(await _with_file(request, read), media_type=MEDIA_TYPE)


@router.post("/keep")
async def keep(request: Request, needs: Needed, who: ChangingAdmin) -> Response:
    """Take the file in as if a modality had sent it."""
    study, outcome = await _with_file(request, lambda path: take_in(needs, path, who))
    values: dict[str, Any] = {"study_instance_uid": study, "said": OUTCOMES[outcome]}
    if "text/html" in request.headers.get("accept", ""):
        return _page(request, who, kept=values)
    return render(request, "_look_kept.html", who, **values)


def _page(
    request: Request, who: Visitor, *, seen: Seen | None = None, kept: dict[str, str] | None = None
) -> Response:
    return render(request, "look.html", who, seen=seen, kept=kept)


async def _with_file(request: Request, act: Callable[[Path], Found]) -> Found:
    """What ``act`` makes of the upload, which is gone from the disk when this returns.

    Raises:
        Problem: 422, there is no file in the form; 400, its sender broke off.
    """
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile) or not file.size:
                raise not_understood("body", "file", "choose a file that is not empty")
            return await run_in_threadpool(_laid_down, file, act)
    except ClientDisconnect:
        raise Problem(HTTPStatus.BAD_REQUEST, "the upload was broken off") from None


def _laid_down(file: UploadFile, act: Callable[[Path], Found]) -> Found:
    with laid_down(file.file) as path:
        return act(path)


def see(needs: Needs, path: Path) -> Seen:
    """Analyse a file, and read its picture. Raises InvalidObject for what is neither DICOM nor a picture."""
    found = explained(needs, path)
    return Seen(
        explained=found,
        decision=decide(needs.rules.current, found.facts),
        values=None if found.undecodable else _values(needs, path),
        rotation=turned(found.facts.view, needs.trust.rotation),
        findings=plain_cards(needs, found.facts.findings),
    )


def _values(needs: Needs, path: Path) -> FilmValues | None:
    try:
        with needs.picture_turns.turn():
            return needs.values(path, long_side=PREVIEW)
    except FilmError:
        return None  # the analysis has said why, in the same words


def take_in(needs: Needs, path: Path, who: Visitor) -> tuple[str, Outcome]:
    """The study the object belongs to, and what became of it.

    Raises:
        Problem: 422, it cannot be kept, with the reason.
    """
    with path.open("rb") as file:
        if is_picture(file.read(HEAD)):
            raise not_understood(
                "body", "file", "a PNG or JPEG has no header to file it by: only DICOM is kept"
            )
    taken = needs.take_in(path, who.name)
    if taken.outcome is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, taken.refused or "it was refused", kind="not-dicom")
    return header.read(path).study_instance_uid, taken.outcome
