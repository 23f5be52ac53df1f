"""Films that their own header shows bone dark: turned, where the picture agrees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from classifiers.luts import first_number

BORDER = 0.04  # of the film's sides
TURNED = (
    "Pixel Intensity Relationship Sign and the film's border say that it is shown bone dark; it was turned"
)
DOUBT = (
    "Pixel Intensity Relationship Sign says that bone is shown dark; the film's border does not: left as is"
)


def bone_bright(
    image: NDArray[np.float32], header: Dataset, *, inverted: bool
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """The image, turned if it is shown bone dark, and notes for a human.

    Two witnesses must agree, for writers are careless with the first, a white frame deceives the second.

    The header: Pixel Intensity Relationship Sign (0028,1041; PS3.3 C.8.11.3.1.2), +1 meaning that higher
    stored values had more radiation, held against how they are shown (``inverted``). The picture: most of its
    border, where the beam met no patient, is bright. ``image`` is float32 (H, W) in [0, 1].
    """
    sign = first_number(header.get("PixelIntensityRelationshipSign"))
    if sign not in (1.0, -1.0) or (sign == 1) == inverted:
        return image, ()
    width = max(1, round(BORDER * min(image.shape)))
    border = np.concatenate(
        [part.ravel() for part in (image[:width], image[-width:], image[:, :width], image[:, -width:])]
    )
    agrees = float((border > 0.75).mean()) > 2 * float((border < 0.25).mean())
    return (1 - image, (TURNED,)) if agrees else (image, (DOUBT,))
