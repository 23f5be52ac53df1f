"""MLLP blocks (HL7 MLLP release 1): ``<VT> message <FS> <CR>``, cut out of a stream or a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

START, END = b"\x0b", b"\x1c"
CARRIAGE_RETURN = b"\r"
LONGEST_HEAD = 4096  # bytes of an overlong message that are kept to answer it


class BlockTooLong(Exception):  # noqa: N818  an end is no error
    """A block longer than the limit; ``head`` is how it begins."""

    def __init__(self, head: bytes) -> None:
        super().__init__("a message longer than the limit")
        self.head = head


class Blocks:
    """Cuts messages out of a byte stream that arrives in pieces of any size.

    Bytes between blocks mean nothing (the carriage return behind an end among them). A start inside a block
    is a sender that begins anew: what it had begun has no answer and will be sent again.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._open: bytearray | None = None

    @property
    def is_inside(self) -> bool:
        """Whether a block has begun and not ended."""
        return self._open is not None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that ``data`` completes. Raises BlockTooLong, after which the stream is of no use."""
        for piece in re.split(rb"([\x0b\x1c])", data):
            if piece == START:
                self._open = bytearray()
            elif piece == END:
                whole, self._open = self._open, None
                if whole is not None:
                    yield bytes(whole)
            elif self._open is not None:
                self._open += piece
                if len(self._open) > self._longest:
                    raise BlockTooLong(bytes(self._open[:LONGEST_HEAD]))


def block(message: bytes) -> bytes:
    """A message as it goes over the wire."""
    return START + message + END + CARRIAGE_RETURN


def messages_in(file: bytes) -> list[bytes]:
    """The messages of a file: in MLLP blocks, or one after the other, each beginning with its MSH."""
    if START in file:
        return list(Blocks(len(file)).feed(file if END in file else file + END))
    return [piece for piece in re.split(rb"(?:^|(?<=[\r\n]))(?=MSH)", file) if piece.strip()]
