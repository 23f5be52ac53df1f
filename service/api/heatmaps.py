"""A picture of where a model looked on one film."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from db.read import InstanceDetail
from router.ensemble import ensemble_model, members_of
from router.errors import OutOfResources
from router.types import Mode, ModelRef
from service.api.drifting import reference_of
from service.api.etags import answer, tag
from service.api.out_models import ModelOut
from service.api.pictures import inside
from service.api.ports import Needed, Needs
from service.api.problems import RETRY_AFTER_S, Problem, documented, not_found
from service.api.shape import In, SopInstanceUid
from service.api.tokens import READER
from service.heating import HeatJob

LEGEND = "Where the network looked. Not a probability, not a medical device."

router = APIRouter(prefix="/instances", tags=["instances"], dependencies=READER)

Model = Annotated[
    str,
    Path(
        pattern=r"^[a-z0-9_]{1,64}(\+[a-z0-9_]{1,64}){0,7}$",
        description="a pack's name; of an ensemble its members' joined by +",
        examples=["lung"],
    ),
]


class HeatIn(In):
    """What is wanted."""

    label: str = Field(min_length=1, max_length=256, description="of the model's labels", examples=["Mass"])
    long_side: int = Field(default=1024, ge=16, le=4096, description="pixels")
    overlay: bool = Field(default=False, description="in colour over the film, with a legend; else grey")


@router.get(
    "/{sop_instance_uid}/heatmap/{model}.png",
    response_class=Response,
    responses=documented(HTTPStatus.NOT_FOUND)
    | {200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}},
)
def read_heat_map(
    request: Request,
    needs: Needed,
    sop_instance_uid: SopInstanceUid,
    model: Model,
    asked: Annotated[HeatIn, Query()],
) -> Response:
    """A PNG of where a model saw a label: 8-bit grey in the film's shape, as the preview, made when asked.

    255 is where the network saw it most surely. It is no probability and no finding. 404 where the model did
    not look at this film, is not installed any more, or makes no heat map of this label.
    """
    detail = needs.queries.instance(sop_instance_uid)
    if detail is None:
        raise not_found("instance")
    ref = looked(needs, detail, model, asked.label)

    def make() -> Response:
        job = HeatJob(
            path=inside(needs.storage, detail.stored.path),
            model=model,
            label=asked.label,
            long_side=asked.long_side,
            overlay=asked.overlay,
            legend=(f"{asked.label.replace('_', ' ')}, {ref}", LEGEND),
        )
        return Response(heat_of(needs, job), media_type="image/png")

    etag = tag("heatmap", detail.stored.sha256, ref.sha256, asked.label, asked.long_side, asked.overlay)
    return answer(request, etag, make)


def heat_of(needs: Needs, job: HeatJob) -> bytes:
    """The PNG. Raises Problem: 503, others are being drawn, or it took too long; with its own words."""
    try:
        with needs.heat_turns.turn():
            return needs.heat(job)
    except OutOfResources as error:
        headers = {"Retry-After": RETRY_AFTER_S}
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers=headers) from error


def looked(needs: Needs, detail: InstanceDetail, name: str, label: str) -> ModelRef:
    """The installed model of that name, which looked at this film and shows where it saw the label.

    Raises:
        Problem: 404, with what is missing.
    """
    makers = makers_of(needs, detail, name)
    ref = _joint(makers)
    if not shows(makers, label):
        raise _none(f"the model {ref} makes no heat map of such a label")
    return ref


def makers_of(needs: Needs, detail: InstanceDetail, name: str) -> tuple[ModelOut, ...]:
    """The active packs of a model's name, members of an ensemble, which looked at this film as they are.

    Raises:
        Problem: 404, with what is missing.
    """
    makers = tuple(_active(needs, member) for member in members_of(name))
    ran = [one for one in detail.models_run if one.name == name]
    if not ran:
        raise _none(f"the model {name} did not look at this film")
    if _joint(makers) not in ran:
        raise _none(
            f"{ran[0]} looked at this film, and {_joint(makers)} is installed now: let it be analysed again"
        )
    return makers


def shows(makers: Sequence[ModelOut], label: str) -> bool:
    """Whether one of them can show where it saw the label."""
    return any(label in maker.heat_labels for maker in makers)


def _joint(makers: Sequence[ModelOut]) -> ModelRef:
    return ensemble_model([reference_of(maker) for maker in makers])


def _active(needs: Needs, name: str) -> ModelOut:
    for model in needs.models:
        if model.name == name and model.mode == Mode.ACTIVE:
            return model
    raise _none(f"no model {name} is active here")


def _none(reason: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, reason)
