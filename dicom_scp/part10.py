"""Our File Meta Information, in front of every data set we store (PS3.10 section 7.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

IMPLEMENTATION_CLASS_UID = "2.25.9938071496940811621936412010747238200"
IMPLEMENTATION_VERSION_NAME = "RADROUTER_0_1"

_PREAMBLE = bytes(128) + b"DICM"
_SHORT = struct.Struct("<HH2sH")
_LONG = struct.Struct("<HH2sxxI")


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What a file's meta information says about the data set behind it."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    source_ae_title: str = ""


def file_meta(naming: Naming) -> bytes:
    """Preamble, DICM and group 0002, Explicit VR Little Endian."""
    version = b"\x00\x01"
    elements = b"".join(
        [
            _LONG.pack(2, 0x0001, b"OB", len(version)) + version,
            _text(0x0002, b"UI", naming.sop_class_uid),
            _text(0x0003, b"UI", naming.sop_instance_uid),
            _text(0x0010, b"UI", naming.transfer_syntax_uid),
            _text(0x0012, b"UI", IMPLEMENTATION_CLASS_UID),
            _text(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME),
            _text(0x0016, b"AE", naming.source_ae_title),
        ]
    )
    length = _SHORT.pack(2, 0x0000, b"UL", 4) + len(elements).to_bytes(4, "little")
    return _PREAMBLE + length + elements


def _text(element: int, vr: bytes, value: str) -> bytes:
    if not value:
        return b""
    raw = value.encode("ascii", "replace")
    raw += (b"\0" if vr == b"UI" else b" ") * (len(raw) % 2)
    return _SHORT.pack(2, element, vr, len(raw)) + raw
