"""The film of a foot, and its truth carried along: bent, cropped, mirrored, paired, turned, shuttered.

The truth travels as pictures: each shadow is bent with the film, and what is done to a film as it is hung is
done to a map of where each of its pixels was, so that nothing has to be worked out twice.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.simulate import beam, film
from training.simulate.ossicle_scene import Box, FootShot, Thing
from training.simulate.segments import CHANNEL

APART: Final = 10.0  # added to coordinates, so that no grey value of a shutter or plate is taken for one
KEPT: Final = 0.6  # of a box that must be on the film


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One thing or site on a film: its box in film pixels, edge coordinates; ``plain`` as in Thing;
    ``contrast`` is how far grey values in the box spread (5th to 95th percentile), in [0, 1]."""

    kind: str
    box: Box
    plain: float
    contrast: float
    millimetres: float
    bipartite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FootFilm:
    """A simulated film with its truth. ``pixels`` is uint8 (H, W), bone bright."""

    pixels: NDArray[np.uint8]
    label: str
    things: tuple[Truth, ...]
    sites: tuple[Truth, ...]


def expose(shot: FootShot, grain: beam.Grain, rng: Generator) -> FootFilm:
    """One film of a shot."""
    view = shot.view
    how = beam.exposure(rng, int(rng.choice(view.kv)), trunk=False)
    signal = beam.attenuation(shot.tissues, None, shot.who, how, grain, rng, pitch=shot.pitch, trunk=False)
    body = np.asarray(shot.tissues[CHANNEL["skin"]] > 0.3, dtype=np.float32)
    everything = [*shot.things, *shot.sites]
    images = [signal, body, *(thing.shadow.astype(np.float32) for thing in everything)]
    images = film.warped(images, rng, turn=float(rng.normal(0, 3)), stretch=0.06, bend=6.0)
    rows, columns = (
        slice(int(size * rng.uniform(0, 0.07)), int(size * rng.uniform(0.93, 1.0))) for size in signal.shape
    )
    signal, body, *shadows = (image[rows, columns] for image in images)
    picture = film.developed(signal, body > 0.5, rng, pitch=shot.pitch, trunk=False,
                             blackened=view.blackened, whitened=view.whitened)  # fmt: skip
    found = [
        (thing, _box(shadow > 0.5))
        for thing, shadow in zip(everything, shadows, strict=True)
        if _whole(thing, shadow)
    ]
    hung = _hung(picture, shot, rng)
    pixels = film.compressed(hung.picture, rng)
    things, sites = (
        tuple(
            _truth(thing, box, pixels)
            for thing, start in found
            if any(thing is one for one in group)
            for box in hung.carried(start)
        )
        for group in (shot.things, shot.sites)
    )
    return FootFilm(pixels=pixels, label=view.label, things=things, sites=sites)


def _whole(thing: Thing, shadow: film.Map) -> bool:
    """Whether most of a shadow is still on the film."""
    return bool((shadow > 0.5).sum() > max(3.0, KEPT * thing.shadow.sum()))


def _truth(thing: Thing, box: Box, pixels: NDArray[np.uint8]) -> Truth:
    left, top, right, bottom = (int(edge) for edge in box)
    low, high = np.percentile(pixels[top:bottom, left:right], (5, 95))
    return Truth(kind=thing.kind, box=box, plain=round(thing.plain, 3), contrast=round((high - low) / 255, 3),
                 millimetres=round(thing.millimetres, 1), bipartite=thing.bipartite)  # fmt: skip


def _box(shadow: NDArray[np.bool_]) -> Box:
    rows, columns = np.flatnonzero(shadow.any(axis=1)), np.flatnonzero(shadow.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hung:
    """A film as it is hung, with where each of its pixels was before: ``x``, ``y`` (H, W), APART and more, or
    less for what is not of the film. ``copies`` are the offsets of x of each foot on it."""

    picture: film.Map
    x: film.Map
    y: film.Map
    copies: tuple[float, ...]

    def carried(self, box: Box) -> list[Box]:
        """Where a box of the film has gone: once per foot, not at all where it is shuttered off."""
        found = []
        for offset in self.copies:
            left, right = box[0] + APART + offset, box[2] + APART + offset
            here = (self.x >= left) & (self.x < right)
            here &= (self.y >= box[1] + APART) & (self.y < box[3] + APART)
            if here.sum() > KEPT * (box[2] - box[0]) * (box[3] - box[1]):
                found.append(_box(here))
        return found


def _hung(picture: film.Map, shot: FootShot, rng: Generator) -> Hung:
    view = shot.view
    if rng.random() < view.tight:
        picture = film.equalised(picture, rng)
    y, x = (
        np.asarray(grid, dtype=np.float32) + APART + 0.5
        for grid in np.mgrid[: picture.shape[0], : picture.shape[1]]
    )
    maps, other = [picture, x, y], 4.0 * picture.shape[1]
    if rng.random() < view.mirror:
        maps = [one[:, ::-1] for one in maps]
    paired = rng.random() < view.pair
    if paired:
        gap, ground = int(rng.integers(0, 40)), float(np.percentile(picture, 2))
        sides = zip(maps, (ground, 0.0, 0.0), (0.0, other, 0.0), strict=True)
        maps = [_beside(one, fill=fill, shift=shift, gap=gap) for one, fill, shift in sides]
    quarters = int(rng.choice(4, p=(0.7, 0.1, 0.1, 0.1)))
    maps = [np.ascontiguousarray(np.rot90(one, quarters)) for one in maps]
    twins = (rng, copy.deepcopy(rng), copy.deepcopy(rng))
    maps = [film.collimated(one, twin, often=view.collimation) for one, twin in zip(maps, twins, strict=True)]
    picture = _marked(maps[0], rng)
    return Hung(picture=picture, x=maps[1], y=maps[2], copies=(0.0, other) if paired else (0.0,))


def _beside(one: film.Map, *, fill: float, shift: float, gap: int) -> film.Map:
    """A film (H, W) and its mirror image beside it, ``gap`` pixels apart."""
    between = np.full((len(one), gap), fill, dtype=np.float32)
    return np.concatenate([one, between, one[:, ::-1] + np.float32(shift)], axis=1)


def _marked(picture: film.Map, rng: Generator) -> film.Map:
    """Lead letters in their plates, and burned-in text, as large as they are beside a foot."""
    picture = picture.copy()
    for _ in range(int(rng.integers(1, 3)) if rng.random() < 0.6 else 0):
        size = int(rng.integers(12, 34))
        top, left = (int(rng.integers(2, max(3, edge - 2 * size))) for edge in picture.shape)
        plate = picture[top : top + size, left : left + size]
        if plate.mean() > 0.3 and rng.random() < 0.9:
            continue
        bright = float(rng.uniform(0.65, 1))
        word = str(rng.choice(list("RLDE"))) if rng.random() < 0.7 else str(rng.integers(10, 9999))
        boxed = rng.random() < 0.4
        if boxed:
            plate[:] = bright
        ink = np.zeros(picture.shape, dtype=np.uint8)
        at = (left + size // 5, top + size * 4 // 5)
        cv2.putText(ink, word, at, cv2.FONT_HERSHEY_SIMPLEX, size / 38, 255, max(1, size // 14), cv2.LINE_AA)
        share = ink.astype(np.float32) / 255
        letter = np.float32(bright * 0.4 if boxed else bright)
        picture = np.asarray(picture * (1 - share) + share * letter, dtype=np.float32)
    return picture
