"""Our end of an association that we ask for: connected, associated, asked and answered."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from dicom_scp import command, pdus
from dicom_scp.command import Command
from dicom_scp.pdus import Chunk, ProtocolError
from dicom_scp.requesting import Accepted, Offer, Refused, request
from dicom_scp.status import UNEXPECTED_PARAMETER
from dicom_scp.tls import TlsSettings, client_context
from dicom_scp.wire import ConnectionEnded, Timeouts, Wire
from router.errors import TransientError


class Unreachable(TransientError):  # noqa: N818  as the whole tree of router.errors is named
    """The other AE cannot be reached, or takes no association from us; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Address:
    """Another AE, and who we are to it."""

    host: str
    port: int
    calling_ae_title: str
    called_ae_title: str
    tls: TlsSettings | None
    timeouts: Timeouts

    def connect(self) -> Link:
        """Raises Unreachable, and SettingsError for TLS files that cannot be used."""
        context = client_context(self.tls) if self.tls is not None else None
        try:
            connection = socket.create_connection((self.host, self.port), timeout=self.timeouts.negotiation)
        except OSError as error:
            raise Unreachable(f"no connection to {self.host}:{self.port}: {error}") from error
        wire = Wire(connection, patience=self.timeouts.negotiation)
        if context is not None:
            try:
                wire.secure(context, server_hostname=self.host)
            except OSError as error:
                wire.close()
                raise Unreachable(f"no TLS with {self.host}:{self.port}: {error}") from error
        return Link(wire, self)


class Link:
    """An association with us as its requestor."""

    def __init__(self, wire: Wire, address: Address) -> None:
        self.wire = wire
        self._address = address
        self._events = wire.events()

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *exception: object) -> None:
        self.wire.close()

    def associate(self, offers: Sequence[Offer]) -> Accepted:
        """Raises Unreachable, which says why."""
        address = self._address
        try:
            answer = request(
                self.wire, self._events, offers, address.calling_ae_title, address.called_ae_title
            )
        except (Refused, ConnectionEnded, ProtocolError, OSError) as error:
            raise Unreachable(f"no association with {address.called_ae_title}: {error}") from error
        self.wire.be_patient(patience=address.timeouts.stalled, idle=address.timeouts.stalled)
        return answer

    def ask(self, context_id: int, encoded: bytes) -> tuple[int, str]:
        """Send a command without a data set; status and error comment of its response. Raises Unreachable."""
        try:
            for pdu in pdus.data_pdus(context_id, encoded, is_command=True, longest=0):
                self.wire.send(pdu)
            return self.answer()
        except (ConnectionEnded, ProtocolError, OSError) as error:
            raise Unreachable(f"no answer from {self._address.called_ae_title}: {error}") from error

    def answer(self) -> tuple[int, str]:
        """Status and error comment of the next response."""
        response, _ = self.response()
        return response.status, response.error_comment

    def response(self, *, longest_data_set: int = 0) -> tuple[Command, bytes]:
        """The next response with its data set, of which more than so many bytes break the association.

        Raises ConnectionEnded, ProtocolError, OSError.
        """
        encoded = self._part(command.LONGEST_COMMAND, is_command=True)
        response = command.decode(encoded)
        if not response.has_data_set:
            return response, b""
        return response, self._part(longest_data_set, is_command=False)

    def _part(self, longest: int, *, is_command: bool) -> bytes:
        """A whole command or data set."""
        whole = bytearray()
        for event in self._events:
            if not isinstance(event, Chunk):
                raise ConnectionEnded("aborted by the peer")
            if event.is_command is not is_command:
                raise ProtocolError(
                    "a command where a data set belongs, or the other way round", reason=UNEXPECTED_PARAMETER
                )
            whole += event.data
            if len(whole) > longest:
                raise ProtocolError("an endless response", reason=UNEXPECTED_PARAMETER)
            if event.completes:
                return bytes(whole)
        raise ConnectionEnded("no response")
