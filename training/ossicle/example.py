"""One simulated foot with an os trigonum as a DICOM file, its truth beside it: for tests from end to end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import generate_uid

from classifiers.packs import load_pack
from classifiers.runtimes import load
from classifiers.specialists import Specialist
from classifiers.view import ViewClassifier
from router.types import Box
from training.begin import VIEW_PACK
from training.demo import Wanted, dataset
from training.films import film_of
from training.simulate.ossicle_film import expose
from training.simulate.ossicle_scene import FootStudio
from training.simulate.views import TABLE

BONE: Final = "os_trigonum"
VIEW: Final = "foot_lateral"
PIXELS: Final = 640  # of the film's long side
TRIES: Final = 60
Edges = tuple[float, float, float, float]  # left, top, right, bottom


def example(anatomy: Path, cache: Path, pack: Path, out: Path) -> Path:
    """Write ``out`` (.dcm) and its truth (.json): the first draw that the view pack names right and on which
    ``pack`` finds the bone, its box centred on the true one. Raises ValueError when there is none in
    ``TRIES``."""
    studio = FootStudio(anatomy, cache, pixels=PIXELS)
    plain = replace(
        next(view for view in TABLE if view.label == VIEW), collimation=0.0, mirror=0.0, tight=0.0
    )
    shipped, loaded = load_pack(VIEW_PACK), load_pack(pack)
    views = ViewClassifier(shipped, load(shipped, threads=1))
    ours = Specialist(loaded, load(loaded, threads=1))
    for attempt in range(TRIES):
        rng = np.random.default_rng([2026, attempt])
        drawn = expose(studio.shoot(plain, rng, wanted=[BONE]), studio.grain, rng)
        true = next((thing.box for thing in drawn.things if thing.kind == BONE), None)
        film = film_of(drawn.pixels)
        if true is None or views.predict([film])[0].view != VIEW:
            continue
        if any(
            said.label == BONE and said.box and _inside(said.box, true) for said in ours.predict([film])[0]
        ):
            return _written(drawn.pixels, true, out)
    raise ValueError(f"no draw of {TRIES} was named and found")


def _inside(said: Box, true: Edges) -> bool:
    """Whether the middle of the one lies in the other."""
    left, top, right, bottom = true
    return left <= said.x + said.width / 2 <= right and top <= said.y + said.height / 2 <= bottom


def _written(pixels: NDArray[np.uint8], true: Edges, out: Path) -> Path:
    wanted = Wanted(label=VIEW, body_part="FOOT", view_position="LL", laterality="L",
                    pixels=max(pixels.shape), codec="jpeg-ls")  # fmt: skip
    study, series = (
        generate_uid(entropy_srcs=[f"radrouter {what} of an os trigonum"]) for what in ("study", "series")
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    image = np.asarray(pixels, dtype=np.float32) / np.float32(255)
    dataset(image, wanted, 102, study, series).save_as(out, enforce_file_format=True)
    out.with_suffix(".json").write_text(json.dumps({"view": VIEW, "label": BONE, "box": list(true)}) + "\n")
    return out
