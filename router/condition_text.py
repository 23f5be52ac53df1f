"""One condition of a rule, from TOML to a ``Check``: every word known, every value of the right type.

What is wrong is said as the second half of a sentence whose first half names the rule.
"""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from router.conditions import (
    AddressIn,
    Check,
    FindingIs,
    HasFinding,
    IsPresent,
    Network,
    NumberWithin,
    ScoreWithin,
    TextIs,
    ViewIs,
    Wanted,
    alike,
    clipped,
    decimal,
)
from router.errors import RulesError
from router.facts import HEADER_FIELDS
from router.views import OTHER, UNSURE

VIA = ("C-STORE", "import")
_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CAMEL = re.compile(r"[A-Z][A-Za-z0-9]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names a rule may mention; None where they are not checked."""

    views: Collection[str]
    models: Collection[str] | None
    keywords: Mapping[str, str] | None  # folded keyword -> keyword as PS3.6 writes it


def read_check(word: str, value: object, names: Vocabulary) -> Check:
    """One condition; raises RulesError with half a sentence."""
    reader = READERS.get(word)
    if reader is not None:
        return reader(word, value, names)
    keyword = _keyword(word, names.keywords)
    if keyword is None:
        every = [*READERS, *HEADER_FIELDS, *(names.keywords or {}).values()]
        raise RulesError(f"the word {quoted(word)} is unknown{nearest(word, every)}")
    return _read_header(word, value, keyword)


def fold(word: str) -> str:
    """A keyword as it is compared: PatientID, patient_id and patientid are one."""
    return word.replace("_", "").casefold()


def snake(keyword: str) -> str:
    """SOPInstanceUID -> sop_instance_uid."""
    return _SNAKE.sub("_", keyword).lower()


def quoted(text: object) -> str:
    """What the author wrote, short and on one line."""
    return f'"{clipped(str(text))}"'


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that helps: the nearest valid word, if any is near."""
    by_fold = {fold(name): name for name in reversed(list(known))}
    near = difflib.get_close_matches(fold(word)[:80], by_fold, n=1)
    return f"; did you mean {quoted(by_fold[near[0]])}?" if near else ""


def texts(word: str, value: object) -> tuple[str, ...]:
    """A text or a list of texts, none of them empty."""
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise RulesError(f"{word} wants a list of texts, not {quoted(value)}")
    if not entries:
        raise RulesError(f"{word} is an empty list, which nothing can match")
    if not all(entry.strip() for entry in entries):
        raise RulesError(f"{word} lists an empty text")
    if not all(entry.isprintable() for entry in entries):
        raise RulesError(f"{word} lists a text with a control character")
    return tuple(entries)


def _keyword(word: str, known: Mapping[str, str] | None) -> str | None:
    if known is not None:
        return known.get(fold(word))
    if word in HEADER_FIELDS or _CAMEL.fullmatch(word):
        return word
    return None


def _number(word: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RulesError(f"{word} wants a number, not {quoted(value)}")
    if not -1e15 < value < 1e15:
        raise RulesError(f"{word} wants a finite number, not {quoted(value)}")
    return float(value)


def _score(word: str, value: object) -> float:
    number = _number(word, value)
    if not 0 <= number <= 1:
        raise RulesError(f"{word} is {number:g}, but scores lie between 0 and 1")
    return number


def _truth(word: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise RulesError(f"{word} wants true or false, not {quoted(value)}")
    return value


def _table(word: str, value: Mapping[str, object], allowed: Collection[str]) -> Mapping[str, object]:
    if not value:
        raise RulesError(f"{word} is an empty table; it may say {' and '.join(allowed)}")
    for key in value:
        if key not in allowed:
            raise RulesError(f"{word} does not know {quoted(key)}; it may say {' and '.join(allowed)}")
    return value


def _read_view(word: str, value: object, names: Vocabulary) -> Check:
    every = [*names.views, OTHER, UNSURE]
    for want in texts(word, value):
        if want not in every and not any(alike(want, view) for view in names.views):
            raise RulesError(f"the view {quoted(want)} is unknown{nearest(want, every)}")
    return ViewIs(word=word, wanted=texts(word, value))


def _read_bound(word: str, value: object, _: Vocabulary) -> Check:
    number = _score(word, value)
    of = word[4:]
    if word.startswith("min"):
        return ScoreWithin(word=word, wanted=(f"at least {decimal(number)}",), of=of, low=number)
    return ScoreWithin(word=word, wanted=(f"at most {decimal(number)}",), of=of, high=number)


def _read_finding(word: str, value: object, _: Vocabulary) -> Check:
    if not isinstance(value, dict):
        return FindingIs(word=word, wanted=texts(word, value), labels=texts(word, value))
    table = _table(word, value, ("label", "min_score"))
    labels = texts(f"{word}.label", table.get("label", []))
    if "min_score" not in table:
        return FindingIs(word=word, wanted=labels, labels=labels)
    low = _score(f"{word}.min_score", table["min_score"])
    wanted = tuple(f"{label} (at least {decimal(low)})" for label in labels)
    return FindingIs(word=word, wanted=wanted, labels=labels, min_score=low)


def _read_has_finding(word: str, value: object, _: Vocabulary) -> Check:
    present = _truth(word, value)
    return HasFinding(word=word, wanted=("any finding" if present else "no finding",), present=present)


def _read_caller(word: str, value: object, _: Vocabulary) -> Check:
    return TextIs(word=word, wanted=texts(word, value), names=(word,), wishes=texts(word, value))


def _read_via(word: str, value: object, names: Vocabulary) -> Check:
    for want in texts(word, value):
        if want not in VIA:
            raise RulesError(f"{word} knows {' and '.join(VIA)}, not {quoted(want)}{nearest(want, VIA)}")
    return _read_caller(word, value, names)


def _read_address(word: str, value: object, _: Vocabulary) -> Check:
    wanted = texts(word, value)
    return AddressIn(word=word, wanted=wanted, networks=tuple(_network(word, text) for text in wanted))


def _network(word: str, text: str) -> Network:
    try:
        loose = ipaddress.ip_network(text, strict=False)
        return ipaddress.ip_network(text)
    except ValueError as error:
        hint = f"; did you mean {quoted(loose)}?" if "host bits" in str(error) else ""
        raise RulesError(f"{word}: {quoted(text)} is not an address or a network{hint}") from error


def _read_header(word: str, value: object, keyword: str) -> Check:
    names = tuple(dict.fromkeys((snake(keyword), keyword)))
    if isinstance(value, bool):
        return IsPresent(word=word, wanted=("present" if value else "absent",), names=names, present=value)
    if isinstance(value, dict):
        return _read_range(word, value, names)
    wishes = _wishes(word, value)
    return TextIs(word=word, wanted=tuple(_written(wish) for wish in wishes), names=names, wishes=wishes)


def _read_range(word: str, value: Mapping[str, object], names: tuple[str, ...]) -> Check:
    bounds = _table(word, value, ("min", "max"))
    table = {key: _number(f"{word}.{key}", bound) for key, bound in bounds.items()}
    low, high = table.get("min", -math.inf), table.get("max", math.inf)
    if low > high:
        raise RulesError(f"{word} wants at least {low:g} and at most {high:g}, which no number is")
    said = {"min": "at least", "max": "at most"}
    wanted = " and ".join(f"{said[key]} {bound:g}" for key, bound in sorted(table.items(), reverse=True))
    return NumberWithin(word=word, wanted=(wanted,), names=names, low=low, high=high)


def _wishes(word: str, value: object) -> tuple[Wanted, ...]:
    entries = value if isinstance(value, list) else [value]
    if any(isinstance(entry, int | float) and not isinstance(entry, bool) for entry in entries):
        return tuple(entry if isinstance(entry, str) else _number(word, entry) for entry in entries)
    if isinstance(value, str | list):
        return texts(word, value)
    raise RulesError(f"{word} wants texts, numbers, true, false or {{ min = 1 }}, not {quoted(value)}")


def _written(wish: Wanted) -> str:
    return wish if isinstance(wish, str) else f"{wish:.15g}"


READERS: Mapping[str, Callable[[str, object, Vocabulary], Check]] = {
    "view": _read_view,
    "min_score": _read_bound,
    "max_score": _read_bound,
    "min_margin": _read_bound,
    "finding": _read_finding,
    "has_finding": _read_has_finding,
    "calling_ae_title": _read_caller,
    "called_ae_title": _read_caller,
    "address": _read_address,
    "via": _read_via,
}
