"""Opens a DICOM file and finds its Pixel Data without copying it (PS3.5 section 7, PS3.10 section 7)."""

from __future__ import annotations

import io
import mmap
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_partial

from classifiers.strangers import damage_is_undecodable
from router.errors import UndecodablePixels

Source: TypeAlias = str | os.PathLike[str] | bytes

PIXEL_DATA = 0x7FE00010
PIXEL_ELEMENTS = frozenset(
    {0x7FE00008, 0x7FE00009, PIXEL_DATA}
)  # float, double float, integer: PS3.3 C.7.6.3.1
LONG_VRS = frozenset(
    {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
)  # PS3.5 7.1.2
UNDEFINED_LENGTH = 0xFFFFFFFF
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED_LITTLE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
META_START = 132  # after the preamble and "DICM": PS3.10 section 7.1
MAX_INFLATED = 1 << 28  # bytes; a small deflated file may claim to be anything


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PixelElement:
    """A header, and the bytes of its pixel element, still in the mapped file."""

    header: Dataset
    transfer_syntax_uid: str
    tag: int | None  # None: there is no pixel element
    vr: str | None
    encapsulated: bool
    value: memoryview


def open_element(source: Source) -> PixelElement:
    """Parse the header up to the pixel element of a path or of a whole file's bytes.

    Raises UndecodablePixels where the header cannot be parsed, OSError where the path cannot be opened.
    """
    data = source if isinstance(source, bytes) else _map(Path(source))
    syntax = _deflated(data)
    with damage_is_undecodable("header"):
        if syntax is None:
            return _parse(data)
        inflated = _inflate(data)
        found = _Found()
        reader = io.BytesIO(inflated)
        header = read_dataset(reader, False, True, stop_when=found)
        return found.element(header, DEFLATED_LITTLE, reader.tell(), memoryview(inflated))


def _map(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise UndecodablePixels("the file is empty")
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


class _Found:
    """The stop condition that remembers where it stopped."""

    def __init__(self) -> None:
        self.tag: int | None = None
        self.vr: str | None = None
        self.length = 0

    def __call__(self, tag: Any, vr: str | None, length: int) -> bool:
        if int(tag) not in PIXEL_ELEMENTS:
            return False
        self.tag, self.vr, self.length = int(tag), vr, length
        return True

    def element(self, header: Dataset, syntax: str, position: int, view: memoryview) -> PixelElement:
        """``position`` is where the element's tag begins."""
        encapsulated = self.tag is not None and self.length == UNDEFINED_LENGTH
        start = position + (12 if self.vr in LONG_VRS else 8)
        value = view[start:] if encapsulated else view[start : start + self.length]
        value = value if self.tag is not None else view[:0]
        return PixelElement(
            header=header,
            transfer_syntax_uid=syntax,
            tag=self.tag,
            vr=self.vr,
            encapsulated=encapsulated,
            value=value,
        )


def _parse(data: bytes | mmap.mmap) -> PixelElement:
    found = _Found()
    reader = io.BytesIO(data) if isinstance(data, bytes) else data
    header = read_partial(reader, stop_when=found, force=True)
    syntax = str(header.file_meta.get("TransferSyntaxUID") or "")
    implicit, little = header.original_encoding
    if not syntax:  # a bare data set: what the parser made of its first element is all there is to know
        syntax = IMPLICIT_LITTLE if implicit else (EXPLICIT_LITTLE if little else EXPLICIT_BIG)
    if len(header) == 0:
        raise UndecodablePixels("this is not a DICOM file")
    return found.element(header, syntax, reader.tell(), memoryview(data))


def _deflated(data: bytes | mmap.mmap) -> str | None:
    # The padding differs by encoder (NUL, space), so the UID is sought between its two neighbours' bytes.
    head = bytes(data[: META_START + 1024])
    at = head.find(b"\x02\x00\x10\x00UI")
    value = head[at + 8 : at + 8 + 64] if at >= 0 else b""
    text = value.split(b"\x02\x00", 1)[0].rstrip(b"\x00 ").decode("ascii", "replace")
    return DEFLATED_LITTLE if text == DEFLATED_LITTLE else None


def _inflate(data: bytes | mmap.mmap) -> bytes:
    """The data set behind the File Meta Information, inflated up to a bound (PS3.5 A.5)."""
    if data[META_START : META_START + 8] != b"\x02\x00\x00\x00UL\x04\x00":
        raise UndecodablePixels("a deflated file without File Meta Information Group Length (0002,0000)")
    length = int.from_bytes(data[META_START + 8 : META_START + 12], "little")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(memoryview(data)[META_START + 12 + length :], MAX_INFLATED)
    if inflater.unconsumed_tail:
        raise UndecodablePixels(f"the deflated data set is larger than {MAX_INFLATED} bytes")
    return inflated
