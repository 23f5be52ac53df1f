"""Figures: how often flags were right, what is taken for what, by scanner and by sender."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from router.figures import ENOUGH, Confusion, figures
from service.api.ports import Needed
from service.api.shape import In
from service.web.rendering import render
from service.web.visitor import Reading

LARGEST_MATRIX = 40  # views; beyond that a table is no help
SHADES = 4

router = APIRouter()


class PeriodIn(In):
    """How far back."""

    days: Literal["30", "90", "365", "all"] = "all"


@router.get("/order-check/figures")
def figures_page(
    request: Request, needs: Needed, who: Reading, asked: Annotated[PeriodIn, Query()]
) -> Response:
    """What reviews say about us."""
    since = None if asked.days == "all" else needs.clock() - timedelta(days=int(asked.days))
    found = figures(needs.reviews.figures(since=since))
    return render(
        request,
        "figures.html",
        who,
        figures=found,
        shades=shades(found.confusion),
        asked=asked,
        enough=ENOUGH,
        is_too_large=len(found.confusion.rows) > LARGEST_MATRIX,
        groups=(
            ("scanner (Manufacturer's Model Name)", found.by_scanner),
            ("station (Station Name)", found.by_station),
            ("sender (calling AE title)", found.by_sender),
        ),
    )


def shades(confusion: Confusion) -> list[list[int]]:
    """How dark each cell is, 0 to ``SHADES``, by its share of its row."""
    return [
        [round(SHADES * confusion.share(row, column)) if count else 0 for column, count in enumerate(counts)]
        for row, counts in enumerate(confusion.counts)
    ]
