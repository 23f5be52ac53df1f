from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_scp import pdus
from dicom_scp.pdus import Chunk, Pdu, ProtocolError, Splitter

Pdv = tuple[int, int, bytes]  # context ID, message control header, fragment

PDVS = st.lists(
    st.tuples(st.sampled_from([1, 3, 255]), st.integers(0, 255), st.binary(max_size=40)),
    min_size=1,
    max_size=5,
)
STREAM = st.lists(PDVS | st.tuples(st.sampled_from([1, 2, 3, 5, 6, 7]), st.binary(max_size=30)), max_size=6)


def encoded(pdvs: list[Pdv]) -> bytes:
    items = b"".join(
        struct.pack(">IBB", len(data) + 2, context, control) + data for context, control, data in pdvs
    )
    return struct.pack(">BxI", pdus.P_DATA_TF, len(items)) + items


def stream_of(parts: list[list[Pdv] | tuple[int, bytes]]) -> bytes:
    return b"".join(
        struct.pack(">BxI", part[0], len(part[1])) + part[1] if isinstance(part, tuple) else encoded(part)
        for part in parts
    )


def split(stream: bytes, cuts: list[int]) -> list[Chunk | Pdu]:
    splitter = Splitter()
    events: list[Chunk | Pdu] = []
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for start, end in itertools.pairwise(places):
        for event in splitter.feed(memoryview(stream)[start:end]):
            events.append(event._replace(data=bytes(event.data)))  # type: ignore[arg-type]
    return events


def joined(events: list[Chunk | Pdu]) -> list[tuple[object, ...]]:
    """Chunks of one fragment put together again, as PDVs with their two meaningful bits."""
    found: list[tuple[object, ...]] = []
    fragment = b""
    for event in events:
        if isinstance(event, Pdu):
            found.append((event.pdu_type, event.data[6:]))
            continue
        fragment += event.data
        found.append((event.context_id, event.is_command, event.completes, bytes(event.data)))
    return found


@given(parts=STREAM, cuts=st.lists(st.integers(0, 1000), max_size=30))
def test_a_stream_means_the_same_however_it_is_cut(
    parts: list[list[Pdv] | tuple[int, bytes]], cuts: list[int]
) -> None:
    stream = stream_of(parts)
    found = split(stream, cuts)
    wanted: list[tuple[object, ...]] = []
    for part in parts:
        if isinstance(part, tuple):
            wanted.append(part)
        else:
            wanted += [(c, bool(control & 1), bool(control & 2), data) for c, control, data in part]
    assert messages(found) == messages_of(wanted)


def messages(events: list[Chunk | Pdu]) -> list[tuple[object, ...]]:
    return messages_of(joined(events))


def messages_of(found: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Neighbouring chunks of the same fragment are one; empty chunks that complete nothing are none."""
    result: list[list[object]] = []
    for item in found:
        if len(item) == 2:
            result.append(list(item))
            continue
        last = result[-1] if result else []
        if len(last) == 4 and last[0] == item[0] and last[1] == item[1] and not last[2]:
            last[2], last[3] = item[2], last[3] + item[3]  # type: ignore[operator]
        else:
            result.append(list(item))
    return [tuple(item) for item in result]


@given(data=st.binary(max_size=300), longest=st.integers(0, 50), is_command=st.booleans())
def test_what_we_send_is_what_a_receiver_reads(data: bytes, longest: int, is_command: bool) -> None:
    sent = list(pdus.data_pdus(7, data, is_command=is_command, longest=longest))
    assert not longest or all(len(pdu) - 6 <= max(longest, 7) for pdu in sent)
    events = split(b"".join(sent), [])
    assert b"".join(event.data for event in events) == data
    assert [getattr(event, "completes", None) for event in events].count(True) == 1
    assert events[-1][:3] == (7, is_command, True)


@given(st.binary(max_size=400))
def test_random_bytes_are_read_or_refused_but_never_crash(stream: bytes) -> None:
    try:
        split(stream, [])
    except ProtocolError as error:
        assert error.reason in (1, 2, 4, 5, 6)


BROKEN = {
    "an unknown PDU type": bytes([9, 0, 0, 0, 0, 0]),
    "a P-DATA-TF without a PDV": bytes([4, 0, 0, 0, 0, 0]),
    "a PDV without its control header": struct.pack(">BxIIB", 4, 5, 1, 1),
    "a PDV longer than its PDU": struct.pack(">BxIIBB", 4, 6, 3, 1, 0),
    "a PDV shorter than its header": struct.pack(">BxIIBB", 4, 6, 1, 1, 0),
    "a control PDU of four gigabytes": struct.pack(">BxI", 1, 0xFFFFFFFF),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_stream_is_a_protocol_error(name: str) -> None:
    with pytest.raises(ProtocolError):
        split(BROKEN[name] + bytes(6), [])


def test_an_empty_last_fragment_completes_a_message() -> None:
    events = split(encoded([(1, 0, b"data"), (1, 2, b"")]), [])
    assert events == [(1, False, False, b"data"), (1, False, True, b"")]


def test_a_pdu_of_any_length_is_never_held_in_memory() -> None:
    splitter = Splitter()
    list(splitter.feed(memoryview(struct.pack(">BxIIBB", 4, 2**31 + 6, 2**31 + 2, 1, 0))))
    piece = memoryview(bytes(1 << 16))
    [chunk] = splitter.feed(piece)
    assert isinstance(chunk, Chunk) and chunk.data.obj is piece.obj
