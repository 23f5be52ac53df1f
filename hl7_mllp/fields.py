"""A message's segments as python-hl7 splits them, and the text at a place such as OBR-4.2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import hl7

from hl7_mllp.characters import unescaped
from hl7_mllp.complaints import Complaint, Condition

# Further segments (OBX with whole documents in them) are not even split.
KNOWN = frozenset({"MSH", "PID", "ORC", "OBR", "TQ1", "IPC", "ZDS"})
LONGEST_VALUE = 250  # characters; the longest of what is read, a name, may have 250 (v2.5.1, XPN)
MOST_SEGMENTS = 1000
USUAL = "^~\\&"  # component, repetition, escape, subcomponent
NULL = '""'  # delete what is known (section 2.5.3); here: nothing is said
_HEAD = re.compile(r"MSH(?P<field>[^\w\s])(?P<others>[^\w\s]{2,5}?)(?P=field)")


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment. Fields, components, repetitions and subcomponents count from 1, as in the standard."""

    name: str
    _fields: Any
    _separators: str
    _escape: str
    _encoding: str

    def text(
        self, field: int, component: int = 1, *, repetition: int = 1, subcomponent: int = 1
    ) -> str | None:
        """What stands there, unescaped; None for nothing. Raises Complaint when it is too long."""
        node: Any = _part(self._fields, field)
        for number in (repetition, component, subcomponent):
            node = _part(node, number - 1)
        raw = str(node)
        text = unescaped(raw, self._separators, self._escape, self._encoding)
        if raw == NULL or not text:
            return None
        if len(text) > LONGEST_VALUE:
            raise Complaint(
                Condition.DATA_TYPE, f"{self.name}-{field}", f"more than {LONGEST_VALUE} characters"
            )
        return text

    def repetitions(self, field: int) -> range:
        """The numbers of a field's repetitions."""
        node = _part(self._fields, field)
        return range(1, (len(node) if isinstance(node, list) else 1) + 1)


def _part(node: Any, index: int) -> Any:
    """A part of a node; a node that was not split is its own first part."""
    if isinstance(node, list):
        return node[index] if index < len(node) else ""
    return node if index == 0 else ""


def _told_apart(field: str, others: str) -> bool:
    """Whether no two of a header's separators are the same, nor one the same as what stands for an absent one
    (section 2.5.4)."""
    filled = others + USUAL[len(others) :]
    splitting = {field, filled[0], filled[1], filled[3]}  # all but the escape
    return len(splitting) == 4 and len({field, *others}) == 1 + len(others)


def segments(text: str, encoding: str) -> Iterator[Segment]:
    """The segments that we know, in order, the header first. Raises Complaint for what is no message."""
    head = _HEAD.match(text)
    if head is None or not _told_apart(head["field"], head["others"]):
        raise Complaint(Condition.SEGMENT_SEQUENCE, "MSH", "this does not begin as an HL7 message does")
    known = [line for line in text.split("\r") if line[:3] in KNOWN]
    if len(known) > MOST_SEGMENTS or sum(line.startswith("MSH") for line in known) != 1:
        raise Complaint(Condition.SEGMENT_SEQUENCE, "MSH", "this is not one message")
    message = hl7.parse("\r".join(known))
    for split in message:
        name = str(split[0])
        # python-hl7 counts MSH as the standard does: MSH-1 is the separator
        yield Segment(name, split, message.separators[1:5], message.esc, encoding)
