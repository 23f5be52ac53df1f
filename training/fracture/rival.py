"""RadLens's network (RadEdje, Apache-2.0) on the same films: two classes, and none for a whole arm."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from classifiers.film import Film
from classifiers.importers.importing import import_model
from classifiers.importers.recipe import Recipe
from classifiers.manifest import Fit
from classifiers.packs import load_pack
from classifiers.runtimes import load
from classifiers.specialists import Specialist

LABELS: Final = ("Galeazzi", "Monteggia")  # in the order of its output
LEVELS: Final = (-1.0, 255 / 127 - 1)  # its page divides by 127 and takes 1 away


class RadLens:
    """The imported network. Its page cuts the middle square out of the picture; so does this."""

    def __init__(self, shared: Path, scratch: Path) -> None:
        """Import from ``shared``/models/radlens_v1. Raises PackError when it cannot be."""
        recipe = Recipe(name="radlens", version="1", licence="Apache-2.0", labels=LABELS, fit=Fit.CENTRE,
                        range=LEVELS)  # fmt: skip
        self._home = tempfile.TemporaryDirectory(dir=scratch)
        imported = import_model(shared / "models" / "radlens_v1", Path(self._home.name), recipe)
        pack = load_pack(imported.pack.folder)
        self._network = Specialist(pack, load(pack, threads=1))

    def says(self, film: Film) -> tuple[str, float]:
        """The label it prefers, and its probability."""
        best = max(self._network.candidates([film])[0], key=lambda one: one.probability)
        return best.label, best.probability
