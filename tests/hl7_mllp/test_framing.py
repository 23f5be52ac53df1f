"""Blocks in a stream and in a file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hl7_mllp.framing import Blocks, BlockTooLong, block, messages_in

PLAIN = st.binary(max_size=30).map(lambda data: data.replace(b"\x0b", b"").replace(b"\x1c", b""))


@given(st.lists(PLAIN, max_size=5), st.integers(1, 7))
def test_blocks_come_out_whole_however_they_are_cut(messages, size) -> None:
    stream = b"".join(map(block, messages))
    blocks = Blocks(1000)
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert [found for piece in pieces for found in blocks.feed(piece)] == messages
    assert not blocks.is_inside


@pytest.mark.parametrize(
    ("stream", "found"),
    [
        (b"noise\x0bA\x1c\r", [b"A"]),
        (b"\x0bA\x1c", [b"A"]),  # no carriage return behind it
        (b"\x0bA\x0bB\x1c\r", [b"B"]),  # begun anew
        (b"\x1c\r\x0bA\x1c\r\x0bB\x1c\r", [b"A", b"B"]),
        (b"A\r", []),
    ],
)
def test_what_stands_between_blocks_means_nothing(stream, found) -> None:
    assert list(Blocks(100).feed(stream)) == found


def test_a_block_beyond_the_limit_ends_the_stream() -> None:
    blocks = Blocks(10)
    with pytest.raises(BlockTooLong) as caught:
        list(blocks.feed(b"\x0bMSH|" + b"x" * 20))
    assert caught.value.head.startswith(b"MSH|")


@pytest.mark.parametrize(
    "file", [b"MSH|a\rPID|b\rMSH|c\r", b"MSH|a\nPID|b\nMSH|c\n", block(b"MSH|a\rPID|b") + block(b"MSH|c")]
)
def test_a_file_may_hold_several_messages(file) -> None:
    first, second = messages_in(file)
    assert first.startswith(b"MSH|a") and b"PID|b" in first
    assert second.startswith(b"MSH|c")
