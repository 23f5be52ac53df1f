"""A network between several that were trained apart from the same start.

Where they began is where they still agree, so the mean of their weights is a network too, and mostly a better
one than any of them (model soups: Wortsman et al., ICML 2022; a start and its tuned network: Wortsman et al.,
CVPR 2022).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from training.backbone import SMALLEST, normalised_anew, settled_where_it_learns
from training.begin import go_on_from
from training.load import WEIGHTS, trained
from training.network import body_of, network
from training.recipe import Recipe
from training.simulate.views import LABELS

Floats = NDArray[np.float32]
Weights = list[Floats]
Settling = Callable[[Recipe], Sequence[Floats]]  # batches (N, side, side, 1) of films for a recipe's network


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """The mean of several trained networks, and the start they share."""

    model: keras.Model
    recipe: Recipe
    mean: Weights
    begun: Weights
    films: Sequence[Floats]  # what a mixture's normalisation is set to: it is no mean of those of its parts

    def with_start(self, of_start: float) -> keras.Model:
        """The network that is ``of_start`` parts the start and the rest the mean; the same object each
        time."""
        self.model.set_weights(between(self.mean, self.begun, of_start))
        if self.films:
            settled_where_it_learns(body_of(self.model), self.films)
        return self.model


def mixture(networks: Sequence[Path], start: Path, settling: Settling, *, body: str = SMALLEST) -> Mixture:
    """What was trained in ``networks`` from the pack ``start``, normalisation set by the films of
    ``settling``; of no networks the start alone, as it is: that of its networks which has this ``body``.
    Raises FileNotFoundError where nothing was trained, and as ``go_on_from`` does."""
    if not networks:
        return _alone(start, Recipe(body=body))
    model, recipe = trained(networks[0])
    mean = model.get_weights()
    for others, folder in enumerate(networks[1:], start=1):
        mean = between(trained(folder)[0].get_weights(), mean, others / (others + 1))
    go_on_from(model, start, size=recipe.body)
    films = settling(recipe)
    normalised_anew(body_of(model), films)
    return Mixture(model=model, recipe=recipe, mean=mean, begun=model.get_weights(), films=films)


def _alone(start: Path, recipe: Recipe) -> Mixture:
    model = network(recipe, side=recipe.side)
    go_on_from(model, start, size=recipe.body)
    begun = model.get_weights()
    return Mixture(model=model, recipe=recipe, mean=begun, begun=begun, films=())


def average(
    networks: Sequence[Path],
    *,
    start: Path,
    of_start: float,
    out: Path,
    settling: Settling,
    body: str = SMALLEST,
) -> Path:
    """Write a network into ``out`` that is ``of_start`` parts the pack ``start`` and for the rest the mean of
    what was trained in ``networks``, normalisation set by the films of ``settling``; without any, the
    start's network of this ``body``, to be calibrated anew. Returns the weights' path. Raises as ``mixture``
    does."""
    mixed = mixture(networks, start, settling, body=body)
    out.mkdir(parents=True, exist_ok=True)
    kept = asdict(replace(mixed.recipe, of_start=of_start)) | {"labels": LABELS}
    (out / "recipe.json").write_text(json.dumps(kept, indent=1))
    mixed.with_start(of_start).save_weights(out / WEIGHTS)
    return out / WEIGHTS


def between(tuned: Weights, begun: Weights, share: float) -> Weights:
    """Weights that are ``share`` parts ``begun`` and the rest ``tuned``."""
    return [share * old + (1 - share) * new for new, old in zip(tuned, begun, strict=True)]
