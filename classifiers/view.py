"""The view of a film: one batch of films through the network, then calibration, reject rules and gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from classifiers.answers import view_of
from classifiers.manifest import Task
from classifiers.packs import Pack
from classifiers.runtimes import Runtime
from classifiers.tensors import batch
from router.errors import PackError
from router.types import ModelRef, ViewPrediction

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
        raw = self._runtime.infer(batch([film.image for film in films], manifest.input))
        rows = ({head: values[i] for head, values in raw.items()} for i in range(len(films)))
        return [view_of(row, manifest, self.ref) for row in rows]
