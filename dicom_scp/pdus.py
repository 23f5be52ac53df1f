"""The bytes of an association, cut into PDUs and PDVs without copying them (PS3.8 sections 9.3.1 and 9.3.5).

Written here and not left to pynetdicom, because a whole-PDU reader needs the largest PDU in memory two or
three times over, and copies each byte of a film as often. This one only points into the receive buffer, so an
association's memory is that buffer, however long its peer's PDUs are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from dicom_scp.status import INVALID_PARAMETER, UNRECOGNIZED_PDU

A_ASSOCIATE_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, P_DATA_TF, A_RELEASE_RQ, A_RELEASE_RP, A_ABORT = range(1, 8)

LONGEST_CONTROL_PDU = (
    1 << 20
)  # bytes; 128 presentation contexts with all transfer syntaxes need a fifth of it

_PDU_HEADER = struct.Struct(">BxI")
_PDV_HEADER = struct.Struct(">IBB")
_COMMAND_BIT, _LAST_BIT = 1, 2  # PS3.8 Annex E.2; a receiver looks at no other bit


class ProtocolError(Exception):
    """The peer broke PS3.8; ``reason`` is the provider's in the A-ABORT that answers (Table 9-26)."""

    def __init__(self, message: str, *, reason: int) -> None:
        super().__init__(message)
        self.reason = reason


class Chunk(NamedTuple):
    """Bytes of a command or data set, in order. ``data`` is valid until the next ``feed``."""

    context_id: int
    is_command: bool
    completes: bool  # these are the last bytes of the last fragment
    data: memoryview


class Pdu(NamedTuple):
    """Any PDU but P-DATA-TF, whole; ``data`` includes its six bytes of header."""

    pdu_type: int
    data: bytes


class Splitter:
    """Cuts a byte stream that arrives in pieces of any size."""

    def __init__(self) -> None:
        self._pending = bytearray()  # of a header that is not whole yet, or of a control PDU
        self._pdu_left = 0  # bytes of the P-DATA-TF at hand
        self._pdv_left = -1  # bytes of the PDV at hand; -1 between PDVs
        self._context_id = 0
        self._control = 0

    def feed(self, view: memoryview) -> Iterator[Chunk | Pdu]:
        """Yield what ``view``, the next bytes of the stream, completes or carries.

        Raises ProtocolError at the first byte that cannot be right.
        """
        at, end = 0, len(view)
        while at < end or self._pdv_left == 0:
            if self._pdv_left >= 0:
                taken = min(self._pdv_left, end - at)
                self._pdv_left -= taken
                yield self._chunk(view[at : at + taken])
                at += taken
                if self._pdv_left == 0:
                    self._pdv_left = -1
            elif self._pdu_left > 0:
                at = self._pdv_header(view, at)
            else:
                at, whole = self._pdu(view, at)
                if whole is not None:
                    yield whole

    def _chunk(self, data: memoryview) -> Chunk:
        last = bool(self._control & _LAST_BIT) and self._pdv_left == 0
        return Chunk(self._context_id, bool(self._control & _COMMAND_BIT), last, data)

    def _pdv_header(self, view: memoryview, at: int) -> int:
        if self._pdu_left + len(self._pending) < _PDV_HEADER.size:
            raise ProtocolError("a PDV header does not fit its PDU", reason=INVALID_PARAMETER)
        at, header = self._gather(view, at, _PDV_HEADER.size)
        if header is None:
            return at
        length, self._context_id, self._control = _PDV_HEADER.unpack(header)
        self._pdv_left = length - 2  # the length counts the context ID and the message control header
        if self._pdv_left < 0 or self._pdv_left > self._pdu_left:
            raise ProtocolError(
                "a PDV is longer than its PDU, or shorter than its header", reason=INVALID_PARAMETER
            )
        self._pdu_left -= self._pdv_left
        return at

    def _pdu(self, view: memoryview, at: int) -> tuple[int, Pdu | None]:
        at, header = self._gather(view, at, _PDU_HEADER.size, keep=True)
        if header is None:
            return at, None
        pdu_type, length = _PDU_HEADER.unpack_from(header)
        if not A_ASSOCIATE_RQ <= pdu_type <= A_ABORT:
            raise ProtocolError(f"PDU type 0x{pdu_type:02X} is unknown", reason=UNRECOGNIZED_PDU)
        if pdu_type == P_DATA_TF:
            if length == 0:
                raise ProtocolError("a P-DATA-TF PDU without a PDV", reason=INVALID_PARAMETER)
            self._pending.clear()
            self._pdu_left = length
            return at, None
        if length > LONGEST_CONTROL_PDU:
            raise ProtocolError(f"a PDU of type {pdu_type} with {length} bytes", reason=INVALID_PARAMETER)
        at, whole = self._gather(view, at, _PDU_HEADER.size + length)
        return at, None if whole is None else Pdu(pdu_type, whole)

    def _gather(
        self, view: memoryview, at: int, size: int, *, keep: bool = False
    ) -> tuple[int, bytes | None]:
        """Collect ``size`` bytes over as many feeds as it takes; with ``keep`` they stay for the next."""
        taken = max(0, min(size - len(self._pending), len(view) - at))
        self._pending += view[at : at + taken]
        if self._pdu_left:
            self._pdu_left -= taken
        if len(self._pending) < size:
            return at + taken, None
        gathered = bytes(self._pending)
        if not keep:
            self._pending.clear()
        return at + taken, gathered


def room(longest: int, otherwise: int) -> int:
    """Bytes of a message that fit a PDU of ``longest`` bytes with one PDV; ``otherwise`` where there is no
    limit.
    """
    return max(1, longest - _PDV_HEADER.size) if longest else otherwise


def data_pdus(
    context_id: int, data: bytes, *, is_command: bool, longest: int, is_last: bool = True
) -> Iterator[bytes]:
    """``data`` as P-DATA-TF PDUs of one PDV each, none longer than ``longest`` bytes (0: no limit, PS3.8
    Annex D.1).

    At least one PDU, also for no data; ``is_last`` marks the last of them as the message part's last
    fragment.
    """
    step = room(longest, len(data) or 1)
    for start in range(0, len(data) or 1, step):
        piece = data[start : start + step]
        ends = is_last and start + step >= len(data)
        control = (_COMMAND_BIT if is_command else 0) | (_LAST_BIT if ends else 0)
        header = _PDV_HEADER.pack(len(piece) + 2, context_id, control)
        yield _PDU_HEADER.pack(P_DATA_TF, len(header) + len(piece)) + header + piece


def release_rp() -> bytes:
    """An A-RELEASE-RP PDU (PS3.8 section 9.3.7)."""
    return _PDU_HEADER.pack(A_RELEASE_RP, 4) + bytes(4)


def release_rq() -> bytes:
    """An A-RELEASE-RQ PDU (PS3.8 section 9.3.6)."""
    return _PDU_HEADER.pack(A_RELEASE_RQ, 4) + bytes(4)


def abort(*, source: int, reason: int) -> bytes:
    """An A-ABORT PDU (PS3.8 section 9.3.8)."""
    return _PDU_HEADER.pack(A_ABORT, 4) + bytes([0, 0, source, reason])
