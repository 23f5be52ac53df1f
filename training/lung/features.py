"""What the lower half of the network makes of every film, kept, so that each fold learns the upper half in
minutes.

The lower half has learnt on films of patients of whom no film has a box, so no fold has seen its own films.
Each film is kept as it is and changed a few times, films of those patients also with signs laid onto them;
its place, which is cheap, still changes while learning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from training.detect.augment import PLAIN, Style, augmented, moved
from training.detect.example import BoxedFilm, fitted
from training.detect.loop import Report
from training.detect.targets import Batch, batch_of
from training.kept import save_arrays
from training.lung.films import LABELS, ChestFilm, example
from training.lung.laid import laid
from training.quick import quick

SIDE: Final = 320  # pixels; most of NIH's films here have no more
SLID: Final = 32  # pixels by which a film is shifted at most while learning
STYLE: Final = Style(turn=4.0, scale=(0.86, 1.16), shift=0.04, coarse=0.3, coarsest=0.6)
NOTHING: Final = np.zeros((0, 0), dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """R rows: each one film, as it is or changed."""

    levels: tuple[NDArray[np.float16], ...]  # (R, h, w, channels) each, fine to coarse
    film: NDArray[np.int64]  # (R,) place in the list of films
    plain: NDArray[np.bool_]  # (R,) the film as it is
    taught: tuple[BoxedFilm, ...]  # R, without pixels


def times(film: ChestFilm) -> int:
    """How many changed versions of a film are kept."""
    return 4 if film.boxes else 2


def write_features(
    lower: keras.Model,
    films: Sequence[ChestFilm],
    folder: Path,
    report: Report,
    *,
    seed: int = 1,
    batch: int = 16,
) -> Features:
    """Run the lower half on all films; reads back what is there."""
    if not (folder / "rows.npz").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _write(lower, films, folder, report, seed=seed, batch=batch)
    return read_features(folder)


def _write(
    lower: keras.Model, films: Sequence[ChestFilm], folder: Path, report: Report, *, seed: int, batch: int
) -> None:
    rows = sum(1 + times(film) for film in films)
    size = (rows, *lower.output.shape[1:])
    maps = np.lib.format.open_memmap(folder / "maps.npy", "w+", dtype=np.float16, shape=size)
    kept: list[tuple[int, bool, BoxedFilm]] = []
    waiting: list[NDArray[np.float32]] = []
    run = quick(lower)
    for place, plain, image, taught in _versions(films, np.random.default_rng(seed)):
        kept.append((place, plain, taught))
        waiting.append(image)
        if len(waiting) == batch or len(kept) == rows:
            images = np.stack(waiting)[..., None]
            (maps[len(kept) - len(waiting) : len(kept)],) = run(images).values()
            waiting = []
            if len(kept) % (50 * batch) == 0:
                report(f"features: {len(kept)} of {rows}")
    maps.flush()
    _write_rows(folder / "rows.npz", kept)


def _versions(
    films: Sequence[ChestFilm], rng: np.random.Generator
) -> Iterator[tuple[int, bool, NDArray[np.float32], BoxedFilm]]:
    for place, film in enumerate(films):
        sharp = fitted(example(film), side=SIDE)
        image, taught = augmented(sharp, rng, PLAIN)
        yield place, True, image, taught
        # Films with boxes are stored larger than the others: that must not be what the network learns.
        alike = fitted(example(film, side=SIDE), side=SIDE)
        for number in range(times(film)):
            source = alike if number % 4 else sharp
            signed = laid(source, rng) if film.fold is None and number else None
            image, taught = augmented(signed or source, rng, STYLE)
            yield place, False, image, taught


def deepened(features: Features, deeper: keras.Model, folder: Path, report: Report) -> Features:
    """The same rows with the coarser levels too, which ``deeper`` makes of the finest; reads back what is
    there."""
    paths = [folder / f"level{k}.npy" for k in range(1, 1 + len(deeper.outputs))]
    if not all(path.is_file() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        _write_deeper(features.levels[0], deeper, paths, report)
    return replace(features, levels=(features.levels[0], *(np.load(path, mmap_mode="r") for path in paths)))


def _write_deeper(
    finest: NDArray[np.float16],
    deeper: keras.Model,
    paths: Sequence[Path],
    report: Report,
    *,
    batch: int = 16,
) -> None:
    run, partial = quick(deeper), [path.with_suffix(".partial") for path in paths]
    sizes = [(len(finest), *one.shape[1:]) for one in deeper.outputs]
    made = [
        np.lib.format.open_memmap(path, "w+", dtype=np.float16, shape=size)
        for path, size in zip(partial, sizes, strict=True)
    ]
    for start in range(0, len(finest), batch):
        part = finest[start : start + batch].astype(np.float32)
        for level, values in zip(made, run(part).values(), strict=True):
            level[start : start + batch] = values
        if start % (100 * batch) == 0:
            report(f"coarser features: {start} of {len(finest)}")
    for path, level, whole in zip(partial, made, paths, strict=True):
        level.flush()
        path.replace(whole)


def _write_rows(path: Path, rows: Sequence[tuple[int, bool, BoxedFilm]]) -> None:
    films = [film for _, _, film in rows]
    save_arrays(
        path,
        compressed=True,
        film=np.array([place for place, _, _ in rows]),
        plain=np.array([plain for _, plain, _ in rows]),
        count=np.array([len(film.boxes) for film in films]),
        boxes=np.concatenate([film.boxes.reshape(-1, 4) for film in films]),
        labels=np.concatenate([film.labels for film in films]),
        image=np.stack([film.image for film in films]),
        known=np.stack([film.known for film in films]),
        group=np.array([film.group for film in films]),
    )


def read_features(folder: Path) -> Features:
    """What ``write_features`` left. Raises FileNotFoundError."""
    stored = dict(np.load(folder / "rows.npz"))
    ends = np.cumsum(stored["count"])
    taught = tuple(
        BoxedFilm(
            pixels=NOTHING,
            boxes=stored["boxes"][end - count : end],
            labels=stored["labels"][end - count : end],
            image=image,
            known=known,
            group=str(group),
        )
        for end, count, image, known, group in zip(
            ends, stored["count"], stored["image"], stored["known"], stored["group"], strict=True
        )
    )
    maps = np.load(folder / "maps.npy", mmap_mode="r")
    return Features(levels=(maps,), film=stored["film"], plain=stored["plain"], taught=taught)


def feed(features: Features, pools: Sequence[tuple[Sequence[int], int]], seed: int) -> Iterator[Batch]:
    """Endless batches with a number of films from each pool (places in the list of films), every film once a
    round, in one of its versions, shifted."""
    rng = np.random.default_rng(seed)
    rows: dict[int, list[int]] = {}
    for row, place in enumerate(features.film.tolist()):
        rows.setdefault(place, []).append(row)
    turns = [_rounds(pool, rng) for pool, _ in pools]
    while True:
        chosen = [
            rows[next(turn)] for turn, (_, count) in zip(turns, pools, strict=True) for _ in range(count)
        ]
        picked = [versions[int(rng.integers(len(versions)))] for versions in chosen]
        slid = [_slid(features, row, rng) for row in picked]
        levels = [np.stack(level) for level in zip(*(maps for maps, _ in slid), strict=True)]
        inputs = levels if len(levels) > 1 else levels[0]
        yield batch_of(inputs, [film for _, film in slid], side=SIDE, labels=len(LABELS))


def _rounds(pool: Sequence[int], rng: np.random.Generator) -> Iterator[int]:
    while True:
        yield from (pool[place] for place in rng.permutation(len(pool)))


def _slid(
    features: Features, row: int, rng: np.random.Generator
) -> tuple[list[NDArray[np.float32]], BoxedFilm]:
    """Shifted by whole places of the coarsest level; what comes in repeats the edge."""
    strides = [SIDE // level.shape[1] for level in features.levels]
    down, across = (int(value) * strides[-1] for value in _shift(rng, SLID // strides[-1]))
    motion = np.array([[1.0, 0.0, across], [0.0, 1.0, down]])
    maps = [
        _shifted(level[row], down // stride, across // stride)
        for level, stride in zip(features.levels, strides, strict=True)
    ]
    return maps, moved(features.taught[row], motion, SIDE)


def _shift(rng: np.random.Generator, most: int) -> NDArray[np.int64]:
    """Half of the time not at all."""
    return rng.integers(-most, most + 1, 2) * (rng.random(2) < 0.5)


def _shifted(values: NDArray[np.float16], down: int, across: int) -> NDArray[np.float32]:
    height, width = values.shape[:2]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - across, 0, width - 1)
    return np.asarray(values[rows[:, None], columns[None]], dtype=np.float32)
