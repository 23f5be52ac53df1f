"""Films of elbows, forearms and wrists as a detector's examples, and what the real ones are known to show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from training.detect.example import BoxedFilm, fitted
from training.films import RealFilm, read, real_films
from training.simulate.fracture.film import BrokenFilm
from training.simulate.fracture.injuries import FRACTURE, LABELS
from training.simulate.fracture.render import load_shard

__all__ = ["LABELS", "SIDE", "KnownFilm", "known_films", "other_films", "simulated"]
SIDE: Final = 256  # pixels of the network's input
FOREARM: Final = ("elbow_ap", "elbow_lateral", "wrist_ap", "wrist_lateral", "other_forearm")
HAND: Final = ("hand_ap", "hand_oblique")  # they show the wrist too
HELD_OUT: Final = 10  # every tenth patient of a shard

# What real films show, by the start of their file names. "fractured" of FracAtlas is its radiologists' word
# (its folder in the manifest's source path), Salter-Harris that of the film's author; "seen" was read off the
# film by eye, by no radiologist. Whoever is not named shows no break of forearm or elbow as far as is known.
BROKEN: Final = {
    "93498516c4ef": "fractured, FracAtlas: shaft",
    "5d4a043ae62d": "fractured, FracAtlas: both bones above the wrist",
    "95bf95eed83a": "fractured, FracAtlas: radius above the wrist",
    "e3c6a842bdf7": "Salter-Harris II of the distal radius",
    "5c83cff86eee": "Salter-Harris II of the distal radius",
    "3cf76ec21d52": "seen: both shafts, displaced",
    "1bc7007d747b": "seen: both shafts, displaced",
}
DOUBTFUL: Final = {
    "ed689e4cbe73": "plates on both shafts, the breaks between them",
    "fb40e394b5d5": "plates on both shafts, the breaks between them",
    "66c70f2ff749": "an elbow in a splint",
    "c7727c815997": "a scaphoid's fracture",
}
BOXED: Final = {"93498516c4ef": (0.52, 0.27, 0.60, 0.47)}  # parts of the film; read off by eye


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFilm:
    """A real film of an elbow, forearm, wrist or hand."""

    film: RealFilm
    broken: bool | None  # None: neither counts for nor against the model
    what: str


def known_films(shared: Path, *, hands: bool = False) -> list[KnownFilm]:
    """Every real film of ``shared``/films that this model is for; with ``hands`` also those of hands."""
    wanted = FOREARM + (HAND if hands else ())
    found = []
    for film in real_films(shared):
        name = film.path.stem
        if film.folder in wanted or name in BROKEN:
            doubtful = DOUBTFUL.get(name)
            what = BROKEN.get(name) or doubtful or ""
            broken = None if doubtful else name in BROKEN
            found.append(KnownFilm(film=film, broken=broken, what=what))
    return found


def real_examples(shared: Path, split: str) -> list[BoxedFilm]:
    """Forearm films that may be learnt from (``train``) or chosen by (``calibrate``), fitted.

    A broken one without a box teaches only that the film shows a break. Raises ValueError for other splits.
    """
    if split not in ("train", "calibrate"):
        raise ValueError(f"films of {split!r} are not for training")
    films = []
    for known in known_films(shared, hands=True):
        if known.film.split == split and known.broken is not None:
            films.append(_example(known))
    return films


def other_films(shared: Path, split: str) -> list[BoxedFilm]:
    """Real films of other parts of the body that may train: none of them shows a broken forearm."""
    if split not in ("train", "calibrate"):
        raise ValueError(f"films of {split!r} are not for training")
    skip = {known.film.path for known in known_films(shared, hands=True)}
    return [_boxed(read(film.path), [], [], film.group) for film in real_films(shared)
            if film.split == split and film.path not in skip]  # fmt: skip


def _example(known: KnownFilm) -> BoxedFilm:
    pixels, name = read(known.film.path), known.film.path.stem
    if not known.broken:
        return _boxed(pixels, [], [], known.film.group)
    size = np.array([pixels.shape[1], pixels.shape[0]] * 2)
    boxes = [(np.array(BOXED[name]) * size).tolist()] if name in BOXED else []
    film = _boxed(pixels, boxes, [FRACTURE] * len(boxes), known.film.group)
    film.image[LABELS.index(FRACTURE)] = 1.0
    for label, place in ((label, LABELS.index(label)) for label in LABELS):
        if not boxes or label != FRACTURE:  # whether its joints are whole was not read
            film.known[place] = 0.0
            film.image[place] = 1.0 if label == FRACTURE else np.nan
    return film


def _boxed(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], boxes: list[list[float]],
           labels: list[str], group: str, unsure: frozenset[str] = frozenset()) -> BoxedFilm:  # fmt: skip
    image = np.array([float(label in labels) for label in LABELS], dtype=np.float32)
    known = np.array([float(label not in unsure) for label in LABELS], dtype=np.float32)
    image[[label in unsure and label not in labels for label in LABELS]] = np.nan
    film = BoxedFilm(pixels=pixels, boxes=np.array(boxes, dtype=np.float32).reshape(-1, 4), image=image,
                     labels=np.array([LABELS.index(label) for label in labels], dtype=np.int64), known=known,
                     group=group)  # fmt: skip
    return fitted(film, side=SIDE)


def simulated(folder: Path, *, held_out: bool) -> Iterator[tuple[BoxedFilm, BrokenFilm]]:
    """Simulated films of ``folder``, fitted, each with what it was made from; every tenth patient is held
    out."""
    for path in sorted(folder.glob("fracture-*.npz")):
        for film, patient in load_shard(path):
            if (patient % HELD_OUT == 0) == held_out:
                truth = film.truth
                yield (
                    _boxed(film.pixels, truth.boxes.tolist(), list(truth.labels), f"{path.stem}-{patient}",
                           truth.unsure),
                    film,
                )  # fmt: skip
