"""The view of a film: one batch of films through the network, then calibration, reject rules and gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from classifiers.answers import turned, view_of
from classifiers.manifest import Output, Task
from classifiers.packs import Pack
from classifiers.polarity import TURNED
from classifiers.runtimes import Runtime
from classifiers.tensors import batch, picture
from router.anatomy import ANY_WAY_ROUND
from router.errors import PackError
from router.types import INVERTED, POLARITY, Candidate, ModelRef, ViewPrediction
from router.views import OTHER

if TYPE_CHECKING:
    from classifiers.film import Film

ROTATION = "rotation"  # the head that says how a film lies turned
Floats = NDArray[np.float32]


class ViewClassifier:
    """A view pack with its warm network."""

    def __init__(self, pack: Pack, runtime: Runtime) -> None:
        """Raises PackError for a pack of another task."""
        if pack.manifest.task is not Task.VIEW:
            raise PackError(f"pack {pack.ref}: its task is {pack.manifest.task}, not view")
        self._pack = pack
        self._runtime = runtime

    @property
    def ref(self) -> ModelRef:
        """The model that every prediction carries."""
        return self._pack.ref

    def predict(self, films: Sequence[Film]) -> list[ViewPrediction]:
        """The view of each film, in order; one call of the network for all of them, and another for those of
        which it is not clear how they lie.
        """
        manifest = self._pack.manifest
        seen = batch([picture(film, manifest.input) for film in films], manifest.input)
        raw = self._runtime.infer(seen)
        rows = ({head: values[i] for head, values in raw.items()} for i in range(len(films)))
        said = [view_of(row, manifest, self.ref) for row in rows]
        if (head := manifest.outputs.get(ROTATION)) is not None and head.look_again is not None:
            unclear = [i for i, one in enumerate(said) if _unclear(one, head.look_again)]
            turns = self._looked_at_again(seen[unclear], raw[ROTATION][unclear], head)
            for i, turn in zip(unclear, turns, strict=True):
                said[i] = replace(said[i], further={**said[i].further, ROTATION: turn})
        return [_noted(one, film) for one, film in zip(said, films, strict=True)]

    def _looked_at_again(self, seen: Floats, first: Floats, head: Output) -> list[tuple[Candidate, ...]]:
        """How films (N, H, W, C) lie, of which (N, 4) was said: each turned by the three other quarters."""
        if not len(seen):
            return []
        turns = [np.ascontiguousarray(np.rot90(seen, quarter, axes=(1, 2))) for quarter in (1, 2, 3)]
        more = self._runtime.infer(np.concatenate(turns))[ROTATION].reshape(3, len(seen), -1)
        return [turned([first[i], *more[:, i]], head) for i in range(len(seen))]


def _unclear(prediction: ViewPrediction, least: float) -> bool:
    """Whether a film has an upright, and how it lies is less probable than ``least``."""
    best = prediction.candidates[0].label
    return best not in ANY_WAY_ROUND and best != OTHER and prediction.further[ROTATION][0].score < least


def _noted(prediction: ViewPrediction, film: Film) -> ViewPrediction:
    """The prediction, and beside it that the film's own header shows it inverted, where it does."""
    if TURNED not in film.notes:
        return prediction
    inverted = (Candidate(label=INVERTED, score=1.0),)
    return replace(prediction, further={**prediction.further, POLARITY: inverted})
