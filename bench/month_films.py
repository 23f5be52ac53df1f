"""The real films of the month: each with its true view, and what a view pack says of it upright and turned.

Every film goes the service's way: wrapped as a DICOM file, decoded, prepared, named. What was said is kept in
the temporary folder under the digest of the pack's manifest, so that a second run only compares.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifiers.packs import SHIPPED, Pack, find_packs
from classifiers.pixels import read_film
from classifiers.runtimes import load
from classifiers.view import ViewClassifier
from router.anatomy import ANY_WAY_ROUND
from router.types import Candidate, ViewPrediction
from training.films import RealFilm, read, real_films
from training.wrapped import write

CHOOSE, REPORT = ("calibrate", "look"), ("final",)  # splits of training.films: by group, fixed for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the pack says of one film."""

    view: str
    score: float
    margin: float
    candidates: tuple[Candidate, ...]
    rotation: int | None
    rotation_score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One real film: what it is, and what is said of it, lying turned by 0, 90, 180 and 270 degrees."""

    view: str
    group: str
    split: str
    said: tuple[Said, ...]


def view_pack(folder: Path | None) -> Pack:
    """The newest shipped view pack, or the newest below ``folder``. Raises LookupError."""
    packs = [pack for pack in find_packs([folder or SHIPPED]) if pack.manifest.name == "view"]
    if not packs:
        raise LookupError("there is no view pack")
    return packs[-1]


def named_films(shared: Path, pack: Pack) -> list[Named]:
    """Every real film whose true view is known, named by ``pack``. Raises FileNotFoundError."""
    # The manifest names the weights by their digest, and how they are calibrated.
    digest = hashlib.sha256((pack.folder / "pack.toml").read_bytes()).hexdigest()
    kept = Path(tempfile.gettempdir()) / f"radrouter-month-{digest[:16]}.json"
    films = [film for film in real_films(shared) if len(film.accepted) == 1 and film.folder != "other"]
    answers = json.loads(kept.read_text()) if kept.is_file() else {}
    classifier = None
    for film in films:
        key = f"{film.folder}/{film.path.name}"
        if key in answers:
            continue
        classifier = classifier or ViewClassifier(pack, load(pack, threads=1))
        answers[key] = [_kept(answer) for answer in _name(film, classifier)]
    if classifier is not None:
        kept.write_text(json.dumps(answers))
    return [
        Named(
            view=film.accepted[0],
            group=film.group,
            split=film.split,
            said=tuple(_said(answer) for answer in answers[f"{film.folder}/{film.path.name}"]),
        )
        for film in films
    ]


def _name(film: RealFilm, classifier: ViewClassifier) -> Iterator[ViewPrediction]:
    pixels = read(film.path)
    turns = 1 if film.accepted[0] in ANY_WAY_ROUND else 4
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.dcm"
        for quarter in range(turns):
            write(np.ascontiguousarray(np.rot90(pixels, quarter)), path)
            yield classifier.predict([read_film(path, long_side=None)])[0]


def _kept(answer: ViewPrediction) -> dict[str, object]:
    rotation = answer.further.get("rotation", ())
    return {
        "view": answer.view,
        "score": answer.score,
        "margin": answer.margin,
        "candidates": [[candidate.label, candidate.score] for candidate in answer.candidates],
        "rotation": [int(rotation[0].label), rotation[0].score] if rotation else [None, None],
    }


def _said(kept: dict[str, object]) -> Said:
    candidates, rotation = kept["candidates"], kept["rotation"]
    assert isinstance(candidates, list)
    assert isinstance(rotation, list)
    return Said(
        view=str(kept["view"]),
        score=float(str(kept["score"])),
        margin=float(str(kept["margin"])),
        candidates=tuple(Candidate(label=label, score=score) for label, score in candidates),
        rotation=rotation[0],
        rotation_score=rotation[1],
    )
