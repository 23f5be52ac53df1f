"""Sound DICOM files to be damaged, small ones of every transfer syntax at hand, and where elements lie."""

from __future__ import annotations

import io
import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread, dcmwrite
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from bench.radiographs import write_radiograph

LARGEST = 300_000  # bytes; larger ones are slow and no better at breaking things
SHORT_HEADER, LONG_HEADER = 8, 12
LONG_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One top-level element: its header's first byte, its value's, and the next element's."""

    tag: int
    start: int
    value: int
    end: int
    explicit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """A sound file: its bytes and what it says of itself."""

    name: str
    raw: bytes
    transfer_syntax_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    data_set_start: int
    spans: tuple[Span, ...]


def specimens(shared: Path | None, folder: Path) -> list[Specimen]:
    """Own films in four encodings, written to ``folder``, and the small ones of ``shared/dicom``."""
    paths = list(_own(folder))
    if shared is not None and (shared / "dicom").is_dir():
        found = sorted((shared / "dicom").rglob("*.dcm"))
        paths += [path for path in found if path.stat().st_size <= LARGEST]
    return [specimen for path in paths if (specimen := _specimen(path)) is not None]


def _own(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    plain = write_radiograph(folder / "explicit.dcm", random.Random(7), side=48).path
    yield plain
    for name, syntax in (("implicit", ImplicitVRLittleEndian), ("big", ExplicitVRBigEndian)):
        film = dcmread(plain)
        film.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            film.PixelData = film.pixel_array.astype(">u2").tobytes()
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "T-D3000", "SRT", "Chest"
        film.AnatomicRegionSequence = [item]
        path = folder / f"{name}.dcm"
        implicit, little = syntax.is_implicit_VR, syntax.is_little_endian
        dcmwrite(path, film, implicit_vr=implicit, little_endian=little, force_encoding=True)
        yield path
    film = dcmread(plain)
    film.compress(RLELossless, generate_instance_uid=False)
    film.save_as(folder / "rle.dcm")
    yield folder / "rle.dcm"


def _specimen(path: Path) -> Specimen | None:
    raw = path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            film = dcmread(io.BytesIO(raw))
            spans = tuple(_spans(film, len(raw)))
            return Specimen(
                name=path.name,
                raw=raw,
                transfer_syntax_uid=str(film.file_meta.TransferSyntaxUID),
                sop_class_uid=str(film.SOPClassUID),
                sop_instance_uid=str(film.SOPInstanceUID),
                data_set_start=spans[0].start if spans else len(raw) // 2,
                spans=spans,
            )
        except (InvalidDicomError, AttributeError, ValueError, OSError):
            return None


def _spans(film: Dataset, length: int) -> Iterator[Span]:
    """From pydicom's raw elements, which know where their values were; none where it was deflated."""
    raws = [film.get_item(tag) for tag in sorted(film.keys())]
    found = [each for each in raws if isinstance(each, RawDataElement)]
    starts = [(each, each.value_tell - _header_length(each)) for each in found]
    for index, (each, start) in enumerate(starts):
        end = starts[index + 1][1] if index + 1 < len(starts) else length
        if 0 < start < each.value_tell <= end <= length:
            yield Span(
                tag=int(each.tag),
                start=start,
                value=each.value_tell,
                end=end,
                explicit=not each.is_implicit_VR,
            )


def _header_length(element: RawDataElement) -> int:
    return LONG_HEADER if not element.is_implicit_VR and element.VR in LONG_VRS else SHORT_HEADER
