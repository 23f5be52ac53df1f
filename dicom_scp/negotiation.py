"""Association negotiation (PS3.8 section 7.1, PS3.7 Annex D), on pynetdicom's PDUs and primitives.

What is used of pynetdicom, and what ``tests/dicom_scp/test_negotiation.py`` holds it to: the classes of
``pynetdicom.pdu`` with ``decode``, ``encode``, ``to_primitive`` and the constructor that takes a primitive;
the classes of ``pynetdicom.pdu_primitives``; ``PresentationContext``; ``sop_class.uid_to_service_class``.
None of its threads or sockets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pydicom.uid import UID, UID_dictionary
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
)
from pynetdicom.presentation import PresentationContext
from pynetdicom.service_class import ServiceClass, StorageServiceClass
from pynetdicom.sop_class import uid_to_service_class

from dicom_scp.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from dicom_scp.pdus import ProtocolError
from dicom_scp.status import ABSTRACT_SYNTAX_NOT_SUPPORTED, CONTEXT_ACCEPTED, INVALID_PARAMETER, Rejection
from dicom_scp.storing import Context

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"  # PS3.7 Annex A.2.1
VERIFICATION = "1.2.840.10008.1.1"  # PS3.4 Annex A


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An association request, as far as it matters here."""

    calling_ae_title: str
    called_ae_title: str
    application_context: str
    protocol_version: int
    longest_pdu: int  # the longest that the peer takes; 0: any
    primitive: A_ASSOCIATE

    @property
    def wants_storage(self) -> bool:
        """Whether any of its contexts is for storing; an association for C-ECHO alone is not."""
        return any(
            _is_storage(cx.abstract_syntax) for cx in self.primitive.presentation_context_definition_list
        )


def decode_request(data: bytes) -> Proposal:
    """Read an A-ASSOCIATE-RQ PDU; raises ProtocolError when it cannot be read."""
    pdu = A_ASSOCIATE_RQ()
    try:
        pdu.decode(data)
        primitive = pdu.to_primitive()
        return Proposal(
            calling_ae_title=primitive.calling_ae_title.strip(),
            called_ae_title=primitive.called_ae_title.strip(),
            application_context=str(primitive.application_context_name or ""),
            protocol_version=pdu.protocol_version,
            longest_pdu=primitive.maximum_length_received or 0,
            primitive=primitive,
        )
    except Exception as error:  # whatever a stranger's bytes make pynetdicom raise means the same thing
        raise ProtocolError(
            f"an association request that cannot be read: {error!r}", reason=INVALID_PARAMETER
        ) from error


def accept(proposal: Proposal, *, longest_pdu: int) -> tuple[bytes, Mapping[int, Context]]:
    """The A-ASSOCIATE-AC PDU that answers ``proposal``, and its accepted contexts by ID.

    Every storage SOP class is accepted, known or not, in the first transfer syntax the peer proposes for it:
    what it would rather send is what we want to have, and nothing is ever transcoded.
    """
    results = [_answered(cx) for cx in proposal.primitive.presentation_context_definition_list]
    primitive = _primitive(proposal)
    primitive.result, primitive.result_source = 0, 1
    primitive.presentation_context_definition_results_list = results
    primitive.user_information = [*user_information(longest_pdu), *_roles(proposal)]
    contexts = {
        cx.context_id: Context(
            abstract_syntax=str(cx.abstract_syntax), transfer_syntax=str(cx.transfer_syntax[0])
        )
        for cx in results
        if cx.result == CONTEXT_ACCEPTED
    }
    encoded: bytes = A_ASSOCIATE_AC(primitive).encode()
    return encoded, contexts


def reject(proposal: Proposal, rejection: Rejection) -> bytes:
    """The A-ASSOCIATE-RJ PDU that turns ``proposal`` away."""
    primitive = _primitive(proposal)
    primitive.result = rejection.result
    primitive.result_source = rejection.source
    primitive.diagnostic = rejection.reason
    encoded: bytes = A_ASSOCIATE_RJ(primitive).encode()
    return encoded


def user_information(longest_pdu: int) -> list[object]:
    """What either side says of itself (PS3.7 Annex D.3.3)."""
    length = MaximumLengthNotification()
    length.maximum_length_received = longest_pdu
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    return [length, implementation, version]


def _primitive(proposal: Proposal) -> A_ASSOCIATE:
    primitive = A_ASSOCIATE()
    primitive.application_context_name = UID(APPLICATION_CONTEXT)
    primitive.calling_ae_title = proposal.primitive.calling_ae_title
    primitive.called_ae_title = proposal.primitive.called_ae_title
    return primitive


def _answered(proposed: PresentationContext) -> PresentationContext:
    answer = PresentationContext()
    answer.context_id = proposed.context_id
    answer.abstract_syntax = proposed.abstract_syntax
    if not proposed.transfer_syntax:
        raise ProtocolError("a presentation context without a transfer syntax", reason=INVALID_PARAMETER)
    answer.transfer_syntax = [proposed.transfer_syntax[0]]
    ours = proposed.abstract_syntax == VERIFICATION or _is_storage(proposed.abstract_syntax)
    answer.result = CONTEXT_ACCEPTED if ours else ABSTRACT_SYNTAX_NOT_SUPPORTED
    return answer


def _roles(proposal: Proposal) -> list[SCP_SCU_RoleSelectionNegotiation]:
    """We are an SCP: the peer may be an SCU, and not the other way round (PS3.7 Annex D.3.3.4)."""
    answers = []
    for item in proposal.primitive.user_information:
        if isinstance(item, SCP_SCU_RoleSelectionNegotiation) and item.scu_role:
            answer = SCP_SCU_RoleSelectionNegotiation()
            answer.sop_class_uid = item.sop_class_uid
            answer.scu_role = True
            answer.scp_role = False
            answers.append(answer)
    return answers


@lru_cache(maxsize=1024)
def _is_storage(uid: str) -> bool:
    """Whether a SOP class is stored: those of PS3.4 Annex B, retired ones, and all that nobody here has heard
    of.

    Not those of Annex GG (hanging protocols, colour palettes ...), which belong to no patient and no study.
    """
    service = uid_to_service_class(uid)
    if service is not ServiceClass:
        return bool(service is StorageServiceClass)
    if uid not in UID_dictionary:
        return True
    name, kind, *_ = UID_dictionary[uid]
    return (
        kind == "SOP Class"
        and "Storage" in name
        and not any(word in name for word in ("Commitment", "Directory"))
    )
