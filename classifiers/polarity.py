"""Whether a film that should be shown bone dark by its own header is one, so that it can be turned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from classifiers.luts import first_number

BORDER = 0.04  # of the film's sides
NOTE = "Pixel Intensity Relationship Sign and the film's border say that it is shown bone dark; it was turned"


def bone_is_dark(image: NDArray[np.float32], header: Dataset, *, inverted: bool) -> bool:
    """Two witnesses must agree: writers are careless with the first, a white frame deceives the second.

    The header: Pixel Intensity Relationship Sign (0028,1041; PS3.3 C.8.11.3.1.2), +1 meaning that higher
    stored values had more radiation, held against how they are shown (``inverted``). The picture: most of its
    border, where the beam met no patient, is bright. ``image`` is float32 (H, W) in [0, 1].
    """
    sign = first_number(header.get("PixelIntensityRelationshipSign"))
    if sign not in (1.0, -1.0) or (sign == 1) == inverted:
        return False
    width = max(1, round(BORDER * min(image.shape)))
    border = np.concatenate(
        [part.ravel() for part in (image[:width], image[-width:], image[:, :width], image[:, -width:])]
    )
    return float((border > 0.75).mean()) > 2 * float((border < 0.25).mean())
