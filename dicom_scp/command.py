"""DIMSE command sets, read and written (PS3.7 sections 6.3, 9.3 and Annex E): always Implicit VR Little
Endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dicom_scp.pdus import ProtocolError
from dicom_scp.status import INVALID_PARAMETER, SUCCESS

C_STORE_RQ, C_STORE_RSP, C_ECHO_RQ, C_ECHO_RSP = 0x0001, 0x8001, 0x0030, 0x8030  # PS3.7 Table E.1-1
C_FIND_RQ, C_FIND_RSP, C_CANCEL_RQ = 0x0020, 0x8020, 0x0FFF
RESPONSE_BIT = 0x8000
NO_DATA_SET = 0x0101
MEDIUM_PRIORITY = 0x0000

LONGEST_COMMAND = 1 << 16  # bytes; a C-STORE request has some 300

_ELEMENT = struct.Struct("<HHI")
_GROUP_LENGTH, _SOP_CLASS, _FIELD, _MESSAGE_ID, _RESPONDED_TO = 0x0000, 0x0002, 0x0100, 0x0110, 0x0120
_PRIORITY, _DATA_SET_TYPE, _STATUS, _ERROR_COMMENT, _SOP_INSTANCE = 0x0700, 0x0800, 0x0900, 0x0902, 0x1000
_NUMBERS = frozenset({_FIELD, _MESSAGE_ID, _RESPONDED_TO, _PRIORITY, _DATA_SET_TYPE, _STATUS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """The elements of a command set that a storage or verification AE looks at."""

    field: int
    message_id: int = 0  # of a request; of a response: the message responded to
    has_data_set: bool = False
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    status: int = SUCCESS
    error_comment: str = ""

    @property
    def is_request(self) -> bool:
        return not self.field & RESPONSE_BIT


def decode(data: bytes) -> Command:
    """Read a command set; raises ProtocolError when it is none."""
    elements = _elements(data)
    numbers = {element: _number(elements, element) for element in _NUMBERS if element in elements}
    if _FIELD not in numbers or _DATA_SET_TYPE not in numbers:
        raise ProtocolError("a command set without Command Field or Data Set Type", reason=INVALID_PARAMETER)
    field = numbers[_FIELD]
    return Command(
        field=field,
        message_id=numbers.get(_RESPONDED_TO if field & RESPONSE_BIT else _MESSAGE_ID, 0),
        has_data_set=numbers[_DATA_SET_TYPE] != NO_DATA_SET,
        sop_class_uid=_text(elements, _SOP_CLASS),
        sop_instance_uid=_text(elements, _SOP_INSTANCE),
        status=numbers.get(_STATUS, SUCCESS),
        error_comment=_text(elements, _ERROR_COMMENT),
    )


def encode_response(request: Command, *, status: int, error_comment: str = "") -> bytes:
    """The command set of the response to ``request`` (PS3.7 Tables 9.3-2 and 9.3-13)."""
    elements = [
        _uid(_SOP_CLASS, request.sop_class_uid),
        _us(_FIELD, request.field | RESPONSE_BIT),
        _us(_RESPONDED_TO, request.message_id),
        _us(_DATA_SET_TYPE, NO_DATA_SET),
        _us(_STATUS, status),
        _padded(_ERROR_COMMENT, error_comment, b" "),
        _uid(_SOP_INSTANCE, request.sop_instance_uid),
    ]
    return _with_group_length(b"".join(elements))


def encode_store(message_id: int, *, sop_class_uid: str, sop_instance_uid: str) -> bytes:
    """The command set of a C-STORE request (PS3.7 Table 9.3-1)."""
    elements = [
        _uid(_SOP_CLASS, sop_class_uid),
        _us(_FIELD, C_STORE_RQ),
        _us(_MESSAGE_ID, message_id),
        _us(_PRIORITY, MEDIUM_PRIORITY),
        _us(_DATA_SET_TYPE, 0x0001),
        _uid(_SOP_INSTANCE, sop_instance_uid),
    ]
    return _with_group_length(b"".join(elements))


def encode_echo(message_id: int, *, sop_class_uid: str) -> bytes:
    """The command set of a C-ECHO request (PS3.7 Table 9.3-12)."""
    elements = [
        _uid(_SOP_CLASS, sop_class_uid),
        _us(_FIELD, C_ECHO_RQ),
        _us(_MESSAGE_ID, message_id),
        _us(_DATA_SET_TYPE, NO_DATA_SET),
    ]
    return _with_group_length(b"".join(elements))


def encode_find(message_id: int, *, sop_class_uid: str) -> bytes:
    """The command set of a C-FIND request (PS3.7 Table 9.3-3)."""
    elements = [
        _uid(_SOP_CLASS, sop_class_uid),
        _us(_FIELD, C_FIND_RQ),
        _us(_MESSAGE_ID, message_id),
        _us(_PRIORITY, MEDIUM_PRIORITY),
        _us(_DATA_SET_TYPE, 0x0001),
    ]
    return _with_group_length(b"".join(elements))


def encode_cancel(message_id: int) -> bytes:
    """The command set of a C-CANCEL request (PS3.7 Table 9.3-5); it has no response of its own."""
    elements = [_us(_FIELD, C_CANCEL_RQ), _us(_RESPONDED_TO, message_id), _us(_DATA_SET_TYPE, NO_DATA_SET)]
    return _with_group_length(b"".join(elements))


def _elements(data: bytes) -> dict[int, bytes]:
    elements, at = {}, 0
    while at < len(data):
        if at + _ELEMENT.size > len(data):
            raise ProtocolError("a command set ends inside an element", reason=INVALID_PARAMETER)
        group, element, length = _ELEMENT.unpack_from(data, at)
        at += _ELEMENT.size
        if group != 0 or length > len(data) - at:
            raise ProtocolError("a command set with a foreign or overlong element", reason=INVALID_PARAMETER)
        elements[element] = data[at : at + length]
        at += length
    return elements


def _number(elements: dict[int, bytes], element: int) -> int:
    value = elements[element]
    if len(value) != 2:
        raise ProtocolError(f"command element (0000,{element:04X}) is not one US", reason=INVALID_PARAMETER)
    return int.from_bytes(value, "little")


def _text(elements: dict[int, bytes], element: int) -> str:
    # A UID that is not ASCII stays visibly wrong, and is refused by name where UIDs are checked.
    return elements.get(element, b"").rstrip(b"\0 ").decode("ascii", "replace")


def _us(element: int, value: int) -> bytes:
    return _ELEMENT.pack(0, element, 2) + value.to_bytes(2, "little")


def _uid(element: int, value: str) -> bytes:
    return _padded(element, value, b"\0")


def _padded(element: int, value: str, padding: bytes) -> bytes:
    if not value:
        return b""
    raw = value.encode("ascii", "replace")
    raw += padding * (len(raw) % 2)
    return _ELEMENT.pack(0, element, len(raw)) + raw


def _with_group_length(elements: bytes) -> bytes:
    return _ELEMENT.pack(0, _GROUP_LENGTH, 4) + len(elements).to_bytes(4, "little") + elements
