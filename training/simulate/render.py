"""Render many films: a shard per label and number, resumable, each shard the same whoever renders it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from training.kept import save_arrays
from training.simulate.odd import odd_film
from training.simulate.panoramic import Panoramic
from training.simulate.raster import Raster, thickness
from training.simulate.scene import Film, Studio
from training.simulate.shards import rendered
from training.simulate.views import LABELS, TABLE

LONG_SIDE = 288  # pixels; films are stored no larger
SHARD = 50  # films
_here: dict[str, Studio | Panoramic] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to render."""

    anatomy: Path
    out: Path
    seed: int
    per_label: int  # films; labels with many set-ups get no more than others
    exposures: int  # films from one positioned patient
    labels: tuple[str, ...] = LABELS
    gpu: bool = False  # rays drawn by OpenGL: the same films but for rounding


def render(order: Order, *, processes: int) -> Iterator[tuple[int, int]]:
    """Render what is missing; yields (shards done, shards in all) as it goes."""
    order.out.mkdir(parents=True, exist_ok=True)
    Studio(order.anatomy, order.out / "cache")  # fills the cache once, before the processes race for it
    jobs = [
        (order, label, number) for number in range(-(-order.per_label // SHARD)) for label in order.labels
    ]
    yield from rendered(jobs, path=shard_path, shard=_shard, processes=processes)


def shard_path(order: Order, label: str, number: int) -> Path:
    """Where a shard lies."""
    return order.out / f"{label}-{order.seed}-{number:03d}.npz"


def films_of(order: Order, label: str, number: int) -> Iterator[Film]:
    """The films of one shard, the same every time."""
    rng = np.random.default_rng([order.seed, sum(map(ord, label)), len(label), number])
    setups = [view for view in TABLE if view.label == label]
    shares = np.array([view.share for view in setups])
    made = 0
    while made < SHARD:
        if label == "panoramic_radiograph":
            films = [_panoramic(order).expose(rng)]
        elif label == "other" and rng.random() < 0.4:
            films = [odd_film(_studio(order), rng)]
        else:
            view = setups[int(rng.choice(len(setups), p=shares / shares.sum()))]
            shot = _studio(order).pose(view, rng)
            films = [_studio(order).expose(shot, rng) for _ in range(order.exposures)]
        for film in films[: SHARD - made]:
            yield film
            made += 1


def _studio(order: Order) -> Studio:
    if "studio" not in _here:
        _here["studio"] = Studio(order.anatomy, order.out / "cache", raster=_raster(order))
    studio = _here["studio"]
    assert isinstance(studio, Studio)
    return studio


def _raster(order: Order) -> Raster:
    if not order.gpu:
        return thickness
    from training.simulate.raster_gpu import OpenGLRaster

    return OpenGLRaster().thickness


def _panoramic(order: Order) -> Panoramic:
    if "panoramic" not in _here:
        _here["panoramic"] = Panoramic(order.anatomy, order.out / "cache")
    panoramic = _here["panoramic"]
    assert isinstance(panoramic, Panoramic)
    return panoramic


def _shard(order: Order, label: str, number: int) -> None:
    films = list(films_of(order, label, number))
    coded = [cv2.imencode(".png", _fitted(film.pixels))[1].ravel() for film in films]
    truth = [
        {
            "label": film.label,
            "upside": film.upside,
            "mirrored": film.mirrored,
            "metal": film.metal,
            "kv": film.kv,
            "body": film.body,
            "angles": {joint: round(angle, 2) for joint, angle in film.angles.items()},
        }
        for film in films
    ]
    path = shard_path(order, label, number)
    ends = np.cumsum([len(code) for code in coded])
    save_arrays(path, pixels=np.concatenate(coded), ends=ends, truth=json.dumps(truth))


def _fitted(
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    scale = LONG_SIDE / max(pixels.shape)
    if scale >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def load_shard(
    path: Path,
) -> tuple[list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]], list[dict[str, object]]]:
    """A shard's films, uint8 (H, W) bone bright, and their truths."""
    stored = np.load(path)
    starts = [0, *stored["ends"][:-1]]
    films = [
        np.asarray(cv2.imdecode(stored["pixels"][a:b], cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
        for a, b in zip(starts, stored["ends"], strict=True)
    ]
    truths: list[dict[str, object]] = json.loads(str(stored["truth"]))
    return films, truths
