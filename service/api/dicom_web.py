"""DICOMweb's search for studies, series and instances (PS3.18 section 10.6): what viewers ask already."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from db.matching import MOST_COUNTED, Found
from router.hanging import hang
from service.api.dicom_asking import Asked, read_search
from service.api.dicom_json import instance_json, series_json, study_json
from service.api.etags import answer, tag
from service.api.ports import Needed, Needs
from service.api.problems import Problem, documented
from service.api.shape import SeriesInstanceUid, StudyInstanceUid, here
from service.api.tokens import READER

PREFIX = "/dicom-web"
MEDIA_TYPE = "application/dicom+json"
ACCEPTED = frozenset({"*/*", "application/*", "application/json", MEDIA_TYPE})
Item = TypeVar("Item")
Document = Mapping[str, Any]

RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "what matches; a Warning header tells how much more there is",
        "content": {MEDIA_TYPE: {"schema": {"type": "array", "items": {"type": "object"}}}},
    },
    204: {"description": "nothing matches"},
    **documented(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
}
router = APIRouter(
    prefix=PREFIX,
    tags=["dicom-web"],
    dependencies=READER,
    responses=RESPONSES,
    default_response_class=Response,
)


@router.get("/studies")
def search_studies(request: Request, needs: Needed) -> Response:
    """Studies that match, the newest first."""
    return _studies(request, needs)


@router.get("/series")
def search_series(request: Request, needs: Needed) -> Response:
    """Series of any study that match, with their study's attributes."""
    return _series(request, needs)


@router.get("/instances")
def search_instances(request: Request, needs: Needed) -> Response:
    """Instances of any study that match, with what each film is, and their study's and series' attributes."""
    return _instances(request, needs)


@router.get("/studies/{study_instance_uid}/series")
def search_series_of_study(request: Request, needs: Needed, study_instance_uid: StudyInstanceUid) -> Response:
    """Series of one study that match."""
    return _series(request, needs, study_instance_uid=(study_instance_uid,))


@router.get("/studies/{study_instance_uid}/instances")
def search_instances_of_study(
    request: Request, needs: Needed, study_instance_uid: StudyInstanceUid
) -> Response:
    """Instances of one study that match, with what each film is."""
    return _instances(request, needs, study_instance_uid=(study_instance_uid,))


@router.get("/studies/{study_instance_uid}/series/{series_instance_uid}/instances")
def search_instances_of_series(
    request: Request,
    needs: Needed,
    study_instance_uid: StudyInstanceUid,
    series_instance_uid: SeriesInstanceUid,
) -> Response:
    """Instances of one series that match, with what each film is."""
    target = {"study_instance_uid": (study_instance_uid,), "series_instance_uid": (series_instance_uid,)}
    return _instances(request, needs, **target)


def _studies(request: Request, needs: Needs) -> Response:
    asked = _asked(request)
    found = needs.matching.studies(asked.match, asked.limit, asked.offset)
    return _told(request, asked, found, lambda study: study_json(study, asked.fields))


def _series(request: Request, needs: Needs, **target: tuple[str, ...]) -> Response:
    asked = _asked(request, **target)
    found = needs.matching.series(asked.match, asked.limit, asked.offset)
    anywhere = not target
    return _told(request, asked, found, lambda one: series_json(one, asked.fields, with_study=anywhere))


def _instances(request: Request, needs: Needs, **target: tuple[str, ...]) -> Response:
    asked = _asked(request, **target)
    found = needs.matching.instances(asked.match, asked.limit, asked.offset)
    anywhere = not target
    return _told(
        request,
        asked,
        found,
        lambda film: instance_json(hang(film, needs.trust), asked.fields, with_study=anywhere),
    )


def _asked(request: Request, **target: tuple[str, ...]) -> Asked:
    wanted = request.headers.get("accept", "*/*")
    types = {one.split(";")[0].strip().lower() for one in wanted.split(",")}
    if not types & ACCEPTED:
        raise Problem(HTTPStatus.NOT_ACCEPTABLE, f"only {MEDIA_TYPE} is spoken here")
    return read_search(request.query_params.multi_items(), **target)


def _told(
    request: Request, asked: Asked, found: Found[Item], document: Callable[[Item], Document]
) -> Response:
    warnings = [*asked.warnings, *_left(found.remaining)]
    headers = {"Warning": ", ".join(_warning(request, warnings))} if warnings else {}
    if not found.items:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    documents = [document(item) for item in found.items]
    # Attributes in ascending order of their tags (PS3.18 section F.2.2)
    body = json.dumps(documents, separators=(",", ":"), allow_nan=False, sort_keys=True)
    response = Response(body, media_type=MEDIA_TYPE, headers=headers)
    return answer(request, tag(body, *warnings), lambda: response)


def _left(remaining: int) -> Iterable[str]:
    if remaining:
        count = f"more than {MOST_COUNTED}" if remaining >= MOST_COUNTED else str(remaining)
        yield f"There are {count} additional results that can be requested"


def _warning(request: Request, sentences: Iterable[str]) -> Iterable[str]:
    service = f"{request.url.scheme}://{request.url.netloc}{here(request, PREFIX)}"
    return (f"299 {service}: {sentence}" for sentence in sentences)
