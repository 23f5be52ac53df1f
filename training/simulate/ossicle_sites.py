"""Where accessory bones of the foot lie, found in the bones around them.

Sites and shapes follow Mellado et al., Eur Radiol 2003, and Coskun et al., Surg Radiol Anat 2009 (accessory
ossicles and sesamoids of the foot). Sizes are ranges to learn from, wider than what either measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.simulate.meshes import Floats, Ints
from training.simulate.pose import unit
from training.simulate.rig import Rig

Range = tuple[float, float]
NEAREST: Final = 10  # vertices that a bone's extreme is the mean of


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One accessory bone: where, how large, how it lies. Directions are those of the resting left foot: x
    lateral, y up, z to the toes."""

    bones: tuple[tuple[str, tuple[float, float, float]], ...]  # bone and the direction of its extreme there
    towards: tuple[float, float, float]  # out of the bones
    longest: tuple[float, float, float]  # direction of the long axis
    size: Range  # mm, long axis
    flat: tuple[Range, Range]  # the other two axes over the long one; the last is along ``towards``
    gap: Range  # mm to the bone; below 0 half fused
    radius: float  # mm around it that is called its site
    slide: float = 2.0  # mm it may lie elsewhere along the bone
    bipartite: float = 0.08
    base: str = ""  # of these bones only the proximal 16 mm count


SITES: Final[Mapping[str, Site]] = {
    "os_trigonum": Site(
        bones=(("Talus.l", (0.2, -0.15, -1.0)),),
        towards=(0.15, -0.1, -1.0),
        longest=(1.0, 0.2, 0.0),
        size=(6, 14),
        flat=((0.6, 0.95), (0.5, 0.85)),
        gap=(-0.6, 1.8),
        radius=14.0,
        bipartite=0.1,
    ),
    "accessory_navicular": Site(
        bones=(("Navicular bone.l", (-0.85, -0.4, -0.35)),),
        towards=(-0.75, -0.4, -0.5),
        longest=(0.3, 0.4, -0.8),
        size=(5, 14),
        flat=((0.65, 0.95), (0.5, 0.8)),
        gap=(-0.4, 1.8),
        radius=14.0,
        bipartite=0.04,
    ),
    "os_peroneum": Site(
        bones=(("Cuboid bone.l", (0.45, -0.75, -0.75)),),
        towards=(0.55, -0.8, -0.15),
        longest=(-0.5, -0.35, 0.75),
        size=(5, 14),
        flat=((0.55, 0.85), (0.4, 0.65)),
        gap=(0.8, 3.5),
        radius=14.0,
        slide=3.5,
        bipartite=0.3,
    ),
    "os_intermetatarseum": Site(
        bones=(
            ("First metatarsal bone.l", (0.75, 0.65, 0.0)),
            ("Second metatarsal bone.l", (-0.75, 0.65, 0.0)),
        ),
        towards=(0.0, 0.85, 0.3),
        longest=(0.15, -0.1, 1.0),
        size=(4, 12),
        flat=((0.4, 0.7), (0.35, 0.6)),
        gap=(-1.6, 0.4),
        radius=12.0,
        base="metatarsal",
    ),
    "os_vesalianum": Site(
        bones=(("Fifth metatarsal bone.l", (0.6, -0.2, -0.8)),),
        towards=(0.5, -0.2, -0.85),
        longest=(0.85, 0.1, 0.45),
        size=(4, 13),
        flat=((0.55, 0.9), (0.5, 0.85)),
        gap=(0.3, 2.2),
        radius=13.0,
    ),
    "os_supranaviculare": Site(
        bones=(("Navicular bone.l", (0.0, 0.85, -0.5)), ("Talus.l", (0.0, 0.45, 0.9))),
        towards=(0.0, 1.0, 0.05),
        longest=(0.3, 0.0, 1.0),
        size=(3.5, 9),
        flat=((0.6, 0.95), (0.45, 0.75)),
        gap=(-0.3, 1.2),
        radius=13.0,
    ),
}
OSSICLES: Final = tuple(SITES)
# other places of bones that something may come off
EDGES: Final[Mapping[str, tuple[str, tuple[float, float, float]]]] = {
    "fibular tip": ("Fibula.l", (0.2, -1.0, -0.1)),
    "medial malleolus": ("Tibia.l", (-0.4, -1.0, 0.0)),
    "base of the fifth metatarsal": ("Fifth metatarsal bone.l", (0.75, -0.1, -0.6)),
    "dorsal navicular": ("Navicular bone.l", (0.0, 1.0, 0.3)),
    "talar neck": ("Talus.l", (-0.1, 0.5, 0.85)),
    "anterior process": ("Calcaneus.l", (0.4, 0.5, 0.8)),
    "lateral calcaneus": ("Calcaneus.l", (1.0, 0.0, 0.3)),
    "lateral cuboid": ("Cuboid bone.l", (1.0, 0.1, -0.2)),
    "heel, below": ("Calcaneus.l", (-0.2, -0.9, -0.45)),
    "heel, behind": ("Calcaneus.l", (0.0, 0.2, -1.0)),
    "posterior talus": ("Talus.l", (0.2, -0.15, -1.0)),
    "navicular tuberosity": ("Navicular bone.l", (-0.85, -0.4, -0.35)),
}


def extreme(rig: Rig, bone: str, towards: tuple[float, float, float], *, base: bool = False) -> Ints:
    """Indices of the vertices of ``rig`` that lie farthest in a direction on a bone, or on its first 16 mm.

    Raises KeyError for a bone that is not there."""
    part = rig.part(bone)
    points = rig.vertices[part]
    reach = points @ unit(np.array(towards))
    if base:
        reach = np.where(points[:, 2] < points[:, 2].min() + 16, reach, -np.inf)
    return np.asarray(np.argsort(-reach)[:NEAREST] + part.start)


def anchors(rig: Rig) -> dict[str, tuple[Ints, ...]]:
    """For each accessory bone, the vertices of each bone of its site; their means' mean is where it sits."""
    return {
        name: tuple(extreme(rig, bone, way, base=bool(site.base)) for bone, way in site.bones)
        for name, site in SITES.items()
    }


def edges(rig: Rig) -> dict[str, Ints]:
    """The vertices of each of EDGES."""
    return {name: extreme(rig, bone, way) for name, (bone, way) in EDGES.items()}


def middle(vertices: Floats, groups: tuple[Ints, ...]) -> Floats:
    """The mean (3,) mm of the means of groups of vertices (n, 3)."""
    return np.asarray(np.mean([vertices[group].mean(axis=0) for group in groups], axis=0))
