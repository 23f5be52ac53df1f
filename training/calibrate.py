"""Choose temperature, gate and reject rules, only on films that may train and that the network has not learnt
from.

Two kinds count alike: held-out simulated films, and real films held out by group (a few dozen, each seen in
several croppings). Both are easier than films of strangers, so temperature and gate are held to what the
evaluate-only films of ``look`` ask for too, where that is more; nothing else is chosen by those, and
nothing by those of ``final``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from router.views import NNCPR_VIEWS
from training.asked import Networks, answered, best_temperature, scale_of, scaled
from training.films import (
    ANY_WAY_ROUND,
    Example,
    RealFilm,
    allowed,
    chest_films,
    read,
    real_films,
    simulated,
    some,
)
from training.load import quantised
from training.quick import Network, opened, predicted
from training.recipe import Recipe
from training.shapes import cropped
from training.simulate.views import LABELS

Floats = NDArray[np.float64]
CROPPINGS = 6  # of each real film
OTHER = LABELS.index("other")
UPRIGHT = frozenset(k for k, label in enumerate(LABELS) if label not in ANY_WAY_ROUND)
THIRTY = np.array([label in NNCPR_VIEWS for label in LABELS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the pack's manifest needs beside the network."""

    temperature: float
    margin: float
    other_threshold: float
    energy_centre: float
    energy_width: float
    use_energy: bool
    rotation_bias: float  # of "not turned", which training sees more often than the rest
    measured: dict[str, float]
    further_scale: float | None = None  # of the further network's logits, so that one temperature suits both


def calibrate(
    *, shared: Path, films: Sequence[Path], network: Path, further: Path | None = None
) -> Calibration:
    """Measure, choose, and write ``network``/calibration.json. ``further`` is the folder of another trained
    network, which is to be asked too where the first is not sure. Raises FileNotFoundError without
    networks in eight bits, ValueError for two networks that films are prepared for in different ways."""
    path, recipe = quantised(network)
    made = some(list(simulated(films, held_out=True)), 1600)
    real = allowed(shared, "calibrate")
    chests = some(chest_films(shared, "calibrate"), 40)
    shown, truths, weights = [], [], []
    for pool, repeats in ((made, 1), (real + chests, CROPPINGS)):
        images, views = _images(pool, recipe, repeats)
        shown.append(images)
        truths.append(np.array(views))
        weights.append(_balanced(truths[-1]))
    truth, weight = np.concatenate(truths), np.concatenate(weights)
    other = None if further is None else _alike(further, recipe)
    networks = Networks(first=opened(path), further=other)
    said = [networks.looks(images) for images in shown]
    scale = None if other is None else scale_of(np.concatenate(said, axis=1), truth, weight)
    looks = [scaled(one, scale) for one in said]
    bias = upright_bias(networks.first, recipe, [*made[:250], *real, *chests])
    theirs, named = said_of_strangers(replace(networks, scale=scale), recipe, real_films(shared))
    alike = np.ones(len(named))
    least = best_temperature(theirs, named, alike)
    chosen = choose(np.concatenate(looks, axis=1), truth, weight, least=least, rotation_bias=bias)
    strict = margin_of(answered(theirs, chosen.temperature), named, alike)
    chosen = replace(chosen, margin=max(chosen.margin, strict), further_scale=scale)
    chosen.measured["real_films_calibrated_on"] = float(len(real))
    chosen.measured.update(temperature_by_look=least, margin_by_look=strict)
    for name, one, true in zip(("simulated_accuracy", "real_accuracy"), looks, truths, strict=True):
        right = answered(one, chosen.temperature).argmax(axis=1) == true
        chosen.measured[name] = float(right.mean())
    (network / "calibration.json").write_text(json.dumps(asdict(chosen), indent=1))
    return chosen


def _alike(folder: Path, recipe: Recipe) -> Network:
    path, other = quantised(folder)
    if (other.side, other.margin) != (recipe.side, recipe.margin):
        raise ValueError(f"the network in {folder} takes films of {other.side} pixels, not {recipe.side}")
    return opened(path)


def said_of_strangers(
    networks: Networks, recipe: Recipe, films: Sequence[RealFilm]
) -> tuple[Floats, NDArray[np.int64]]:
    """Logits (looks, n, labels) of the evaluate-only films of ``look`` that have one view, and those views
    (n,)."""
    shown = [
        film
        for film in films
        if film.split == "look" and len(film.accepted) == 1 and film.accepted[0] != LABELS[OTHER]
    ]
    truth = np.array([LABELS.index(film.accepted[0]) for film in shown])
    return networks.looks([recipe.shown(read(film.path)) for film in shown]), truth


def choose(
    looks: Floats,
    truth: NDArray[np.int64],
    weight: Floats,
    *,
    least: float = 0.0,
    rotation_bias: float = 0.0,
) -> Calibration:
    """The calibration for logits (looks, n, labels), true labels (n,) and weights (n,) that sum to anything;
    its temperature is at ``least`` so high.

    Where films are told better by their energy, that is of one look, and so is all else that is chosen.
    """
    temperature = max(least, best_temperature(looks, truth, weight))
    scores, logits = answered(looks, temperature), looks[0]
    energy = np.log(np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1)) + logits.max(axis=1)
    inside = THIRTY[truth]
    by_class = ranking(scores[:, OTHER], ~inside & (truth == OTHER), inside)
    by_energy = ranking(-energy, ~inside & (truth == OTHER), inside)
    if by_energy > by_class and len(looks) > 1:
        return choose(looks[:1], truth, weight, least=least, rotation_bias=rotation_bias)
    return Calibration(
        temperature=temperature,
        margin=margin_of(scores, truth, weight),
        other_threshold=_quantile(scores[inside, OTHER], weight[inside], 0.97, low=0.15, high=0.6),
        energy_centre=_quantile(energy[inside], weight[inside], 0.02, low=-99, high=99),
        energy_width=max(0.1, float(energy[inside].std()) / 4),
        use_energy=bool(by_energy > by_class),
        rotation_bias=rotation_bias,
        measured={"auroc_other_class": by_class, "auroc_other_energy": by_energy},
    )


def upright_bias(run: Network, recipe: Recipe, films: Sequence[Example]) -> float:
    """What to add to the logit of "not turned" so that films turned by each quarter are told apart best."""
    images, turns = [], []
    for film in films:
        if film.view not in UPRIGHT or film.upside > 0:
            continue
        for quarter in range(4):
            images.append(recipe.shown(np.rot90(film.pixels, quarter)))
            turns.append(quarter)
    logits = np.asarray(predicted(run, images)["rotation"], dtype=np.float64)

    def right(bias: float) -> float:
        shifted = logits + np.array([bias, 0, 0, 0])
        return float((shifted.argmax(axis=1) == turns).mean())

    return float(max(np.arange(-5.0, 0.5, 0.25), key=right))


def ranking(score: Floats, positive: NDArray[np.bool_], negative: NDArray[np.bool_]) -> float:
    """The area under the ROC curve: how often a positive scores above a negative."""
    if not positive.any() or not negative.any():
        return float("nan")
    low = np.sort(score[negative])
    left, right = (
        np.searchsorted(low, score[positive], "left"),
        np.searchsorted(low, score[positive], "right"),
    )
    return float((left + right).mean() / (2 * len(low)))


def margin_of(scores: Floats, truth: NDArray[np.int64], weight: Floats) -> float:
    """The least lead of the best above which 98.5 % of answers are right, for probabilities (n, labels), true
    labels (n,) and weights (n,)."""
    ranked = np.sort(scores, axis=1)
    lead, right = ranked[:, -1] - ranked[:, -2], scores.argmax(axis=1) == truth
    for margin in np.arange(0.1, 0.6, 0.02):
        stated = lead >= margin
        if (weight * right)[stated].sum() >= 0.985 * weight[stated].sum():
            return round(float(margin), 2)
    return 0.6


def _quantile(values: Floats, weight: Floats, share: float, *, low: float, high: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weight[order]) / weight.sum()
    return round(float(np.clip(values[order][np.searchsorted(reached, share)], low, high)), 3)


def _balanced(truth: NDArray[np.int64]) -> Floats:
    """Weights that sum to 1, the same for every view."""
    counts = np.bincount(truth, minlength=len(LABELS))[truth]
    return np.asarray(1 / counts / (1 / counts).sum(), dtype=np.float64)


def _images(pool: list[Example], recipe: Recipe, repeats: int) -> tuple[list[NDArray[np.float32]], list[int]]:
    rng = np.random.default_rng(0)
    images, views = [], []
    for example in pool:
        for repeat in range(repeats):
            pixels = example.pixels if repeat == 0 else cropped(example.pixels, rng)
            images.append(recipe.shown(pixels))
            views.append(example.view)
    return images, views
