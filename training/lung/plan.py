"""How long each part of the lung detector's training takes, and how it goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from training.detect.loop import Recipe
from training.detect.losses import Shares

# Places learn from drawn signs too. The map, of which the film's own figure comes, learns from reports alone:
# with boxes of drawn signs it could be right by looking for what was drawn.
WHOLE: Final = Shares(places=0.4, boxes=0.8, heat=0.0, image=3.0, extra=1.0)
PARTS: Final = Shares(places=1.0, boxes=2.0, heat=0.5, image=0.5, extra=0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long each part may take, and the seed."""

    minutes: float = 45.0
    upper_minutes: float = 12.0
    fold_minutes: float = 5.0
    again_minutes: float = 1.0
    seed: int = 1

    def whole(self) -> Recipe:
        """Of the whole network."""
        return Recipe(
            steps=100_000, minutes=self.minutes, decay=0.05, average=0.998, seed=self.seed, shares=WHOLE
        )

    def upper(self) -> Recipe:
        """Of everything above the lower half, on films of patients without boxes."""
        return replace(self.whole(), rate=6e-4, minutes=self.upper_minutes, frozen=0, settle=0, average=0.995)

    def fold(self) -> Recipe:
        """Of the same, with boxes."""
        return replace(
            self.upper(),
            minutes=self.fold_minutes,
            average=0.99,
            seed=self.seed + 100,
            shares=PARTS,
        )

    def again(self) -> Recipe:
        """The same once more, from a low rate to none."""
        return replace(self.fold(), rate=4e-4, minutes=self.again_minutes, seed=self.seed + 200)
