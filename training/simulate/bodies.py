"""Whose bones a film shows: a grown-up's, a child's, worn ones. A few of each kind are made once and kept."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.random import Generator

from training.simulate.bend import kept_segments
from training.simulate.growing import growing
from training.simulate.meshes import Floats
from training.simulate.rig import Rig, restricted
from training.simulate.worn import margins, worn

LIMBS: Final = ("leg", "arm", "forearm")
GROWN, CHILD, WORN = "grown", "child", "worn"
OFTEN: Final = {True: {CHILD: 0.2, WORN: 0.15}, False: {CHILD: 0.06, WORN: 0.15}}  # of films: limbs, others
KEPT: Final = {True: 12, False: 2}  # different bodies of a kind: of limbs, of others, 90 MB each


class Bodies:
    """What views show of them, by ``View.keep``."""

    def __init__(self, rig: Rig) -> None:
        self._whole = rig
        self._grown: dict[str, Rig] = {}
        self._edges: dict[str, Floats] = {}
        self._others: dict[tuple[str, str, int], Rig] = {}

    def drawn(self, keep: str, rng: Generator) -> tuple[str, int]:
        """Draw a kind of body, and which of them."""
        often, chance = OFTEN[keep in LIMBS], rng.random()
        kind = CHILD if chance < often[CHILD] else WORN if chance < often[CHILD] + often[WORN] else GROWN
        return kind, int(rng.integers(KEPT[keep in LIMBS]))

    def of(self, keep: str, kind: str, number: int = 0) -> Rig:
        """What is kept of the ``number``-th body of a kind, children the younger the higher; one is grown."""
        if keep not in self._grown:
            self._grown[keep] = restricted(self._whole, kept_segments(keep))
        if kind == GROWN:
            return self._grown[keep]
        if (keep, kind, number) not in self._others:
            self._others[keep, kind, number] = {CHILD: self._child, WORN: self._worn}[kind](keep, number)
        return self._others[keep, kind, number]

    def _child(self, keep: str, number: int) -> Rig:
        young = (number + 0.5) / KEPT[keep in LIMBS]
        return growing(self._grown[keep], np.random.default_rng([7, number]), young=young)

    def _worn(self, keep: str, number: int) -> Rig:
        if keep not in self._edges:
            self._edges[keep] = margins(self._grown[keep])
        return worn(self._grown[keep], self._edges[keep], np.random.default_rng([8, number]))
