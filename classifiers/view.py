"""The view of a film: one batch of films through the network, then calibration, reject rules and gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from classifiers.answers import calibrated, together, turned, view_of
from classifiers.looks import in_other_positions, in_quarter_turns
from classifiers.manifest import ROTATION, VIEW, Task
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
        """The view of each film, in order."""
        said = [view_of(row, self._pack.manifest, self.ref) for row in self.heads(films)]
        return [_noted(one, film) for one, film in zip(said, films, strict=True)]

    def heads(self, films: Sequence[Film]) -> list[dict[str, Floats]]:
        """What each head says of each film, in order, before calibration: (labels,) each. One call of the
        network for all films, and one more per head for those of which that head was not sure.
        """
        wanted = self._pack.manifest.input
        seen = batch([picture(film, wanted) for film in films], wanted)
        raw = self._runtime.infer(seen)
        rows = [{head: values[i] for head, values in raw.items()} for i in range(len(films))]
        self._look_again(VIEW, seen, rows)
        self._look_again(ROTATION, seen, rows)
        return rows

    def _look_again(self, head: str, seen: Floats, rows: list[dict[str, Floats]]) -> None:
        """Ask a head once more about the films (N, H, W, C) of which it was not sure; ``rows`` are changed.

        The view comes first: whether a film has an upright is for the view to say.
        """
        output = self._pack.manifest.outputs.get(head)
        if output is None or output.look_again is None:
            return
        least = output.look_again
        unclear = [i for i, row in enumerate(rows) if calibrated(row[head], output).max() < least]
        if head == ROTATION:
            unclear = [i for i in unclear if self._has_an_upright(rows[i])]
        if unclear:
            joined = together if head == VIEW else turned
            for i, *more in zip(unclear, *self._further_looks(head, seen[unclear]), strict=True):
                rows[i][head] = joined([rows[i][head], *more], output)

    def _further_looks(self, head: str, seen: Floats) -> list[Floats]:
        """What a head says of films (N, H, W, C) in further looks, (N, labels) each. The pack's further
        network has seen none of them: of their view it tells what it sees at first, too."""
        if head == ROTATION:
            return _asked(self._runtime, head, in_quarter_turns(seen))
        looks, other = in_other_positions(seen), self._runtime.further
        found = _asked(self._runtime, head, looks)
        return found if other is None else found + _asked(other, head, [seen, *looks])

    def _has_an_upright(self, row: Mapping[str, Floats]) -> bool:
        best = view_of(row, self._pack.manifest, self.ref).candidates[0].label
        return best not in ANY_WAY_ROUND and best != OTHER


def _asked(runtime: Runtime, head: str, looks: Sequence[Floats]) -> list[Floats]:
    """What a network's head says of each look (N, H, W, C): (N, labels) each; one call for all."""
    return np.split(runtime.infer(np.concatenate(looks))[head], len(looks))


def _noted(prediction: ViewPrediction, film: Film) -> ViewPrediction:
    """The prediction, and beside it that the film's own header shows it inverted, where it does."""
    if TURNED not in film.notes:
        return prediction
    inverted = (Candidate(label=INVERTED, score=1.0),)
    return replace(prediction, further={**prediction.further, POLARITY: inverted})
