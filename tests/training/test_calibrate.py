"""Calibration chosen on numbers whose answer is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.asked import Networks, answered, best_temperature, scale_of, scaled, softmax
from training.calibrate import OTHER, choose, margin_of, ranking, said_of_strangers
from training.films import RealFilm
from training.recipe import Recipe
from training.simulate.views import LABELS


def drawn(scale: float, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Logits that are ``scale`` times too sure, and truths drawn from the honest ones."""
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, (count, len(LABELS)))
    odds = softmax(honest).cumsum(axis=1)
    truth = (rng.random((count, 1)) > odds).sum(axis=1)
    return honest * scale, np.minimum(truth, len(LABELS) - 1)


@pytest.mark.parametrize("scale", [0.7, 1.0, 2.5])
def test_the_temperature_undoes_over_and_under_confidence(scale: float) -> None:
    logits, truth = drawn(scale)
    assert best_temperature(logits[None], truth, np.ones(len(truth))) == pytest.approx(scale, rel=0.08)


def test_a_better_score_ranks_higher() -> None:
    score = np.array([0.1, 0.2, 0.8, 0.9])
    positive = np.array([False, False, True, True])
    assert ranking(score, positive, ~positive) == 1.0
    assert ranking(-score, positive, ~positive) == 0.0
    assert np.isnan(ranking(score, positive, positive & ~positive))


def test_the_gate_is_wide_when_everything_is_right_and_narrow_when_not() -> None:
    truth = np.repeat(np.arange(len(LABELS)), 30)
    sure = np.eye(len(LABELS))[truth] * 12
    unsure = sure * 0.1 + np.random.default_rng(1).normal(0, 1, sure.shape)
    wide, narrow = (choose(logits[None], truth, np.ones(len(truth))) for logits in (sure, unsure))
    assert wide.margin < narrow.margin


def test_the_threshold_for_other_keeps_false_rejections_low() -> None:
    truth = np.repeat(np.arange(len(LABELS)), 30)
    logits = np.eye(len(LABELS))[truth] * 6 + np.random.default_rng(2).normal(0, 1, (len(truth), len(LABELS)))
    chosen = choose(logits[None], truth, np.ones(len(truth)))
    scores = softmax(logits / chosen.temperature)[:, OTHER]
    assert (scores[truth != OTHER] >= chosen.other_threshold).mean() < 0.05
    assert (scores[truth == OTHER] >= chosen.other_threshold).mean() > 0.9


def test_films_that_are_not_clear_are_answered_by_all_looks_and_the_others_by_the_first() -> None:
    clear, unclear, elsewhere = np.zeros((3, len(LABELS)))
    clear[3], unclear[[3, 4]], elsewhere[4] = 20.0, (1.0, 0.9), 20.0
    scores = answered(np.array([[clear, unclear], [elsewhere, elsewhere]]), 1.0)
    assert scores.argmax(axis=1).tolist() == [3, 4]
    assert scores[0] == pytest.approx(softmax(clear))
    assert scores[1] == pytest.approx(softmax((unclear + elsewhere) / 2))


def test_where_energy_tells_other_films_better_only_one_look_counts() -> None:
    truth = np.repeat([0, OTHER], 50)
    first = np.zeros((100, len(LABELS)))
    first[:50, 0], first[:50, OTHER], first[50:, OTHER] = 9.0, 8.9, -5.0  # the label other says the opposite
    looks = np.stack([first, 0 * first])
    chosen = choose(looks, truth, np.ones(100))
    assert chosen.use_energy
    assert chosen == choose(looks[:1], truth, np.ones(100))


def _real(folder: Path, count: int, *, split: str = "look", shows: str = LABELS[0]) -> list[RealFilm]:
    path = folder / "film.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (40, 30), dtype=np.uint8))
    one = RealFilm(path=path, folder=shows, accepted=(shows,), group="", split=split, source="")
    return [one] * count


def _sure_of_the_first_label(images: np.ndarray) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    return {"view": np.tile(8.0 * (np.arange(len(LABELS)) == 0), (len(images), 1))}


@pytest.mark.parametrize(
    ("wrong", "split", "shows", "margin"),
    [
        (0, "look", LABELS[1], 0.1),
        (2, "look", LABELS[1], 0.6),
        (2, "final", LABELS[1], 0.1),  # those choose nothing
        (2, "look", "other", 0.1),  # of those no view is right
    ],
)
def test_films_of_look_that_are_sure_and_wrong_close_the_gate(
    tmp_path: Path, wrong: int, split: str, shows: str, margin: float
) -> None:
    films = _real(tmp_path, 60) + _real(tmp_path, wrong, split=split, shows=shows)
    looks, truth = said_of_strangers(Networks(first=_sure_of_the_first_label), Recipe(), films)
    assert margin_of(answered(looks, 1.0), truth, np.ones(len(truth))) == margin


def test_the_temperature_is_at_least_what_strangers_ask_for() -> None:
    logits, truth = drawn(1.0)
    free, held = (choose(logits[None], truth, np.ones(len(truth)), least=least) for least in (0.0, 1.7))
    assert free.temperature < 1.7
    assert held.temperature == 1.7


def test_one_temperature_suits_both_networks() -> None:
    logits, truth = drawn(1.0)
    looks = np.stack([logits, logits * 2.5])
    scale = scale_of(looks, truth, np.ones(len(truth)))
    assert scale == pytest.approx(1 / 2.5, rel=0.03)
    first, second = scaled(looks, scale)
    assert second == pytest.approx(first, rel=0.03)
    assert np.array_equal(first, logits)


def test_both_networks_have_three_looks_at_each_film() -> None:
    networks = Networks(first=_sure_of_the_first_label, further=_sure_of_the_first_label, scale=0.5)
    looks = networks.looks([np.zeros((8, 8), np.float32)] * 4)
    assert looks[:, :, 0].tolist() == [[8.0] * 4] * 3 + [[4.0] * 4] * 3
