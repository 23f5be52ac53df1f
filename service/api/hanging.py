"""What hanging-protocol software asks: what is this film, which way up is it, and who says so."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from db.hanging import Standing
from router.hanging import hang
from service.api.etags import answer, as_json, tag
from service.api.out_hanging import HungFilmOut, HungFilmsOut, HungStudyOut, hung_film_out, hung_study_out
from service.api.ports import Needed, Needs
from service.api.problems import documented, not_found
from service.api.shape import In, SopInstanceUid, StudyInstanceUid, Uid
from service.api.tokens import READER

MOST_AT_ONCE = 500

router = APIRouter(prefix="/hanging", tags=["hanging"], dependencies=READER)
REFUSALS = documented(HTTPStatus.NOT_FOUND)
UNCHANGED = {"description": "nothing changed since the state that the request names"}
RESPONSES = {**REFUSALS, 304: UNCHANGED}


class HungFilmsIn(In):
    """Films of any studies, by SOP Instance UID."""

    sop_instance_uids: tuple[Uid, ...] = Field(
        min_length=1, max_length=MOST_AT_ONCE, examples=[["1.2.826.0.1.3680043.8.498.3"]]
    )


@router.get("/studies/{study_instance_uid}", response_model=HungStudyOut, responses=RESPONSES)
def hang_study(request: Request, needs: Needed, study_instance_uid: StudyInstanceUid) -> Response:
    """A study: each film's anatomic region, view, laterality, orientation and rotation, with who says so.

    Carries `ETag` and `Last-Modified`; asking again with `If-None-Match` or `If-Modified-Since` costs next to
    nothing while nothing changes.
    """

    def make() -> BaseModel:
        films = needs.hanging.study(study_instance_uid)
        return hung_study_out(study_instance_uid, [hang(film, needs.trust) for film in films])

    return _answer(request, needs, needs.hanging.study_standing(study_instance_uid), "study", make)


@router.get("/instances/{sop_instance_uid}", response_model=HungFilmOut, responses=RESPONSES)
def hang_instance(request: Request, needs: Needed, sop_instance_uid: SopInstanceUid) -> Response:
    """One film: anatomic region, view, laterality, orientation and rotation, with who says so."""

    def make() -> BaseModel:
        (film,) = needs.hanging.instances([sop_instance_uid])
        return hung_film_out(hang(film, needs.trust))

    return _answer(request, needs, needs.hanging.instance_standing(sop_instance_uid), "instance", make)


@router.post("/instances", response_model=HungFilmsOut)
def hang_instances(asked: HungFilmsIn, needs: Needed) -> Response:
    """Many films at once, in the order of the list; those that are not known here are named."""
    wanted = list(dict.fromkeys(asked.sop_instance_uids))
    known = {film.instance.sop_instance_uid: film for film in needs.hanging.instances(wanted)}
    return as_json(
        HungFilmsOut(
            films=tuple(hung_film_out(hang(known[uid], needs.trust)) for uid in wanted if uid in known),
            unknown=tuple(uid for uid in wanted if uid not in known),
        )
    )


def _answer(
    request: Request, needs: Needs, standing: Standing | None, what: str, make: Callable[[], BaseModel]
) -> Response:
    if standing is None:
        raise not_found(what)
    etag = tag("hanging", request.url.path, standing.entries, needs.trust)
    return answer(request, etag, make, changed_at=standing.changed_at, now=needs.clock())
