"""A film's values for the viewer of the pages: sent once, windowed in the browser, no picture per drag."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from service.api.etags import answer, tag
from service.api.pictures import inside, looked_through
from service.api.ports import Needed
from service.api.problems import not_found
from service.api.shape import In, SopInstanceUid
from service.web.visitor import Reading

MEDIA_TYPE = "application/vnd.radrouter.film-values"
LONGEST_SIDE = 2048  # pixels: 8 MiB of values, 12 of colours; more than most screens have, and twice a card's

router = APIRouter()


class ValuesIn(In):
    """How large the film is to be."""

    long_side: int = Field(default=1024, ge=64, le=LONGEST_SIDE)


@router.get("/films/{sop_instance_uid}/pixels")
def film_values(
    request: Request,
    needs: Needed,
    who: Reading,  # noqa: ARG001
    sop_instance_uid: SopInstanceUid,
    asked: Annotated[ValuesIn, Query()],
) -> Response:
    """What ``classifiers.values.FilmValues.wire`` says of the film; 422 with the decoder's reason."""
    detail = needs.queries.instance(sop_instance_uid)
    if detail is None:
        raise not_found("instance")

    otherwise = looked_through(needs.models, detail)

    def make() -> Response:
        path = inside(needs.storage, detail.stored.path)
        with needs.picture_turns.turn():
            values = needs.values(path, long_side=asked.long_side, otherwise=otherwise)
        return Response(values.wire(), media_type=MEDIA_TYPE)

    return answer(request, tag("values", detail.stored.sha256, asked.long_side, otherwise), make)
