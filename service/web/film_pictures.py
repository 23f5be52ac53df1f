"""Pictures of a film, for the pages: the same as the API's, shown to whoever is signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service.api.heatmaps import HeatIn, Model, read_heat_map
from service.api.ports import Needed
from service.api.previews import PreviewIn, read_preview
from service.api.shape import SopInstanceUid
from service.web.visitor import Reading

router = APIRouter()


@router.get("/films/{sop_instance_uid}/preview.png")
def film_picture(
    request: Request,
    needs: Needed,
    who: Reading,  # noqa: ARG001
    sop_instance_uid: SopInstanceUid,
    asked: Annotated[PreviewIn, Query()],
) -> Response:
    """A PNG of the film."""
    return read_preview(request, needs, sop_instance_uid, asked)


@router.get("/films/{sop_instance_uid}/heatmap/{model}.png")
def film_heat_map(
    request: Request,
    needs: Needed,
    who: Reading,  # noqa: ARG001
    sop_instance_uid: SopInstanceUid,
    model: Model,
    asked: Annotated[HeatIn, Query()],
) -> Response:
    """A PNG of where a model looked."""
    return read_heat_map(request, needs, sop_instance_uid, model, asked)
