"""Damage to DICOM files, from a seed: what broken senders, disks and malice do to them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from bench.specimens import Span, Specimen

PIXELS = 0x7FE00010
# Numbers that say how the pixels lie: samples, frames, Planar Configuration, Rows, Columns, bits.
GEOMETRY = frozenset(
    {
        0x00280002,
        0x00280008,
        0x00280006,
        0x00280010,
        0x00280011,
        0x00280100,
        0x00280101,
        0x00280102,
        0x00280103,
    }
)
EXTREMES = (0, 1, 2, 7, 8, 0x7F, 0xFF, 0x7FFF, 0x8000, 0xFFFF)
LENGTHS = (0, 1, 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFE, 0xFFFFFFFF)
VRS = (
    b"AE",
    b"CS",
    b"DS",
    b"FD",
    b"IS",
    b"OB",
    b"OW",
    b"PN",
    b"SQ",
    b"UI",
    b"UN",
    b"US",
    b"UT",
    b"??",
    b"\0\0",
)
HOSTILE = (
    b"\0" * 8,
    b"\xff\xfe\xfd",
    b"\x1b$B\x1b(J\x1b-F",
    b"\\" * 40,
    b"../../../../etc/passwd",
    b"'; drop table instance; --",
    b"1e400\\nan\\-inf",
    b"9" * 60,
    b"%s%n{0}\x7f",
    b"\xed\xa0\x80\xf0\x9f\x92\x80",
)

Edit = Callable[[bytearray, Sequence[Span], random.Random], None]


def mutate(specimen: Specimen, chance: random.Random, *, number: int) -> bytes:
    """A damaged copy under a SOP Instance UID of its own (unless that was damaged, too).

    One edit of an element, of the bytes, or both; one in ten spoils the File Meta Information.
    """
    raw = bytearray(fresh(specimen, number)[0])
    if specimen.spans and chance.random() < 0.75:
        chance.choice(STRUCTURAL)(raw, specimen.spans, chance)
    if chance.random() < 0.45:
        first = 0 if chance.random() < 0.1 else min(specimen.data_set_start, len(raw) - 1)
        chance.choice(BYTEWISE)(
            raw, (Span(tag=0, start=first, value=first, end=len(raw), explicit=True),), chance
        )
    return bytes(raw)


def fresh(specimen: Specimen, number: int) -> tuple[bytes, str]:
    """The sound file under a SOP Instance UID of its own, of the same length; the bytes and the UID."""
    uid = specimen.sop_instance_uid
    if len(uid) < 20:
        return specimen.raw, uid
    own = f"{uid[:-9].rstrip('.')}".ljust(len(uid) - 9, "1") + f".1{number:07d}"
    own = own.replace("..", ".1")
    return specimen.raw.replace(uid.encode(), own.encode()), own


def _span(spans: Sequence[Span], chance: random.Random) -> Span:
    """Any element, the pixels and the geometry rather more often."""
    liked = [span for span in spans if span.tag == PIXELS or span.tag in GEOMETRY]
    return chance.choice(liked if liked and chance.random() < 0.4 else spans)


def _delete(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    span = _span(spans, chance)
    del raw[span.start : span.end]


def _duplicate(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    span, to = _span(spans, chance), chance.choice(spans)
    raw[to.start : to.start] = raw[span.start : min(span.end, span.start + 4096)]


def _length(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    """Another length in an element's header: absurd, or off by a little."""
    span = _span(spans, chance)
    size = 2 if span.explicit and span.value - span.start == 8 else 4
    old = int.from_bytes(raw[span.value - size : span.value], "little")
    new = chance.choice(
        (*LENGTHS, old + 1, old + 2, old + 1000, max(0, old - 2), old ^ 1 << chance.randrange(16))
    )
    raw[span.value - size : span.value] = (new & (1 << 8 * size) - 1).to_bytes(size, "little")


def _vr(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    span = _span(spans, chance)
    raw[span.start + 4 : span.start + 6] = chance.choice(VRS)


def _tag(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    span, other = _span(spans, chance), _span(spans, chance)
    raw[span.start : span.start + 4] = raw[other.start : other.start + 4]


def _number(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    """An extreme number where the geometry is."""
    liked = [span for span in spans if span.tag in GEOMETRY and span.end - span.value >= 2]
    span = chance.choice(liked or spans)
    if span.end - span.value >= 2:
        raw[span.value : span.value + 2] = chance.choice(EXTREMES).to_bytes(
            2, chance.choice(("little", "big"))
        )


def _text(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    """A value of the same length that nobody expects."""
    span = chance.choice(spans)
    size = min(span.end - span.value, 4096)
    hostile = chance.choice(HOSTILE)
    raw[span.value : span.value + size] = (hostile * (size // len(hostile) + 1))[:size]


def _pixel_bytes(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    """Bytes changed in the pixels: for the decoders."""
    pixels = [span for span in spans if span.tag == PIXELS]
    span = pixels[0] if pixels else chance.choice(spans)
    if span.end - span.value < 2:
        return
    reach = (
        span.end if chance.random() < 0.5 else min(span.end, span.value + 400)
    )  # the codestream's own header
    for _ in range(chance.choice((1, 2, 8, 64))):
        raw[chance.randrange(span.value, reach)] = chance.choice((0, 0xFF, chance.randrange(256)))


def _flip(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 2, 4, 32))):
        raw[chance.randrange(spans[0].start, len(raw))] ^= 1 << chance.randrange(8)


def _truncate(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    del raw[chance.randrange(spans[0].start, len(raw)) :]


def _insert(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    at = chance.randrange(spans[0].start, len(raw))
    raw[at:at] = chance.randbytes(chance.choice((1, 2, 8, 300)))


def _cut(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    at = chance.randrange(spans[0].start, len(raw))
    del raw[at : at + chance.choice((1, 2, 8, 300, 5000))]


def _extreme(raw: bytearray, spans: Sequence[Span], chance: random.Random) -> None:
    at = chance.randrange(spans[0].start, len(raw))
    raw[at : at + 4] = chance.choice(LENGTHS).to_bytes(4, "little")


STRUCTURAL: tuple[Edit, ...] = (
    _delete, _duplicate, _length, _length, _vr, _tag, _number, _number, _text, _pixel_bytes, _pixel_bytes
)  # fmt: skip
BYTEWISE: tuple[Edit, ...] = (_flip, _truncate, _insert, _cut, _extreme)
