"""What comparing needs to know of the views beside their names: which are paired, which look alike."""

from __future__ import annotations

from collections.abc import Mapping

from router.views import VIEWS

# Regions of which there is one: a side means nothing there.
UNPAIRED = frozenset(
    (
        "abdomen",
        "cervical_spine",
        "chest",
        "jaw",
        "lumbar_spine",
        "nasal_bone",
        "pelvis",
        "sinuses",
        "skull",
        "sternum",
        "thoracic_spine",
        "whole_spine",
    )
)

# Regions that lie in one another's films: an ankle is in many films of a foot.
_TOGETHER: tuple[frozenset[str], ...] = (
    frozenset(("hand", "wrist", "finger", "thumb")),
    frozenset(("wrist", "forearm")),
    frozenset(("elbow", "forearm", "humerus")),
    frozenset(("foot", "toe", "calcaneus", "ankle")),
    frozenset(("ankle", "lower_leg")),
    frozenset(("knee", "patella", "lower_leg", "femur")),
    frozenset(("hip", "pelvis", "femur")),
    frozenset(("pelvis", "abdomen", "lumbar_spine")),
    frozenset(("cervical_spine", "thoracic_spine", "lumbar_spine", "whole_spine")),
    frozenset(("shoulder", "clavicle", "scapula", "humerus")),
    frozenset(("chest", "ribs", "sternum", "thoracic_spine")),
    frozenset(("chest", "abdomen", "ribs")),
    frozenset(("skull", "sinuses", "nasal_bone", "jaw", "cervical_spine")),
    *(frozenset(("lower_limb", part)) for part in ("pelvis", "hip", "femur", "knee", "lower_leg", "ankle")),
)

# Regions of which whole films are taken for one another: parts of the spine are counted rather than seen, and
# a bent elbow is shaped as a knee is.
_CONFUSED: tuple[frozenset[str], ...] = (
    frozenset(("cervical_spine", "thoracic_spine", "lumbar_spine", "whole_spine")),
    frozenset(("chest", "thoracic_spine")),
    frozenset(("elbow", "knee")),
)

# Views of one region that a classifier confuses: an exposure is oblique by degrees.
_ALIKE: tuple[frozenset[str], ...] = (
    frozenset(("hand_ap", "hand_oblique")),
    frozenset(("hand_oblique", "hand_lateral")),
    frozenset(("foot_ap", "foot_oblique")),
    frozenset(("foot_oblique", "foot_lateral")),
    frozenset(("toe_ap", "toe_oblique")),
    frozenset(("ankle_ap", "ankle_mortise")),
    frozenset(("shoulder_ap", "shoulder_outlet", "shoulder_axial")),
    frozenset(("abdomen_ap", "abdomen_left_lateral_decubitus")),
    frozenset(("hip_ap", "hip_lateral", "oblique_view_of_Lauenstein")),
    frozenset(("ribs_ap", "ribs_oblique")),
    frozenset(("finger_ap", "finger_lateral")),
    frozenset(("thumb_ap", "thumb_lateral")),
    frozenset(("forearm_ap", "forearm_lateral")),
    frozenset(("humerus_ap", "humerus_lateral")),
)

# Views of parts that are laid on the plate, or hung, any way round, so that a turned film is no fault.
ANY_WAY_ROUND = frozenset(
    (
        "abdomen_left_lateral_decubitus",
        "ankle_lateral",
        "calcaneus_axial",
        "calcaneus_lateral",
        "elbow_ap",
        "elbow_lateral",
        "femur_ap",
        "femur_lateral",
        "finger_ap",
        "finger_lateral",
        "foot_ap",
        "foot_lateral",
        "foot_oblique",
        "forearm_ap",
        "forearm_lateral",
        "hand_ap",
        "hand_lateral",
        "hand_oblique",
        "hip_lateral",
        "humerus_ap",
        "humerus_lateral",
        "knee_lateral",
        "lower_leg_ap",
        "lower_leg_lateral",
        "patella_axial",
        "scapula_lateral",
        "shoulder_axial",
        "sternum_lateral",
        "thumb_ap",
        "thumb_lateral",
        "toe_ap",
        "toe_oblique",
        "wrist_ap",
        "wrist_lateral",
    )
)

# What a view may be called without being wrong: oblique hands are exposed, and called, PA by many.
FRONTAL, LATERAL, OBLIQUE, AXIAL = "frontal", "lateral", "oblique", "axial"
FAMILIES: Mapping[str, frozenset[str]] = {
    "ap": frozenset((FRONTAL,)),
    "pa_ap": frozenset((FRONTAL,)),
    "left_lateral_decubitus": frozenset((FRONTAL, LATERAL)),
    "lateral": frozenset((LATERAL,)),
    "oblique": frozenset((FRONTAL, OBLIQUE)),
    "mortise": frozenset((FRONTAL, OBLIQUE)),
    "lauenstein": frozenset((FRONTAL, LATERAL, OBLIQUE, AXIAL)),
    "outlet": frozenset((LATERAL, OBLIQUE, AXIAL)),
    "axial": frozenset((LATERAL, AXIAL)),
    "panoramic": frozenset((FRONTAL, LATERAL, OBLIQUE, AXIAL)),
    "transoral": frozenset((FRONTAL,)),
    "waters": frozenset((FRONTAL, OBLIQUE)),
}


def region_of(view: str) -> str | None:
    """The region a view shows; None for ``other``, ``unsure`` and names nobody knows."""
    known = VIEWS.get(view)
    return known.region if known else None


def families_of(view: str) -> frozenset[str]:
    """How a view may be called: frontal, lateral, oblique, axial."""
    known = VIEWS.get(view)
    return FAMILIES[known.projection] if known else frozenset()


def neighbours(region: str) -> frozenset[str]:
    """The regions that lie in films of this one, or it in theirs, itself included."""
    return frozenset((region,)).union(*(group for group in _TOGETHER if region in group))


def confused(region: str) -> frozenset[str]:
    """The regions that are taken for this one, itself included."""
    return frozenset((region,)).union(*(group for group in _CONFUSED if region in group))


def lookalikes(view: str) -> frozenset[str]:
    """The views that are not reliably told from this one, itself included."""
    return frozenset((view,)).union(*(group for group in _ALIKE if view in group))


def views_of(regions: frozenset[str]) -> frozenset[str]:
    """Every view of these regions."""
    return frozenset(view.name for view in VIEWS.values() if view.region in regions)


def is_paired(region: str) -> bool:
    """Whether a side means something there."""
    return region not in UNPAIRED
