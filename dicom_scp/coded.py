"""The few sequences whose codes and descriptions are kept of a header, found in their raw bytes.

Only what says which part of the body was taken from where, and which procedure was asked for; each under a
dotted keyword: ``ViewCodeSequence.CodeValue``. A sequence's items stay side by side: where an item lacks one
of the elements that another has, there is an empty text in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from dicom_scp.characters import Characters
from dicom_scp.elements import ITEM, SEQUENCE_END, UNDEFINED, Element, Encoding, Walk
from router.errors import InvalidObject

MOST_ITEMS = 16  # of one sequence
ITEM_DELIMITER = 8  # bytes at the end of an item of undefined length (PS3.5 Table 7.5-2)

_CODE: Mapping[int, str] = MappingProxyType(
    {0x00080100: "CodeValue", 0x00080102: "CodingSchemeDesignator", 0x00080104: "CodeMeaning"}
)
# What is kept of a sequence's items: texts by their tags, and the code sequences among them.
_PROCEDURE: Mapping[int, str] = MappingProxyType(
    {0x00321060: "RequestedProcedureDescription", 0x00400007: "ScheduledProcedureStepDescription"}
)
_PROCEDURE_CODES: Mapping[int, str] = MappingProxyType(
    {0x00321064: "RequestedProcedureCodeSequence", 0x00400008: "ScheduledProtocolCodeSequence"}
)
_NOTHING: Mapping[int, str] = MappingProxyType({})


class Kept(NamedTuple):
    """What is kept of a sequence's items."""

    texts: Mapping[int, str] = _CODE
    sequences: Mapping[int, str] = _NOTHING


SEQUENCES: Mapping[int, tuple[str, Kept]] = MappingProxyType(
    {
        0x00081032: ("ProcedureCodeSequence", Kept()),
        0x00082218: ("AnatomicRegionSequence", Kept()),
        0x00185104: ("ProjectionEponymousNameCodeSequence", Kept()),
        0x00321064: ("RequestedProcedureCodeSequence", Kept()),
        0x00400260: ("PerformedProtocolCodeSequence", Kept()),
        0x00400275: ("RequestAttributesSequence", Kept(texts=_PROCEDURE, sequences=_PROCEDURE_CODES)),
        0x00540220: (
            "ViewCodeSequence",
            Kept(sequences=MappingProxyType({0x00540222: "ViewModifierCodeSequence"})),
        ),
    }
)


class _Bytes:
    """A source of bytes that are all there."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def peek(self, at: int, size: int) -> bytes:
        return self._raw[max(at, 0) : max(at, 0) + size]


def coded_values(
    raw: bytes, tag: int, encoding: Encoding, characters: Characters
) -> dict[str, tuple[str, ...]]:
    """What is kept of one sequence, from the bytes of all its items.

    Something that cannot be understood in there is left out: it was never needed to take the object in.
    """
    name, kept = SEQUENCES[tag]
    found: dict[str, list[str]] = {}
    try:
        _read(raw, name, kept, encoding, characters, found)
    except InvalidObject:
        return {}
    return {keyword: tuple(values) for keyword, values in found.items() if any(values)}


def _read(
    raw: bytes,
    name: str,
    kept: Kept,
    encoding: Encoding,
    characters: Characters,
    found: dict[str, list[str]],
) -> None:
    """Add what is kept of the items in ``raw`` under ``name``; raises InvalidObject."""
    for item in _items(raw, encoding):
        texts = dict.fromkeys(kept.texts.values(), "")
        walk = Walk(_Bytes(item), encoding, kept=kept.sequences)
        for element in walk:
            if element.tag in kept.texts and element.value is not None:
                texts[kept.texts[element.tag]] = _text(element, characters)
            if element.tag in kept.sequences and element.value is not None:
                nested = f"{name}.{kept.sequences[element.tag]}"
                _read(element.value, nested, Kept(), encoding, characters, found)
        for keyword, text in texts.items():
            found.setdefault(f"{name}.{keyword}", []).append(text)


def _items(raw: bytes, encoding: Encoding) -> Iterator[bytes]:
    """The bytes of each item; raises InvalidObject."""
    walk = Walk(_Bytes(raw), encoding)
    at = 0
    for _ in range(MOST_ITEMS):
        if at >= len(raw):
            return
        tag, _vr, length, start = walk.header(raw[at : at + 12], at)
        if tag == SEQUENCE_END:
            return
        if tag != ITEM:
            raise InvalidObject("something between the items of a sequence")
        at = walk.behind_item(start) if length == UNDEFINED else start + length
        yield raw[start : at - ITEM_DELIMITER] if length == UNDEFINED else raw[start:at]


def _text(element: Element, characters: Characters) -> str:
    assert element.value is not None
    return characters.values(element.value, one=True)[0]
