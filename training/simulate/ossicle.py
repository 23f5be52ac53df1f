"""Render films of feet with and without accessory bones: numbered shards, resumable, the same every time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from training.kept import save_arrays
from training.simulate.ossicle_film import FootFilm, Truth, expose
from training.simulate.ossicle_scene import FootStudio
from training.simulate.setup import View
from training.simulate.shards import rendered
from training.simulate.views import TABLE

SHARD: Final = 40  # films
EXPOSURES: Final = 2  # films of one positioned foot
VIEWS: Final = {
    "foot_ap": 0.24,
    "foot_oblique": 0.24,
    "foot_lateral": 0.2,
    "ankle_lateral": 0.22,
    "ankle_ap": 0.1,
}  # share of the films
QUALITY: Final = 95  # of the stored JPEG; the film has been through a poorer one already
_here: dict[str, FootStudio] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class FootOrder:
    """What to render. ``anatomy`` is read, ``out`` is written, ``kept`` holds the decimated body."""

    anatomy: Path
    out: Path
    kept: Path
    seed: int
    films: int
    person: str = ""  # whose tarsal bones: see FootStudio


def render_feet(order: FootOrder, *, processes: int) -> Iterator[tuple[int, int]]:
    """Render what is missing; yields (shards done, shards in all) as it goes. Raises FileNotFoundError
    without the anatomy."""
    order.out.mkdir(parents=True, exist_ok=True)
    FootStudio(order.anatomy, order.kept, person=order.person)  # fills what is kept, before several do
    jobs = [(order, number) for number in range(-(-order.films // SHARD))]
    yield from rendered(jobs, path=_path, shard=_shard, processes=processes)


def _shard(order: FootOrder, number: int) -> None:
    if order.person not in _here:
        _here[order.person] = FootStudio(order.anatomy, order.kept, person=order.person)
    _store(_path(order, number), list(feet(_here[order.person], order.seed, number)))


def feet(studio: FootStudio, seed: int, number: int) -> Iterator[FootFilm]:
    """The films of one shard, the same every time."""
    for pair in range(SHARD // EXPOSURES):
        rng = np.random.default_rng([seed, number, pair])
        shot = studio.shoot(setup(rng), rng)
        for _ in range(EXPOSURES):
            yield expose(shot, studio.grain, rng)


def setup(rng: np.random.Generator) -> View:
    """Draw one of the set-ups of the foot and ankle."""
    label = list(VIEWS)[int(rng.choice(len(VIEWS), p=list(VIEWS.values())))]
    ways = [view for view in TABLE if view.label == label]
    shares = np.array([view.share for view in ways])
    return ways[int(rng.choice(len(ways), p=shares / shares.sum()))]


def _path(order: FootOrder, number: int) -> Path:
    return order.out / f"feet-{order.person or 'body'}-{order.seed}-{number:03d}.npz"


def _store(path: Path, films: list[FootFilm]) -> None:
    coded = [
        cv2.imencode(".jpg", film.pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].ravel() for film in films
    ]
    truth = [
        {
            "label": film.label,
            "things": [asdict(thing) for thing in film.things],
            "sites": [asdict(site) for site in film.sites],
        }
        for film in films
    ]
    ends = np.cumsum([len(code) for code in coded])
    save_arrays(path, pixels=np.concatenate(coded), ends=ends, truth=json.dumps(truth))


def stored_feet(path: Path) -> list[FootFilm]:
    """The films of a shard. Raises FileNotFoundError."""
    shard = np.load(path)
    truths = json.loads(str(shard["truth"]))
    found, start = [], 0
    for end, truth in zip(shard["ends"], truths, strict=True):
        pixels = cv2.imdecode(shard["pixels"][start:end], cv2.IMREAD_GRAYSCALE)
        start = end
        things, sites = (
            tuple(Truth(**(one | {"box": tuple(one["box"])})) for one in truth[group])
            for group in ("things", "sites")
        )
        found.append(
            FootFilm(
                pixels=np.asarray(pixels, dtype=np.uint8), label=truth["label"], things=things, sites=sites
            )
        )
    return found
