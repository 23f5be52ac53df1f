"""Heat maps as pictures: on the right pixels whatever the size, and explained on however little room."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.film import Film
from classifiers.heat_picture import heat_png, on_picture, overlay_png

LEGEND = ("mass, lung@1", "Where the network looked. Not a probability, not a medical device.")


def film(rows: int, columns: int, stored: tuple[int, int] = (240, 160), offset: float = 0.0) -> Film:
    return Film(
        image=np.full((rows, columns), 0.5, np.float32),
        stored_rows=stored[0],
        stored_columns=stored[1],
        scale=(stored[1] / columns, stored[0] / rows),
        offset=(offset, offset),
    )


def spot(rows: int, columns: int, across: float, along: float) -> NDArray[np.float32]:
    """A soft spot at a place given in parts of width and height."""
    y, x = np.mgrid[:rows, :columns]
    far = ((x + 0.5) / columns - across) ** 2 + ((y + 0.5) / rows - along) ** 2
    return np.exp(-far / 0.005).astype(np.float32)


def middle(heat: NDArray[np.float32]) -> tuple[float, float]:
    """The spot's place, in parts of width and height."""
    y, x = np.mgrid[: heat.shape[0], : heat.shape[1]]
    total = heat.sum()
    return (
        float(((x + 0.5) * heat).sum() / total / heat.shape[1]),
        float(((y + 0.5) * heat).sum() / total / heat.shape[0]),
    )


@pytest.mark.parametrize("looked_at", [(240, 160), (120, 80), (480, 320)])
@pytest.mark.parametrize("shown", [(240, 160), (96, 64), (24, 16), (720, 480)])
def test_a_spot_stays_where_it_is(looked_at: tuple[int, int], shown: tuple[int, int]) -> None:
    seen = spot(*looked_at, across=0.3, along=0.6)
    laid = on_picture(seen, film(*looked_at), film(*shown))
    assert laid.shape == shown
    assert middle(laid) == pytest.approx((0.3, 0.6), abs=0.004)
    assert laid.max() <= 1.0


def test_a_film_of_a_wavelet_s_low_band_is_met_half_a_pixel_aside() -> None:
    seen = spot(240, 160, across=0.5, along=0.5)
    straight = on_picture(seen, film(240, 160), film(60, 40))
    aside = on_picture(seen, film(240, 160), film(60, 40, offset=-1.5))
    moved = middle(aside)[0] - middle(straight)[0]
    assert moved == pytest.approx(1.5 / 160, abs=0.002)


def test_grey_is_the_heat_in_255_steps() -> None:
    heat = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    png = cv2.imdecode(np.frombuffer(heat_png(heat), np.uint8), cv2.IMREAD_UNCHANGED)
    assert png.dtype == np.uint8 and (png == np.rint(heat * 255)).all()


@pytest.mark.parametrize("shape", [(16, 16), (40, 16), (16, 200), (600, 300), (1200, 2000)])
def test_a_legend_fits_any_picture(shape: tuple[int, int]) -> None:
    png = overlay_png(np.zeros(shape, np.float32), film(*shape), LEGEND)
    drawn = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert drawn.shape == (*shape, 3)
    if shape[0] >= 600:
        assert (drawn[: shape[0] // 2] == 128).all(), "where there is no heat the film is as it was"
        foot = drawn[shape[0] // 2 :]
        assert (foot.max(axis=2).astype(int) - foot.min(axis=2)).max() > 80, "the bar's colours"
        assert (foot[:, -4:].max(axis=2) < 200).all(), "no letter is cut off at the edge"


def test_a_photograph_stays_in_its_colours_where_there_is_no_heat() -> None:
    photograph = np.random.default_rng(3).integers(0, 256, (600, 300, 3), dtype=np.uint8)
    png = overlay_png(np.zeros((600, 300), np.float32), replace(film(600, 300), colour=photograph), LEGEND)
    drawn = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert (drawn[:300, :, ::-1] == photograph[:300]).all()
