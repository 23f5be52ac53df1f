"""What may change on a film without changing what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from classifiers.prepare import prepare
from router.views import NNCPR_VIEWS, OTHER
from training.films import ANY_WAY_ROUND, UNKNOWN, Example
from training.simulate.film import floats
from training.simulate.views import LABELS

Image = NDArray[np.float32]
LYING = frozenset(LABELS.index(name) for name in ("abdomen_ap", "abdomen_left_lateral_decubitus"))
QUARTER_TURNED = {True: 0.45, False: 0.2}  # of the films of views with an upright, and of the others
SELDOM = 0.6  # of how often one of the thirty views comes, for the other labels
LEVELS = np.linspace(0, 100, 33)  # percentiles that stand for a film's style
OTHER_SHARE = 4  # how many views' worth of films show none of them
ASLANT = 0.12  # of the films of limbs lie aslant on a larger plate, their shutters with them
FILTERED = 0.12  # of the films pass a filter that nobody would design
BANDED = 0.04  # of the films have an edge that no rays, or nothing but rays, reached
BENT = 0.3  # of the films show a body of other proportions
BORROWED = 0.12  # of the films take textures from a real one


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a real film that may train looks, whatever it shows."""

    levels: NDArray[np.float64]  # greys at LEVELS, (33,)
    amplitudes: Image  # of its frequencies, (side, side // 2 + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Arrays of one training step; a weight of 0 means: not known for this film."""

    images: Image  # (N, side, side, 1)
    views: NDArray[np.int32]
    view_weights: Image
    projections: NDArray[np.int32]
    projection_weights: Image
    rotations: NDArray[np.int32]
    rotation_weights: Image


def batches(
    pools: Sequence[tuple[Sequence[Example], int]], *, side: int, seed: int, flip: Sequence[bool]
) -> Iterator[Batch]:
    """Endless batches with a fixed number from each pool; within a pool every view comes equally often."""
    rng = np.random.default_rng(seed)
    by_view = [_by_view(pool) for pool, _ in pools]
    often = [_often(views) for views in by_view]
    looks = _looks([example for pool, _ in pools[1:] for example in pool], rng, side)
    while True:
        rows = []
        for (_, count), views, odds, may_flip in zip(pools, by_view, often, flip, strict=True):
            for _ in range(count):
                view = views[int(rng.choice(len(views), p=odds))]
                rows.append(_row(view[int(rng.integers(len(view)))], rng, looks, side=side, flip=may_flip))
        yield _stacked(rows)


def _often(views: Sequence[Sequence[Example]]) -> NDArray[np.float64]:
    """How often each view comes, as odds that sum to 1; ``other`` is told apart as well as the thirty."""
    shown = [LABELS[view[0].view] for view in views]
    odds = np.array([1.0 if label in NNCPR_VIEWS or label == OTHER else SELDOM for label in shown])
    return np.asarray(odds / odds.sum())


def _looks(real: Sequence[Example], rng: Generator, side: int) -> list[Look]:
    """What vendors make of a film, from some real films that may train."""
    films = [prepare(floats(real[index].pixels), side=side) for index in rng.permutation(len(real))[:200]]
    return [Look(levels=np.percentile(film, LEVELS), amplitudes=amplitudes(film)) for film in films]


def amplitudes(film: Image) -> Image:
    """Of the frequencies of a square film, float32 (side, side): (side, side // 2 + 1)."""
    return np.abs(np.fft.rfft2(film)).astype(np.float32)


def _by_view(pool: Sequence[Example]) -> list[list[Example]]:
    groups: dict[int, list[Example]] = {}
    for example in pool:
        groups.setdefault(example.view * 4 + example.projection, []).append(example)
    other = groups.get(LABELS.index(OTHER) * 4 + UNKNOWN)
    return list(groups.values()) + [other] * (OTHER_SHARE - 1 if other else 0)  # type: ignore[list-item]


Row = tuple[Image, int, float, int, int]


def _row(example: Example, rng: Generator, looks: Sequence[Look], *, side: int, flip: bool) -> Row:
    pixels, upright = cropped(example.pixels, rng), LABELS[example.view] not in ANY_WAY_ROUND
    if flip and rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    if rng.random() < BANDED:
        pixels = banded(pixels, rng)
    if not upright and rng.random() < ASLANT:
        pixels = aslant(pixels, rng)
    turns = int(rng.integers(1, 4)) if rng.random() < QUARTER_TURNED[upright] else 0
    image = prepare(floats(np.rot90(pixels, turns)), side=side)
    known = 0.0 if turns % 2 and example.view in LYING else 1.0
    rotation = UNKNOWN if example.upside == UNKNOWN else (example.upside + turns) % 4
    image = _moved(image, rng)
    if rng.random() < BENT:
        image = bent(image, rng)
    image = _restyled(image, rng, looks)
    return _processed(image, rng), example.view, known, example.projection, rotation


def cropped(pixels: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """A random part of a film, each edge up to 16 % away."""
    if rng.random() < 0.3:
        return pixels
    height, width = pixels.shape
    cut = rng.uniform(0, 0.16, 4) * (rng.random(4) < 0.6)
    return pixels[
        int(cut[0] * height) : int((1 - cut[1]) * height) + 1,
        int(cut[2] * width) : int((1 - cut[3]) * width) + 1,
    ]


def aslant(pixels: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """The whole film, uint8 (H, W), turned by up to 60 degrees on a larger dark plate."""
    height, width = pixels.shape
    angle = float(rng.uniform(-60, 60))
    cosine, sine = abs(np.cos(np.deg2rad(angle))), abs(np.sin(np.deg2rad(angle)))
    size = (int(width * cosine + height * sine) + 1, int(width * sine + height * cosine) + 1)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    matrix[:, 2] += [(size[0] - width) / 2, (size[1] - height) / 2]
    turned = cv2.warpAffine(
        pixels, matrix, size, flags=cv2.INTER_LINEAR, borderValue=int(rng.integers(0, 30))
    )
    return np.asarray(turned, dtype=np.uint8)


def banded(pixels: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """A film, uint8 (H, W), with a white, grey or black band of up to a sixth along one edge."""
    quarter = int(rng.integers(4))
    film = np.rot90(pixels, quarter).copy()
    film[: max(1, int(rng.uniform(0.03, 0.17) * film.shape[0]))] = rng.choice(
        [255, int(rng.integers(256)), 0]
    )
    return np.ascontiguousarray(np.rot90(film, -quarter))


def _moved(image: Image, rng: Generator) -> Image:
    side = image.shape[0]
    matrix = cv2.getRotationMatrix2D(
        (side / 2, side / 2), float(rng.normal(0, 6)), float(rng.uniform(0.84, 1.12))
    )
    matrix[:, :2] = matrix[:, :2] @ np.diag(np.exp(rng.normal(0, 0.05, 2)))
    centre = matrix[:, :2] @ [side / 2, side / 2]
    matrix[:, 2] = side / 2 - centre + rng.uniform(-0.05, 0.05, 2) * side
    return np.asarray(cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR), dtype=np.float32)


def bent(image: Image, rng: Generator) -> Image:
    """A film, float32 (side, side), smoothly bent by hundredths of its side: other people's proportions."""
    side = image.shape[0]
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    grids = rng.normal(0, rng.uniform(0.005, 0.025) * side, (2, 4, 4)).astype(np.float32)
    across, down = (cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC) for grid in grids)
    return np.asarray(cv2.remap(image, columns + across, rows + down, cv2.INTER_LINEAR), dtype=np.float32)


def _restyled(image: Image, rng: Generator, looks: Sequence[Look]) -> Image:
    """Another machine's greys and textures: those of a real film, some monotone curve, or uneven light."""
    if rng.random() < BORROWED and looks:
        image = borrowed(image, looks[int(rng.integers(len(looks)))].amplitudes, float(rng.uniform(0.1, 0.8)))
    choice = rng.random()
    if choice < 0.2 and looks:
        own = np.maximum.accumulate(np.percentile(image[::3, ::3], LEVELS)) + np.arange(len(LEVELS)) * 1e-6
        wanted = np.interp(image, own, looks[int(rng.integers(len(looks)))].levels)
        image = np.asarray(image + rng.uniform(0.4, 1) * (wanted - image), dtype=np.float32)
    elif choice < 0.45:
        knots = np.cumsum(rng.gamma(2.0, size=6))
        curve = np.interp(image, np.linspace(0, 1, 6), (knots - knots[0]) / (knots[-1] - knots[0]))
        image = curve.astype(np.float32)
    if rng.random() < 0.25:
        light = rng.normal(0, 0.22, (3, 3)).astype(np.float32)
        image = image * np.exp(cv2.resize(light, image.shape, interpolation=cv2.INTER_CUBIC))
    return np.clip(image, 0, 1)


def _processed(image: Image, rng: Generator) -> Image:
    side = image.shape[0]
    if rng.random() < 0.15:
        tiles = int(rng.integers(2, 7))
        curve = cv2.createCLAHE(clipLimit=float(rng.uniform(1.5, 7)), tileGridSize=(tiles, tiles))
        image = floats(curve.apply((image * 255).astype(np.uint8)))
    if rng.random() < 0.15:
        image = _coarse(image, rng)
    if rng.random() < FILTERED:
        image = filtered(image, rng)
    if rng.random() < 0.25:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.4)))
    if rng.random() < 0.3:
        soft = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(1, 4)))
        image = image + rng.uniform(0.2, 1.2) * (image - soft)
    image = np.clip(image, 0, 1) ** rng.uniform(0.6, 1.6)
    image = np.clip(image * rng.uniform(0.75, 1.2) + rng.uniform(-0.1, 0.12), 0, 1)
    if rng.random() < 0.3:
        image = image + rng.normal(0, rng.uniform(0.005, 0.05), image.shape).astype(np.float32)
    if rng.random() < 0.25:
        top, left = (int(value) for value in rng.integers(0, side - 8, 2))
        height, width = (int(value) for value in rng.integers(8, side // 3, 2))
        image[top : top + height, left : left + width] = rng.uniform(0, 1)
    return np.asarray(np.clip(image, 0, 1), dtype=np.float32)


def filtered(image: Image, rng: Generator) -> Image:
    """In part what a filter of random weights makes of a film, float32 (H, W) in [0, 1].

    Shapes stay, textures do not, so that shapes are what is learnt (Xu et al., "Robust and generalizable
    visual representation learning via random convolutions", ICLR 2021). Bone stays bright.
    """
    side = int(rng.choice([3, 5, 7]))
    kernel = rng.normal(0, 1 / side, (side, side))
    kernel *= np.sign(kernel.sum())
    strange = cv2.filter2D(image, -1, kernel.astype(np.float32), borderType=cv2.BORDER_REFLECT)
    strange = strange * np.float32((image.std() + 1e-3) / (strange.std() + 1e-3))
    strange += image.mean() - strange.mean()
    mixed = image + np.float32(rng.uniform(0.2, 0.8)) * (strange - image)
    return np.asarray(np.clip(mixed, 0, 1), dtype=np.float32)


def borrowed(image: Image, strange: Image, share: float) -> Image:
    """A film, float32 (side, side), whose frequencies are to a ``share`` as strong as another film's.

    What is where lies in their phases, which stay (Xu et al., "A Fourier-based framework for domain
    generalization", CVPR 2021). ``strange`` is as ``amplitudes`` gives it.
    """
    waves = np.fft.rfft2(image)
    own = np.abs(waves)
    waves *= 1 + share * (strange / np.maximum(own, 1e-6) - 1)
    return np.clip(np.fft.irfft2(waves, s=image.shape), 0, 1).astype(np.float32)


def _coarse(image: Image, rng: Generator) -> Image:
    """As from fewer pixels, and through a poor JPEG."""
    side = image.shape[0]
    less = int(side * rng.uniform(0.4, 0.9))
    small = cv2.resize(image, (less, less), interpolation=cv2.INTER_AREA)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
    coded = cv2.imencode(".jpg", (small * 255).astype(np.uint8), quality)[1]
    read = floats(np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8))
    return np.asarray(cv2.resize(read, (side, side), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _stacked(rows: Sequence[Row]) -> Batch:
    images, views, known, projections, rotations = zip(*rows, strict=True)
    beam, turn = np.array(projections, dtype=np.int32), np.array(rotations, dtype=np.int32)
    return Batch(
        images=np.stack(images)[..., None],
        views=np.array(views, dtype=np.int32),
        view_weights=np.array(known, dtype=np.float32),
        projections=np.maximum(beam, 0),
        projection_weights=(beam != UNKNOWN).astype(np.float32),
        rotations=np.maximum(turn, 0),
        rotation_weights=(turn != UNKNOWN).astype(np.float32),
    )
