"""How a film lies and how its patient lies in it, as far as view, rotation and side let one know.

A film's pixels do not tell a picture from its mirror image: what is said here about left and right holds for
films that are stored as usual, the patient facing the viewer. Where usage differs from site to site (hands,
feet, every lateral), nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from router.orders import Side

# View Position (0018,5101): defined terms of PS3.3 C.8.1.1 (CR) and C.8.11.5 (DX)
VIEW_POSITIONS = frozenset({"AP", "PA", "LL", "RL", "RLD", "LLD", "RLO", "LLO"})
# The terms that a projection of router.views leaves possible; one that is not here leaves none.
POSITIONS_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "ap": frozenset({"AP", "PA"}),
        "pa_ap": frozenset({"AP", "PA"}),
        "lateral": frozenset({"LL", "RL"}),
        "oblique": frozenset({"LLO", "RLO"}),
        "left_lateral_decubitus": frozenset({"LLD"}),
    }
)

# Frontal films of the trunk and head: upright, the patient's left is on the right of the film.
FACING = frozenset(
    {
        "abdomen_ap",
        "cervical_spine_ap",
        "chest_pa_ap",
        "dens_transoral",
        "lumbar_spine_ap",
        "panoramic_radiograph",
        "pelvis_ap",
        "skull_ap",
        "thoracic_spine_ap",
        "whole_spine_ap",
    }
)
# The same of a limb or of one side of the trunk; said only where the side is known.
FACING_WITH_SIDE = frozenset(
    {"ankle_ap", "clavicle_ap", "hip_ap", "knee_ap", "lower_limb_ap", "ribs_ap", "shoulder_ap"}
)
# Patient Orientation (0020,0020), PS3.3 C.7.6.1.1.1: where a row's end points, and where a column's does; by
# the degrees clockwise that bring the film upright.
_FACING_TURNED: Mapping[int, tuple[str, str]] = MappingProxyType(
    {0: ("L", "F"), 90: ("F", "R"), 180: ("R", "H"), 270: ("H", "L")}
)


Directions = tuple[str, str]


def patient_orientation(view: str, rotation_to_upright: int | None, side: Side | None) -> Directions | None:
    """Where rows and columns point in the patient; None where it does not follow.

    ``rotation_to_upright``: degrees clockwise, 0, 90, 180 or 270; None: not known.
    """
    if rotation_to_upright is None:
        return None
    known = view in FACING or (view in FACING_WITH_SIDE and side in (Side.LEFT, Side.RIGHT, Side.BOTH))
    return _FACING_TURNED.get(rotation_to_upright) if known else None


def stated_orientation(values: tuple[str, ...]) -> Directions | None:
    """Patient Orientation as a header states it; None unless it is two directions along two axes."""
    if len(values) != 2:
        return None
    row, column = (value.strip().upper() for value in values)
    axes = [_axis(row), _axis(column)]
    if None in axes or axes[0] == axes[1]:
        return None
    return row, column


def is_mirrored(one: Directions, other: Directions) -> bool:
    """Whether two orientations differ in left and right alone."""
    pairs = [(a[0], b[0]) for a, b in zip(one, other, strict=True)]
    return all(a == b if a in "HF" else {a, b} == {"L", "R"} for a, b in pairs)


def agrees(one: Directions, other: Directions) -> bool:
    """Whether two orientations say the same, smaller slants aside."""
    return all(a[0] == b[0] for a, b in zip(one, other, strict=True))


def _axis(direction: str) -> str | None:
    """The axis of a direction's leading letter: R-L, A-P or H-F."""
    if not 1 <= len(direction) <= 3:
        return None
    axes = [next((axis for axis in ("RL", "AP", "HF") if letter in axis), None) for letter in direction]
    return axes[0] if None not in axes and len(set(axes)) == len(axes) else None
