"""One network of several that learnt apart: all look at a film.

Their places stand one after the other, so that suppression takes the surest of several boxes of one thing. Of
the film as a whole, and of where it shows what, the mean of the newest and of what was there before speaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.vino import ops, ov
from training.detect.candidates import Candidates
from training.detect.export import OUTPUTS

APART = ("scores", "boxes")  # answers for each place; the others are for the film
Outputs = Mapping[str, NDArray[np.float32]]


def joint(other: ov.Model, own: ov.Model) -> ov.Model:
    """Two detectors of all labels, each one network or several, as one; they are taken apart by it."""
    film = other.get_parameters()[0]
    own.get_parameters()[0].output(0).replace(film.output(0))
    answers = {}
    for name in OUTPUTS:
        one, two = _source(other, name), _source(own, name)
        answers[name] = ops.concat([one, two], axis=1) if name in APART else _mean(one, two)
        answers[name].output(0).get_tensor().set_names({name})
    return ov.Model([ops.result(answer) for answer in answers.values()], [film], "lung")


def _mean(one: Any, two: Any) -> Any:
    return ops.multiply(ops.add(one, two), ops.constant(np.float32(0.5)))


def _source(model: ov.Model, name: str) -> Any:
    """What gives an output; the output's own name goes to the joint one."""
    source = model.output(name).get_node().input_value(0)
    source.get_tensor().set_names(set())
    return source


def said_jointly(other: Outputs, own: Outputs) -> dict[str, NDArray[np.float32]]:
    """What ``joint`` says, from what the two say of the same films."""
    return {
        name: np.concatenate([other[name], own[name]], axis=1)
        if name in APART
        else np.asarray((other[name] + own[name]) / 2, dtype=np.float32)
        for name in OUTPUTS
    }


def candidates_of_both(other: Candidates, own: Candidates) -> Candidates:
    """Of the same films: the boxes and films' logits that ``joint`` would give. Raises ValueError when the
    two are not of as many films."""
    if len(other.image) != len(own.image):
        raise ValueError(f"{len(other.image)} films and {len(own.image)}")
    film = np.concatenate([other.film, own.film])
    order = np.argsort(film, kind="stable")

    def both(one: NDArray[Any], two: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.concatenate([one, two])[order])

    return Candidates(
        film=film[order],
        label=both(other.label, own.label),
        logit=both(other.logit, own.logit),
        boxes=both(other.boxes, own.boxes),
        image=np.asarray((other.image + own.image) / 2, dtype=np.float32),
    )
