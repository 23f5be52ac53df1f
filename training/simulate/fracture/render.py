"""Render many films of forearms: numbered shards, resumable, each shard the same whoever renders it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.kept import save_arrays
from training.simulate.fracture.film import BrokenFilm, BrokenStudio
from training.simulate.fracture.truth import Truth

LONG_SIDE = 416  # pixels; films are stored no larger
SHARD = 60  # films
EXPOSURES = 2  # of one positioned patient


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to render."""

    anatomy: Path
    cache: Path
    out: Path
    seed: int
    films: int


def render(order: Order) -> Iterator[tuple[int, int]]:
    """Render what is missing, one shard after the other; yields (shards done, shards in all)."""
    order.out.mkdir(parents=True, exist_ok=True)
    os.nice(5)
    cv2.setNumThreads(1)
    total = -(-order.films // SHARD)
    studio = None
    for number in range(total):
        path = order.out / f"fracture-{order.seed}-{number:03d}.npz"
        if not path.is_file():
            studio = studio or BrokenStudio(order.anatomy, order.cache)
            _save(path, list(films_of(studio, order.seed, number)))
        yield number + 1, total


def films_of(studio: BrokenStudio, seed: int, number: int) -> Iterator[tuple[BrokenFilm, int]]:
    """The films of one shard and the patient's number in it, the same every time."""
    for patient in range(SHARD // EXPOSURES):
        rng = np.random.default_rng([seed, number, patient])
        shot = studio.pose(rng)
        for _ in range(EXPOSURES):
            yield studio.expose(shot, rng), patient


def _save(path: Path, films: list[tuple[BrokenFilm, int]]) -> None:
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
