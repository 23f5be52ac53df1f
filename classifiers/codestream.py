"""What a compressed frame says about itself, read before any decoder allocates for it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pydicom.encaps import get_frame

from classifiers.element import UNDEFINED_LENGTH
from classifiers.layout import Layout
from router.errors import UndecodablePixels

ITEM, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"  # PS3.5 section A.4
MAX_FRAGMENTS = 100_000
SOF_LOSSLESS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
SOF_JPEG_LS = 0xF7
SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {SOF_JPEG_LS}
STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
END_OF_IMAGE = b"\xff\xd9"
PADDING_BEHIND_END = 4096  # bytes; one is allowed (PS3.5 A.4), some writers round up to a block
J2K_START = b"\xff\x4f\xff\x51"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The frame header of a JPEG, JPEG-LS or JPEG 2000 stream."""

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool = False
    process: int = 0  # JPEG: the SOF marker's second byte
    component_ids: bytes = b""
    adobe_transform: int | None = None
    jfif: bool = False
    levels: int = 0  # JPEG 2000: how often the picture can be halved
    at_origin: bool = True  # JPEG 2000: the grid's offsets are 0, so that halving keeps the even pixels

    def must_match(self, layout: Layout) -> None:
        """Raise UndecodablePixels where the stream is not the picture that the header announces."""
        mine, header = (self.rows, self.columns), (layout.rows, layout.columns)
        if mine != header:
            raise UndecodablePixels(
                f"the stream is {mine[0]} x {mine[1]}, the header says {header[0]} x {header[1]}"
            )
        if self.components != layout.samples:
            raise UndecodablePixels(
                f"the stream has {self.components} components, the header {layout.samples}"
            )
        if not 1 <= self.precision <= 16:
            raise UndecodablePixels(f"{self.precision} bits per component; radiographs have up to 16")


def first_frame(value: memoryview) -> memoryview | bytes:
    """The bytes of a single-frame object's only frame: its fragments, joined; one fragment is not copied."""
    fragments: list[memoryview] = []
    position = 0
    while len(fragments) <= MAX_FRAGMENTS and position + 8 <= len(value):
        tag, (length,) = bytes(value[position : position + 4]), struct.unpack_from("<I", value, position + 4)
        if tag != ITEM or length == UNDEFINED_LENGTH:
            break
        fragments.append(value[position + 8 : position + 8 + length])
        position += 8 + length
    if len(fragments) < 2:  # the first is the Basic Offset Table
        raise UndecodablePixels("the encapsulated pixel data holds no fragment")
    if position > len(value):
        raise UndecodablePixels("the last fragment is cut off")
    return fragments[1] if len(fragments) == 2 else b"".join(fragments[1:])


def first_of(value: memoryview, number_of_frames: int) -> memoryview | bytes:
    """The first frame; of several it has as many fragments as the offset table or the ends of images say."""
    if number_of_frames <= 1:
        return first_frame(value)
    return bytes(get_frame(bytes(value), 0, number_of_frames=number_of_frames))


def jpeg_stream(frame: memoryview | bytes) -> Stream:
    """Walk the markers of a JPEG or JPEG-LS stream up to its frame header (ITU-T T.81 B, T.87 C)."""
    if bytes(frame[:2]) != b"\xff\xd8":
        raise UndecodablePixels(f"not a JPEG stream: it starts with {bytes(frame[:2]).hex(' ')}")
    adobe, jfif, position = None, False, 2
    while position + 4 <= len(frame):
        if frame[position] != 0xFF:
            raise UndecodablePixels("a JPEG marker is damaged")
        marker = frame[position + 1]
        if marker == 0xFF or marker in STANDALONE:
            position += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", frame, position + 2)
        body = bytes(frame[position + 4 : position + 2 + length])
        if marker in SOF:
            return _frame_header(marker, body, adobe=adobe, jfif=jfif)
        if marker == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
            adobe = body[11]
        jfif = jfif or (marker == 0xE0 and body[:4] == b"JFIF")
        if marker in (0xDA, 0xD9) or length < 2:
            break
        position += 2 + length
    raise UndecodablePixels("the JPEG stream has no frame header")


def must_end(frame: memoryview | bytes) -> None:
    """Raise UndecodablePixels where a JPEG or JPEG-LS stream has no end: some fill the rest with gray."""
    if END_OF_IMAGE not in bytes(frame[-PADDING_BEHIND_END:]):
        raise UndecodablePixels("the stream is cut off: it has no end of image")


def _frame_header(marker: int, body: bytes, *, adobe: int | None, jfif: bool) -> Stream:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        raise UndecodablePixels("the JPEG frame header is cut off")
    precision, rows, columns, components = struct.unpack_from(">BHHB", body)
    return Stream(
        rows=rows,
        columns=columns,
        components=components,
        precision=precision,
        process=marker,
        component_ids=body[6 : 6 + 3 * components : 3],
        adobe_transform=adobe,
        jfif=jfif,
    )


def jpeg2000_codestream(frame: memoryview | bytes) -> bytes:
    """The bare codestream: some writers wrap it in a JP2 file, which PS3.5 A.4.4 forbids."""
    data = bytes(frame)
    start = 0 if data.startswith(J2K_START) else data[:4096].find(J2K_START)
    if start < 0:
        raise UndecodablePixels(f"not a JPEG 2000 stream: it starts with {data[:4].hex(' ')}")
    data = data[start:] if start else data
    # One byte of padding behind the end of codestream; strict decoders take it for damage.
    return data[:-1] if data.endswith(b"\xff\xd9\x00") else data


def jpeg2000_stream(codestream: bytes) -> Stream:
    """Read the SIZ marker, and the decomposition levels of the COD marker (ITU-T T.800 Annex A.5, A.6)."""
    if len(codestream) < 48:
        raise UndecodablePixels("the JPEG 2000 stream is cut off")
    x1, y1, x0, y0, tile_w, tile_h, tile_x, tile_y = struct.unpack_from(">8I", codestream, 8)
    (components,) = struct.unpack_from(">H", codestream, 40)
    depth, step_x, step_y = codestream[42], codestream[43], codestream[44]
    if x1 <= x0 or y1 <= y0 or 0 in (tile_w, tile_h) or (step_x, step_y) != (1, 1):
        raise UndecodablePixels("the JPEG 2000 image size is damaged")
    if -(-(x1 - tile_x) // tile_w) * -(-(y1 - tile_y) // tile_h) > 65535:
        raise UndecodablePixels("the JPEG 2000 stream claims more than 65535 tiles")
    return Stream(
        rows=y1 - y0,
        columns=x1 - x0,
        components=components,
        precision=(depth & 0x7F) + 1,
        signed=bool(depth & 0x80),
        levels=_levels(codestream),
        at_origin=(x0, y0, tile_x, tile_y) == (0, 0, 0, 0),
    )


def _levels(codestream: bytes) -> int:
    position = 2
    while position + 4 <= len(codestream) and codestream[position] == 0xFF:
        marker, (length,) = codestream[position + 1], struct.unpack_from(">H", codestream, position + 2)
        if marker == 0x52 and position + 9 < len(codestream):  # COD
            return int(codestream[position + 9])
        if marker == 0x90 or length < 2:  # SOT: the main header is over
            return 0
        position += 2 + length
    return 0
