"""Pictures of drift: bins side by side, and the index week by week. Numbers in, places out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.drift import CHANGED_FROM, WATCH_FROM
from router.drift_report import Part, Week

WIDTH, HEIGHT = 360.0, 110.0
LEAST_TOP, MOST_TOP = 0.3, 1.0  # of the index's axis: both limits are always to be told apart
GAP = 0.2  # of a bin's width


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One bar, in the picture's own units from its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    kind: str  # "then" or "now"
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramChart:
    """Shares of the reference and of now, a pair of bars a bin; ticks: where each bin's name stands."""

    columns: tuple[Column, ...]
    ticks: tuple[tuple[float, str], ...]
    trained: str  # the pack's baseline as points of a polyline; empty where it states none
    top: float  # the share that the upper edge stands for
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One week's index."""

    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PsiChart:
    """The index of scores and of what was stated, week by week.

    A week with too few films has no dot; an index beyond the axis lies on its upper edge.
    """

    scores: tuple[Dot, ...]
    said: tuple[Dot, ...]
    limits: tuple[tuple[float, float], ...]  # where each limit lies, and the limit
    weeks: tuple[tuple[float, str], ...]
    top: float
    width: float = WIDTH
    height: float = HEIGHT


def histogram_chart(parts: Sequence[Part]) -> HistogramChart:
    """Bins as pairs of bars; a share above zero is always to be seen."""
    top = max((max(part.reference, part.current, part.trained or 0.0) for part in parts), default=0.0) or 1.0
    step = WIDTH / max(1, len(parts))
    columns: list[Column] = []
    for number, part in enumerate(parts):
        for place, (kind, share) in enumerate((("then", part.reference), ("now", part.current))):
            tall = max(1.5, share / top * HEIGHT) if share else 0.0
            columns.append(
                Column(
                    x=round(number * step + step * GAP / 2 + place * step * (1 - GAP) / 2, 2),
                    y=round(HEIGHT - tall, 2),
                    width=round(step * (1 - GAP) / 2, 2),
                    height=round(tall, 2),
                    kind=kind,
                    title=f"score {part.name}: {share:.1%} {kind}",
                )
            )
    return HistogramChart(
        columns=tuple(columns),
        ticks=tuple((round((n + 0.5) * step, 2), _short(part.name)) for n, part in enumerate(parts)),
        trained=" ".join(
            f"{(n + 0.5) * step:.2f},{HEIGHT - part.trained / top * HEIGHT:.2f}"
            for n, part in enumerate(parts)
            if part.trained is not None
        ),
        top=top,
    )


def psi_chart(weeks: Sequence[Week]) -> PsiChart:
    """The weeks from left to right, with the limits as lines."""
    values = [one.psi for week in weeks for one in (week.scores, week.said) if one.psi is not None]
    top = min(MOST_TOP, max([LEAST_TOP, *values]))
    step = WIDTH / len(weeks)

    def place(value: float) -> float:
        return round(HEIGHT - min(1.0, value / top) * HEIGHT, 2)

    def dots(name: str, values: Sequence[float | None]) -> tuple[Dot, ...]:
        return tuple(
            Dot(
                x=round((number + 0.5) * step, 2),
                y=place(value),
                title=f"{name}, week from {weeks[number].begins}: PSI {value:.2f}",
            )
            for number, value in enumerate(values)
            if value is not None
        )

    return PsiChart(
        scores=dots("scores", [week.scores.psi for week in weeks]),
        said=dots("answers", [week.said.psi for week in weeks]),
        limits=tuple((place(limit), limit) for limit in (WATCH_FROM, CHANGED_FROM)),
        weeks=tuple((round((n + 0.5) * step, 2), f"{week.begins:%m-%d}") for n, week in enumerate(weeks)),
        top=top,
    )


def _short(name: str) -> str:
    """A bin by its lower edge: ``0.9 to 0.95`` is ".9"."""
    first = name.removeprefix("from ").split(" ")[0]
    return "0" if first == "below" else first.removeprefix("0")
