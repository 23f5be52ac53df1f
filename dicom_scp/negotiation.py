"""Which presentation contexts are accepted, and how (PS3.8 section 7.1.1, PS3.4 Annex B)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from pydicom.uid import UID_dictionary

from dicom_scp.associate import Acceptance, ContextResult, Proposal, ProposedContext
from dicom_scp.status import (
    ABSTRACT_SYNTAX_NOT_SUPPORTED,
    CONTEXT_ACCEPTED,
    TRANSFER_SYNTAXES_NOT_SUPPORTED,
)
from dicom_scp.storing import Context
from dicom_scp.uids import is_uid

VERIFICATION = "1.2.840.10008.1.1"  # PS3.4 Annex A

# PS3.4 Annex GG, and the DICOMDIR of PS3.3 Annex F: of no patient and no study, so nothing to route.
_OF_NO_PATIENT = (
    "Commitment",
    "Directory",
    "Defined Procedure Protocol",
    "Protocol Approval",
    "Inventory",
    "Hanging Protocol",
    "Color Palette",
    "Implant",
    "Stored Print",
)


def answer(proposal: Proposal, *, longest_pdu: int) -> Acceptance:
    """What we say to each proposed presentation context.

    Every storage SOP class is accepted, known or not, in the first transfer syntax the peer proposes for it:
    what it would rather send is what we want to have, and nothing is ever transcoded.
    """
    results = tuple(_result(context) for context in proposal.contexts)
    return Acceptance(results=results, longest_pdu=longest_pdu)


def accepted(proposal: Proposal, acceptance: Acceptance) -> Mapping[int, Context]:
    """The accepted presentation contexts by their ID."""
    proposed = {context.context_id: context for context in proposal.contexts}
    return {
        result.context_id: Context(
            abstract_syntax=proposed[result.context_id].abstract_syntax,
            transfer_syntax=result.transfer_syntax,
        )
        for result in acceptance.results
        if result.result == CONTEXT_ACCEPTED
    }


def wants_storage(proposal: Proposal) -> bool:
    """Whether any context is for storing; an association for C-ECHO alone has none."""
    return any(is_storage(context.abstract_syntax) for context in proposal.contexts)


def _result(context: ProposedContext) -> ContextResult:
    usable = [syntax for syntax in context.transfer_syntaxes if is_uid(syntax)]
    if context.abstract_syntax != VERIFICATION and not is_storage(context.abstract_syntax):
        result = ABSTRACT_SYNTAX_NOT_SUPPORTED
    elif not usable:
        result = TRANSFER_SYNTAXES_NOT_SUPPORTED
    else:
        result = CONTEXT_ACCEPTED
    # Of a rejected context the transfer syntax means nothing and must be there (PS3.8 Table 9-18).
    return ContextResult(
        context_id=context.context_id,
        result=result,
        transfer_syntax=usable[0] if usable else "1.2.840.10008.1.2",
    )


@lru_cache(maxsize=1024)
def is_storage(uid: str) -> bool:
    """Whether a SOP class is stored: PS3.4 Annex B, retired ones, and all that nobody here has heard of."""
    if uid not in UID_dictionary:
        return is_uid(uid)
    name, kind, *_ = UID_dictionary[uid]
    of_no_patient = any(word in name for word in _OF_NO_PATIENT)
    return kind == "SOP Class" and "Storage" in name and not of_no_patient
