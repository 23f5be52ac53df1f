"""Films of elbows, forearms and wrists as a detector's examples, and what the real ones are known to show.

One network looks twice. On the whole film it finds breaks and the places of the two joints; on a square
round a joint, cut as the running service cuts it, whether that joint is apart or a bone near it broken: on a
film of a forearm a joint is a few dozen pixels, too few to tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.random import Generator

from classifiers.closer import Square
from training.detect.closer import look_at, square_near
from training.detect.example import BoxedFilm, asked_of, whole_look
from training.films import RealFilm, read, real_films
from training.simulate.fracture.film import BrokenFilm
from training.simulate.fracture.injuries import FRACTURE, PLACES
from training.simulate.fracture.injuries import LABELS as HURT
from training.simulate.fracture.render import PREFIX, load_shard

SIDE: Final = 256  # pixels of the network's input
CONTEXT: Final = 2.5  # the square looked at, over the longer side of the joint's box
LABELS: Final = (*HURT, *PLACES.values())
BREAKS: Final = tuple(label for label in HURT if label not in PLACES)  # what the whole film is asked for
FOREARM: Final = ("elbow_ap", "elbow_lateral", "wrist_ap", "wrist_lateral", "other_forearm")
HAND: Final = ("hand_ap", "hand_oblique")  # they show the wrist too
SQUARES: Final = 8  # of each real film of another part,
ARMS_OFTENER: Final = 4  # times as many of a whole arm
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A simulated film and the patient it is of."""

    film: BrokenFilm
    group: str


def simulated_arms(folder: Path, *, held_out: bool) -> Iterator[Arm]:
    """The films rendered into a folder that are learnt from, or those of every tenth patient."""
    for path in sorted(folder.glob(f"{PREFIX}*.npz")):
        for film, patient in load_shard(path):
            if (patient % HELD_OUT == 0) == held_out:
                yield Arm(film=film, group=f"{path.stem}-{patient}")


def whole(arm: Arm) -> BoxedFilm:
    """The whole film as the network first sees it: breaks, and where the joints are."""
    truth = arm.film.truth
    found = [(box, label) for box, label in zip(truth.boxes.tolist(), truth.labels, strict=True)
             if label in BREAKS] + [(box, place) for place, box in truth.places.items()]  # fmt: skip
    return whole_look(arm.film.pixels, found, side=SIDE, of=LABELS, asked=(*BREAKS, *PLACES.values()),
                      doubtful=truth.unsure, group=arm.group)  # fmt: skip


def squares(arm: Arm, rng: Generator) -> list[tuple[str, BoxedFilm]]:
    """What the network sees at each joint when it looks closer, not quite centred, nearer or farther, with
    the name of the dislocation that is looked for there."""
    places = arm.film.truth.places
    return [(label, _square(arm, label, square_near(places[place], rng, context=CONTEXT)))
            for label, place in PLACES.items() if place in places]  # fmt: skip


def _square(arm: Arm, dislocation: str, where: Square) -> BoxedFilm:
    """A joint's square: it is asked for that joint and for breaks; one that belongs to a Monteggia or
    Galeazzi injury has its name from more than the square shows, so that it is neither taught nor denied."""
    truth = arm.film.truth
    there = [((left, top, right, bottom), label)
             for (left, top, right, bottom), label in zip(truth.boxes.tolist(), truth.labels, strict=True)
             if label in (*BREAKS, dislocation)]  # fmt: skip
    seen = look_at(arm.film.pixels, where, there, side=SIDE)
    taught = [label in (FRACTURE, dislocation) for label in seen.labels]
    named_by_more = not all(taught) or seen.cut & set(BREAKS)
    return asked_of(
        seen.image,
        seen.boxes[taught],
        [label for label, one in zip(seen.labels, taught, strict=True) if one],
        of=LABELS,
        asked={FRACTURE, dislocation},
        doubtful=truth.unsure | seen.cut | ({FRACTURE} if named_by_more else set()),
        group=arm.group,
    )


def real_examples(shared: Path, split: str) -> list[BoxedFilm]:
    """Films of arms that may be learnt from (``train``) or chosen by (``calibrate``), as whole films.

    A broken one without a box teaches only that the film shows a break; where the joints are is not known.
    Raises ValueError for other splits.
    """
    return [_real_arm(known) for known in real_arms(shared, split)]


def real_arms(shared: Path, split: str) -> list[KnownFilm]:
    """The same films, as they are. Raises ValueError for other splits than ``train`` and ``calibrate``."""
    _allowed(split)
    return [known for known in known_films(shared, hands=True)
            if known.film.split == split and known.broken is not None]  # fmt: skip


def real_others(shared: Path, split: str) -> list[RealFilm]:
    """Real films of other parts of the body that may train: none of them shows a broken forearm. Raises as
    ``real_arms`` does."""
    _allowed(split)
    skip = {known.film.path for known in known_films(shared, hands=True)}
    return [film for film in real_films(shared) if film.split == split and film.path not in skip]


def other_films(shared: Path, split: str) -> list[BoxedFilm]:
    """``real_others`` as examples: neither broken arms nor joints of arms."""
    return [whole_look(read(film.path), [], side=SIDE, of=LABELS, asked=LABELS, doubtful=(), group=film.group)
            for film in real_others(shared, split)]  # fmt: skip


def real_squares(shared: Path, split: str, rng: Generator) -> list[BoxedFilm]:
    """Squares anywhere on real films with nothing broken: what bones look like from near. Raises as
    ``real_arms`` does."""
    whole_arms = [known.film for known in real_arms(shared, split) if not known.broken]
    looks = []
    for film in whole_arms * ARMS_OFTENER + real_others(shared, split):
        pixels = read(film.path)
        for _ in range(SQUARES):
            length = float(max(pixels.shape) * rng.uniform(0.2, 0.6))
            down, across = (float(side * rng.uniform(0.2, 0.8)) for side in pixels.shape)
            seen = look_at(pixels, (across - length / 2, down - length / 2, length), [], side=SIDE)
            looks.append(asked_of(seen.image, seen.boxes, (), of=LABELS, asked={FRACTURE, *PLACES},
                                  doubtful=(), group=film.group))  # fmt: skip
    return looks


def _allowed(split: str) -> None:
    if split not in ("train", "calibrate"):
        raise ValueError(f"films of {split!r} are not for training")


def _real_arm(known: KnownFilm) -> BoxedFilm:
    pixels, name = read(known.film.path), known.film.path.stem
    boxes = []
    if name in BOXED:
        size = np.array([pixels.shape[1], pixels.shape[0]] * 2)
        boxes.append(((np.array(BOXED[name]) * size).tolist(), FRACTURE))
    # of a broken film nobody read which break it is, nor whether there is another
    asked = {FRACTURE} & {label for _, label in boxes} if known.broken else set(BREAKS)
    film = whole_look(pixels, boxes, side=SIDE, of=LABELS, asked=asked, doubtful=(), group=known.film.group)
    if known.broken:
        film.image[LABELS.index(FRACTURE)] = 1.0
    return film
