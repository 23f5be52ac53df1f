"""Every real file: decoded, and then as another decoder has it, or refused for a reason written here."""

from __future__ import annotations

import csv
import subprocess
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from classifiers.pixels import read_film, read_stored
from router.errors import NotAFilm, UndecodablePixels

ABSENT = "Pixel Data (7FE0,0010) is absent"
# All others in the manifest are decoded. The left column is the beginning of the file's name.
UNREADABLE = {
    "cb6e8120": "not a JPEG stream: it starts with 20 00",
    "2b7423ff": "12 bits allocated",  # an ACR-NEMA file, packed
    "6ab00484": "32 bits allocated",  # radiation dose
    "db0d59ab": "32 bits allocated",
    "244c2364": "Rows is absent",  # a structured report
    "83c11fed": ABSENT,
    "9d98788c": ABSENT,
    "b22bdbab": ABSENT,
    "e61fcd58": ABSENT,
    "edcddf40": ABSENT,
    # segmentations
    **dict.fromkeys(["023752d1", "04a19ae0", "2140bda6", "36a4e502", "4cd93ed6"], "1 bits allocated"),
    **dict.fromkeys(["62d2b5c2", "73116bd1", "8fbbe0fa", "a12fc40c", "efaddfae"], "1 bits allocated"),
}
NO_FILM = 5  # of the unreadable, those whose header calls them films
FILMS = 103
# No decoder installed with pydicom or DCMTK reads these; each looks right to the eye.
UNCOMPARED = {"5f7f562b", "a7fb8ab4", "85dde783", "afb76445"}
UNPACKERS = {".4.5": ("dcmdjpeg", "+cn"), ".4.7": ("dcmdjpeg", "+cn"), ".4.8": ("dcmdjpls",)}


def paths(shared: Path) -> list[Path]:
    with (shared / "dicom" / "manifest.csv").open() as file:
        return [shared / "dicom" / row["path"] for row in csv.DictReader(file)]


def test_every_file_is_decoded_or_refused_for_a_known_reason(shared: Path) -> None:
    refused = {}
    for path in paths(shared):
        try:
            values = read_stored(path)
        except UndecodablePixels as error:
            refused[path.name[:8]] = str(error)
        else:
            assert values.size > 0
    assert sorted(refused) == sorted(UNREADABLE)
    assert [key for key, reason in UNREADABLE.items() if reason not in refused[key]] == []


def test_every_file_becomes_a_film_or_says_why_not(shared: Path) -> None:
    outcomes = Counter(_outcome(path) for path in paths(shared))
    assert outcomes == {
        "film": FILMS,
        "not a film": len(paths(shared)) - FILMS - NO_FILM,
        "undecodable": NO_FILM,
    }


def _outcome(path: Path) -> str:
    try:
        film = read_film(path, long_side=256)
    except NotAFilm:
        return "not a film"
    except UndecodablePixels:
        return "undecodable"
    assert film.image.dtype == np.float32 and 0 <= film.image.min() <= film.image.max() <= 1
    assert max(film.image.shape) <= 256 and np.ptp(film.image) > 0.05
    return "film"


def test_the_values_are_those_of_pydicom_and_dcmtk(
    shared: Path, peer: Callable[..., str], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    compared: Counter[str] = Counter()
    different = {}
    for path in paths(shared):
        if path.name[:8] in UNREADABLE:
            continue
        who, expected = _reference(path, peer, tmp_path / "plain.dcm")
        compared[who] += 1
        if expected is None:
            assert path.name[:8] in UNCOMPARED, f"{path.name}: {who}"
            continue
        found = read_stored(path).astype(int)
        # Two builds of libjpeg may round a colour conversion differently; everything else is exact.
        allowed = 1 if found.ndim == 3 and ".4.5" in _syntax(path) else 0
        if found.shape != expected.shape or np.abs(found - expected).max() > allowed:
            different[path.name] = who
    record_property("compared", dict(compared))
    assert different == {}
    assert compared["pydicom"] > 100 and compared["DCMTK"] > 25


def _syntax(path: Path) -> str:
    meta: Any = getattr(pydicom.dcmread(path, force=True, stop_before_pixels=True), "file_meta", {})
    return str(meta.get("TransferSyntaxUID", ""))


def _reference(path: Path, peer: Callable[..., str], plain: Path) -> tuple[str, Any]:
    """Who decodes the first frame independently, and its values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            header = pydicom.dcmread(path, force=True)
            colour = "4.5" in _syntax(path) and header.SamplesPerPixel == 3
            return "pydicom", pydicom.pixels.pixel_array(header, index=0, raw=not colour).astype(int)
        except (AttributeError, NotImplementedError, RuntimeError) as error:
            reason = str(error)
        tool = next((tool for part, tool in UNPACKERS.items() if part in _syntax(path)), None)
        if tool is None:
            return reason, None
        subprocess.run([peer(tool[0]), *tool[1:], path, plain], check=True, capture_output=True)
        return "DCMTK", pydicom.pixels.pixel_array(pydicom.dcmread(plain), index=0, raw=True).astype(int)


FASTER = ["24d684f6", "32bffc98", "435a5200", "b26b4b86", "3e7c2ef5", "8e9c527a", "eb0f7384", "41ced4e0"]


@pytest.mark.parametrize("name", FASTER)
def test_a_real_film_decoded_at_reduced_size_looks_like_the_whole(
    shared: Path, area_average: Callable[..., Any], name: str
) -> None:
    path = next((shared / "dicom" / "xray").glob(f"{name}*"))
    whole = read_film(path, long_side=None)
    film = read_film(path, long_side=256)
    difference = np.abs(film.image - area_average(whole.image, film)) * 255
    assert difference.mean() < 1 and np.percentile(difference, 95) < 4
