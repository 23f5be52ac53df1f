"""Where a network looked, drawn in the analysis process from real files by real networks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydicom.uid import CTImageStorage

from classifiers.preview import preview_png
from router.errors import HeatAbsent, ModelAbsent, NotAccepted, UndecodablePixels
from service import wiring
from service.explainer import Explainer
from service.heating import HeatJob
from service.settings import Settings

ROWS, COLUMNS = 240, 160
PROGRAM = Path(__file__).parent / "programs" / "heat_program.py"


@pytest.fixture(scope="module")
def explainer(tmp_path_factory: pytest.TempPathFactory, spot_pack: Callable[..., Any]) -> Iterator[Explainer]:
    folder = tmp_path_factory.mktemp("data")
    spot_pack(folder / "packs")
    spot_pack(folder / "packs", name="blind", heat=False)
    spot_pack(folder / "packs", name="second")
    settings = Settings(storage={"folder": folder}, models={"folders": [folder / "packs"]})
    made = wiring.explainer_of(settings, lambda: "", verbose=False)
    yield made
    made.close()


@pytest.fixture
def bright_corner(film: Callable[..., str], tmp_path: Path) -> Path:
    """A film that is bright in the third column of its second row of sixteenths, and only there."""
    pixels = np.zeros((ROWS, COLUMNS), np.uint16)
    pixels[ROWS // 4 : ROWS // 2, COLUMNS // 2 : 3 * COLUMNS // 4] = 4000
    path = tmp_path / "corner.dcm"
    film(
        path,
        Rows=ROWS,
        Columns=COLUMNS,
        PixelData=pixels.tobytes(),
        WindowCenter=2000,
        WindowWidth=4000,
    )
    return path


def heat(path: Path, **said: Any) -> HeatJob:
    return HeatJob(**{"path": path, "model": "spots", "label": "spot", "long_side": 1024} | said)


def picture(png: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED))


@pytest.mark.parametrize("long_side", [64, 120, 240, 1024])
def test_the_heat_lies_where_the_spot_is_in_the_shape_of_the_preview(
    explainer: Explainer, bright_corner: Path, long_side: int
) -> None:
    seen = picture(explainer.heat(heat(bright_corner, long_side=long_side)))
    shown = picture(preview_png(bright_corner, long_side=long_side))
    assert (seen.dtype, seen.shape) == (np.uint8, shown.shape)
    assert seen[shown > 200].mean() > 5 * seen[shown < 50].mean()
    rows, columns = np.nonzero(seen > seen.max() * 0.9)
    height, width = seen.shape
    assert rows.mean() / height == pytest.approx(3 / 8, abs=0.05)
    assert columns.mean() / width == pytest.approx(5 / 8, abs=0.05)


def test_another_label_is_seen_elsewhere(explainer: Explainer, bright_corner: Path) -> None:
    spot = picture(explainer.heat(heat(bright_corner)))
    shade = picture(explainer.heat(heat(bright_corner, label="shade")))
    at = (3 * ROWS // 8, 5 * COLUMNS // 8)
    assert spot[at] > 200 > 50 > shade[at]
    assert shade[ROWS // 8, COLUMNS // 8] > 200


def test_an_overlay_is_in_colour_has_a_legend_and_leaves_cool_places_as_they_were(
    explainer: Explainer, bright_corner: Path
) -> None:
    drawn = picture(
        explainer.heat(heat(bright_corner, overlay=True, legend=("spot, spots@1", "Not a device")))
    )
    shown = picture(preview_png(bright_corner, long_side=1024))
    assert drawn.shape == (*shown.shape, 3)
    spread = drawn.max(axis=2).astype(int) - drawn.min(axis=2)
    assert spread[3 * ROWS // 8, 5 * COLUMNS // 8] > 40
    assert np.abs(drawn[ROWS // 8, COLUMNS // 8].astype(int) - shown[ROWS // 8, COLUMNS // 8]).max() <= 3
    assert (drawn[-40:] > 200).any(), "the legend's letters"


def test_an_ensemble_shows_the_mean_of_its_members(explainer: Explainer, bright_corner: Path) -> None:
    alone = picture(explainer.heat(heat(bright_corner)))
    assert (
        np.abs(picture(explainer.heat(heat(bright_corner, model="spots+second"))).astype(int) - alone).max()
        <= 1
    )
    assert (picture(explainer.heat(heat(bright_corner, model="spots+blind"))) == alone).all()


# what is asked for | what is raised
REFUSED = [
    ({"model": "nose"}, ModelAbsent, "no model pack 'nose' is installed"),
    ({"model": "spots+nose"}, ModelAbsent, "no model pack 'nose' is installed"),
    ({"model": "blind"}, HeatAbsent, "shows no heat"),
    ({"label": "hole"}, HeatAbsent, "shows no heat for 'hole'"),
]


@pytest.mark.parametrize(("asked", "error", "said"), REFUSED)
def test_what_there_is_none_of_is_said(
    explainer: Explainer, bright_corner: Path, asked: dict[str, str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        explainer.heat(heat(bright_corner, **asked))


def test_a_bad_film_is_said_and_the_next_is_drawn(
    explainer: Explainer, film: Callable[..., str], bright_corner: Path, tmp_path: Path
) -> None:
    film(tmp_path / "short.dcm", PixelData=b"\0" * 100)
    film(tmp_path / "slice.dcm", sop_class=CTImageStorage)
    with pytest.raises(UndecodablePixels, match="100 bytes"):
        explainer.heat(heat(tmp_path / "short.dcm"))
    with pytest.raises(NotAccepted, match="CT Image Storage"):
        explainer.heat(heat(tmp_path / "slice.dcm"))
    assert explainer.heat(heat(bright_corner))


def test_a_film_that_kills_or_hangs_its_process_is_blamed_and_the_next_is_drawn(tmp_path: Path) -> None:
    says = ["kills", "a", "hangs", "b", "raises", "c", "undecodable", "absent", "d"]
    for number, text in enumerate(says):
        (tmp_path / str(number)).write_text(text)
    paths = [str(tmp_path / str(number)) for number in range(len(says))]
    done = subprocess.run(
        [sys.executable, str(PROGRAM), *paths], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [kind for kind, _ in answers] == [
        "AnalysisCrashed", "png", "AnalysisCrashed", "png", "AnalysisCrashed", "png",
        "UndecodablePixels", "HeatAbsent", "png",
    ]  # fmt: skip
    assert [said for kind, said in answers if kind == "png"] == ["a", "b", "c", "d"]
    assert "SIGSEGV" in answers[0][1] and "in time" in answers[2][1] and "ValueError" in answers[4][1]
