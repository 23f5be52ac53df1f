"""One simulated Monteggia injury as a DICOM file, with its truth beside it: for tests from end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
from pydicom.uid import generate_uid

from classifiers.packs import load_pack
from classifiers.runtimes import load
from classifiers.specialists import Specialist
from classifiers.view import ViewClassifier
from training.begin import VIEW_PACK
from training.demo import Wanted, dataset
from training.detect.measures import overlaps
from training.films import film_of
from training.fracture.evaluate import edges
from training.simulate.fracture.film import BrokenFilm, BrokenStudio
from training.simulate.fracture.injuries import MONTEGGIA

TRIES: Final = 200
WELL: Final = 0.4  # overlap of the stated box with the true one
VIEWS: Final = {"elbow_lateral": ("ELBOW", "LL"), "elbow_ap": ("ELBOW", "AP")}


def example(anatomy: Path, cache: Path, pack: Path, out: Path) -> Path:
    """Write ``out`` (.dcm) and its truth (.json): the first draw that the view pack names right and on which
    ``pack`` finds what is broken. Raises ValueError when there is none in ``TRIES``."""
    studio = BrokenStudio(anatomy, cache)
    shipped = load_pack(VIEW_PACK)
    view, loaded = ViewClassifier(shipped, load(shipped, threads=1)), load_pack(pack)
    ours = Specialist(loaded, load(loaded, threads=1))
    for attempt in range(TRIES):
        rng = np.random.default_rng([2026, attempt])
        drawn = studio.expose(studio.pose(rng, only="monteggia"), rng)
        named = view.predict([film_of(drawn.pixels)])[0].view
        if drawn.view == named and named in VIEWS and _found(ours, drawn):
            return _written(drawn, out)
    raise ValueError(f"no draw of {TRIES} was named and found")


def _found(ours: Specialist, drawn: BrokenFilm) -> bool:
    said = [one for one in ours.predict([film_of(drawn.pixels)])[0] if one.label == MONTEGGIA]
    true = drawn.truth.boxes[[label == MONTEGGIA for label in drawn.truth.labels]]
    return bool(said and len(true) and overlaps(edges(said), true).max() > WELL)


def _written(drawn: BrokenFilm, out: Path) -> Path:
    part, position = VIEWS[drawn.view]
    wanted = Wanted(label=drawn.view, body_part=part, view_position=position, laterality="L",
                    pixels=max(drawn.pixels.shape), codec="jpeg-ls")  # fmt: skip
    study, series = (
        generate_uid(entropy_srcs=[f"radrouter {what} of a break"]) for what in ("study", "series")
    )
    image = np.asarray(drawn.pixels, dtype=np.float32) / np.float32(255)
    out.parent.mkdir(parents=True, exist_ok=True)
    dataset(image, wanted, 101, study, series).save_as(out, enforce_file_format=True)
    truth = {"view": drawn.view, "labels": drawn.truth.labels, "boxes": drawn.truth.boxes.tolist()}
    out.with_suffix(".json").write_text(json.dumps(truth) + "\n")
    return out
