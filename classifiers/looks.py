"""Further looks at a film of which a first look was not sure: changes that leave what it shows.

Each function takes what the network takes, float32 (N, H, W, C), and gives a list of the same shape: one
array per further look.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

TILT: Final = 8.0  # degrees counter-clockwise, as networks see films tilted when they learn
NEARER: Final = 0.055  # of the side, cut off at each edge

Floats = NDArray[np.float32]


def in_quarter_turns(seen: Floats) -> list[Floats]:
    """Turned by one, two and three quarters, counter-clockwise; for square inputs."""
    return [np.ascontiguousarray(np.rot90(seen, quarter, axes=(1, 2))) for quarter in (1, 2, 3)]


def in_other_positions(seen: Floats) -> list[Floats]:
    """Mirrored and tilted; and from nearer. Neither says which view a film is, for a view has no side."""
    return [_warped(seen[:, :, ::-1], angle=TILT), _warped(seen, scale=1 / (1 - 2 * NEARER))]


def _warped(seen: Floats, *, angle: float = 0.0, scale: float = 1.0) -> Floats:
    """Turned counter-clockwise by degrees and enlarged, about the middle; edges go on beyond themselves."""
    height, width = seen.shape[1:3]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, scale)
    changed = np.empty(seen.shape, np.float32)
    for film, one in zip(seen, changed, strict=True):
        warped = cv2.warpAffine(
            np.ascontiguousarray(film), matrix, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        one[:] = warped.reshape(one.shape)
    return changed
