"""A search as PS3.18 section 8.3.4 writes it, read into what the database takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydicom.datadict import keyword_for_tag, tag_for_keyword

from db.matching import Match
from service.api.problems import LONGEST_NAME, Problem
from service.api.shape import UID_LENGTH, UID_PATTERN

MOST_RESULTS = 1000
FARTHEST = 1_000_000  # results that may be skipped
MOST_VALUES = 500  # of a list of UIDs
LONGEST_VALUE = 256
ALL = "all"
# Sentences of PS3.18 sections 8.3.4.2, 8.3.4.5 and 8.3.4.6
UNSUPPORTED: Mapping[str, str] = {
    "fuzzymatching": (
        "The fuzzymatching parameter is not supported. Only literal matching has been performed."
    ),
    "emptyvaluematching": (
        "The emptyvaluematching parameter is not supported. Empty Value Matching has not been performed."
    ),
    "multiplevaluematching": (
        "The multiplevaluematching parameter is not supported. "
        "Multiple Value Matching has not been performed."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One search."""

    match: Match
    limit: int
    offset: int
    fields: frozenset[str]  # keywords to be told besides the usual ones; ALL for all
    warnings: tuple[str, ...]


def read_search(pairs: Iterable[tuple[str, str]], **target: tuple[str, ...]) -> Asked:
    """A search from its query parameters; ``target`` is what the path names, and wins.

    Raises:
        Problem: 400, naming the parameter; never its value, which may be a patient's.
    """
    match: dict[str, Any] = {}
    fields: set[str] = set()
    settings: dict[str, str] = {}
    for name, value in pairs:
        if name == "includefield":
            fields |= {_field(one) for one in value.split(",") if one}
        elif name in ("limit", "offset", *UNSUPPORTED):
            _once(settings, name, value)
        else:
            keyword = _keyword(name)
            fields.add(keyword)
            _once(match, keyword, value)
    found: dict[str, Any] = {}
    for keyword, value in match.items():
        found |= _read(keyword, value)
    return Asked(
        match=Match(**found | target),
        limit=_number("limit", settings.get("limit", str(MOST_RESULTS)), MOST_RESULTS),
        offset=_number("offset", settings.get("offset", "0"), FARTHEST),
        fields=frozenset(fields),
        warnings=tuple(sentence for name, sentence in UNSUPPORTED.items() if _flag(name, settings)),
    )


def _once(into: dict[str, Any], name: str, value: str) -> None:
    if name in into:
        raise _refused(name, "stands there twice")
    into[name] = value


def _field(name: str) -> str:
    if name == ALL:
        return ALL
    # Of a nested attribute the whole sequence is told.
    return _known(name.split(".")[0]) or _private(name) or _unknown(name)


def _private(name: str) -> str | None:
    return name.upper() if re.fullmatch(r"[0-9A-Fa-f]{3}[13579BbDdFf][0-9A-Fa-f]{4}", name) else None


def _keyword(name: str) -> str:
    keyword = _known(name)
    if keyword is None:
        return _unknown(name)
    if keyword not in KEYS:
        raise _refused(keyword, f"is no matching key here; those are {', '.join(KEYS)}")
    return keyword


def _known(name: str) -> str | None:
    """The keyword of an attribute written as keyword or as eight hexadecimal digits."""
    if re.fullmatch(r"[0-9A-Fa-f]{8}", name):
        return keyword_for_tag(int(name, 16)) or None
    return name if tag_for_keyword(name) is not None else None


def _unknown(name: str) -> str:
    shown = name[:LONGEST_NAME].encode("utf-8", "replace").decode()
    raise _refused(shown, "is neither a keyword nor a tag of the data dictionary (PS3.6)")


def _refused(name: str, why: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, f"{name} {why}")


def _number(name: str, text: str, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise _refused(name, "is a whole number that is not negative")
    return min(int(text), most)


def _flag(name: str, settings: Mapping[str, str]) -> bool:
    text = settings.get(name, "false")
    if text not in ("true", "false"):
        raise _refused(name, "is true or false")
    return text == "true"


def _read(keyword: str, value: str) -> Mapping[str, Any]:
    field, read = KEYS[keyword]
    if len(value) > LONGEST_VALUE and read is not _uids:
        raise _refused(keyword, "is longer than any value it may have")
    if value == "":  # universal matching (PS3.4 section C.2.2.2.3)
        return {}
    return read(keyword, field, value)


def _uids(keyword: str, field: str, value: str) -> Mapping[str, Any]:
    uids = tuple(re.split(r"[,\\]", value))
    if len(uids) > MOST_VALUES:
        raise _refused(keyword, f"lists more than {MOST_VALUES} UIDs")
    if not all(len(uid) <= UID_LENGTH and re.fullmatch(UID_PATTERN, uid) for uid in uids):
        raise _refused(keyword, "is a UID, or a list of them with commas")
    return {field: uids}


def _text(keyword: str, field: str, value: str) -> Mapping[str, Any]:
    if any(ord(letter) < ord(" ") for letter in value):
        raise _refused(keyword, "holds control characters")
    return {} if set(value) == {"*"} else {field: value}


def _words(keyword: str, field: str, value: str) -> Mapping[str, Any]:
    if "*" in value or "?" in value:
        raise _refused(keyword, "takes no wild cards")
    return {field: tuple(_text(keyword, field, value)[field].split("\\"))}


def _integer(keyword: str, field: str, value: str) -> Mapping[str, Any]:
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", value):
        raise _refused(keyword, "is a whole number")
    return {field: int(value)}


def _dates(keyword: str, field: str, value: str) -> Mapping[str, Any]:
    """One day, or a range that may be open at one end (PS3.4 section C.2.2.2.5)."""
    first, dash, last = value.partition("-")
    days = [day for day in (first, last) if day]
    if not days or not all(re.fullmatch(r"[0-9]{8}", day) for day in days):
        raise _refused(keyword, "is a date YYYYMMDD or a range of two of them with a hyphen")
    ends = (first, last) if dash else (first, first)
    named = zip((f"{field}_from", f"{field}_to"), ends, strict=True)
    return {name: day for name, day in named if day}


Reader = Callable[[str, str, str], Mapping[str, Any]]
KEYS: Mapping[str, tuple[str, Reader]] = {
    "StudyInstanceUID": ("study_instance_uid", _uids),
    "SeriesInstanceUID": ("series_instance_uid", _uids),
    "SOPInstanceUID": ("sop_instance_uid", _uids),
    "SOPClassUID": ("sop_class_uid", _uids),
    "StudyDate": ("study_date", _dates),
    "AccessionNumber": ("accession_number", _text),
    "PatientID": ("patient_id", _text),
    "PatientName": ("patient_name", _text),
    "StudyDescription": ("study_description", _text),
    "Modality": ("modality", _words),
    "ModalitiesInStudy": ("modality", _words),
    "BodyPartExamined": ("body_part_examined", _text),
    "InstanceNumber": ("instance_number", _integer),
}
