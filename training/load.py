"""A trained network and the recipe it was trained by."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import keras

from training.network import network
from training.recipe import Recipe
from training.simulate.views import LABELS

WEIGHTS = "view.weights.h5"
QUANTISED = "view.xml"  # the same in eight bits (``training.quantise``)


def trained(folder: Path) -> tuple[keras.Model, Recipe]:
    """Load what ``train`` left in ``folder``. Raises FileNotFoundError, or ValueError when the labels have
    changed."""
    if not (folder / WEIGHTS).is_file():
        raise FileNotFoundError(f"no trained weights in {folder}: run `python -m training train`")
    recipe = _recipe(folder)
    model = network(recipe, side=recipe.side)
    model.load_weights(folder / WEIGHTS)
    return model, recipe


def quantised(folder: Path) -> tuple[Path, Recipe]:
    """Where ``quantise`` left the network of ``folder`` in eight bits. Raises as ``trained`` does, and
    ValueError when it was trained on since."""
    small, weights = folder / QUANTISED, folder / WEIGHTS
    if not small.is_file():
        raise FileNotFoundError(f"no network in eight bits in {folder}: run `python -m training quantise`")
    if weights.is_file() and weights.stat().st_mtime_ns > small.stat().st_mtime_ns:
        raise ValueError(f"{folder} was trained since it was brought to eight bits: run quantise again")
    return small, _recipe(folder)


def _recipe(folder: Path) -> Recipe:
    stored = json.loads((folder / "recipe.json").read_text())
    if tuple(stored["labels"]) != LABELS:
        raise ValueError(
            f"the network in {folder} was trained for other labels than the table of views has now"
        )
    return Recipe(**{field.name: stored[field.name] for field in fields(Recipe)})
