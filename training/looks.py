"""What may change in the greys and textures of a film without changing what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from classifiers.prepare import prepare
from training.simulate.film import floats

Grey = NDArray[np.uint8]
Image = NDArray[np.float32]
LEVELS = np.linspace(0, 100, 33)  # percentiles that stand for a film's greys
FILTERED = 0.12  # of the films pass a filter that nobody would design
BORROWED = 0.12  # of the films take textures from a real one


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a real film that may train looks, whatever it shows."""

    levels: NDArray[np.float64]  # greys at LEVELS, (33,)
    amplitudes: Image  # of its frequencies, (side, side // 2 + 1)


def looks_of(real: Sequence[Grey], rng: Generator, side: int) -> list[Look]:
    """What vendors make of a film, from some real films that may train."""
    films = [prepare(floats(real[index]), side=side) for index in rng.permutation(len(real))[:200]]
    return [Look(levels=np.percentile(film, LEVELS), amplitudes=amplitudes(film)) for film in films]


def amplitudes(film: Image) -> Image:
    """Of the frequencies of a square film, float32 (side, side): (side, side // 2 + 1)."""
    return np.abs(np.fft.rfft2(film)).astype(np.float32)


def restyled(image: Image, rng: Generator, looks: Sequence[Look]) -> Image:
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


def borrowed(image: Image, strange: Image, share: float) -> Image:
    """A film, float32 (side, side), whose frequencies are to a ``share`` as strong as another film's.

    What is where lies in their phases, which stay (Xu et al., "A Fourier-based framework for domain
    generalization", CVPR 2021). ``strange`` is as ``amplitudes`` gives it.
    """
    waves = np.fft.rfft2(image)
    own = np.abs(waves)
    waves *= 1 + share * (strange / np.maximum(own, 1e-6) - 1)
    return np.clip(np.fft.irfft2(waves, s=image.shape), 0, 1).astype(np.float32)


def processed(image: Image, rng: Generator) -> Image:
    """What consoles and poor copies make of it: contrast, blur, noise; and a patch that hides something."""
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


def _coarse(image: Image, rng: Generator) -> Image:
    """As from fewer pixels, and through a poor JPEG."""
    side = image.shape[0]
    less = int(side * rng.uniform(0.4, 0.9))
    small = cv2.resize(image, (less, less), interpolation=cv2.INTER_AREA)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
    coded = cv2.imencode(".jpg", (small * 255).astype(np.uint8), quality)[1]
    read = floats(np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8))
    return np.asarray(cv2.resize(read, (side, side), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
