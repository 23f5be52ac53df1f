"""What one film is to show: the injury or none, and how the arm is set up for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from numpy.random import Generator

from training.simulate.fracture import ends, injuries
from training.simulate.fracture.injuries import Injury
from training.simulate.fracture.limb import Limb
from training.simulate.setup import View
from training.simulate.views import TABLE

REGIONS: Final = {
    "elbow": ("elbow_ap", "elbow_lateral"),
    "forearm": ("forearm_ap", "forearm_lateral"),
    "wrist": ("wrist_ap", "wrist_lateral"),
    "hand": ("hand_ap", "hand_oblique"),
}
WHOLE: Final = 0.4  # of the films show nothing broken
Hurts = Callable[[Limb, Generator], Injury]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """An injury, how often it is drawn among them, and what the radiographer then aims at."""

    hurt: Hurts
    share: float
    regions: Mapping[str, float]
    child: bool = False  # of children alone


KINDS: Final = (
    Kind(hurt=injuries.monteggia, share=0.27, regions={"elbow": 0.5, "forearm": 0.5}),
    Kind(hurt=injuries.galeazzi, share=0.22, regions={"wrist": 0.55, "forearm": 0.45}),
    Kind(hurt=injuries.one_shaft, share=0.13, regions={"forearm": 0.6, "elbow": 0.2, "wrist": 0.2}),
    Kind(hurt=injuries.both_shafts, share=0.11, regions={"forearm": 0.65, "wrist": 0.35}),
    Kind(hurt=ends.distal_radius, share=0.12, regions={"wrist": 0.75, "forearm": 0.1, "hand": 0.15}),
    Kind(hurt=ends.growth_plate, share=0.06, regions={"wrist": 0.85, "hand": 0.15}, child=True),
    Kind(hurt=ends.buckle, share=0.05, regions={"wrist": 0.85, "forearm": 0.15}, child=True),
    Kind(hurt=ends.radial_neck, share=0.04, regions={"elbow": 1.0}),
    Kind(hurt=ends.olecranon, share=0.03, regions={"elbow": 1.0}),
    Kind(hurt=ends.supracondylar, share=0.03, regions={"elbow": 1.0}),
    Kind(hurt=ends.elbow_dislocation, share=0.015, regions={"elbow": 0.9, "forearm": 0.1}),
    Kind(hurt=ends.radial_head_out, share=0.02, regions={"elbow": 0.8, "forearm": 0.2}),
    Kind(hurt=ends.ulnar_head_out, share=0.015, regions={"wrist": 0.9, "forearm": 0.1}),
)
NOTHING: Final = {"elbow": 0.3, "forearm": 0.3, "wrist": 0.3, "hand": 0.1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A patient to be: ``hurt`` breaks the arm, None leaves it whole."""

    hurt: Hurts | None
    region: str  # of REGIONS
    child: bool
    size: float  # of the body against an adult's
    bow: bool
    callus: bool
    scar: bool  # of an adult's growth plates
    metal: bool
    cast: float  # mm, 0 for none


def case(rng: Generator, only: str | None = None) -> Case:
    """Draw a case; ``only`` is the name of the injury it must have, "" for none."""
    kind = None
    if only or (only is None and rng.random() > WHOLE):
        kinds = [one for one in KINDS if only in (None, one.hurt.__name__)]
        total = sum(one.share for one in kinds)
        kind = kinds[int(rng.choice(len(kinds), p=[one.share / total for one in kinds]))]
    hurt, regions = (None, NOTHING) if kind is None else (kind.hurt, kind.regions)
    child = (kind is not None and kind.child) or rng.random() < 0.45
    return Case(
        hurt=hurt,
        region=str(rng.choice(list(regions), p=list(regions.values()))),
        child=child,
        size=rng.uniform(0.5, 0.85) if child else rng.uniform(0.92, 1.05),
        bow=rng.random() < 0.4,
        callus=rng.random() < (0.12 if hurt is None else 0.02),
        scar=rng.random() < 0.6,
        metal=rng.random() < (0.16 if hurt is None else 0.05),
        cast=rng.uniform(3, 11) if rng.random() < 0.15 else 0.0,
    )


def setup(region: str, rng: Generator) -> View:
    """Draw a set-up of a region from the table of views; some lie oblique, some on a large plate."""
    setups = [view for view in TABLE if view.label in REGIONS[region]]
    shares = [view.share for view in setups]
    view = setups[int(rng.choice(len(setups), p=[share / sum(shares) for share in shares]))]
    wide = rng.uniform(1.0, 1.9) if rng.random() < 0.4 else 1.0
    slant = rng.uniform(-45, 45) if rng.random() < 0.15 else 0.0
    return replace(
        view,
        keep="arm",
        pair=0.0,
        azimuth=(view.azimuth[0] + slant, view.azimuth[1] + slant),
        width=(view.width[0] * wide, view.width[1] * wide * rng.uniform(1, 1.5)),
        height=(view.height[0] * wide, view.height[1] * wide),
    )


def pronation(view: View, rng: Generator) -> float:
    """How far the palm is turned in for a set-up, degrees: a lateral elbow lies thumb up."""
    if view.frame == "hand":
        return float(rng.normal(0, 12))
    if view.label.endswith("lateral"):
        return float(rng.uniform(30, 100)) if rng.random() < 0.7 else float(rng.normal(5, 15))
    return float(rng.uniform(40, 130)) if rng.random() < 0.15 else float(rng.normal(0, 15))
