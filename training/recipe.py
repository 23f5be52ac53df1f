"""What decides how a network is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.prepare import prepare
from training.simulate.film import floats

# Of the side, black on every side of a film that is looked at: films that taught lay anywhere, smaller and
# larger, and hardly ever reached all four edges at once.
MARGIN: Final = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides how the network is trained; stored beside the weights."""

    body: str = "lite0"  # the backbone: a size of ``training.backbone.SIZES``
    side: int = 208  # pixels
    small: int = 144  # pixels of the first part of the training: coarse shapes are learnt sooner there
    small_share: float = 0.5  # of the schedule
    steps: int = 3000
    simulated: int = 46  # films of each kind in a batch
    real: int = 5
    chest: int = 5
    rate: float = 1e-3
    warm_up: int = 60  # steps
    decay: float = 0.02  # of weights, times the rate, per step
    smoothing: float = 0.08
    average: float = 0.997  # of the kept weights, per step
    of_start: float = 0.0  # share of the start's weights in the kept ones, where a start is given
    turning: float = 0.4  # weight of the rotation head's loss
    frozen: int = 3  # blocks that keep their ImageNet weights: they see edges, which films have too
    settle: int = 30  # batches over which normalisation is set to films before the first step
    seed: int = 1
    minutes: float = 1e9  # the schedule is shortened to end by then

    @property
    def margin(self) -> int:
        """Pixels that stay black on every side of a film that the trained network looks at."""
        return round(MARGIN * self.side)

    def shown(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """A film, uint8 (H, W), as the trained network looks at it: (side, side)."""
        return prepare(floats(pixels), side=self.side, margin=self.margin)
