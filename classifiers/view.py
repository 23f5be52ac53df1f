"""The view of a film: one batch of films through the network, then calibration, reject rules and gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from classifiers.answers import view_of
from classifiers.manifest import Task
from classifiers.packs import Pack
from classifiers.polarity import TURNED
from classifiers.runtimes import Runtime
from classifiers.tensors import batch, picture
from router.errors import PackError
from router.types import INVERTED, POLARITY, Candidate, ModelRef, ViewPrediction

if TYPE_CHECKING:
    from classifiers.film import Film


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
        """The view of each film, in order; one call of the network for all of them."""
        manifest = self._pack.manifest
        raw = self._runtime.infer(batch([picture(film, manifest.input) for film in films], manifest.input))
        rows = ({head: values[i] for head, values in raw.items()} for i in range(len(films)))
        return [_noted(view_of(row, manifest, self.ref), film) for row, film in zip(rows, films, strict=True)]


def _noted(prediction: ViewPrediction, film: Film) -> ViewPrediction:
    """The prediction, and beside it that the film's own header shows it inverted, where it does."""
    if TURNED not in film.notes:
        return prediction
    inverted = (Candidate(label=INVERTED, score=1.0),)
    return replace(prediction, further={**prediction.further, POLARITY: inverted})
