"""What reviews say about us: precision of the flags, confusion, by scanner and by sender."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from router.figures import figures
from service.api.etags import answer_by_content
from service.api.filters import Moment
from service.api.out_figures import FiguresOut, figures_out
from service.api.ports import Needed
from service.api.tokens import READER

router = APIRouter(prefix="/figures", tags=["reviews"], dependencies=READER)


@router.get("", response_model=FiguresOut)
def read_figures(
    request: Request,
    needs: Needed,
    since: Annotated[Moment | None, Query(description="films reviewed since then")] = None,
) -> Response:
    """How often flags were right, what is taken for what, and by which scanner and sender."""
    return answer_by_content(request, figures_out(figures(needs.reviews.figures(since=since))))
