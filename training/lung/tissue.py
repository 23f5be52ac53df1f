"""How soft tissue changes a film's greys: they go roughly with the logarithm of what arrives, so what a ray
passes besides adds to the greys that are there, and ribs and vessels go on through it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]
Box = list[float]  # left, top, right, bottom, edges in pixels


def shadow(thickness: Grey, image: Grey, bright: float) -> Grey:
    """What ``thickness``, in greys, adds to ``image``; what is as bright as ``bright`` stays."""
    room = np.maximum(bright - image, 1e-3)
    return np.asarray(room * (1 - np.exp(-thickness / room)), dtype=np.float32)
