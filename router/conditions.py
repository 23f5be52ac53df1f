"""The kinds of condition a rule can have, and what each says about a film.

Every kind answers for every film: there is no input on which a condition raises. A condition that cannot be
answered yet (findings before the specialists ran) says so, and then the rule does not match.
"""

from __future__ import annotations

import ipaddress
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from router.facts import Facts
from router.types import Condition, Finding
from router.views import OTHER, UNSURE

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Wanted = str | float
NOT_KNOWN_YET = "findings are not known yet, because no specialist has looked at this film"
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)  # IS and DS, PS3.5 section 6.2
_SHOWN, _LENGTH = 8, 64  # of a value list, and of one value: a decision is stored with every film


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a condition saw: ``holds`` is None where it cannot be known yet, ``fact`` half a sentence."""

    found: tuple[str, ...] = ()
    holds: bool | None
    fact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(ABC):
    """One condition as read from the rules: its word and what its author wants, as written."""

    word: str
    wanted: tuple[str, ...]

    @property
    def about_findings(self) -> bool:
        """Whether specialists have to run before this can be answered."""
        return False

    @abstractmethod
    def ask(self, facts: Facts) -> Answer:
        """Hold the condition against one film."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewIs(Check):
    """The stated view is one of these names; a wildcard never stands for *other* or *unsure*."""

    def ask(self, facts: Facts) -> Answer:
        view = facts.stated_view()
        if view is None:
            return Answer(holds=False, fact="no view was predicted")
        named = view.view not in (OTHER, UNSURE)
        holds = any(view.view == want or (named and alike(want, view.view)) for want in self.wanted)
        fact = f"view is {clipped(view.view)} ({decimal(view.score)})"
        return Answer(found=shown((view.view,)), holds=holds, fact=fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreWithin(Check):
    """The view's score or margin lies within bounds, both included."""

    of: str  # "score" | "margin"
    low: float = -math.inf
    high: float = math.inf

    def ask(self, facts: Facts) -> Answer:
        view = facts.stated_view()
        if view is None:
            return Answer(holds=False, fact=f"there is no {self.of}, because no view was predicted")
        value = view.score if self.of == "score" else view.margin
        shown = decimal(value)
        return Answer(found=(shown,), holds=self.low <= value <= self.high, fact=f"{self.of} is {shown}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextIs(Check):
    """One of the values equals, or matches as a wildcard, one of those wanted; case does not matter."""

    names: tuple[str, ...]  # see Facts.values
    wishes: tuple[Wanted, ...]

    def ask(self, facts: Facts) -> Answer:
        values = facts.values(self.names)
        holds = any(_equals(wish, value) for wish in self.wishes for value in values)
        return Answer(found=shown(values), holds=holds, fact=f"{self.word} is {listed(values) or 'absent'}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberWithin(Check):
    """One of the values is a number within bounds, both included."""

    names: tuple[str, ...]  # see Facts.values
    low: float = -math.inf
    high: float = math.inf

    def ask(self, facts: Facts) -> Answer:
        values = facts.values(self.names)
        numbers = [number for value in values if (number := as_number(value)) is not None]
        holds = any(self.low <= number <= self.high for number in numbers)
        said = listed(values) or "absent"
        fact = f"{self.word} is {said}" if numbers or not values else f"{self.word} is {said}, not a number"
        return Answer(found=shown(values), holds=holds, fact=fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class IsPresent(Check):
    """The header has, or has not, a value here; an empty value counts as absent."""

    names: tuple[str, ...]  # see Facts.values
    present: bool

    def ask(self, facts: Facts) -> Answer:
        values = facts.values(self.names)
        fact = f"{self.word} is present ({listed(values)})" if values else f"{self.word} is absent"
        return Answer(found=shown(values), holds=bool(values) is self.present, fact=fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressIn(Check):
    """The peer's address lies in one of these networks."""

    networks: tuple[Network, ...]

    def ask(self, facts: Facts) -> Answer:
        said = facts.arrival.address
        fact = f"address is {clipped(said) or 'absent'}"
        try:
            address = ipaddress.ip_address(said)
        except ValueError:
            return Answer(found=shown((said,)), holds=False, fact=f"{fact}, not an IP address")
        mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:10.0.0.1 is 10.0.0.1 on a dual-stack socket
        holds = any(either in network for network in self.networks for either in (address, mapped or address))
        return Answer(found=shown((said,)), holds=holds, fact=fact)


def _with_scores(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(f"{finding.label} ({decimal(finding.probability)})" for finding in findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingIs(Check):
    """A specialist stated one of these labels with at least this probability."""

    labels: tuple[str, ...]
    min_score: float = -math.inf

    @property
    def about_findings(self) -> bool:
        return True

    def ask(self, facts: Facts) -> Answer:
        findings = facts.stated_findings()
        if findings is None:
            return Answer(holds=None, fact=NOT_KNOWN_YET)
        found = _with_scores(findings)
        holds = any(
            each.probability >= self.min_score and any(alike(label, each.label) for label in self.labels)
            for each in findings
        )
        return Answer(found=shown(found), holds=holds, fact=_findings_are(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class HasFinding(Check):
    """The specialists stated something, or looked and stated nothing."""

    present: bool

    @property
    def about_findings(self) -> bool:
        return True

    def ask(self, facts: Facts) -> Answer:
        findings = facts.stated_findings()
        if findings is None:
            return Answer(holds=None, fact=NOT_KNOWN_YET)
        found = _with_scores(findings)
        return Answer(found=shown(found), holds=bool(found) is self.present, fact=_findings_are(found))


def judge(check: Check, facts: Facts, *, excluding: bool) -> Condition:
    """Hold one condition against one film; ``excluding`` is for those under ``unless``.

    The condition that comes back *holds* where it lets the rule match.
    """
    answer = check.ask(facts)
    wish = check.wanted[0] if len(check.wanted) == 1 else "one of " + ", ".join(check.wanted)
    endings = {
        (False, True): f", as wanted ({wish})",
        (False, False): f", wanted {wish}",
        (True, True): f", which the rule leaves out ({wish})",
        (True, False): f", which the rule does not leave out ({wish})",
    }
    return Condition(
        word=f"unless {check.word}" if excluding else check.word,
        wanted=check.wanted,
        found=answer.found,
        holds=answer.holds is (not excluding),
        reason=answer.fact if answer.holds is None else answer.fact + endings[excluding, answer.holds],
    )


def alike(pattern: str, value: str) -> bool:
    """Whether the value matches: ``*`` and ``?`` are wildcards (PS3.4 C.2.2.2.4), case does not matter."""
    return fnmatchcase(value.strip().casefold(), pattern.strip().casefold().replace("[", "[[]"))


def as_number(text: str) -> float | None:
    """The number that a header value states, or None."""
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


def decimal(value: float) -> str:
    """A score for a human: at least two decimals, at most four."""
    text = f"{value:.4f}"
    return text[:-2] if text.endswith("00") else text.removesuffix("0")


def clipped(text: str) -> str:
    """A stranger's text, fit for a sentence and for any database: short, without control characters."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"


def shown(values: tuple[str, ...]) -> tuple[str, ...]:
    """As many values, as long, as a stored decision keeps."""
    return tuple(clipped(value) for value in values[:_SHOWN])


def listed(values: tuple[str, ...]) -> str:
    """The values in one line, short enough to stand in a sentence."""
    return ", ".join(shown(values)) + (" …" if len(values) > _SHOWN else "")


def _equals(wish: Wanted, value: str) -> bool:
    return alike(wish, value) if isinstance(wish, str) else as_number(value) == wish


def _findings_are(found: tuple[str, ...]) -> str:
    return f"findings are {listed(found)}" if found else "the specialists found nothing"
