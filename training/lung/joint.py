"""One network of two that learnt apart: both look at a film.

The newer one speaks for all findings. The other, from before signs were laid onto films (``laid``), speaks
beside it for those of which boxes had taught it enough: all but masses and nodules. Their places stand one
after the other, so that suppression takes the surer of two boxes of one thing.

Of the film as a whole, and of where it shows what, only the other one has learnt from reports. For masses and
nodules the newer one's surest place speaks for the film, and its scores are what is shown: its map of labels
lights up along a film's edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.vino import ops, ov
from training.detect.begin import answers_of
from training.detect.candidates import Candidates
from training.detect.export import OUTPUTS
from training.detect.network import HEAT_STRIDE, STRIDES, places
from training.lung.features import SIDE
from training.lung.films import LABELS
from training.lung.lumps import MASS, NODULE

OF_LUMPS: Final = np.isin(np.arange(len(LABELS)), (MASS, NODULE))  # of these the newer one speaks alone
CELLS: Final = SIDE // HEAT_STRIDE
NOWHERE: Final = np.float32(-20.0)  # a logit
Outputs = Mapping[str, NDArray[np.float32]]


def joint(other: ov.Model, own: ov.Model) -> ov.Model:
    """Two detectors of all labels as one; they are taken apart by it. Raises ValueError when ``other`` is not
    one network."""
    alone = len(places(SIDE))
    if (found := other.output("scores").partial_shape[1].get_length()) != alone:
        raise ValueError(f"the other network has {found} places, not {alone}")
    film = other.get_parameters()[0]
    own.get_parameters()[0].output(0).replace(film.output(0))
    one, two = ({name: _source(model, name) for name in OUTPUTS} for model in (other, own))
    spoken = ops.select(_mask(3), ops.constant(NOWHERE), one["scores"])
    best = ops.reduce_max(two["scores"], np.array([1]), keep_dims=False)
    answers = {
        "scores": ops.concat([spoken, two["scores"]], axis=1),
        "boxes": ops.concat([one["boxes"], two["boxes"]], axis=1),
        "image": ops.select(_mask(2), best, one["image"]),
        "heat": ops.select(_mask(4), _heat_of_scores(two["scores"]), one["heat"]),
    }
    for name, answer in answers.items():
        answer.output(0).get_tensor().set_names({name})
    return ov.Model([ops.result(answer) for answer in answers.values()], [film], "lung")


def unboxed_answers(network: ov.Model) -> dict[str, Any]:
    """Of lung@2's network: the operations that give the places and boxes of the one of its two that no boxed
    film taught, and that speaks for masses and nodules alone. Raises ValueError for another network: what has
    learnt from boxed films must not begin a training that is measured on them."""
    ends = answers_of(network)
    for name, end in ends.items():
        ends[name] = end.input_value(1).get_node() if end.get_type_name() == "Concat" else end
    if ends["scores"].get_type_name() != "Select":
        raise ValueError("only lung@2 has a network to begin with that no boxed film taught")
    return ends | {"scores": ends["scores"].input_value(1).get_node()}


def _heat_of_scores(scores: Any) -> Any:
    """(N, A, K) to the best score around each place of the middle level, (N, h, w, K)."""
    levels, start = [], 0
    for stride in STRIDES:
        cells, count = SIDE // stride, (SIDE // stride) ** 2
        ends = (np.array([one]) for one in (start, start + count, 1, 1))
        level = ops.slice(scores, *ends)
        start += count
        if stride <= HEAT_STRIDE:
            times = HEAT_STRIDE // stride
            level = _shaped(level, (0, CELLS, times, CELLS, times, -1))
            level = ops.reduce_max(level, np.array([2, 4]), keep_dims=False)
        else:
            times = stride // HEAT_STRIDE
            level = ops.tile(
                _shaped(level, (0, cells, 1, cells, 1, -1)), np.array([1, 1, times, 1, times, 1])
            )
            level = _shaped(level, (0, CELLS, CELLS, len(LABELS)))
        levels.append(level)
    return reduce(ops.maximum, levels)


def _shaped(value: Any, shape: tuple[int, ...]) -> Any:
    return ops.reshape(value, np.array(shape), special_zero=True)


def _source(model: ov.Model, name: str) -> Any:
    """What gives an output; the output's own name goes to the joint one."""
    source = model.output(name).get_node().input_value(0)
    source.get_tensor().set_names(set())
    return source


def _mask(dimensions: int) -> Any:
    return ops.constant(OF_LUMPS.reshape((1,) * (dimensions - 1) + (-1,)))


def said_jointly(other: Outputs, own: Outputs) -> dict[str, NDArray[np.float32]]:
    """What ``joint`` says, from what the two say of the same films."""
    spoken = np.where(OF_LUMPS, NOWHERE, other["scores"])
    return {
        "scores": np.concatenate([spoken, own["scores"]], axis=1),
        "boxes": np.concatenate([other["boxes"], own["boxes"]], axis=1),
        "image": np.where(OF_LUMPS, own["scores"].max(axis=1), other["image"]),
        "heat": np.where(OF_LUMPS, heat_of_scores(own["scores"]), other["heat"]),
    }


def heat_of_scores(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, A, K) logits of places to the best one around each place of the middle level: (N, h, w, K)."""
    levels, start = [], 0
    for stride in STRIDES:
        cells = SIDE // stride
        level = scores[:, start : start + cells**2].reshape(len(scores), cells, cells, -1)
        start += cells**2
        if stride <= HEAT_STRIDE:
            times = HEAT_STRIDE // stride
            level = level.reshape(len(scores), CELLS, times, CELLS, times, -1).max(axis=(2, 4))
        else:
            times = stride // HEAT_STRIDE
            level = level.repeat(times, axis=1).repeat(times, axis=2)
        levels.append(level)
    return np.asarray(np.max(levels, axis=0))


def candidates_of_both(other: Candidates, own: Candidates) -> Candidates:
    """Of the same films: the boxes and films' logits that ``joint`` would give. Raises ValueError when the
    two are not of as many films."""
    if len(other.image) != len(own.image):
        raise ValueError(f"{len(other.image)} films and {len(own.image)}")
    heard = ~OF_LUMPS[other.label]
    film = np.concatenate([other.film[heard], own.film])
    order = np.argsort(film, kind="stable")
    best = np.full(other.image.shape, NOWHERE, dtype=np.float32)
    np.maximum.at(best, (own.film, own.label), own.logit)

    def both(one: NDArray[Any], two: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.concatenate([one[heard], two])[order])

    return Candidates(
        film=film[order],
        label=both(other.label, own.label),
        logit=both(other.logit, own.logit),
        boxes=both(other.boxes, own.boxes),
        image=np.where(OF_LUMPS, best, other.image),
    )
