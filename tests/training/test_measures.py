"""Figures on answers whose figures are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from router.types import ModelRef, ViewPrediction
from training.card import beside, figures
from training.films import RealFilm
from training.measures import (
    Judged,
    accuracy,
    calibration_error,
    coverage_at_99,
    gains,
    interval,
    macro_recall,
    measures,
    other_auroc,
)

LABELS = ("chest_pa_ap", "knee_ap", "other")


def judged(folder: str, *scores: float, group: str = "g", stated: str | None = None) -> Judged:
    film = RealFilm(
        path=Path("x.jpg"), folder=folder, accepted=(folder,), group=group, split="final", source="s"
    )
    top = LABELS[int(np.argmax(scores))]
    said = ViewPrediction(
        view=stated or top,
        score=max(scores),
        margin=0.0,
        candidates=(),
        model=ModelRef(name="view", version="0", sha256="0" * 64),
    )
    return Judged(film=film, scores=np.array(scores), prediction=said, labels=LABELS)


RIGHT = judged("chest_pa_ap", 0.9, 0.05, 0.05)
WRONG = judged("knee_ap", 0.6, 0.3, 0.1)
STRANGE = judged("other", 0.1, 0.1, 0.8)


def test_accuracy_counts_films_and_macro_recall_counts_views() -> None:
    assert accuracy([RIGHT, RIGHT, RIGHT, WRONG]) == 0.75
    assert macro_recall([RIGHT, RIGHT, RIGHT, WRONG]) == 0.5


def test_coverage_is_where_the_surest_films_are_still_right() -> None:
    assert coverage_at_99([RIGHT, RIGHT, RIGHT, WRONG]) == 0.75
    assert coverage_at_99([judged("knee_ap", 0.99, 0.01, 0.0), RIGHT]) == 0.0


def test_calibration_error_is_the_gap_between_score_and_truth() -> None:
    assert calibration_error([RIGHT] * 10) == pytest.approx(0.1)
    assert np.isnan(calibration_error([STRANGE]))


def test_strange_films_rank_above_known_ones() -> None:
    assert other_auroc([RIGHT, WRONG, STRANGE]) == 1.0


def test_an_interval_holds_its_value_and_widens_with_fewer_groups() -> None:
    one_by_one = [
        judged("knee_ap", *((0.2, 0.8, 0.0) if k % 4 else (0.8, 0.2, 0.0)), group=str(k)) for k in range(80)
    ]
    in_eights = [
        judged(i.film.folder, *i.scores, group=str(k % 4 * 10 + k // 40)) for k, i in enumerate(one_by_one)
    ]
    value, low, high = interval(one_by_one, accuracy)
    _, wider_low, wider_high = interval(in_eights, accuracy)
    assert low < value < high
    assert value == 0.75
    assert wider_high - wider_low > high - low
    assert interval([], accuracy) == []


def test_the_card_shows_every_figure_as_measured() -> None:
    table = figures({"final": measures([RIGHT, RIGHT, WRONG, STRANGE]) | {"same_as_dicom": 1.0}})
    assert "| top-1 over the 30 views | ≥ .95 | 0.667" in table


def test_a_gain_is_measured_film_by_film() -> None:
    before = [judged("knee_ap", 0.6, 0.4, 0.0, group=str(k)) for k in range(8)] + [RIGHT] * 8
    after = [judged("knee_ap", 0.4, 0.6, 0.0, group=str(k)) for k in range(8)] + [RIGHT] * 8
    value, low, high = gains(before, after)["top1_30_views"]
    assert value == 0.5
    assert 0 < low < 0.5 < high <= 1
    assert gains(before, before)["top1_30_views"] == [0, 0, 0]


def test_the_card_sets_another_pack_beside() -> None:
    one, other = (
        measures(films) | {"same_as_dicom": 1.0}
        for films in ([RIGHT, RIGHT, WRONG, STRANGE], [WRONG, WRONG, WRONG, STRANGE])
    )
    gained = gains([WRONG, STRANGE], [RIGHT, STRANGE])
    table = beside(one | {"against": {"pack": "view@7", "figures": other, "gained": gained}})
    assert "| figure | view@7 | this pack | gained |" in table
    assert "| top-1 over the 30 views | 0.000 (0.000 to 0.000) | 0.667" in table
    assert beside(one) == "No other pack was measured on the same films."
