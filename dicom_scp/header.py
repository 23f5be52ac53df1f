"""A DICOM file's header, read once at the door and turned into our type; the pixels are never read.

pydicom gives the data dictionary and the character sets; the elements themselves come from ``elements``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dicom_scp.characters import Characters
from dicom_scp.coded import SEQUENCES, coded_values
from dicom_scp.elements import Element, Encoding, FileSource, InflatedSource, Source, Walk
from dicom_scp.uids import checked_uid
from router.errors import ClassMismatch, InvalidObject
from router.types import Instance

MOST_VALUES = 64
LONGEST_TEXT = 1024  # characters of one value
MOST_CHARACTERS = 1 << 15  # of all attributes of an instance together

_PREAMBLE = 128
_DICM = b"DICM"
_GROUP_LENGTH = 0x00020000
_MEDIA_SOP_CLASS, _MEDIA_SOP_INSTANCE, _TRANSFER_SYNTAX = 0x00020002, 0x00020003, 0x00020010
_CHARACTER_SET = 0x00080005

_IMPLICIT = frozenset(
    {ImplicitVRLittleEndian, "1.2.840.10008.1.20", "1.2.840.113619.5.2"}
)  # + Papyrus 3, GE's own
_DEFLATED = frozenset({DeflatedExplicitVRLittleEndian, "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})

_ONE_TEXT = frozenset({"LT", "ST", "UR", "UT"})  # a backslash in these is a character (PS3.5 section 6.2)
_TEXTS = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "PN", "SH", "TM", "UC", "UI"}) | _ONE_TEXT
_NUMBERS = {
    "US": "H",
    "SS": "h",
    "UL": "I",
    "SL": "i",
    "UV": "Q",
    "SV": "q",
    "FL": "f",
    "FD": "d",
    "US or SS": "H",
}

Attributes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What the C-STORE request said the object is, checked UIDs."""

    sop_class_uid: str
    sop_instance_uid: str


def read(path_or_file: Path | BinaryIO, *, announced: Announced | None = None) -> Instance:
    """Read a DICOM file's header (PS3.10 section 7), without its pixels.

    ``announced`` None takes the file's word for it, as an import must. A file of ours or a stranger's:
    preamble, File Meta Information, data set. Raises InvalidObject when it cannot be understood, is cut off
    or lacks a UID that identifies it, and ClassMismatch when it is not what was announced.
    """
    if isinstance(path_or_file, Path):
        with closing(path_or_file.open("rb", buffering=0)) as file:
            return _read(file, announced)
    return _read(path_or_file, announced)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMeta:
    """What a file says of itself (PS3.10 section 7.1), nothing of it checked but the transfer syntax UID."""

    transfer_syntax_uid: str
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    data_set_start: int = 0  # bytes from the file's start


def read_file_meta(file: BinaryIO) -> FileMeta:
    """Read a DICOM file's File Meta Information; raises InvalidObject."""
    file.seek(0)
    start = _PREAMBLE + len(_DICM) if file.read(_PREAMBLE + len(_DICM)).endswith(_DICM) else 0
    source = FileSource(file, start)
    first = source.peek(0, 8)
    if first[:2] == b"\x08\0" and not start:  # a bare data set, as ACR-NEMA kept them
        return FileMeta(transfer_syntax_uid=_bare_syntax(first))
    if first[:4] != b"\x02\0\0\0":
        raise InvalidObject("not a DICOM file: no File Meta Information where it should be")
    walk = Walk(source, Encoding())
    walk.group = 2  # where there is no group length, or a wrong one
    texts: dict[int, str] = {}
    for element in walk:
        value = element.value or b""
        texts[element.tag] = value.rstrip(b"\0 ").decode("ascii", "replace")
        if element.tag == _GROUP_LENGTH:
            walk.end = walk.position + int.from_bytes(value, "little")
    return FileMeta(
        transfer_syntax_uid=checked_uid(texts.get(_TRANSFER_SYNTAX, ""), "TransferSyntaxUID"),
        sop_class_uid=texts.get(_MEDIA_SOP_CLASS, ""),
        sop_instance_uid=texts.get(_MEDIA_SOP_INSTANCE, ""),
        data_set_start=start + walk.position,
    )


def _bare_syntax(first: bytes) -> str:
    shows_vr = first[4:6].isalpha() and first[4:6].isupper()
    return str(ExplicitVRLittleEndian if shows_vr else ImplicitVRLittleEndian)


def _read(file: BinaryIO, announced: Announced | None) -> Instance:
    meta = read_file_meta(file)
    syntax, start = meta.transfer_syntax_uid, meta.data_set_start
    deflated = syntax in _DEFLATED
    source: Source = InflatedSource(file, start) if deflated else FileSource(file, start)
    walk = Walk(source, _encoding(syntax, source.peek(0, 8)), kept=SEQUENCES)
    attributes = _attributes(walk)
    if not deflated:  # of a deflated one the pixels would have to be inflated to be found missing
        walk.over_pixels()
    instance = _instance(MappingProxyType(attributes), syntax)
    if announced is not None and announced.sop_class_uid != instance.sop_class_uid:
        raise ClassMismatch("SOPClassUID differs from the request's")
    if announced is not None and announced.sop_instance_uid != instance.sop_instance_uid:
        raise ClassMismatch("SOPInstanceUID differs from the request's")
    return instance


def _encoding(syntax: str, first: bytes) -> Encoding:
    """What the transfer syntax says, unless the first element shows that it is not so: such senders exist."""
    if syntax == ExplicitVRBigEndian:
        return Encoding(explicit=True, big_endian=True)
    shown = first[4:6].isalpha() and first[4:6].isupper()
    if syntax in _IMPLICIT and shown and first[4:6].decode() in _TEXTS | {"UL", "OB"}:
        return Encoding(explicit=True)
    return Encoding(explicit=syntax not in _IMPLICIT and (shown or not first))


def _attributes(walk: Walk) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    characters = Characters(())
    left = MOST_CHARACTERS
    for element in walk:
        keyword, vr = _entry(element.tag)
        if not keyword or not element.value:
            continue
        if element.tag == _CHARACTER_SET:
            characters = Characters(characters.values(element.value, one=False))
        for name, values in _named(keyword, vr, element, characters, walk.encoding):
            needed = sum(map(len, values))
            if values and (needed <= left or name in _IDENTIFYING):
                found[name] = values
                left -= needed
    return found


def _named(
    keyword: str, vr: str, element: Element, characters: Characters, encoding: Encoding
) -> Iterable[tuple[str, tuple[str, ...]]]:
    """An element's values by the keyword they are kept under; of some sequences, by several dotted ones."""
    if element.tag not in SEQUENCES:
        return [(keyword, _values(element, vr, characters, encoding.big_endian))]
    assert element.value is not None
    explicit = encoding.explicit and element.vr != b"UN"
    inner = Encoding(explicit=explicit, big_endian=encoding.big_endian)
    coded = coded_values(element.value, element.tag, inner, characters)
    return [(name, tuple(text[:LONGEST_TEXT] for text in texts)) for name, texts in coded.items()]


@lru_cache(maxsize=4096)
def _entry(tag: int) -> tuple[str, str]:
    """Keyword and VR of a standard tag; empty for a private, repeating or unknown one."""
    keyword = "" if tag >> 16 & 1 or not tag & 0xFFFF else keyword_for_tag(tag)
    return (keyword, dictionary_VR(tag)) if keyword else ("", "")


def _values(element: Element, vr: str, characters: Characters, big_endian: bool) -> tuple[str, ...]:
    written = element.vr.decode("ascii")
    if written and written != "UN":
        vr = written
    assert element.value is not None
    if vr in _TEXTS:
        texts = characters.values(element.value, one=vr in _ONE_TEXT)
        return tuple(text[:LONGEST_TEXT] for text in texts[:MOST_VALUES])
    code = _NUMBERS.get(vr)
    if code is None or len(element.value) % struct.calcsize(code):
        return ()
    count = len(element.value) // struct.calcsize(code)
    numbers = struct.unpack(f"{'>' if big_endian else '<'}{count}{code}", element.value)
    return tuple(f"{number:g}" if code in "fd" else str(number) for number in numbers[:MOST_VALUES])


_INTEGER = re.compile(
    r"[+-]?[0-9]{1,9}"
)  # of what an IS may hold, what means something and fits any database
_IDENTIFYING = frozenset({"SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID"})


def _instance(attributes: Attributes, syntax: str) -> Instance:
    def text(keyword: str) -> str | None:
        return attributes[keyword][0] or None if keyword in attributes else None

    def number(keyword: str) -> int | None:
        value = text(keyword)
        return int(value) if value is not None and _INTEGER.fullmatch(value) else None

    return Instance(
        sop_instance_uid=checked_uid(text("SOPInstanceUID") or "", "SOPInstanceUID"),
        sop_class_uid=checked_uid(text("SOPClassUID") or "", "SOPClassUID"),
        study_instance_uid=checked_uid(text("StudyInstanceUID") or "", "StudyInstanceUID"),
        series_instance_uid=checked_uid(text("SeriesInstanceUID") or "", "SeriesInstanceUID"),
        transfer_syntax_uid=syntax,
        modality=text("Modality"),
        body_part_examined=text("BodyPartExamined"),
        view_position=text("ViewPosition"),
        image_laterality=text("ImageLaterality") or text("Laterality"),
        patient_id=text("PatientID"),
        patient_name=text("PatientName"),
        accession_number=text("AccessionNumber"),
        study_date=text("StudyDate"),
        study_description=text("StudyDescription"),
        series_description=text("SeriesDescription"),
        instance_number=number("InstanceNumber"),
        rows=number("Rows"),
        columns=number("Columns"),
        number_of_frames=number("NumberOfFrames") or 1,
        attributes=attributes,
    )
