"""Drift: whether a model answers otherwise than it did, by the Population Stability Index.

PSI of two distributions over the same bins is the sum of ``(p - q) * ln(p / q)`` (Siddiqi 2006, Credit Risk
Scorecards, Wiley; the limits .1 and .25 are from there). Two samples of one and the same distribution never
agree exactly: their PSI is about ``(1/n + 1/m)`` times a chi-squared number of ``bins - 1`` degrees of
freedom (Yurdakul and Naranjo 2020, Journal of Risk Model Validation 14(4)). What stays below the 99 % point
of that is noise. The films of one study are alike, so ``n`` and ``m`` count studies there, not films.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import NormalDist
from typing import TypeVar

WATCH_FROM = 0.1  # Siddiqi 2006: below, nothing to speak of
CHANGED_FROM = 0.25  # from here on another population
FEWEST = 50  # films on either side; with fewer nothing is said
SMOOTHING = 0.5  # films added to every bin, so that an empty one has a logarithm (Jeffreys' prior)
RARE = 5.0  # films expected in the smaller sample below which bins are put together
NOISE = 0.99  # part of all undrifted comparisons that stay below the noise floor
# Calibrated scores crowd near 1, so the bins do; films fall in by "less than".
SCORE_EDGES = (0.4, 0.6, 0.75, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995)
NONE = "none"  # what a specialist says of a film without a finding

Bin = TypeVar("Bin", bound=Hashable)


class Standing(StrEnum):
    """What a comparison says."""

    STEADY = "steady"
    WATCH = "watch"
    CHANGED = "changed"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Now against then. ``psi`` and ``noise_floor`` are None where there are too few films."""

    standing: Standing
    reference_films: int
    films: int
    psi: float | None = None
    noise_floor: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How many films fell into each bin; ``independent`` is how many of them count as independent."""

    films: Mapping[str, int]
    independent: int

    @property
    def total(self) -> int:
        """All films."""
        return sum(self.films.values())

    def share(self, name: str) -> float:
        """The part of all films in a bin, in [0, 1]; 0 of nothing."""
        return self.films.get(name, 0) / self.total if self.total else 0.0


def score_bins(edges: Sequence[float]) -> tuple[str, ...]:
    """The names of the bins between ascending edges in (0, 1): ``below 0.4``, ``0.4 to 0.6``, ``from 0.6``"""
    if not edges:
        return ("any",)
    inner = (f"{low:g} to {high:g}" for low, high in pairwise(edges))
    return (f"below {edges[0]:g}", *inner, f"from {edges[-1]:g}")


def score_bin(score: float, edges: Sequence[float]) -> int:
    """The number of the bin that a score falls into."""
    return bisect_right(edges, score)


def counts_for(findings: Iterable[tuple[str, float]]) -> tuple[str, float | None]:
    """What a specialist's film counts for, of its stated findings' labels and probabilities in [0, 1].

    Its most probable finding, however many boxes there are; without a finding ``NONE``, which has no score.
    """
    return max(findings, key=lambda one: one[1], default=(NONE, None))


def compare(reference: Histogram, current: Histogram) -> Comparison:
    """Whether the current films are distributed as those of the reference."""
    counted = {"reference_films": reference.total, "films": current.total}
    if min(counted.values()) < FEWEST:
        return Comparison(standing=Standing.TOO_FEW, **counted)
    then, now = put_together(reference.films, current.films)
    value = psi(then, now)
    floor = noise_floor(reference.independent, current.independent, bins=len(then))
    return Comparison(standing=standing(value, floor), psi=value, noise_floor=floor, **counted)


def standing(value: float, floor: float) -> Standing:
    """What a PSI says, given how large one is by chance."""
    if value < WATCH_FROM or value <= floor:
        return Standing.STEADY
    return Standing.WATCH if value < CHANGED_FROM else Standing.CHANGED


def psi(reference: Sequence[int], current: Sequence[int]) -> float:
    """The index of two counts over the same bins, at least 0; symmetric. Raises ValueError: other bins."""
    if len(reference) != len(current):
        raise ValueError("the two distributions have not the same bins")
    then, now = _smoothed(reference), _smoothed(current)
    return math.fsum((p - q) * math.log(p / q) for p, q in zip(now, then, strict=True))


def noise_floor(reference: int, current: int, *, bins: int) -> float:
    """The PSI that 99 of 100 comparisons of one distribution with itself stay below; 0 of a single bin."""
    if bins < 2:
        return 0.0
    return (1 / max(1, reference) + 1 / max(1, current)) * _chi_squared(NOISE, bins - 1)


def put_together(reference: Mapping[Bin, int], current: Mapping[Bin, int]) -> tuple[list[int], list[int]]:
    """Both counts over the same bins, in which those that are rare on both sides are one."""
    then_all, now_all = sum(reference.values()), sum(current.values())
    both = then_all + now_all
    then, now = [], []
    rest = [0, 0]
    for name in dict.fromkeys((*reference, *current)):
        pair = reference.get(name, 0), current.get(name, 0)
        if sum(pair) * min(then_all, now_all) < RARE * both:
            rest = [rest[0] + pair[0], rest[1] + pair[1]]
        else:
            then.append(pair[0])
            now.append(pair[1])
    return ([*then, rest[0]], [*now, rest[1]]) if any(rest) else (then, now)


def _smoothed(counts: Sequence[int]) -> list[float]:
    whole = sum(counts) + SMOOTHING * len(counts)
    return [(count + SMOOTHING) / whole for count in counts]


def _chi_squared(part: float, degrees: int) -> float:
    """The quantile of the chi-squared distribution by Wilson and Hilferty (1931, PNAS 17:684)."""
    spread = 2 / (9 * degrees)
    return float(degrees * (1 - spread + NormalDist().inv_cdf(part) * math.sqrt(spread)) ** 3)
