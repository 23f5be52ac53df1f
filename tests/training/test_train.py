"""The clock of the view network's training."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from training.network import network
from training.recipe import Recipe
from training.train import CHECKPOINT, _Loop


def test_a_training_that_goes_on_has_spent_the_minutes_it_had_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(side=32, minutes=10.0)
    model = network(recipe, side=32)
    begun = _Loop(model, recipe, tmp_path)
    late = time.monotonic() + 6 * 60
    monkeypatch.setattr("training.pace.time.monotonic", lambda: late)
    begun.step = 100
    begun._keep()
    assert float(np.load(tmp_path / CHECKPOINT)["minutes"]) == pytest.approx(6, abs=0.2)
    again = _Loop(model, recipe, tmp_path)
    assert again.step == 100
    assert again._pace.done(again.step) == pytest.approx(0.6, abs=0.02)
