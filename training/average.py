"""A network between several that were trained apart from the same start.

Where they began is where they still agree, so the mean of their weights is a network too, and mostly a better
one than any of them (model soups: Wortsman et al., ICML 2022; a start and its tuned network: Wortsman et al.,
CVPR 2022).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.begin import go_on_from
from training.load import WEIGHTS, trained
from training.network import network
from training.simulate.views import LABELS

Weights = list[NDArray[np.float32]]


def average(networks: Sequence[Path], *, start: Path, of_start: float, out: Path) -> Path:
    """Write a network into ``out`` that is ``of_start`` parts the pack ``start`` and for the rest the mean of
    what was trained in ``networks``; returns its weights' path. Raises FileNotFoundError where nothing was
    trained, ValueError for no networks, and as ``go_on_from`` does."""
    if not networks:
        raise ValueError("name the networks to average")
    model, recipe = trained(networks[0])
    mean = model.get_weights()
    for others, folder in enumerate(networks[1:], start=1):
        mean = between(trained(folder)[0].get_weights(), mean, others / (others + 1))
    begun = network(recipe, side=recipe.side)
    go_on_from(begun, start)
    model.set_weights(between(mean, begun.get_weights(), of_start))
    out.mkdir(parents=True, exist_ok=True)
    kept = asdict(replace(recipe, of_start=of_start)) | {"labels": LABELS}
    (out / "recipe.json").write_text(json.dumps(kept, indent=1))
    model.save_weights(out / WEIGHTS)
    return out / WEIGHTS


def between(tuned: Weights, begun: Weights, share: float) -> Weights:
    """Weights that are ``share`` parts ``begun`` and the rest ``tuned``."""
    return [share * old + (1 - share) * new for new, old in zip(tuned, begun, strict=True)]
