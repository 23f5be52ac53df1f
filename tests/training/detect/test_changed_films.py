"""What may change on a film that teaches boxes, and where its boxes go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.detect.augment import PLAIN, augmented
from training.detect.example import BoxedFilm
from training.looks import LEVELS, Look, amplitudes

SIDE = 96


def film() -> BoxedFilm:
    """A bright bar on a slope of greys, with a box around it."""
    pixels = np.tile(np.linspace(20, 90, SIDE), (SIDE, 1))
    pixels[40:60, 30:50] = 220
    return BoxedFilm(
        pixels=pixels.astype(np.uint8),
        boxes=np.array([[30, 40, 50, 60]], dtype=np.float32),
        labels=np.array([0]),
        image=np.ones(1, dtype=np.float32),
        known=np.ones(1, dtype=np.float32),
    )


def rough_look() -> Look:
    """Of a film that is all noise."""
    noise = np.random.default_rng(5).random((SIDE, SIDE)).astype(np.float32)
    return Look(levels=np.percentile(noise, LEVELS), amplitudes=amplitudes(noise))


def test_strange_textures_leave_things_and_boxes_where_they_are() -> None:
    style = replace(PLAIN, strange=1.0, looks=(rough_look(),))
    for seed in range(8):
        image, changed = augmented(film(), np.random.default_rng(seed), style)
        assert (changed.boxes == film().boxes).all()
        assert np.abs(image - film().pixels / 255).mean() > 0.002
        assert image[42:58, 32:48].mean() > np.delete(image, np.s_[36:64], axis=0).mean() + 0.1
        assert image.min() >= 0 and image.max() <= 1


def test_a_filter_alone_is_tried_where_no_real_film_lends_its_look() -> None:
    image, _ = augmented(film(), np.random.default_rng(0), replace(PLAIN, strange=1.0))
    assert np.abs(image - film().pixels / 255).mean() > 0.002
