"""A pack's baseline: how it scored, and what it stated, on the films that it was measured on.

What the service sees later is held against the scores (``router.drift``). ``docs/packs.md`` describes the
table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from classifiers.manifest import ANSWERING_HEAD, Baseline, Output, Task
from classifiers.strict import Table
from router.drift import NONE, SCORE_EDGES, counts_for, score_bin
from router.types import Finding, ViewPrediction
from router.views import OTHER, UNSURE

MOST_FILMS = 1_000_000_000
TENTHS = tuple(tenth / 10 for tenth in range(1, 10))  # findings are seldom sure, views mostly are


def baseline_of(
    predictions: Iterable[ViewPrediction], *, measured: str, edges: Sequence[float] = SCORE_EDGES
) -> Baseline:
    """The baseline that a view pack's answers to its evaluation films make.

    ``measured``: which films these are, in words. ``edges``: ascending, inside (0, 1). Raises ValueError
    without any film, or for other edges.
    """
    films = tuple(predictions)
    return _counted([film.view for film in films], [film.score for film in films], measured, edges)


def baseline_of_findings(
    findings: Iterable[Sequence[Finding]], *, measured: str, edges: Sequence[float] = TENTHS
) -> Baseline:
    """The baseline that a specialist's findings on its evaluation films make, film by film.

    Films count as later ones do (``router.drift.counts_for``). Raises ValueError as ``baseline_of`` does.
    """
    films = [counts_for((one.label, one.probability) for one in found) for found in findings]
    stated, scores = [said for said, _ in films], [score for _, score in films if score is not None]
    return _counted(stated, scores, measured, edges)


def _counted(
    stated: Sequence[str], scores: Sequence[float], measured: str, edges: Sequence[float]
) -> Baseline:
    if not stated or not _are_edges(edges):
        raise ValueError("a baseline needs films, and ascending edges between 0 and 1")
    bins = Counter(score_bin(score, edges) for score in scores)
    return Baseline(
        films=len(stated),
        measured=measured,
        score_edges=tuple(edges),
        score_films=tuple(bins[number] for number in range(len(edges) + 1)),
        stated=MappingProxyType(dict(sorted(Counter(stated).items()))),
    )


def read_baseline(table: Table, task: Task, outputs: Mapping[str, Output]) -> Baseline:
    """The table ``[baseline]``. Raises PackError."""
    edges = table.numbers("score_edges", list(SCORE_EDGES), counts=range(1, 101))
    if not _are_edges(edges):
        raise table.error("score_edges are not ascending numbers between 0 and 1")
    counted = table.numbers("score_films", counts=[len(edges) + 1])
    stated = table.table("stated")
    baseline = Baseline(
        films=table.whole("films", low=1, high=MOST_FILMS),
        measured=table.text("measured"),
        score_edges=edges,
        score_films=tuple(int(count) for count in counted),
        stated=MappingProxyType({name: stated.whole(name, low=0, high=MOST_FILMS) for name in stated.left()}),
    )
    table.end()
    if any(count < 0 or count != int(count) for count in counted):
        raise table.error("score_films holds what is not a number of films")
    silent = baseline.stated.get(NONE, 0) if task is not Task.VIEW else 0  # they have no score
    if {sum(baseline.score_films) + silent, sum(baseline.stated.values())} != {baseline.films}:
        raise table.error(f"score_films and stated do not each add up to films = {baseline.films}")
    if strange := sorted({*baseline.stated} - _may_state(task, outputs)):
        raise stated.error(f"names {strange[0]!r}, which the pack cannot state")
    return baseline


def baseline_tables(baseline: Baseline) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """The tables of pack.toml with their titles, in order."""
    own: dict[str, Any] = {
        "films": baseline.films,
        "measured": baseline.measured,
        "score_edges": baseline.score_edges,
        "score_films": baseline.score_films,
    }
    return ("[baseline]", own), ("[baseline.stated]", baseline.stated)


def _are_edges(edges: Sequence[float]) -> bool:
    inside = all(0 < edge < 1 for edge in edges)
    return inside and bool(edges) and all(a < b for a, b in pairwise(edges))


def _may_state(task: Task, outputs: Mapping[str, Output]) -> set[str]:
    if task is Task.VIEW:
        return {*outputs[ANSWERING_HEAD[task]].labels, OTHER, UNSURE}
    return {label for output in outputs.values() for label in output.thresholds} | {NONE}
