"""A data set's top level elements, one after the other, without their bulk (PS3.5 section 7).

Written here and not left to pydicom, because a listener reads the header of every object that a stranger
sends: this walk reads no long value, skips sequences and bulk by their length, holds one window of 64 KiB,
and fails in one way.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Container, Iterator
from typing import BinaryIO, NamedTuple, Protocol

from router.errors import InvalidObject

WINDOW = 1 << 16  # bytes read at first: nearly every header
STEP = 1 << 12  # bytes read at a time after that, mostly to look behind something long
LONGEST_VALUE = 1 << 14  # bytes; a longer value is skipped, not read
MOST_INFLATED = 1 << 28  # bytes of a deflated data set that are inflated in search of its pixels
DEEPEST = 32  # nested sequences of undefined length
MOST_ITEMS = 1 << 20  # items walked over in one object; a deflated bomb of empty ones ends here

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_AFTER_PIXELS = 0x7FE00008
_LONG_VRS = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)


class Encoding(NamedTuple):
    """How a data set's elements are written (PS3.5 Annex A)."""

    explicit: bool = True
    big_endian: bool = False


class Element(NamedTuple):
    """``vr`` is empty in Implicit VR; ``value`` is None when it was too long, bulk data, or a sequence that
    the walk was not told to keep; of one that it was, the bytes of all items.
    """

    tag: int
    vr: bytes
    value: bytes | None


class Source(Protocol):
    """Bytes by their place. ``peek`` returns fewer than asked for only at the end; places never go back."""

    def peek(self, at: int, size: int) -> bytes: ...


class FileSource:
    """The bytes of an open file from ``start`` on; seeks over what nobody asks for."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._start = start
        self._at = 0
        self._window = b""

    def peek(self, at: int, size: int) -> bytes:
        offset = at - self._at
        if offset < 0 or offset + size > len(self._window):
            self._file.seek(self._start + at)
            self._window = self._file.read(max(size, STEP if self._window else WINDOW))
            self._at, offset = at, 0
        return self._window[offset : offset + size]


class InflatedSource:
    """The bytes of a deflated data set (PS3.5 section A.5), inflated window by window and then forgotten."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        file.seek(start)
        self._file = file
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._at = 0
        self._window = b""

    def peek(self, at: int, size: int) -> bytes:
        while at + size > self._at + len(self._window) and self._more():
            gone = min(max(0, at - self._at), len(self._window))
            self._window = self._window[gone:]
            self._at += gone
        return self._window[at - self._at : at - self._at + size] if at >= self._at else b""

    def _more(self) -> bool:
        if self._inflate.eof:
            return False
        deflated = self._inflate.unconsumed_tail or self._file.read(WINDOW)
        try:
            inflated = self._inflate.decompress(deflated, WINDOW)
        except zlib.error as error:
            raise InvalidObject("the deflated data set is damaged") from error
        self._window += inflated
        if self._at + len(self._window) > MOST_INFLATED:
            raise InvalidObject(f"no pixels within {MOST_INFLATED >> 20} MiB of deflated header")
        return bool(deflated) or bool(inflated)


class Walk:
    """One pass over a data set; stops before its pixels, or at ``end``, or behind ``group``."""

    def __init__(self, source: Source, encoding: Encoding, *, kept: Container[int] = ()) -> None:
        self._source = source
        self._kept = kept  # tags of sequences
        self.end: int | None = None  # where to stop even though there is more
        self.group: int | None = None  # likewise: the only group to walk
        self._items = 0
        self.encoding = encoding
        self.position = 0  # where the first element not yielded starts
        order = ">" if encoding.big_endian else "<"
        self._tag = struct.Struct(order + "HH")
        self._short = struct.Struct(order + "H")
        self._long = struct.Struct(order + "I")

    def __iter__(self) -> Iterator[Element]:
        """Raises InvalidObject where the bytes are not elements or end too early."""
        while True:
            header = self._source.peek(self.position, 12)
            if not header or (self.end is not None and self.position >= self.end):
                return
            if self.group is not None and self._tag.unpack_from(header.ljust(4, b"\0"))[0] != self.group:
                return
            tag, vr, length, start = self.header(header, self.position)
            if tag >= _AFTER_PIXELS:
                return
            if tag >> 16 == 0xFFFE:
                raise InvalidObject(f"a {_name(tag)} outside any sequence")
            self.position = start
            yield self._element(tag, vr, length)

    def over_pixels(self) -> None:
        """Walk over the pixel data behind the header; raises InvalidObject when it is not all there."""
        raw = self._source.peek(self.position, 12)
        if not raw:
            return
        tag, _vr, length, start = self.header(raw, self.position)
        if tag in PIXELS and length == UNDEFINED:
            self._over_fragments(start)
        elif tag in PIXELS and length:
            self._require(start + length, tag)

    def _over_fragments(self, at: int) -> None:
        """Encapsulated pixel data (PS3.5 section A.4): items up to the delimiter, or up to the end of the
        file.
        """
        while self._source.peek(at, 1):
            tag, length = self._delimiter(at)
            if tag == SEQUENCE_END:
                return
            if tag != ITEM or length == UNDEFINED:
                raise InvalidObject(f"{_name(tag)} where a fragment of the pixels was expected")
            at += 8 + length
            self._require(at, 0x7FE00010)

    def header(self, raw: bytes, at: int) -> tuple[int, bytes, int, int]:
        """Tag, VR, length and the place of the value, of the element that starts with ``raw`` at ``at``."""
        if len(raw) < 8:
            raise InvalidObject("the data set ends inside an element")
        group, number = self._tag.unpack_from(raw)
        tag = group << 16 | number
        if not self.encoding.explicit or group == 0xFFFE:
            return tag, b"", self._long.unpack_from(raw, 4)[0], at + 8
        vr = raw[4:6]
        if not (vr.isalpha() and vr.isupper()):
            raise InvalidObject(f"{_name(tag)} has no value representation")
        if vr not in _LONG_VRS:
            return tag, vr, self._short.unpack_from(raw, 6)[0], at + 8
        if len(raw) < 12:
            raise InvalidObject("the data set ends inside an element")
        return tag, vr, self._long.unpack_from(raw, 8)[0], at + 12

    def _element(self, tag: int, vr: bytes, length: int) -> Element:
        start = self.position
        if length == UNDEFINED:
            self.position = self._over_sequence(start, self.encoding.explicit and vr != b"UN", 0)
            return Element(tag, vr, self._items_of(tag, start))
        end = start + length
        if length > LONGEST_VALUE or vr == b"SQ":
            self._require(end, tag)
            self.position = end
            return Element(tag, vr, self._items_of(tag, start))
        value = self._source.peek(self.position, length)
        if len(value) < length:
            raise InvalidObject(f"the data set ends inside {_name(tag)}")
        self.position = end
        return Element(tag, vr, value)

    def _items_of(self, tag: int, start: int) -> bytes | None:
        """The bytes of a sequence that was walked over, if it is one to keep and they are still to be had."""
        size = self.position - start
        if tag not in self._kept or size > LONGEST_VALUE:
            return None
        value = self._source.peek(start, size)
        return value if len(value) == size else None

    def behind_item(self, at: int) -> int:
        """The place behind an item of undefined length whose first element is at ``at``."""
        return self._over_item(at, self.encoding.explicit, 0)

    def _require(self, end: int, tag: int) -> None:
        if not self._source.peek(end - 1, 1):
            raise InvalidObject(f"the data set ends inside {_name(tag)}")

    def _over_sequence(self, at: int, explicit: bool, depth: int) -> int:
        """The place behind a sequence of undefined length whose first item is at ``at``."""
        if depth > DEEPEST:
            raise InvalidObject(f"sequences nested deeper than {DEEPEST}")
        while True:
            tag, length = self._delimiter(at)
            at += 8
            if tag == SEQUENCE_END:
                return at
            if tag != ITEM:
                raise InvalidObject(f"{_name(tag)} where an item of a sequence was expected")
            at = at + length if length != UNDEFINED else self._over_item(at, explicit, depth)

    def _over_item(self, at: int, explicit: bool, depth: int) -> int:
        inner = Walk(self._source, Encoding(explicit, self.encoding.big_endian))
        while True:
            self._count()
            tag, vr, length, start = inner.header(self._source.peek(at, 12), at)
            if tag == ITEM_END:
                return at + 8
            if length == UNDEFINED:
                at = self._over_sequence(start, explicit and vr != b"UN", depth + 1)
            else:
                at = start + length

    def _delimiter(self, at: int) -> tuple[int, int]:
        self._count()
        raw = self._source.peek(at, 8)
        if len(raw) < 8:
            raise InvalidObject("the data set ends inside a sequence")
        group, number = self._tag.unpack_from(raw)
        return group << 16 | number, self._long.unpack_from(raw, 4)[0]

    def _count(self) -> None:
        self._items += 1
        if self._items > MOST_ITEMS:
            raise InvalidObject(f"sequences with more than {MOST_ITEMS} parts")


def _name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
