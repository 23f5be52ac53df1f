"""The only file with the standard's numbers for "no": DIMSE statuses, association rejections, aborts."""

from __future__ import annotations

from dataclasses import dataclass

from router.errors import ClassMismatch, InvalidObject, OutOfResources, RadrouterError

SUCCESS = 0x0000  # PS3.4 Table B.2-1
OUT_OF_RESOURCES = 0xA700  # PS3.4 Table B.2-1, Refused: Out of Resources
CLASS_MISMATCH = 0xA900  # PS3.4 Table B.2-1, Error: Data Set does not match SOP Class
CANNOT_UNDERSTAND = 0xC000  # PS3.4 Table B.2-1, Error: Cannot understand (0xCxxx)
INVALID_UID = 0xC001  # of the same family: a UID that PS3.5 section 9.1 does not allow
PROCESSING_FAILURE = 0x0110  # PS3.7 Annex C.5.5
SOP_CLASS_NOT_SUPPORTED = 0x0122  # PS3.7 Annex C.5.7
UNRECOGNIZED_OPERATION = 0x0211  # PS3.7 Annex C.5.23

PENDING = frozenset({0xFF00, 0xFF01})  # PS3.4 Table K.4.1-1: matches continue, with all keys or without
CANCELLED = 0xFE00  # PS3.4 Table K.4.1-1: the matching ended at our request
_WARNINGS = range(0xB000, 0xC000)  # PS3.4 Table B.2-1: stored, with remarks

LONGEST_COMMENT = 64  # PS3.7 Table E.1-1: Error Comment is an LO


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A C-STORE response's Status and Error Comment (PS3.7 section 9.1.1.1.9, Annex C)."""

    code: int
    comment: str = ""


STORED = Status(code=SUCCESS)


class InvalidUID(InvalidObject):
    """A UID of the request or the data set that cannot be one; it has not been near a path."""


def status_of(error: Exception) -> Status:
    """The status that tells a sender about ``error``; never SUCCESS (PS3.4 Table B.2-1, PS3.7 Annex C)."""
    match error:
        case OutOfResources():
            code = OUT_OF_RESOURCES
        case ClassMismatch():
            code = CLASS_MISMATCH
        case InvalidUID():
            code = INVALID_UID
        case InvalidObject():
            code = CANNOT_UNDERSTAND
        case _:
            code = PROCESSING_FAILURE
    ours = isinstance(error, RadrouterError)  # a stranger's message could hold anything, a patient's name too
    return Status(code=code, comment=comment(str(error) if ours else "internal error, see the log"))


def is_stored(status: int) -> bool:
    """Whether a C-STORE response with ``status`` says that the object is kept (PS3.4 Table B.2-1)."""
    return status == SUCCESS or status in _WARNINGS


def comment(text: str) -> str:
    """``text`` as an Error Comment: printable ASCII without backslash, at most 64 characters."""
    plain = "".join(c if " " <= c <= "~" and c != "\\" else "?" for c in text)
    return plain[:LONGEST_COMMENT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """The three numbers of an A-ASSOCIATE-RJ (PS3.8 Table 9-21)."""

    result: int
    source: int
    reason: int


_PERMANENT, _TRANSIENT = 1, 2
_SERVICE_USER, _PROVIDER_ACSE, _PROVIDER_PRESENTATION = 1, 2, 3

NO_REASON = Rejection(result=_PERMANENT, source=_SERVICE_USER, reason=1)
UNKNOWN_APPLICATION_CONTEXT = Rejection(result=_PERMANENT, source=_SERVICE_USER, reason=2)
UNKNOWN_CALLING_AE_TITLE = Rejection(result=_PERMANENT, source=_SERVICE_USER, reason=3)
UNKNOWN_CALLED_AE_TITLE = Rejection(result=_PERMANENT, source=_SERVICE_USER, reason=7)
UNKNOWN_PROTOCOL_VERSION = Rejection(result=_PERMANENT, source=_PROVIDER_ACSE, reason=2)
TEMPORARY_CONGESTION = Rejection(result=_TRANSIENT, source=_PROVIDER_PRESENTATION, reason=1)
LOCAL_LIMIT_EXCEEDED = Rejection(result=_TRANSIENT, source=_PROVIDER_PRESENTATION, reason=2)

_REASONS = {
    (_SERVICE_USER, 1): "no reason given",
    (_SERVICE_USER, 2): "application context not supported",
    (_SERVICE_USER, 3): "calling AE title not recognised",
    (_SERVICE_USER, 7): "called AE title not recognised",
    (_PROVIDER_ACSE, 1): "no reason given",
    (_PROVIDER_ACSE, 2): "protocol version not supported",
    (_PROVIDER_PRESENTATION, 1): "temporary congestion",
    (_PROVIDER_PRESENTATION, 2): "local limit exceeded",
}


def reason_of(rejection: Rejection) -> str:
    """``rejection`` in words (PS3.8 Table 9-21)."""
    reason = _REASONS.get(
        (rejection.source, rejection.reason), f"reason {rejection.source}/{rejection.reason}"
    )
    return f"rejected {'for now' if rejection.result == _TRANSIENT else 'for good'}: {reason}"


CONTEXT_ACCEPTED = 0  # PS3.8 Table 9-18
ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
TRANSFER_SYNTAXES_NOT_SUPPORTED = 4

ABORT_BY_USER = 0  # PS3.8 Table 9-26, source
ABORT_BY_PROVIDER = 2
NOT_SPECIFIED = 0  # PS3.8 Table 9-26, reasons of the provider
UNRECOGNIZED_PDU = 1
UNEXPECTED_PDU = 2
UNEXPECTED_PARAMETER = 5
INVALID_PARAMETER = 6
