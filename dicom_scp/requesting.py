"""An association asked for (PS3.8 section 7.1), as its requestor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dicom_scp import associate, pdus
from dicom_scp.associate import Proposal, ProposedContext
from dicom_scp.pdus import Chunk, Pdu, ProtocolError
from dicom_scp.status import CONTEXT_ACCEPTED, UNEXPECTED_PDU, reason_of
from dicom_scp.wire import Wire

_LONGEST_RESPONSE = 1 << 14  # bytes; what a C-STORE response needs many times over


class Refused(Exception):  # noqa: N818
    """The acceptor said no; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One presentation context with one transfer syntax, so that no acceptor can choose another."""

    abstract_syntax: str
    transfer_syntax: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Context IDs of what was accepted, and the longest PDU the acceptor takes (0: any)."""

    contexts: Mapping[Offer, int]
    longest_pdu: int


def request(
    wire: Wire,
    events: Iterator[Chunk | Pdu],
    offers: Sequence[Offer],
    calling_ae_title: str,
    called_ae_title: str,
) -> Accepted:
    """Ask for an association. Raises Refused, ProtocolError, ConnectionEnded, OSError."""
    numbered = {2 * number + 1: offer for number, offer in enumerate(offers)}
    proposal = Proposal(
        calling_ae_title=calling_ae_title,
        called_ae_title=called_ae_title,
        contexts=tuple(
            ProposedContext(
                context_id=number,
                abstract_syntax=offer.abstract_syntax,
                transfer_syntaxes=(offer.transfer_syntax,),
            )
            for number, offer in numbered.items()
        ),
        longest_pdu=_LONGEST_RESPONSE,
    )
    wire.send(associate.encode_request(proposal))
    answer = next(events)
    if not isinstance(answer, Pdu):
        raise ProtocolError("data before an association", reason=UNEXPECTED_PDU)
    if answer.pdu_type == pdus.A_ASSOCIATE_RJ:
        raise Refused(reason_of(associate.decode_rejection(answer.data)))
    if answer.pdu_type != pdus.A_ASSOCIATE_AC:
        raise ProtocolError(f"PDU type {answer.pdu_type} in answer to a request", reason=UNEXPECTED_PDU)
    acceptance = associate.decode_acceptance(answer.data)
    return Accepted(
        contexts={
            numbered[result.context_id]: result.context_id
            for result in acceptance.results
            if result.result == CONTEXT_ACCEPTED and result.context_id in numbered
        },
        longest_pdu=acceptance.longest_pdu,
    )
