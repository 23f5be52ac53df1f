"""A box that a network draws lies on the same pixels of the stored object, whatever the film went through.

Films are written as DICOM with a white rectangle at known stored pixels, read, prepared and looked at by a
network that measures where the rectangle is (``finder_graph`` of the conftest above).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from classifiers.boxes import stored
from classifiers.detectmanifest import Closer, Detect
from classifiers.packs import Pack
from classifiers.pixels import Film, read_film
from classifiers.prepare import prepared
from classifiers.runtimes import load
from classifiers.specialists import Specialist
from router.types import Box, Finding

Build = Callable[..., bytes]
MakePack = Callable[..., Pack]
NATIVE, JPEG2000 = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90"
FINDER_SIDE = 256
WINDOW = {"WindowCenter": 2048, "WindowWidth": 4096, "VOILUTFunction": "LINEAR"}
# What says which way up the patient lies, or was shot; none of it turns a single pixel of the stored object.
TURNED = [
    {},
    {"PatientOrientation": ["P", "F"]},
    {"PatientOrientation": ["H", "R"], "ViewPosition": "PA", "ImageLaterality": "L"},
    {"FieldOfViewRotation": 90, "FieldOfViewHorizontalFlip": "YES"},
]


ROOM = 10  # stored pixels around the rectangle: its rim and the border's share no pixel of a reduced film


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One stored object, and where the white rectangle lies in it."""

    rows: int
    columns: int
    border: tuple[int, int]  # stored pixels of flat black at the left and right, and at top and bottom
    box: Box
    inverted: bool
    syntax: str
    spacing: tuple[float, float] | None
    tags: dict[str, Any]


@st.composite
def shots(draw: st.DrawFn) -> Shot:
    rows, columns = draw(st.integers(240, 1400)), draw(st.integers(240, 1400))
    border = draw(st.sampled_from([0, columns // 8])), draw(st.sampled_from([0, rows // 6]))
    width = draw(st.integers(columns // 8, columns // 4))
    height = draw(st.integers(rows // 8, rows // 4))
    box = Box(
        x=draw(st.integers(border[0] + ROOM, columns - border[0] - width - ROOM)),
        y=draw(st.integers(border[1] + ROOM, rows - border[1] - height - ROOM)),
        width=width,
        height=height,
    )
    return Shot(
        rows=rows,
        columns=columns,
        border=border,
        box=box,
        inverted=draw(st.booleans()),
        syntax=draw(st.sampled_from([NATIVE, JPEG2000])),
        spacing=draw(st.sampled_from([None, (0.1, 0.1), (0.2, 0.1), (0.1, 0.15)])),
        tags=draw(st.sampled_from(TURNED)),
    )


def picture(shot: Shot) -> NDArray[np.uint16]:
    """12-bit brightness of every stored pixel: textured tissue in a flat border, and the rectangle."""
    y, x = np.mgrid[0 : shot.rows, 0 : shot.columns]
    bright = 900 + 500 * np.sin(x / 9) * np.sin(y / 9)
    across, down = shot.border
    inside = np.zeros(bright.shape, bool)
    inside[down : shot.rows - down, across : shot.columns - across] = True
    bright[~inside] = 100
    box = shot.box
    bright[int(box.y) : int(box.y + box.height), int(box.x) : int(box.x + box.width)] = 4000
    return np.rint(bright).astype(np.uint16)


def written(shot: Shot, dicom: Build) -> bytes:
    words = picture(shot)
    header = {"BitsStored": 12, "HighBit": 11, **WINDOW, **shot.tags}
    if shot.inverted:
        words = (4095 - words).astype(np.uint16)
        header["PhotometricInterpretation"] = "MONOCHROME1"
    if shot.spacing is not None:
        header["PixelSpacing"] = list(shot.spacing)
    if shot.syntax == NATIVE:
        return dicom(words, **header)
    stream = imagecodecs.jpeg2k_encode(words, codecformat="j2k", reversible=True, level=0, bitspersample=12)
    described = {"Rows": shot.rows, "Columns": shot.columns, "SamplesPerPixel": 1, "PixelRepresentation": 0}
    described |= {"PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16}
    return dicom(bytes(stream), syntax=JPEG2000, **(described | header))


def edges(box: Box) -> NDArray[np.float64]:
    return np.array([box.x, box.y, box.x + box.width, box.y + box.height])


@pytest.fixture(scope="session", name="finder")
def finder_specialist(make_finder: MakePack) -> Specialist:
    pack = make_finder()
    return Specialist(pack, load(pack, threads=1))


@pytest.fixture(scope="session", name="looking_closer")
def finder_that_looks_closer(make_finder: MakePack) -> Specialist:
    closer = Closer(sites={"patch": ("dot",)}, context=1.5, threshold=0.5, long_side=1024)
    plain = make_finder().manifest.outputs["detect"]
    pack = make_finder(
        outputs={"detect": replace(plain, thresholds={"dot": 0.5})},
        detect=Detect(boxes="boxes", overlap=0.5, most=5, closer=closer),
    )
    return Specialist(pack, load(pack, threads=1))


def far(found: tuple[Finding, ...], shot: Shot, film: Film) -> tuple[float, float]:
    """How far the white rectangle's box lies off, in stored pixels: its middle, and its worst edge beyond
    half a pixel of each grid that it went through, the film's and the input's, for a rim is seen no finer.
    """
    (one,) = (finding for finding in found if finding.label == "dot")
    assert one.box is not None
    off = edges(one.box) - edges(shot.box)
    of_film = max(film.scale)
    of_input = of_film / min(1.0, max(prepared(film.image, side=FINDER_SIDE)[1].scale))
    return float(np.abs(off[:2] + off[2:]).max() / 2), float(np.abs(off).max() - (of_film + of_input) / 2)


@settings(max_examples=40, deadline=None)
@given(shot=shots(), long_side=st.integers(300, 1000))
def test_a_box_lies_on_the_stored_pixels_that_it_is_of(
    dicom: Build, finder: Specialist, shot: Shot, long_side: int
) -> None:
    film = read_film(written(shot, dicom), long_side=long_side)
    middle, edge = far(finder.predict([film])[0], shot, film)
    assert middle < 1.0
    assert edge < 1.0


@settings(max_examples=25, deadline=None)
@given(shot=shots())
def test_so_does_one_that_was_found_in_a_closer_look(
    dicom: Build, looking_closer: Specialist, shot: Shot
) -> None:
    film = read_film(written(shot, dicom), long_side=looking_closer.need.long_side)
    middle, edge = far(looking_closer.predict([film])[0], shot, film)
    assert middle < 1.0
    assert edge < 1.0


@settings(max_examples=20, deadline=None)
@given(shot=shots(), long_side=st.integers(300, 1000))
def test_so_does_the_heat(dicom: Build, finder: Specialist, shot: Shot, long_side: int) -> None:
    film = read_film(written(shot, dicom), long_side=long_side)
    heat = finder.heat(film, "dot").astype(np.float64) ** 2  # what is not quite 0 far away weighs nothing
    y, x = (float((heat * (axis + 0.5)).sum() / heat.sum()) for axis in np.indices(heat.shape))
    middle = film.to_stored(Box(x=x, y=y, width=0, height=0))
    cell = 8 * max(film.scale) / min(prepared(film.image, side=FINDER_SIDE)[1].scale)
    assert abs(middle.x - (shot.box.x + shot.box.width / 2)) < 1.0 + cell / 2
    assert abs(middle.y - (shot.box.y + shot.box.height / 2)) < 1.0 + cell / 2


@settings(max_examples=60, deadline=None)
@given(shot=shots(), long_side=st.integers(300, 1000), side=st.sampled_from([64, 256, 512]))
def test_a_box_goes_to_the_networks_input_and_back_to_the_stored_pixels(
    dicom: Build, shot: Shot, long_side: int, side: int
) -> None:
    film = read_film(written(shot, dicom), long_side=long_side)
    on_film = film.to_film(shot.box)
    _, placement = prepared(film.image, side=side)
    there = placement.to_input(edges(on_film)[np.newaxis].astype(np.float32))
    back = stored(film, placement.to_film(there)[0])
    assert np.abs(edges(back) - edges(shot.box)).max() < 0.01
    # the preprocessing cuts off nothing of it, but it cuts between whole pixels of the film
    half = 0.5 * max(placement.scale)
    assert there.min() >= -half and there.max() <= side + half


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((-5, -5, 10, 10), Box(x=0, y=0, width=21, height=30)),
        ((90, 80, 150, 150), Box(x=181, y=240, width=18, height=59)),
        ((-1, -1, 101, 101), Box(x=0, y=0, width=199, height=299)),
    ],
)
def test_no_box_reaches_beyond_the_stored_pixels(box: tuple[float, ...], expected: Box) -> None:
    image = np.zeros((100, 100), np.float32)
    film = Film(image=image, stored_rows=299, stored_columns=199, scale=(2.0, 3.0), offset=(1.0, 0.0))
    assert stored(film, np.array(box, np.float32)) == expected
