"""How mixtures of networks are told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.films import RealFilm
from training.simulate.views import LABELS
from training.weigh import log_loss, weighed


def film(folder: str, *accepted: str) -> RealFilm:
    return RealFilm(
        path=Path("film.png"),
        folder=folder,
        accepted=accepted or (folder,),
        group="g",
        split="look",
        source="",
    )


def test_the_log_loss_adds_up_what_all_accepted_labels_get() -> None:
    logits = np.log([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    accepted = np.array([[True, True, False], [False, False, True]])
    assert log_loss(logits, accepted) == pytest.approx(-(np.log(0.8) + np.log(0.8)) / 2)


def test_a_mixture_is_weighed_by_the_thirty_views_and_its_best_temperature() -> None:
    films = [film("knee_ap"), film("hand_ap"), film("other_forearm", "forearm_ap", "forearm_lateral")]
    logits = np.zeros((3, len(LABELS)))
    for row, label in enumerate(("knee_ap", "knee_ap", "forearm_lateral")):
        logits[row, LABELS.index(label)] = 40.0
    found = weighed(0.35, "look", logits, films)
    assert (found.of_start, found.split, found.top_1) == (0.35, "look", 0.5)
    assert found.temperature > 1.9  # one sure answer of three is wrong
    right = weighed(0.35, "look", logits[[0, 2]], [films[0], films[2]])
    assert right.top_1 == 1.0
    assert right.log_loss < 0.01 < found.log_loss
