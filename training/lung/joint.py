"""One network of two that learnt apart, of the same films in the same folds: both look at a film.

The newer one speaks for all findings. The other, from before signs were laid onto films (``laid``), speaks
beside it for those of which boxes had taught it enough: all but masses and nodules. Their places stand one
after the other, so that suppression takes the surer of two boxes of one thing; of the film as a whole, and of
where it shows what, the answer is the mean of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.vino import ops, ov
from training.detect.candidates import Candidates
from training.detect.export import OUTPUTS
from training.detect.network import places
from training.lung.features import SIDE
from training.lung.films import LABELS
from training.lung.lumps import MASS, NODULE

ALSO: Final = ~np.isin(np.arange(len(LABELS)), (MASS, NODULE))  # of these the other network speaks too
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
    spoken = ops.select(_mask(3), one["scores"], ops.constant(NOWHERE))
    answers = {
        "scores": ops.concat([spoken, two["scores"]], axis=1),
        "boxes": ops.concat([one["boxes"], two["boxes"]], axis=1),
        "image": _mean(one["image"], two["image"], dimensions=2),
        "heat": _mean(one["heat"], two["heat"], dimensions=4),
    }
    for name, answer in answers.items():
        answer.output(0).get_tensor().set_names({name})
    return ov.Model([ops.result(answer) for answer in answers.values()], [film], "lung")


def unboxed_answers(network: ov.Model) -> dict[str, Any]:
    """Of lung@2's network: the operations that give the places and boxes of the one of its two that no boxed
    film taught, and that speaks for masses and nodules alone. Raises ValueError for another network: what has
    learnt from boxed films must not begin a training that is measured on them."""
    ends = {name: network.output(name).get_node().input_value(0).get_node() for name in ("scores", "boxes")}
    for name, end in ends.items():
        ends[name] = end.input_value(1).get_node() if end.get_type_name() == "Concat" else end
    if ends["scores"].get_type_name() != "Select":
        raise ValueError("only lung@2 has a network to begin with that no boxed film taught")
    return ends | {"scores": ends["scores"].input_value(1).get_node()}


def _mean(one: Any, two: Any, *, dimensions: int) -> Any:
    """Of both where both speak."""
    both = ops.multiply(ops.add(one, two), ops.constant(np.float32(0.5)))
    return ops.select(_mask(dimensions), both, two)


def _source(model: ov.Model, name: str) -> Any:
    """What gives an output; the output's own name goes to the joint one."""
    source = model.output(name).get_node().input_value(0)
    source.get_tensor().set_names(set())
    return source


def _mask(dimensions: int) -> Any:
    return ops.constant(ALSO.reshape((1,) * (dimensions - 1) + (-1,)))


def said_jointly(other: Outputs, own: Outputs) -> dict[str, NDArray[np.float32]]:
    """What ``joint`` says, from what the two say of the same films."""
    spoken = np.where(ALSO, other["scores"], NOWHERE)
    return {
        "scores": np.concatenate([spoken, own["scores"]], axis=1),
        "boxes": np.concatenate([other["boxes"], own["boxes"]], axis=1),
    } | {name: np.where(ALSO, (other[name] + own[name]) / 2, own[name]) for name in ("image", "heat")}


def candidates_of_both(other: Candidates, own: Candidates) -> Candidates:
    """Of the same films: the boxes and films' logits that ``joint`` would give. Raises ValueError when the
    two are not of as many films."""
    if len(other.image) != len(own.image):
        raise ValueError(f"{len(other.image)} films and {len(own.image)}")
    heard = ALSO[other.label]
    film = np.concatenate([other.film[heard], own.film])
    order = np.argsort(film, kind="stable")

    def both(one: NDArray[Any], two: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.concatenate([one[heard], two])[order])

    return Candidates(
        film=film[order],
        label=both(other.label, own.label),
        logit=both(other.logit, own.logit),
        boxes=both(other.boxes, own.boxes),
        image=np.where(ALSO, (other.image + own.image) / 2, own.image),
    )
