"""A trained network in eight bits, activations too: the form in which it is calibrated, measured and shipped.

Half the file of half precision, and half the time where a processor multiplies eight bits at once (VNNI).
The ranges of activations come of films that teach (post-training quantisation by NNCF). Weights keep to seven
bits: with eight, sums overflow on processors without VNNI, and what a film is would depend on the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import keras
import numpy as np

from classifiers.vino import ov
from training.begin import CONVOLUTIONS
from training.films import allowed, chest_films, simulated, some
from training.load import QUANTISED, trained
from training.network import HEADS
from training.quick import Floats, Network, as_openvino, named, predicted
from training.recipe import Recipe

SIMULATED, CHESTS = 300, 30  # films that set ranges, beside all real ones that teach
# First convolutions that stay as they are: all else is made of the edges that they see. On held-out films
# view@8's first network then says what it said twice as exactly, for a fifteenth more time.
EXACT: Final = 3
ALIKE: Final = 0.97  # of held-out films must be named as before


def quantise(*, shared: Path, films: Sequence[Path], network: Path) -> str:
    """Write NETWORK/view.xml from what was trained there; returns a line about how much changed on films that
    may train and did not. Raises FileNotFoundError without trained weights, ValueError without simulated
    films, or when too many films are named otherwise than before: then nothing is written."""
    model, recipe = trained(network)
    exact = with_names(model)
    before = named(exact)
    small = in_eight_bits(exact, _teaching(shared, films, recipe))
    held_out = [*simulated(films, held_out=True), *allowed(shared, "calibrate")]
    shown = [recipe.shown(film.pixels) for film in held_out]
    said = _compared(before, named(small), shown)
    ov.save_model(small, str(network / QUANTISED))
    return said


def in_eight_bits(network: ov.Model, films: Sequence[Floats]) -> ov.Model:
    """``network``, which takes any number of films, in eight bits but for its first convolutions and its
    heads; ``films`` (side, side) set the ranges."""
    import nncf  # type: ignore[import-untyped]  # after OpenVINO, which `classifiers.vino` imports in silence

    side = films[0].shape[0]
    network.reshape({network.inputs[0]: ov.PartialShape([1, side, side, 1])})
    found = [op.get_friendly_name() for op in network.get_ordered_ops() if op.get_type_name() in CONVOLUTIONS]
    small = nncf.quantize(
        network,
        nncf.Dataset([film[None, ..., None] for film in films]),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(films),
        ignored_scope=nncf.IgnoredScope(names=found[:EXACT], types=["MatMul"]),
        advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.ENABLE),
    )
    small.reshape({small.inputs[0]: ov.PartialShape([-1, side, side, 1])})
    return small


def with_names(model: keras.Model) -> ov.Model:
    """A view network as an OpenVINO one, its input and outputs named as in a pack."""
    network = as_openvino(model)
    network.inputs[0].get_tensor().set_names({"image"})
    heads = {len(labels): name for name, labels in HEADS.items()}
    for output in network.outputs:
        output.get_tensor().set_names({heads[output.partial_shape[1].get_length()]})
    return network


def _teaching(shared: Path, films: Sequence[Path], recipe: Recipe) -> list[Floats]:
    made = some(list(simulated(films, held_out=False)), SIMULATED)
    if not made:
        raise ValueError(f"no simulated films in {', '.join(map(str, films))}")
    real = [*allowed(shared, "train"), *some(chest_films(shared, "train"), CHESTS)]
    return [recipe.shown(film.pixels) for film in [*made, *real]]


def _compared(before: Network, after: Network, films: Sequence[Floats]) -> str:
    was, now = (predicted(run, films)["view"] for run in (before, after))
    alike = float((was.argmax(axis=1) == now.argmax(axis=1)).mean())
    said = f"{alike:.4f} of {len(films)} held-out films named as before"
    if alike < ALIKE:
        raise ValueError(f"in eight bits only {said}")
    return f"{said}, logits changed by {np.abs(was - now).mean():.3f} on average"
