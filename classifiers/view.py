"""The view of a film: a batch of films through the network, a second look at those that waver, then
calibration, reject rules and gate.

Averaging what a network says of several croppings of one picture is old (Krizhevsky et al., NeurIPS 2012);
here only films that waver cost the second look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from classifiers.answers import calibrated, view_of
from classifiers.manifest import SecondLook, Task
from classifiers.packs import Pack
from classifiers.polarity import TURNED
from classifiers.runtimes import Runtime
from classifiers.tensors import batch, picture
from router.errors import PackError
from router.types import INVERTED, POLARITY, Candidate, ModelRef, ViewPrediction

if TYPE_CHECKING:
    from classifiers.film import Film

Floats = NDArray[np.float32]
Raw = Mapping[str, Floats]


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
        rows, manifest = self.raw(films), self._pack.manifest
        return [_noted(view_of(row, manifest, self.ref), film) for row, film in zip(rows, films, strict=True)]

    def raw(self, films: Sequence[Film]) -> list[Raw]:
        """Each film's heads, (labels,) each, before calibration; one call of the network for all of them, and
        one more for those that are looked at again."""
        pictures = [picture(film, self._pack.manifest.input) for film in films]
        rows = self._look(pictures)
        again = self._pack.manifest.second_look
        doubtful = [] if again is None else [i for i, row in enumerate(rows) if self._wavers(row, again)]
        if again is None or not doubtful:
            return rows
        nearer = self._look([_trimmed(pictures[i], again.trim) for i in doubtful])
        for i, row in zip(doubtful, nearer, strict=True):
            rows[i] = {head: (values + row[head]) / 2 for head, values in rows[i].items()}
        return rows

    def _look(self, pictures: Sequence[Floats]) -> list[Raw]:
        raw = self._runtime.infer(batch(pictures, self._pack.manifest.input))
        return [{head: values[i] for head, values in raw.items()} for i in range(len(pictures))]

    def _wavers(self, row: Raw, again: SecondLook) -> bool:
        second, best = np.sort(calibrated(row["view"], self._pack.manifest.outputs["view"]))[-2:]
        return bool(best - second < again.lead)


def _trimmed(image: Floats, share: float) -> Floats:
    """Without a share of the picture, (h, w) or (h, w, 3), at each edge."""
    top, left = (int(share * size) for size in image.shape[:2])
    return image[top : image.shape[0] - top, left : image.shape[1] - left]


def _noted(prediction: ViewPrediction, film: Film) -> ViewPrediction:
    """The prediction, and beside it that the film's own header shows it inverted, where it does."""
    if TURNED not in film.notes:
        return prediction
    inverted = (Candidate(label=INVERTED, score=1.0),)
    return replace(prediction, further={**prediction.further, POLARITY: inverted})
