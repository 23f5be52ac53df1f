"""Render many films of forearms: numbered shards, resumable, each shard the same whoever renders it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.kept import save_arrays
from training.simulate.fracture.film import BrokenFilm, BrokenStudio
from training.simulate.fracture.truth import Truth
from training.simulate.shards import rendered

LONG_SIDE = 416  # pixels; films are stored no larger
SHARD = 60  # films
PREFIX = "fracture-"  # how the shards' names begin
EXPOSURES = 2  # of one positioned patient
_here: dict[str, BrokenStudio] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to render."""

    anatomy: Path
    cache: Path
    out: Path
    seed: int
    films: int


def render(order: Order, *, processes: int) -> Iterator[tuple[int, int]]:
    """Render what is missing; yields (shards done, shards in all) as it goes."""
    order.out.mkdir(parents=True, exist_ok=True)
    BrokenStudio(order.anatomy, order.cache)  # fills the cache once, before the processes race for it
    jobs = [(order, number) for number in range(-(-order.films // SHARD))]
    yield from rendered(jobs, path=shard_path, shard=_shard, processes=processes)


def shard_path(order: Order, number: int) -> Path:
    """Where a shard lies."""
    return order.out / f"{PREFIX}{order.seed}-{number:03d}.npz"


def _shard(order: Order, number: int) -> None:
    if "studio" not in _here:
        _here["studio"] = BrokenStudio(order.anatomy, order.cache)
    keep(shard_path(order, number), list(films_of(_here["studio"], order.seed, number)))


def films_of(studio: BrokenStudio, seed: int, number: int) -> Iterator[tuple[BrokenFilm, int]]:
    """The films of one shard and the patient's number in it, the same every time."""
    for patient in range(SHARD // EXPOSURES):
        rng = np.random.default_rng([seed, number, patient])
        shot = studio.pose(rng)
        for _ in range(EXPOSURES):
            yield studio.expose(shot, rng), patient


def keep(path: Path, films: list[tuple[BrokenFilm, int]]) -> None:
    """Write a shard: films and each patient's number in it."""
    pictures, truths = [], []
    for film, patient in films:
        scale = min(1.0, LONG_SIDE / max(film.pixels.shape))
        size = (max(1, round(film.pixels.shape[1] * scale)), max(1, round(film.pixels.shape[0] * scale)))
        small = cv2.resize(film.pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else film.pixels
        pictures.append(cv2.imencode(".png", small)[1].ravel())
        ratio = np.array([size[0] / film.pixels.shape[1], size[1] / film.pixels.shape[0]] * 2)
        boxes = np.round(film.truth.boxes * ratio, 2).tolist() if scale < 1 else film.truth.boxes.tolist()
        places = {name: (np.array(box) * ratio).round(2).tolist() for name, box in film.truth.places.items()}
        truths.append({"patient": patient, "view": film.view, "injury": film.injury, "boxes": boxes,
                       "labels": film.truth.labels, "unsure": sorted(film.truth.unsure),
                       "places": places})  # fmt: skip
    ends = np.cumsum([len(code) for code in pictures])
    save_arrays(path, pixels=np.concatenate(pictures), ends=ends, truth=json.dumps(truths))


def load_shard(path: Path) -> Iterator[tuple[BrokenFilm, int]]:
    """The films of a shard and each patient's number in it."""
    stored = np.load(path)
    starts = [0, *stored["ends"][:-1]]
    for start, end, row in zip(starts, stored["ends"], json.loads(str(stored["truth"])), strict=True):
        pixels: NDArray[np.uint8] = np.asarray(
            cv2.imdecode(stored["pixels"][start:end], cv2.IMREAD_GRAYSCALE), dtype=np.uint8
        )
        truth = Truth(boxes=np.array(row["boxes"], dtype=np.float32).reshape(-1, 4),
                      labels=tuple(row["labels"]), unsure=frozenset(row["unsure"]),
                      places={name: tuple(box) for name, box in row["places"].items()})  # fmt: skip
        film = BrokenFilm(pixels=pixels, view=row["view"], injury=row["injury"], truth=truth)
        yield film, int(row["patient"])
