"""The view pack that benches run: the shipped one, or while there is none, one of its size that knows
nothing.

python -m bench.packs FOLDER        writes view/0 with random weights below FOLDER (needs TensorFlow)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.house import CHECKOUT
from classifiers.manifest import Fit, Task, Values
from classifiers.packs import SHIPPED, find_packs
from router.views import NNCPR_VIEWS

SIDE = 224  # pixels of the network's input


def view_pack_folders(work: Path, given: Path | None = None) -> tuple[list[Path], str]:
    """Folders for ``models.folders`` so that there is a view pack, and which one that is.

    ``given`` is a folder with packs, to be taken as it is.
    """
    if given is not None:
        return [given.resolve()], f"the packs of {given.name}"
    shipped = [pack for pack in find_packs([SHIPPED]) if pack.manifest.task is Task.VIEW]
    if shipped:
        return [], f"the shipped {shipped[-1].ref}"
    # In a process of its own: TensorFlow's threads and memory are not to be measured along.
    subprocess.run(
        [sys.executable, "-m", "bench.packs", str(work)],
        cwd=CHECKOUT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
    )
    return [work], f"a MobileNetV2 of {SIDE} px with random weights: no view pack is shipped yet"


def write_random_pack(folder: Path) -> None:
    """MobileNetV2 with a head for the views, never trained, imported as anybody's Keras file is."""
    import keras

    from classifiers.importers.importing import import_model
    from classifiers.importers.recipe import Recipe

    film = keras.Input((SIDE, SIDE, 1), name="film")
    body = keras.applications.MobileNetV2(
        input_tensor=film, input_shape=(SIDE, SIDE, 1), weights=None, include_top=False, pooling="avg"
    )
    view = keras.layers.Dense(len(NNCPR_VIEWS), name="view")(body.output)
    recipe = Recipe(
        name="view",
        version="0",
        licence="CC0-1.0",
        task=Task.VIEW,
        training_data="none: random weights",
        labels=NNCPR_VIEWS,
        values=Values.LOGITS,
        fit=Fit.FILM,
        margin=0.0,
        side=SIDE,
        range=(0.0, 1.0),
    )
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "view.keras"
        keras.Model(film, view).save(source)
        import_model(source, folder, recipe)


if __name__ == "__main__":
    write_random_pack(Path(sys.argv[1]))
