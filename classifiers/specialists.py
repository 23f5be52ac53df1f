"""Models that a rule sends a film to. Those that label a whole film are here; those that draw boxes come with
their packs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from classifiers.answers import findings_of
from classifiers.manifest import Task
from classifiers.packs import Pack
from classifiers.runtimes import Runtime
from classifiers.tensors import batch
from router.errors import PackError
from router.types import Finding, ModelRef

if TYPE_CHECKING:
    from classifiers.film import Film


class Specialist:
    """A pack of the task ``classify`` with its warm network: labels of the whole film, no boxes."""

    def __init__(self, pack: Pack, runtime: Runtime) -> None:
        """Raises PackError for a pack of another task."""
        if pack.manifest.task is not Task.CLASSIFY:
            raise PackError(
                f"pack {pack.ref}: its task {pack.manifest.task} is not one a specialist here can do"
            )
        self._pack = pack
        self._runtime = runtime

    @property
    def ref(self) -> ModelRef:
        """The model that every finding carries."""
        return self._pack.ref

    def predict(self, films: Sequence[Film]) -> list[tuple[Finding, ...]]:
        """What is stated about each film, in order, best first; one call of the network for all of them."""
        manifest = self._pack.manifest
        raw = self._runtime.infer(batch([film.image for film in films], manifest.input))
        return [findings_of(values, manifest, self.ref) for values in raw["classify"]]
