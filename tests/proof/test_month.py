"""The simulated month, with a classifier that is never wrong: every fault is found, nothing else is said."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from bench.month import CLEAN, MAP, Setting, figures, intervals, judge, month, rows_of
from bench.month_faults import FAULTS
from bench.month_films import Named, Said
from router.anatomy import ANY_WAY_ROUND
from router.evidence import Thresholds
from router.procedures import parse_map
from router.types import Candidate
from router.verdicts import Kind
from router.views import VIEWS

TEXT = MAP.read_text("utf-8")
SETTING = Setting(
    procedures=parse_map(TEXT),
    text=TEXT,
    thresholds=Thresholds(model_views=frozenset(VIEWS)),
    studies=60,
    alike=True,
)


def perfect(view: str, number: int, chance: random.Random) -> Named:
    turns = range(1 if view in ANY_WAY_ROUND else 4)
    return Named(
        view=view, group=f"{view} {number}", split="final", said=tuple(said(view, t, chance) for t in turns)
    )


def said(view: str, turn: int, chance: random.Random) -> Said:
    rest = sorted((chance.random() * 1e-4 for _ in range(4)), reverse=True)
    others = chance.sample([other for other in VIEWS if other != view], 4)
    best = Candidate(label=view, score=1 - sum(rest) - 1e-6)
    return Said(
        view=view,
        score=best.score,
        margin=best.score - rest[0],
        candidates=(best, *(Candidate(label=o, score=s) for o, s in zip(others, rest, strict=True))),
        rotation=90 * turn,
        rotation_score=0.999,
    )


@pytest.fixture(name="films", scope="module")
def films_fixture() -> list[Named]:
    chance = random.Random(0)
    return [perfect(view, number, chance) for view in VIEWS for number in range(5)]


def test_with_a_perfect_classifier_every_fault_is_found_and_nothing_else_is_said(films: list[Named]) -> None:
    judged = judge(month(films, SETTING, random.Random(1)), SETTING)
    for study, verdict in judged:
        expected = Kind.COMPLETE if study.fault == CLEAN else FAULTS[study.fault][1]
        assert expected in verdict.kinds, (study.entry.name, study.fault, verdict.remarks)
        assert verdict.is_fault is (study.fault != CLEAN)
    found = figures(judged)
    assert found["false flags"] == 0
    assert all(value == 100 for name, value in found.items() if name.startswith("recall"))
    assert all(value == 100 for name, value in found.items() if name.startswith("precision")), found


def test_the_figures_have_their_intervals_and_rows(films: list[Named]) -> None:
    small = replace(SETTING, studies=3, alike=False)
    within = intervals(films, small, 1)
    rows = rows_of(figures(judge(month(films, small, random.Random(2)), small)), within)
    assert [row["fault"] for row in rows][: len(FAULTS)] == list(FAULTS)
    assert rows[0]["recall_%"] == "100.0 (100.0 to 100.0)"
