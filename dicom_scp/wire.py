"""A connection that speaks PS3.8: one blocking socket, one receive buffer, nothing that polls.

A response leaves as soon as it is known, and nothing is queued, so an association's memory is its receive
buffer and what one command, one header or one association request may need: below 3 MiB, whatever the peer
sends.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from dicom_scp.pdus import Chunk, Pdu, Splitter

RECEIVE_BUFFER = 1 << 18  # bytes
GOODBYE_SECONDS = 2.0  # how long the peer has to close after our last word, before we do


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. ``negotiation`` is PS3.8's ARTIM timer; ``stalled`` for a peer silent inside a message."""

    negotiation: float = 20.0
    stalled: float = 60.0
    idle: float = 300.0


class ConnectionEnded(Exception):  # noqa: N818  an end is no error
    """The association is over; the message says how, for the log."""


class Wire:
    """``events`` and ``send`` belong to one thread, ``hang_up`` to any.

    ``is_busy`` is set by the owner between a message's first byte and its response. A peer may be silent for
    ``patience`` seconds, and for ``idle`` seconds between messages.
    """

    def __init__(self, connection: socket.socket, *, patience: float) -> None:
        """Raises OSError when the connection is gone already."""
        self._socket = connection
        self._splitter = Splitter()
        self._buffer = memoryview(bytearray(RECEIVE_BUFFER))
        self._patience = patience
        self._idle = patience
        self.is_busy = False
        connection.settimeout(patience)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def secure(self, context: ssl.SSLContext, *, server_hostname: str | None = None) -> None:
        """Shake hands over TLS, as a client where there is a ``server_hostname``. Raises OSError,
        ssl.SSLError.
        """
        self._socket = context.wrap_socket(
            self._socket, server_side=server_hostname is None, server_hostname=server_hostname
        )

    def be_patient(self, *, patience: float, idle: float) -> None:
        """The association is established: from now on other timeouts hold."""
        self._patience = patience
        self._idle = idle
        self._socket.settimeout(patience)

    def events(self) -> Iterator[Chunk | Pdu]:
        """What the peer sends, as it comes. Raises ConnectionEnded, ProtocolError, TimeoutError, OSError."""
        while True:
            yield from self._splitter.feed(self._buffer[: self._receive()])

    def send(self, data: bytes) -> None:
        """Raises OSError, also when the peer does not take it in time."""
        self._socket.sendall(data)

    def last_word(self, pdu: bytes) -> None:
        """Send ``pdu`` and give the peer time to read it and close first (PS3.8 Sta13).

        Closing with the peer's bytes unread would reset the connection and take our last word with it.
        """
        with suppress(OSError):
            self._socket.settimeout(GOODBYE_SECONDS)
            self._socket.sendall(pdu)
            socket.socket.shutdown(self._socket, socket.SHUT_WR)
            while self._socket.recv_into(self._buffer):
                pass

    def hang_up(self) -> None:
        """Wake the owner out of waiting; past TLS, whose state is the owner's."""
        with suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RD)

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> int:
        waited = 0.0
        while True:
            try:
                received = self._socket.recv_into(self._buffer)
            except TimeoutError:
                waited += self._patience
                if self.is_busy or waited >= self._idle:
                    raise
                continue
            if not received:
                raise ConnectionEnded("the peer closed the connection")
            return received
