"""One association from its TCP connection to its end, as its acceptor (PS3.8 section 9.2), in a thread of its
own.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event

from dicom_scp import associate, command, negotiation, pdus
from dicom_scp.access import AccessPolicy, admit
from dicom_scp.associate import Proposal
from dicom_scp.command import Command
from dicom_scp.inbox import Inbox
from dicom_scp.pdus import Chunk, Pdu, ProtocolError
from dicom_scp.refusals import Refusals
from dicom_scp.status import (
    ABORT_BY_PROVIDER,
    ABORT_BY_USER,
    LOCAL_LIMIT_EXCEEDED,
    NOT_SPECIFIED,
    STORED,
    TEMPORARY_CONGESTION,
    UNEXPECTED_PARAMETER,
    UNEXPECTED_PDU,
    UNKNOWN_APPLICATION_CONTEXT,
    UNKNOWN_CALLED_AE_TITLE,
    UNKNOWN_CALLING_AE_TITLE,
    UNKNOWN_PROTOCOL_VERSION,
    UNRECOGNIZED_OPERATION,
    Rejection,
    Status,
)
from dicom_scp.storing import Context, Message, Peer, Record, Storing, Unwanted
from dicom_scp.wire import ConnectionEnded, Timeouts, Wire
from router.types import Refusal

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What all associations of a listener share."""

    record: Record
    refusals: Refusals
    policy: Callable[[], AccessPolicy]
    inbox: Inbox
    tls: ssl.SSLContext | None
    timeouts: Timeouts
    longest_pdu: int
    take_slot: Callable[[], bool]
    draining: Event


class Association:
    """Call ``run`` in a thread of its own; ``hang_up`` from any other."""

    def __init__(self, connection: socket.socket, address: str, house: House) -> None:
        self._house = house
        self._wire = Wire(connection, patience=house.timeouts.negotiation)
        self._peer = Peer(calling_ae_title="", called_ae_title="", address=address)
        self._contexts: Mapping[int, Context] = {}
        self._longest_pdu = 0
        self._command_bytes = bytearray()
        self._message: tuple[int, Command, Message] | None = None

    def run(self) -> None:
        """Serve the peer until it releases, aborts, vanishes, or is turned away. Closes the connection."""
        try:
            if self._house.tls is not None:
                self._secure(self._house.tls)
            events = self._wire.events()
            if self._negotiate(events):
                self._serve(events)
        except ConnectionEnded as end:
            log.info("association of %s at %s: %s", self._peer.calling_ae_title, self._peer.address, end)
            if self._house.draining.is_set() and not self.is_busy:
                self._wire.last_word(pdus.abort(source=ABORT_BY_USER, reason=NOT_SPECIFIED))
        except ProtocolError as error:
            log.warning("aborting the association of %s: %s", self._peer.address, error)
            self._wire.last_word(pdus.abort(source=ABORT_BY_PROVIDER, reason=error.reason))
        except TimeoutError:
            log.warning("aborting the association of %s: the peer is silent", self._peer.address)
            self._wire.last_word(pdus.abort(source=ABORT_BY_PROVIDER, reason=NOT_SPECIFIED))
        except OSError as error:
            log.warning("the connection to %s broke: %s", self._peer.address, error)
        finally:
            if self._message is not None:
                self._message[2].abandon()
            self._wire.close()

    def hang_up(self) -> None:
        """End the association from another thread: its own wakes from waiting for the peer."""
        self._wire.hang_up()

    @property
    def is_busy(self) -> bool:
        """Inside a message: what it brings should arrive before we hang up."""
        return self._wire.is_busy

    def _secure(self, tls: ssl.SSLContext) -> None:
        try:
            self._wire.secure(tls)
        except ssl.SSLError as error:
            self._tell_refusal(f"TLS: {error.reason or error}")
            raise ConnectionEnded(f"no TLS: {error}") from error

    def _negotiate(self, events: Iterator[Chunk | Pdu]) -> bool:
        first = next(events)
        if not isinstance(first, Pdu) or first.pdu_type != pdus.A_ASSOCIATE_RQ:
            raise ProtocolError("the first PDU is no association request", reason=UNEXPECTED_PDU)
        proposal = associate.decode_request(first.data)
        self._peer = Peer(
            calling_ae_title=proposal.calling_ae_title,
            called_ae_title=proposal.called_ae_title,
            address=self._peer.address,
        )
        rejection = self._rejection(proposal)
        if rejection is not None:
            self._wire.last_word(associate.encode_rejection(rejection))
            return False
        acceptance = negotiation.answer(proposal, longest_pdu=self._house.longest_pdu)
        self._contexts = negotiation.accepted(proposal, acceptance)
        self._longest_pdu = proposal.longest_pdu
        self._wire.send(associate.encode_acceptance(proposal, acceptance))
        timeouts = self._house.timeouts
        self._wire.be_patient(patience=timeouts.stalled, idle=timeouts.idle)
        return True

    def _rejection(self, proposal: Proposal) -> Rejection | None:
        if (
            not proposal.protocol_version & 1
        ):  # PS3.8 Table 9-11: bit 0 is version 1, others are not looked at
            return UNKNOWN_PROTOCOL_VERSION
        if proposal.application_context != associate.APPLICATION_CONTEXT:
            return UNKNOWN_APPLICATION_CONTEXT
        peer = self._peer
        denial = admit(peer.calling_ae_title, peer.called_ae_title, peer.address, policy=self._house.policy())
        if denial is not None:
            self._tell_refusal(denial.reason)
            return UNKNOWN_CALLED_AE_TITLE if denial.is_called else UNKNOWN_CALLING_AE_TITLE
        # An association turned away for now is tried again as a whole by every sender there is; a 0xA700
        # inside one is, to many, the end of that image. An echo is answered all the same: the line is fine.
        if negotiation.wants_storage(proposal) and self._house.inbox.is_full():
            return TEMPORARY_CONGESTION
        if self._house.draining.is_set():
            return TEMPORARY_CONGESTION
        return None if self._house.take_slot() else LOCAL_LIMIT_EXCEEDED

    def _tell_refusal(self, reason: str) -> None:
        peer = self._peer
        log.warning(
            "refused %s at %s calling %s: %s",
            peer.calling_ae_title,
            peer.address,
            peer.called_ae_title,
            reason,
        )
        self._house.refusals.tell(
            Refusal(
                calling_ae_title=peer.calling_ae_title,
                called_ae_title=peer.called_ae_title,
                address=peer.address,
                reason=reason,
                at=datetime.now(UTC),
            )
        )

    def _serve(self, events: Iterator[Chunk | Pdu]) -> None:
        for event in events:
            if isinstance(event, Chunk):
                self._take(event)
            elif event.pdu_type == pdus.A_RELEASE_RQ:
                self._wire.last_word(pdus.release_rp())
                raise ConnectionEnded("released")
            elif event.pdu_type == pdus.A_ABORT:
                raise ConnectionEnded("aborted by the peer")
            else:
                raise ProtocolError(f"PDU type {event.pdu_type} inside an association", reason=UNEXPECTED_PDU)

    def _take(self, chunk: Chunk) -> None:
        self._wire.is_busy = True
        if chunk.is_command:
            self._take_command(chunk)
        elif self._message is None or self._message[0] != chunk.context_id:
            raise ProtocolError("a data set without its command", reason=UNEXPECTED_PARAMETER)
        else:
            _, request, message = self._message
            message.write(chunk.data)
            if chunk.completes:
                status = message.finish()
                self._message = None
                self._respond(chunk.context_id, request, status)

    def _take_command(self, chunk: Chunk) -> None:
        context = self._contexts.get(chunk.context_id)
        if context is None or self._message is not None:
            raise ProtocolError(
                "a command in no accepted context, or inside a data set", reason=UNEXPECTED_PARAMETER
            )
        self._command_bytes += chunk.data
        if len(self._command_bytes) > command.LONGEST_COMMAND:
            raise ProtocolError("an endless command", reason=UNEXPECTED_PARAMETER)
        if not chunk.completes:
            return
        request = command.decode(bytes(self._command_bytes))
        self._command_bytes.clear()
        if request.has_data_set:
            self._message = (chunk.context_id, request, self._message_for(request, context))
        elif request.field == command.C_ECHO_RQ:
            self._respond(chunk.context_id, request, STORED)
        elif request.is_request and request.field != command.C_CANCEL_RQ:  # it takes no response
            self._respond(chunk.context_id, request, Status(code=UNRECOGNIZED_OPERATION))
        else:
            self._wire.is_busy = False

    def _message_for(self, request: Command, context: Context) -> Message:
        if request.field != command.C_STORE_RQ:
            return Unwanted()
        house = self._house
        return Storing(request, context, peer=self._peer, inbox=house.inbox, record=house.record)

    def _respond(self, context_id: int, request: Command, status: Status) -> None:
        answer = command.encode_response(request, status=status.code, error_comment=status.comment)
        for pdu in pdus.data_pdus(context_id, answer, is_command=True, longest=self._longest_pdu):
            self._wire.send(pdu)
        self._wire.is_busy = False
        if self._house.draining.is_set():
            raise ConnectionEnded("we stop")
