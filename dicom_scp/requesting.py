"""An association asked for (PS3.8 section 7.1), on pynetdicom's PDUs and primitives, as its requestor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydicom.uid import UID
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AddressInformation

from dicom_scp import pdus
from dicom_scp.negotiation import APPLICATION_CONTEXT, user_information
from dicom_scp.pdus import Chunk, Pdu, ProtocolError
from dicom_scp.status import CONTEXT_ACCEPTED, INVALID_PARAMETER, UNEXPECTED_PDU
from dicom_scp.wire import Wire

_LONGEST_RESPONSE = 1 << 14  # bytes; what a C-STORE response needs many times over


class Refused(Exception):  # noqa: N818
    """The acceptor said no; the message is pynetdicom's wording of why."""


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
    contexts = dict(enumerate(offers))
    wire.send(_encode(contexts, calling_ae_title, called_ae_title))
    answer = next(events)
    if not isinstance(answer, Pdu):
        raise ProtocolError("data before an association", reason=UNEXPECTED_PDU)
    if answer.pdu_type == pdus.A_ASSOCIATE_RJ:
        raise Refused(_why(answer.data))
    if answer.pdu_type != pdus.A_ASSOCIATE_AC:
        raise ProtocolError(f"PDU type {answer.pdu_type} in answer to a request", reason=UNEXPECTED_PDU)
    return _decode(answer.data, contexts)


def _encode(contexts: Mapping[int, Offer], calling_ae_title: str, called_ae_title: str) -> bytes:
    nowhere = AddressInformation("127.0.0.1", 0)  # pynetdicom wants one; it is not in the PDU
    primitive = A_ASSOCIATE()
    primitive.application_context_name = UID(APPLICATION_CONTEXT)
    primitive.calling_ae_title = calling_ae_title
    primitive.called_ae_title = called_ae_title
    primitive.calling_presentation_address = nowhere
    primitive.called_presentation_address = nowhere
    proposed = []
    for number, offer in contexts.items():
        context = PresentationContext()
        context.context_id = 2 * number + 1
        context.abstract_syntax = UID(offer.abstract_syntax)
        context.transfer_syntax = [UID(offer.transfer_syntax)]
        proposed.append(context)
    primitive.presentation_context_definition_list = proposed
    primitive.user_information = user_information(_LONGEST_RESPONSE)
    encoded: bytes = A_ASSOCIATE_RQ(primitive).encode()
    return encoded


def _decode(data: bytes, contexts: Mapping[int, Offer]) -> Accepted:
    pdu = A_ASSOCIATE_AC()
    try:
        pdu.decode(data)
        primitive = pdu.to_primitive()
        results = primitive.presentation_context_definition_results_list
        accepted = {
            contexts[cx.context_id // 2]: cx.context_id for cx in results if cx.result == CONTEXT_ACCEPTED
        }
        return Accepted(contexts=accepted, longest_pdu=primitive.maximum_length_received or 0)
    except Exception as error:  # whatever a stranger's bytes make pynetdicom raise means the same thing
        raise ProtocolError(
            f"an acceptance that cannot be read: {error!r}", reason=INVALID_PARAMETER
        ) from error


def _why(data: bytes) -> str:
    pdu = A_ASSOCIATE_RJ()
    try:
        pdu.decode(data)
        return f"{pdu.result_str}, {pdu.reason_str}".lower()
    except Exception as error:  # as above: a rejection without a readable reason is still one
        return f"rejected, and the reason cannot be read: {error!r}"
