"""The view of a film: one batch of films through the network, then calibration, reject rules and gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from classifiers.answers import calibrated, candidates, view_of
from classifiers.manifest import Task
from classifiers.packs import Pack
from classifiers.runtimes import Runtime
from classifiers.tensors import batch
from router.errors import PackError
from router.types import Candidate, ModelRef, ViewPrediction

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
        return [prediction for prediction, _ in self.read(films)]

    def read(self, films: Sequence[Film]) -> list[tuple[ViewPrediction, Mapping[str, tuple[Candidate, ...]]]]:
        """The view of each film, and what each further head (projection, rotation, ...) says of it:
        calibrated, best first.
        """
        manifest = self._pack.manifest
        raw = self._runtime.infer(batch([film.image for film in films], manifest.input))
        further = {head: output for head, output in manifest.outputs.items() if head != "view"}
        rows = [{head: values[i] for head, values in raw.items()} for i in range(len(films))]
        return [
            (
                view_of(row, manifest, self.ref),
                {
                    h: tuple(candidates(calibrated(row[h], output), output.labels))
                    for h, output in further.items()
                },
            )
            for row in rows
        ]
