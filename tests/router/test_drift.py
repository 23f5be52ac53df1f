"""PSI: what it is of known counts; neither chance nor few films alarm, and a change is seen."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.drift import (
    FEWEST,
    SCORE_EDGES,
    Histogram,
    Standing,
    compare,
    noise_floor,
    psi,
    put_together,
    score_bin,
    score_bins,
    standing,
)
from router.drift_report import MOST_SCANNERS, Answered, Baseline, Span, report, spans

NOW = datetime(2026, 3, 31, tzinfo=UTC)
counts = st.lists(st.integers(0, 500), min_size=2, max_size=12)


def histogram(*films: int, independent: int | None = None) -> Histogram:
    named = {f"bin {number}": count for number, count in enumerate(films)}
    return Histogram(films=named, independent=sum(films) if independent is None else independent)


def test_a_textbook_example() -> None:
    # Shares .2 .3 .5 against .3 .3 .4 over many films: .1 ln 1.5 + .1 ln 1.25
    assert psi([20_000, 30_000, 50_000], [30_000, 30_000, 40_000]) == pytest.approx(0.06286, abs=1e-4)


@given(counts, st.data())
def test_psi_is_symmetric_never_negative_and_nothing_of_equals(then: list[int], data: st.DataObject) -> None:
    now = data.draw(st.lists(st.integers(0, 500), min_size=len(then), max_size=len(then)))
    assert psi(then, now) >= -1e-12
    assert psi(then, now) == pytest.approx(psi(now, then))
    assert psi(then, then) == 0


def test_other_bins_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same bins"):
        psi([1, 2], [1, 2, 3])


@given(counts, st.data())
def test_putting_rare_bins_together_loses_no_film(then: list[int], data: st.DataObject) -> None:
    now = data.draw(st.lists(st.integers(0, 500), max_size=12))
    first, second = put_together(dict(enumerate(then)), dict(enumerate(now)))
    assert len(first) == len(second)
    assert (sum(first), sum(second)) == (sum(then), sum(now))


@given(st.floats(0, 1))
def test_every_score_has_its_bin(score: float) -> None:
    number = score_bin(score, SCORE_EDGES)
    name = score_bins(SCORE_EDGES)[number]
    assert number == 0 or score >= SCORE_EDGES[number - 1], name
    assert number == len(SCORE_EDGES) or score < SCORE_EDGES[number], name


def test_bins_have_names() -> None:
    assert score_bins((0.5, 0.9)) == ("below 0.5", "0.5 to 0.9", "from 0.9")
    assert score_bins(()) == ("any",)


# PSI | noise floor | what is said
STANDINGS = [
    (0.05, 0.01, Standing.STEADY),
    (0.10, 0.01, Standing.WATCH),
    (0.249, 0.01, Standing.WATCH),
    (0.25, 0.01, Standing.CHANGED),
    (0.24, 0.30, Standing.STEADY),
    (0.29, 0.30, Standing.STEADY),
    (0.31, 0.30, Standing.CHANGED),
]


@pytest.mark.parametrize(("value", "floor", "said"), STANDINGS)
def test_what_is_said_of_a_psi(value: float, floor: float, said: Standing) -> None:
    assert standing(value, floor) is said


def test_of_few_films_nothing_is_said() -> None:
    found = compare(histogram(500, 500), histogram(FEWEST - 1, 0))
    assert found.standing is Standing.TOO_FEW and found.psi is None
    assert compare(histogram(10, 10), histogram(500, 500)).standing is Standing.TOO_FEW
    assert compare(histogram(500, 500), histogram(FEWEST, 0)).standing is Standing.CHANGED


@pytest.mark.parametrize("films", [50, 100, 400, 5000])
@pytest.mark.parametrize("bins", [3, 10, 25])
def test_chance_alone_hardly_ever_alarms(films: int, bins: int) -> None:
    dice = random.Random(f"{films} {bins}")
    weights = [dice.random() + 0.05 for _ in range(bins)]
    draw = lambda n: Counter(dice.choices([str(b) for b in range(bins)], weights, k=n))  # noqa: E731
    alarms = 0
    for _ in range(200):
        then, now = (Histogram(films=draw(n), independent=n) for n in (600, films))
        alarms += compare(then, now).standing is not Standing.STEADY
    assert alarms <= 8


def test_a_real_change_is_seen() -> None:
    then, now = histogram(300, 200, 500), histogram(20, 30, 50)
    assert compare(then, now).standing is Standing.STEADY
    assert compare(then, histogram(10, 10, 80)).standing is Standing.CHANGED


def test_films_of_one_study_count_once_for_the_noise() -> None:
    then, now = histogram(300, 300), histogram(50, 90)
    few = Histogram(films=now.films, independent=20)
    assert compare(then, now).noise_floor < compare(then, few).noise_floor  # type: ignore[operator]


def test_the_noise_floor_is_the_chi_squared_tables() -> None:
    assert noise_floor(1, 10**9, bins=10) == pytest.approx(21.666, rel=0.005)  # 9 degrees of freedom, 99 %
    assert noise_floor(100, 100, bins=1) == 0


def answers(number: int, view: str, score: float, *, scanner: str = "DRX", ago: float = 1) -> list[Answered]:
    at = NOW - timedelta(days=ago)
    return [Answered(scanner=scanner, study=n, at=at, said=view, score=score) for n in range(number)]


def test_a_report_by_scanner() -> None:
    then = [*answers(200, "chest_pa_ap", 0.97, ago=40), *answers(100, "hand_ap", 0.97, ago=40)]
    steady = [*answers(120, "chest_pa_ap", 0.97, ago=8.5), *answers(60, "hand_ap", 0.97)]
    broken = [*answers(20, "chest_pa_ap", 0.7, scanner="OLD"), *answers(40, "unsure", 0.3, scanner="OLD")]
    span = Span(since=NOW - timedelta(days=10), until=NOW)
    baseline = Baseline(edges=(0.5, 0.9), films=(1, 2, 197))
    found = report([*then, *answers(60, "chest_pa_ap", 0.97, scanner="OLD", ago=40)], [*steady, *broken],
                   span=span, baseline=baseline)  # fmt: skip
    assert [(one.scanner, one.films) for one in found.scanners] == [(None, 240), ("DRX", 180), ("OLD", 60)]
    good, bad = found.scanners[1:]
    assert (good.scores.standing, good.said.standing) == (Standing.STEADY, Standing.STEADY)
    assert good.trained is not None and good.trained.standing is Standing.STEADY
    assert (bad.scores.standing, bad.said.standing) == (Standing.CHANGED, Standing.CHANGED)
    assert bad.trained is not None and bad.trained.standing is Standing.CHANGED
    assert [part.name for part in bad.score_parts] == ["below 0.5", "0.5 to 0.9", "from 0.9"]
    assert bad.score_parts[0].trained == pytest.approx(0.005)
    assert {part.name for part in bad.said_parts} == {"unsure", "chest_pa_ap"}
    assert [(week.begins.isoformat(), week.films) for week in good.weeks] == [
        ("2026-03-21", 120),
        ("2026-03-24", 60),
    ]
    assert found.left_out == 0


def test_a_scanner_that_is_new_has_nothing_to_be_compared_with() -> None:
    span = Span(since=NOW - timedelta(days=7), until=NOW)
    found = report(answers(100, "hand_ap", 0.9, ago=40), answers(100, "hand_ap", 0.9, scanner="NEW"),
                   span=span, baseline=None)  # fmt: skip
    assert found.scanners[0].said.standing is Standing.STEADY
    assert found.scanners[1].said.standing is Standing.TOO_FEW


def test_of_many_scanners_those_with_most_films_are_told() -> None:
    span = Span(since=NOW - timedelta(days=7), until=NOW)
    many = [one for n in range(30) for one in answers(1 + (n == 7), "hand_ap", 0.9, scanner=f"S{n:02}")]
    found = report([], many, span=span, baseline=None)
    assert found.scanners[1].scanner == "S07" and found.left_out == 30 - MOST_SCANNERS
    assert report([], [], span=span, baseline=None).scanners == ()


FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "told", "reference", "current"),
    [
        ("2026-03-31", None, ("2026-01-01", "2026-01-29"), ("2026-03-03", "2026-03-31")),
        ("2026-02-05", None, ("2026-01-01", "2026-01-29"), ("2026-01-29", "2026-02-05")),  # never overlapping
        ("2026-01-20", None, ("2026-01-01", "2026-01-29"), None),
        ("2026-03-31", "2026-02-01", ("2026-02-01", "2026-03-01"), ("2026-03-03", "2026-03-31")),
    ],
)
def test_what_is_compared_with_what(
    now: str, told: str | None, reference: tuple[str, str], current: tuple[str, str] | None
) -> None:
    day = lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC)  # noqa: E731
    found = spans(FIRST, day(now), days=28, reference_days=28, reference_from=told and day(told))
    assert found.reference == Span(since=day(reference[0]), until=day(reference[1]))
    assert found.current == (current and Span(since=day(current[0]), until=day(current[1])))
