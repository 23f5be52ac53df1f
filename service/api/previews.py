"""A picture of one object: a radiograph, a photograph in its colours, a slice under its window."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from db.read import InstanceDetail
from router.types import Box, Mode
from service.api.etags import answer, tag
from service.api.pictures import inside, looked_through
from service.api.ports import Needed
from service.api.problems import documented, not_found, not_understood
from service.api.shape import In, SopInstanceUid
from service.api.tokens import READER

MOST_GREY = 2.0**32  # stored values have 32 bits at most

router = APIRouter(prefix="/instances", tags=["instances"], dependencies=READER)


class PreviewIn(In):
    """How the picture is to look."""

    long_side: int = Field(default=1024, ge=16, le=4096, description="pixels")
    window_center: float | None = Field(
        default=None,
        ge=-MOST_GREY,
        le=MOST_GREY,
        description="with window_width; of a colour's 0 to 255; default: the header's own",
    )
    window_width: float | None = Field(default=None, gt=0, le=MOST_GREY)
    boxes: bool = Field(default=False, description="draw the findings' boxes")

    def window(self) -> tuple[float, float] | None:
        """(center, width), or None for the header's own."""
        center, width = self.window_center, self.window_width
        if (center is None) != (width is None):
            raise not_understood("query", "window_center", "state window_center and window_width, or neither")
        return None if center is None or width is None else (center, width)


@router.get(
    "/{sop_instance_uid}/preview.png",
    response_class=Response,
    responses=documented(HTTPStatus.NOT_FOUND)
    | {200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}},
)
def read_preview(
    request: Request,
    needs: Needed,
    sop_instance_uid: SopInstanceUid,
    asked: Annotated[PreviewIn, Query()],
) -> Response:
    """A PNG of the object as a viewer would show it; 422 with the reason when no picture can be made of it.

    A photograph is in its colours. A CT slice is under its own window; without one, under that of the model
    that looked at it.
    """
    window = asked.window()
    detail = needs.queries.instance(sop_instance_uid)
    if detail is None:
        raise not_found("instance")
    boxes = _boxes(detail) if asked.boxes else ()
    otherwise = looked_through(needs.models, detail)

    def make() -> Response:
        path = inside(needs.storage, detail.stored.path)
        with needs.picture_turns.turn():
            png = needs.preview(
                path, long_side=asked.long_side, window=window, otherwise=otherwise, boxes=boxes
            )
        return Response(png, media_type="image/png")

    etag = tag("preview", detail.stored.sha256, asked.long_side, window, otherwise, boxes)
    return answer(request, etag, make)


def _boxes(detail: InstanceDetail) -> tuple[tuple[str, Box], ...]:
    """Where the active models found something; what a shadow model says is never shown as an answer."""
    stated = (each for each in detail.findings if each.mode is Mode.ACTIVE)
    return tuple(
        (f"{each.label} {each.probability:.2f}", each.box) for each in stated if each.box is not None
    )
