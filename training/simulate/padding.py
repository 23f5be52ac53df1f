"""Where a body puts on fat: much on belly, buttocks, thighs and upper arms, hardly any over elbows, shins and
kneecaps, on hands and on feet.

What is told here is a share of a person's ``fat``, 1 on the side of the chest. Site by site is how
ultrasound measures it (Störchle et al., Ultrasound Med Biol 2017); all numbers are ours.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from training.simulate.meshes import Floats, Ints
from training.simulate.segments import ARM, LEG, SEGMENTS

Curve = tuple[tuple[float, float], ...]  # height of the resting body in mm, and the share there

# from the toes to the hip
ALONG_LEG: Final[Curve] = (
    (20, 0.06), (75, 0.12), (110, 0.2), (200, 0.35), (310, 0.5), (390, 0.45), (445, 0.4), (500, 0.5),
    (600, 0.8), (750, 1.1), (880, 1.2),
)  # fmt: skip
# from the fingertips of the hanging arm to the shoulder
ALONG_ARM: Final[Curve] = (
    (720, 0.04), (800, 0.08), (860, 0.12), (920, 0.25), (1010, 0.45), (1060, 0.35), (1101, 0.2), (1150, 0.5),
    (1240, 0.95), (1340, 0.95), (1400, 0.7),
)  # fmt: skip
# from the crotch to the top of the head
ALONG_TRUNK: Final[Curve] = (
    (740, 1.1), (900, 1.25), (1010, 1.4), (1100, 1.3), (1240, 1.0), (1350, 0.85), (1440, 0.6), (1500, 0.45),
    (1560, 0.25), (1620, 0.12),
)  # fmt: skip
# Over a bone right under the skin there is least: depth of the bone in mm, and the share of the above.
OVER_BONE: Final[Curve] = ((3, 0.25), (8, 0.5), (18, 1.0))


def padding(skin: Floats, bones: Floats, followed: Ints, weights: Floats) -> Floats:
    """Shares (n,) of a person's fat for the points ``skin`` (n, 3) mm of the resting body, which follow the
    segments ``followed`` (n, 3) by ``weights`` (n, 3); ``bones`` (m, 3) are all points of bones."""
    along = np.stack([_at(curve, skin[:, 1]) for curve in (ALONG_LEG, ALONG_ARM, ALONG_TRUNK)], axis=1)
    share = np.sum(weights * np.take_along_axis(along, _limbs()[followed], axis=1), axis=1)
    return np.asarray(share * _at(OVER_BONE, cKDTree(bones).query(skin)[0]))


def _at(curve: Curve, where: Floats) -> Floats:
    places, shares = zip(*curve, strict=True)
    return np.asarray(np.interp(where, places, shares))


def _limbs() -> Ints:
    """By segment: 0 of a leg, 1 of an arm, 2 of the trunk and head."""
    parts = [name.partition(".")[0] for name in SEGMENTS]
    return np.array([0 if part in LEG else 1 if part in ARM else 2 for part in parts])
