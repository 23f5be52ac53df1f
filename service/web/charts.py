"""Charts drawn on the server: numbers in, places in a picture out; the template writes the SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar, in the picture's own units; the picture's origin is its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    value: int
    ago: int  # how many bars before the last one


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A row of bars with the value that its upper edge stands for."""

    bars: tuple[Bar, ...]
    width: float
    height: float
    top: int


def nice_top(most: int) -> int:
    """A round number not below ``most`` that halves well: 4, 10, 20, 40, 100 ..."""
    candidates = (lead * 10**power for power in range(1, 19) for lead in (1, 2, 4))
    return 4 if most <= 4 else next(top for top in candidates if top >= most)


def bars(values: Sequence[int], *, width: float = 600.0, height: float = 90.0, gap: float = 0.25) -> Bars:
    """Bars for ``values``, the oldest at the left; a value above zero is always to be seen."""
    top = nice_top(max(values, default=0))
    step = width / max(1, len(values))
    return Bars(
        bars=tuple(
            Bar(
                x=round(number * step + step * gap / 2, 2),
                y=round(height - (tall := max(2.0, value / top * height) if value else 0.0), 2),
                width=round(step * (1 - gap), 2),
                height=round(tall, 2),
                value=value,
                ago=len(values) - 1 - number,
            )
            for number, value in enumerate(values)
        ),
        width=width,
        height=height,
        top=top,
    )
