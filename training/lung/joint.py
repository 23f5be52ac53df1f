"""One network of two: what lumps taught speaks for masses and nodules, what boxes taught for the six others.

Of masses and nodules there are too few boxes to learn from. The network of part 3 (``train``) learnt them
from lumps laid onto films of other patients; no film with a box ever taught it. Both look at the same film;
their places stand one after the other, and a label is nowhere at the places of the network that does not
speak for it. Where it looked for lumps is shown by its scores: its map of labels, which only reports taught,
lights up along a film's edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.vino import ops, ov
from training.detect.candidates import Candidates
from training.detect.export import OUTPUTS
from training.detect.network import HEAT_STRIDE, STRIDES, places
from training.lung.features import SIDE
from training.lung.films import LABELS
from training.lung.lumps import MASS, NODULE

OF_LUMPS: Final = np.isin(np.arange(len(LABELS)), (MASS, NODULE))
CELLS: Final = SIDE // HEAT_STRIDE
NOWHERE: Final = np.float32(-20.0)  # a logit
Outputs = Mapping[str, NDArray[np.float32]]


def joint(others: ov.Model, lumps: ov.Model) -> ov.Model:
    """Two detectors of all labels as one; they are taken apart by it. Raises ValueError when ``others`` is
    not one network."""
    alone = len(places(SIDE))
    if (found := others.output("scores").partial_shape[1].get_length()) != alone:
        raise ValueError(f"the network for the other findings has {found} places, not {alone}")
    film = others.get_parameters()[0]
    lumps.get_parameters()[0].output(0).replace(film.output(0))
    one, two = ({name: _source(model, name) for name in OUTPUTS} for model in (others, lumps))
    nowhere = ops.constant(NOWHERE)
    first = ops.select(_mask(3), nowhere, one["scores"])
    second = ops.select(_mask(3), two["scores"], nowhere)
    best = ops.reduce_max(two["scores"], np.array([1]), keep_dims=False)
    answers = {
        "scores": ops.concat([first, second], axis=1),
        "boxes": ops.concat([one["boxes"], two["boxes"]], axis=1),
        "image": ops.select(_mask(2), best, one["image"]),
        "heat": ops.select(_mask(4), _heat_of_scores(two["scores"]), one["heat"]),
    }
    for name, answer in answers.items():
        answer.output(0).get_tensor().set_names({name})
    return ov.Model([ops.result(answer) for answer in answers.values()], [film], "lung")


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


def said_jointly(others: Outputs, lumps: Outputs) -> dict[str, NDArray[np.float32]]:
    """What ``joint`` says, from what the two say of the same films."""
    first = np.where(OF_LUMPS, NOWHERE, others["scores"])
    second = np.where(OF_LUMPS, lumps["scores"], NOWHERE)
    return {
        "scores": np.concatenate([first, second], axis=1),
        "boxes": np.concatenate([others["boxes"], lumps["boxes"]], axis=1),
        "image": np.where(OF_LUMPS, lumps["scores"].max(axis=1), others["image"]),
        "heat": np.where(OF_LUMPS, heat_of_scores(lumps["scores"]), others["heat"]),
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


def candidates_of_both(others: Candidates, lumps: Candidates) -> Candidates:
    """Of the same films: the boxes and films' logits that ``joint`` would give. Raises ValueError when the
    two are not of as many films."""
    if len(others.image) != len(lumps.image):
        raise ValueError(f"{len(others.image)} films and {len(lumps.image)}")
    ours, theirs = OF_LUMPS[lumps.label], ~OF_LUMPS[others.label]
    film = np.concatenate([others.film[theirs], lumps.film[ours]])
    order = np.argsort(film, kind="stable")
    best = np.full(others.image.shape, NOWHERE, dtype=np.float32)
    np.maximum.at(best, (lumps.film, lumps.label), lumps.logit)

    def both(one: NDArray[Any], two: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.concatenate([one[theirs], two[ours]])[order])

    return Candidates(
        film=film[order],
        label=both(others.label, lumps.label),
        logit=both(others.logit, lumps.logit),
        boxes=both(others.boxes, lumps.boxes),
        image=np.where(OF_LUMPS, best, others.image),
    )
