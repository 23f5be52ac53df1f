"""What it takes to set up one view, and the poses that several views share.

Lengths are mm at the patient, angles degrees. ``azimuth`` says where the tube stands around the part's own
frame: 0 in front (AP), 180 behind (PA), 90 on the lateral side of the (left) limb, -90 medial. ``tilt`` is
positive towards the head or the limb's root. Every film may be mirrored, so one side stands for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

Range = tuple[float, float]
Pose = Mapping[str, Range]
STRAIGHT: Final = (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way to set up one view; a label may have several."""

    label: str
    centre: str  # the landmark the central ray meets
    keep: str  # what of the body is there: see bend.kept_segments
    width: Range
    height: Range
    frame: str = "body"
    azimuth: Range = (-5, 5)
    tilt: Range = (-5, 5)
    offset: tuple[Range, Range, Range] = (STRAIGHT, STRAIGHT, STRAIGHT)  # of the centre, in the frame
    up: str = "+y"
    pose: Pose = field(default_factory=dict)
    kv: tuple[int, ...] = (60,)
    distance: Range = (1000, 1200)
    cut: tuple[Range, Range] | None = None  # the posed body is flattened below and above these heights
    turn: Range = (-5, 5)  # the part lies turned on the film
    upside_down: float = 0.02
    pair: float = 0.0  # probability of both sides on one film
    mirror: float = 0.5
    gas: float = 0.0
    grid: bool = False  # trunk: grid, strong range compression
    blackened: float = 12.0  # percent of the patient that may be burnt black
    whitened: float = 6.0  # ... and white
    collimation: float = 0.45
    tight: float = 0.0  # probability of an enhanced joint crop
    metal: float = 0.16  # probability of implants
    scoliosis: float = 1.0  # times what people have of it
    share: float = 1.0  # of the label's films


FLAT: Final[Pose] = {
    f"{joint}{digit}": span
    for digit in (2, 3, 4, 5)
    for joint, span in (("mcp", (-3, 8)), ("pip", (0, 14)), ("dip", (0, 10)))
} | {"curl": (-5, 16), "splay": (-0.5, 1.5), "thumb_abduction": (-25, 25), "thumb_turn": (-20, 25)}
RELAXED: Final[Pose] = (
    dict(FLAT)
    | {f"{joint}{digit}": (5, 40) for digit in (2, 3, 4, 5) for joint in ("mcp", "pip")}
    | {"splay": (-0.8, 0.3)}
)


def fist_but(*digits: int) -> Pose:
    """All fingers bent away but some."""
    bent = {"mcp": (40, 85), "pip": (60, 100), "dip": (20, 65)}
    return (
        dict(FLAT)
        | {"splay": (-0.5, 0.2)}
        | {
            f"{joint}{digit}": span
            for digit in (2, 3, 4, 5)
            if digit not in digits
            for joint, span in bent.items()
        }
    )


ARMS_UP: Final[Pose] = {
    "shoulder_flexion": (120, 172),
    "shoulder_abduction": (0, 20),
    "elbow_flexion": (0, 120),
    "both": (1, 1),
}
LEGS: Final[Pose] = {"hip_rotation": (-20, 18), "hip_abduction": (-4, 10), "both": (1, 1)}
FROG: Final[Pose] = {
    "hip_flexion": (15, 70),
    "hip_abduction": (22, 52),
    "hip_rotation": (20, 62),
    "knee_flexion": (30, 110),
}
