"""Answers to messages, in original and enhanced mode (HL7 v2.5.1 sections 2.9.2 and 2.9.3). Pure."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import uuid4

from hl7_mllp.complaints import Complaint
from hl7_mllp.messages import Header

ALWAYS, NEVER, ON_ERROR, ON_SUCCESS = "AL", "NE", "ER", "SU"  # HL7 table 0155
_SINCE_ERR_2 = (2, 5)  # the version that gave ERR its location, code and text in fields of their own
_US = "RADROUTER"


def answers(header: Header, complaint: Complaint | None, *, now: datetime) -> list[bytes]:
    """What goes back over the connection: in original mode one answer, in enhanced mode those asked for.

    The accept acknowledgement comes first. Both are written only once the order is committed, so that
    "accepted" is as safe as "processed".
    """
    asked = {"C": header.accept_acknowledgement, "A": header.application_acknowledgement}
    if not any(asked.values()):
        asked = {"C": NEVER, "A": ALWAYS}
    fate = "A" if complaint is None else "R" if complaint.condition.rejects else "E"
    wanted = {ALWAYS, ON_SUCCESS if complaint is None else ON_ERROR}
    return [_answer(header, kind + fate, complaint, now) for kind in asked if asked[kind] in wanted]


def _answer(header: Header, code: str, complaint: Complaint | None, now: datetime) -> bytes:
    escaped = _Escaping(header.separators)
    separator = header.separators[0]
    event = [header.event] if header.event else []
    reason = "" if complaint is None else str(complaint)
    rows = [
        [
            *["MSH", header.separators[1:]],
            *map(escaped, (*header.receiving, *header.sending)),
            now.strftime("%Y%m%d%H%M%S%z"),
            "",
            escaped.join(["ACK", *event, *(["ACK"] if event and _version(header) >= (2, 3, 1) else [])]),
            uuid4().hex[:20],
            *map(escaped, (header.processing_id, header.version)),
            *["", "", "", "", "", escaped(header.character_set)],
        ],
        ["MSA", code, escaped(header.control_id), escaped(reason)],
    ]
    if complaint is not None:
        rows.append(_error(header, complaint, escaped))
    text = "".join(separator.join(row).rstrip(separator) + "\r" for row in rows)
    return text.encode(header.encoding, "replace")


def _error(header: Header, complaint: Complaint, escaped: _Escaping) -> list[str]:
    """The ERR segment (section 2.15.5)."""
    condition = complaint.condition
    code = [str(condition.number), condition.text, "HL70357"]
    segment, _, number = complaint.where.partition("-")
    place = [segment, "1", number] if number else [segment] if segment else []
    if _version(header) < _SINCE_ERR_2:
        triplet = escaped.subcomponents([escaped(part) for part in code])
        return ["ERR", escaped.join([*place, *[""] * (3 - len(place)), triplet])]
    return ["ERR", "", escaped.join(place), escaped.join(code), "E", "", "", "", escaped(str(complaint))]


def _version(header: Header) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", header.version)[:3])


class _Escaping:
    """Writes text into a message with these separators (section 2.7)."""

    def __init__(self, separators: str) -> None:
        self._component = separators[1]
        self._subcomponent = separators[4] if len(separators) > 4 else "&"
        escape = separators[3] if len(separators) > 3 else "\\"
        names = dict(zip(separators, "FSRET", strict=False))
        self._table = str.maketrans({mark: f"{escape}{name}{escape}" for mark, name in names.items()})

    def __call__(self, text: str) -> str:
        return text.translate(self._table)

    def join(self, parts: list[str]) -> str:
        return self._component.join(parts)

    def subcomponents(self, parts: list[str]) -> str:
        return self._subcomponent.join(parts)
