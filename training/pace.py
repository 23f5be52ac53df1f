"""How far a training is and at which rate it learns, by its steps or its minutes, whichever is further."""

from __future__ import annotations

import math
import time
from typing import Protocol


class Paced(Protocol):
    """What of a recipe decides that."""

    @property
    def steps(self) -> int:
        """After which it is done."""

    @property
    def minutes(self) -> float:
        """After which it is done."""

    @property
    def rate(self) -> float:
        """The highest."""

    @property
    def warm_up(self) -> int:
        """Steps until the highest."""


class Pace:
    """The schedule of a training; its clock runs from when this is made, or was last told to ``start``.

    ``spent`` are the minutes before that: of a training that goes on from a checkpoint, those kept there.
    """

    def __init__(self, recipe: Paced) -> None:
        self._recipe, self.spent = recipe, 0.0
        self.start()

    def start(self) -> None:
        """Let the clock run from now on; what was spent stays."""
        self._begun = time.monotonic()

    def minutes(self) -> float:
        """All that were spent, also before."""
        return self.spent + (time.monotonic() - self._begun) / 60

    def done(self, step: int) -> float:
        """The share of the schedule, from 0; at 1 the training is over."""
        return max(step / self._recipe.steps, self.minutes() / self._recipe.minutes)

    def rate(self, step: int, done: float) -> float:
        """The rate of a step: it warms up, then falls as half a cosine to a fiftieth (Loshchilov and Hutter,
        ICLR 2017)."""
        warm = min(1.0, (step + 1) / max(self._recipe.warm_up, 1))
        return self._recipe.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))
