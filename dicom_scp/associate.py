"""A-ASSOCIATE PDUs, read and written (PS3.8 sections 9.3.2 to 9.3.4, PS3.7 Annex D.3.3).

Written here and not left to pynetdicom: a peer that proposes 128 presentation contexts, as DCMTK's storescu
does, costs it 10 ms of computing to answer, which is more than receiving a film; this takes a tenth of that,
and senders with an association for each image feel it. ``tests/dicom_scp/test_associate.py`` holds it against
pynetdicom's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dicom_scp.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from dicom_scp.pdus import A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ, ProtocolError
from dicom_scp.status import INVALID_PARAMETER, Rejection

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"  # PS3.7 Annex A.2.1

_HEADER = struct.Struct(">BxI")
_FIXED = struct.Struct(">Hxx16s16s32x")
_ITEM = struct.Struct(">BxH")
_APPLICATION, _CONTEXT_RQ, _CONTEXT_AC, _ABSTRACT, _TRANSFER, _USER = 0x10, 0x20, 0x21, 0x30, 0x40, 0x50
_LENGTH, _IMPLEMENTATION_CLASS, _ROLE, _IMPLEMENTATION_VERSION = 0x51, 0x52, 0x54, 0x55
_VERSION_1 = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedContext:
    """A presentation context as its requestor offers it, UIDs as they came."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextResult:
    """What became of a presentation context (PS3.8 Table 9-18)."""

    context_id: int
    result: int
    transfer_syntax: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An association request. ``longest_pdu`` is the longest the peer takes; 0: any."""

    calling_ae_title: str
    called_ae_title: str
    contexts: tuple[ProposedContext, ...]
    application_context: str = APPLICATION_CONTEXT
    protocol_version: int = _VERSION_1
    longest_pdu: int = 0
    scu_roles: tuple[str, ...] = ()  # SOP classes of which the peer asked to be an SCU
    raw_titles: bytes = b""  # both AE titles as they came, for the answer (PS3.8 Table 9-17)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The answer to a proposal."""

    results: tuple[ContextResult, ...]
    longest_pdu: int


def decode_request(data: bytes) -> Proposal:
    """Read an A-ASSOCIATE-RQ PDU; raises ProtocolError when it cannot be read."""
    version, called, calling = _fixed(data)
    contexts, application, user = [], "", b""
    for kind, value in _items(data[_HEADER.size + _FIXED.size :]):
        if kind == _CONTEXT_RQ:
            contexts.append(_proposed(value))
        elif kind == _APPLICATION:
            application = _uid(value)
        elif kind == _USER:
            user = value
    return Proposal(
        calling_ae_title=_title(calling),
        called_ae_title=_title(called),
        contexts=tuple(contexts),
        application_context=application,
        protocol_version=version,
        longest_pdu=_longest_pdu(user),
        scu_roles=tuple(_scu_roles(user)),
        raw_titles=called + calling,
    )


def decode_acceptance(data: bytes) -> Acceptance:
    """Read an A-ASSOCIATE-AC PDU; raises ProtocolError."""
    _fixed(data)
    results, user = [], b""
    for kind, value in _items(data[_HEADER.size + _FIXED.size :]):
        if kind == _CONTEXT_AC and len(value) >= 4:
            syntaxes = [_uid(uid) for inner, uid in _items(value[4:]) if inner == _TRANSFER]
            results.append(
                ContextResult(
                    context_id=value[0], result=value[2], transfer_syntax=syntaxes[0] if syntaxes else ""
                )
            )
        elif kind == _USER:
            user = value
    return Acceptance(results=tuple(results), longest_pdu=_longest_pdu(user))


def decode_rejection(data: bytes) -> Rejection:
    """Read an A-ASSOCIATE-RJ PDU; raises ProtocolError."""
    if len(data) < 10:
        raise ProtocolError("a rejection that is cut off", reason=INVALID_PARAMETER)
    return Rejection(result=data[7], source=data[8], reason=data[9])


def encode_request(proposal: Proposal) -> bytes:
    """An A-ASSOCIATE-RQ PDU."""
    contexts = [
        _item(
            _CONTEXT_RQ,
            bytes([context.context_id, 0, 0, 0])
            + _item(_ABSTRACT, context.abstract_syntax.encode("ascii"))
            + b"".join(_item(_TRANSFER, syntax.encode("ascii")) for syntax in context.transfer_syntaxes),
        )
        for context in proposal.contexts
    ]
    titles = _padded(proposal.called_ae_title) + _padded(proposal.calling_ae_title)
    return _pdu(A_ASSOCIATE_RQ, titles, contexts, proposal.longest_pdu, ())


def encode_acceptance(proposal: Proposal, acceptance: Acceptance) -> bytes:
    """The A-ASSOCIATE-AC PDU that answers ``proposal``; its SCU roles are granted (PS3.7 Annex D.3.3.4)."""
    contexts = [
        _item(
            _CONTEXT_AC,
            bytes([result.context_id, 0, result.result, 0])
            + _item(_TRANSFER, result.transfer_syntax.encode("ascii")),
        )
        for result in acceptance.results
    ]
    return _pdu(A_ASSOCIATE_AC, proposal.raw_titles, contexts, acceptance.longest_pdu, proposal.scu_roles)


def encode_rejection(rejection: Rejection) -> bytes:
    """An A-ASSOCIATE-RJ PDU."""
    return _HEADER.pack(A_ASSOCIATE_RJ, 4) + bytes([0, rejection.result, rejection.source, rejection.reason])


def _pdu(
    pdu_type: int, titles: bytes, contexts: Sequence[bytes], longest_pdu: int, scu_roles: Sequence[str]
) -> bytes:
    user = [
        _item(_LENGTH, longest_pdu.to_bytes(4, "big")),
        _item(_IMPLEMENTATION_CLASS, IMPLEMENTATION_CLASS_UID.encode("ascii")),
        *(_item(_ROLE, struct.pack(">H", len(uid)) + uid.encode("ascii") + b"\1\0") for uid in scu_roles),
        _item(_IMPLEMENTATION_VERSION, IMPLEMENTATION_VERSION_NAME.encode("ascii")),
    ]
    fixed = struct.pack(">Hxx32s32x", _VERSION_1, titles)
    application = _item(_APPLICATION, APPLICATION_CONTEXT.encode("ascii"))
    body = fixed + application + b"".join(contexts) + _item(_USER, b"".join(user))
    return _HEADER.pack(pdu_type, len(body)) + body


def _fixed(data: bytes) -> tuple[int, bytes, bytes]:
    if len(data) < _HEADER.size + _FIXED.size:
        raise ProtocolError("an association PDU that is cut off", reason=INVALID_PARAMETER)
    version, called, calling = _FIXED.unpack_from(data, _HEADER.size)
    return version, called, calling


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        if at + _ITEM.size > len(data):
            raise ProtocolError("an association PDU ends inside an item", reason=INVALID_PARAMETER)
        kind, length = _ITEM.unpack_from(data, at)
        at += _ITEM.size + length
        if at > len(data):
            raise ProtocolError("an item longer than its association PDU", reason=INVALID_PARAMETER)
        yield kind, data[at - length : at]


def _proposed(value: bytes) -> ProposedContext:
    if len(value) < 4 or not value[0] & 1:  # PS3.8 Table 9-13: an odd number
        raise ProtocolError("a presentation context without an odd ID", reason=INVALID_PARAMETER)
    abstract, transfer = "", []
    for kind, uid in _items(value[4:]):
        if kind == _ABSTRACT:
            abstract = _uid(uid)
        elif kind == _TRANSFER:
            transfer.append(_uid(uid))
    return ProposedContext(context_id=value[0], abstract_syntax=abstract, transfer_syntaxes=tuple(transfer))


def _longest_pdu(user: bytes) -> int:
    return next((int.from_bytes(value[:4], "big") for kind, value in _items(user) if kind == _LENGTH), 0)


def _scu_roles(user: bytes) -> Iterator[str]:
    for kind, value in _items(user):
        length = int.from_bytes(value[:2], "big")
        if kind == _ROLE and len(value) == length + 4 and value[-2] == 1:
            yield value[2:-2].decode("ascii", "ignore")


def _uid(value: bytes) -> str:
    return value.rstrip(b"\0 ").decode("ascii", "replace")


def _title(value: bytes) -> str:
    return "".join(c if " " <= c <= "~" else "?" for c in value.decode("ascii", "replace")).strip()


def _padded(title: str) -> bytes:
    return title.encode("ascii", "replace")[:16].ljust(16)


def _item(kind: int, value: bytes) -> bytes:
    return _ITEM.pack(kind, len(value)) + value
