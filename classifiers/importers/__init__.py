"""Foreign models become packs.

TensorFlow reads most of them, and is an extra of the installation: it is imported when a model is, not
before. NNCPR's network needs no conversion, and so no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.importers.nncpr import install_nncpr
from classifiers.importers.recipe import Recipe
from router.errors import PackError

if TYPE_CHECKING:
    from classifiers.importers.importing import Imported

__all__ = ["Recipe", "import_model", "install_nncpr"]


def import_model(
    source: Path, target: Path, recipe: Recipe, *, progress: Callable[[str], None] = lambda _: None
) -> Imported:
    """See ``classifiers.importers.importing.import_model``; raises PackError, also where TensorFlow is not
    installed.
    """
    try:
        from classifiers.importers import importing
    except ModuleNotFoundError as error:
        raise PackError(
            f"importing a model needs TensorFlow ({error.name} is missing):"
            " pip install 'radrouter[tensorflow]'"
        ) from error
    return importing.import_model(source, target, recipe, progress=progress)
