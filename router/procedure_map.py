"""The procedure map: which entry a procedure of an order is, by its code or by the words that describe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from router.condition_text import quoted
from router.orders import ExpectedView, Procedure, Side
from router.procedure_words import Dictionary, WordKind, is_wild
from router.views import Code

# Other names of the schemes whose codes the shipped map holds (PS3.16 Table 8-1; HL7 table 0396; FHIR)
SCHEMES: Mapping[str, str] = {
    "LOINC": "LN",
    "2.16.840.1.113883.6.1": "LN",
    "HTTP://LOINC.ORG": "LN",
    "RADLEX PLAYBOOK": "RPID",
    "RSNA PLAYBOOK": "RPID",
    "RADLEX": "RPID",  # playbook codes are told from other RadLex codes by their RPID
    "2.16.840.1.113883.6.256": "RPID",
    "HTTP://RADLEX.ORG": "RPID",
    "HTTP://WWW.RADLEX.ORG": "RPID",
}
ANY_SCHEME = "*"
SIDES: Mapping[str, Side] = {"left": Side.LEFT, "right": Side.RIGHT, "both": Side.BOTH}
NOT_IN_MAP = "no entry of the procedure map has its code or its words"

CodeKey = tuple[str, str]  # scheme and value, as compared
Pattern = frozenset[str]  # words of the dictionary, or of a site, perhaps with wildcards
NOTHING: Pattern = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """One procedure: how it is recognised, and what it asks for."""

    name: str
    regions: tuple[str, ...]  # regions of router.views; the first is the one asked for
    views: tuple[ExpectedView, ...]
    codes: Mapping[CodeKey, Side | None]
    patterns: tuple[Pattern, ...]
    side: Side | None = None
    shipped: bool = False  # a site's own entries go before those that came with radrouter

    def taken(self, words: frozenset[str]) -> frozenset[str]:
        """The words of a description that this entry accounts for; empty where it does not fit."""
        found = (_taken(pattern, words) for pattern in self.patterns)
        return NOTHING.union(*found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The entry that a procedure is, and how that was seen."""

    entry: Entry
    side: Side | None
    evidence: str
    views: tuple[ExpectedView, ...]  # the entry's, or none where the description says more than the entry
    side_conflict: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureMap:
    """Every procedure a site knows. ``digest`` is the hex SHA-256 of the text it was read from."""

    entries: tuple[Entry, ...]
    by_code: Mapping[CodeKey, Entry]
    dictionary: Dictionary
    digest: str

    def find(self, procedure: Procedure) -> Match | str:
        """What the procedure is, or one sentence why nobody can say."""
        described = self._in_words(procedure)
        codes = (procedure.code, *procedure.alternatives)
        coded = next((match for code in codes if (match := self._coded(code)) is not None), None)
        if coded is None:
            return described
        if isinstance(described, str):
            return coded
        return _joined(coded, described)

    def _in_words(self, procedure: Procedure) -> Match | str:
        """What its description says; where the map knows none of it, what its other codes mean."""
        described = self.describe(_text(procedure))
        others = [code.meaning for code in procedure.alternatives if code.meaning]
        if described != NOT_IN_MAP:
            return described
        found = (self.describe(meaning) for meaning in others)
        return next((match for match in found if isinstance(match, Match)), described)

    def describe(self, text: str) -> Match | str:
        """What a description alone says, or one sentence why nobody can say."""
        words = self.dictionary.words(text)
        if never := self.dictionary.of_kind(words, WordKind.NEVER):
            return f"{quoted(never[0])} in its description is no plain film that the map describes"
        fitting = {entry: taken for entry in self.entries if (taken := entry.taken(words))}
        manners = frozenset(self.dictionary.of_kind(words, WordKind.MANNER))
        best = _told_apart(_largest(_largest(fitting, without=manners)))
        if not best:
            return NOT_IN_MAP
        if len(best) == 1:
            return self._described(best[0], words, words - fitting[best[0]], text)
        names = " and ".join(quoted(entry.name) for entry in best)
        if len({entry.regions[0] for entry in best}) == 1:
            why = f"the description {quoted(text)} is {names} of the map, so only their region is expected"
            return Match(entry=self._open(best[0]), side=self.side_of(words), evidence=why, views=())
        return f"the entries {names} fit its words equally well"

    def side_of(self, words: frozenset[str]) -> Side | None:
        """The side that words of the dictionary name; left and right together are both."""
        said = {SIDES[word] for word in words if word in SIDES}
        return next(iter(said)) if len(said) == 1 else Side.BOTH if said else None

    def _described(self, entry: Entry, words: Pattern, left: Pattern, text: str) -> Match | str:
        if parts := self.dictionary.of_kind(left, WordKind.PART):
            return f"beside {quoted(entry.name)} it names {quoted(parts[0])}, and no entry has both"
        beyond = self.dictionary.of_kind(left, WordKind.PROJECTION, WordKind.COUNT)
        evidence = f"the description {quoted(text)} is {quoted(entry.name)} of the map"
        if beyond:
            evidence += f" but for {quoted(', '.join(beyond))}, so only its region is expected"
        return Match(
            entry=self._open(entry) if beyond else entry,
            side=self.side_of(words) or entry.side,
            evidence=evidence,
            views=() if beyond else entry.views,
        )

    def _open(self, entry: Entry) -> Entry:
        """The entry of the same region that names no view, if there is one."""
        of_region = (each for each in self.entries if each.regions[0] == entry.regions[0] and not each.views)
        return next(of_region, entry)

    def _coded(self, code: Code | None) -> Match | None:
        key = code_key(code.value, code.scheme) if code else None
        entry = self._entry_of(key) if key else None
        if code is None or key is None or entry is None:
            return None
        side = entry.codes.get(key, entry.codes.get((ANY_SCHEME, key[1])))
        return Match(
            entry=entry,
            side=side or entry.side,
            evidence=f"the code {code.value} ({code.scheme or '-'}) is {quoted(entry.name)} of the map",
            views=entry.views,
        )

    def _entry_of(self, key: CodeKey) -> Entry | None:
        return self.by_code.get(key) or self.by_code.get((ANY_SCHEME, key[1]))


def code_key(value: str, scheme: str) -> CodeKey:
    """A code as it is compared: one name for each scheme, one case."""
    scheme = scheme.strip().upper()
    return SCHEMES.get(scheme, scheme), value.strip().upper()


def _text(procedure: Procedure) -> str:
    meaning = procedure.code.meaning if procedure.code else ""
    description = procedure.description or ""
    return description if meaning.casefold() in description.casefold() else f"{description} {meaning}"


def _joined(coded: Match, described: Match) -> Match:
    """What a code and a description say together: the code decides what, unless it leaves the views open."""
    says_more = not coded.views and described.views and described.entry.regions[0] == coded.entry.regions[0]
    base = described if says_more else coded
    sides = {match.side for match in (coded, described) if match.side is not None}
    conflict = None
    if {Side.LEFT, Side.RIGHT} <= sides:
        conflict = f"its code says {coded.side}, its description {described.side}"
    return Match(
        entry=base.entry,
        side=None if conflict else described.side or coded.side,
        evidence=base.evidence,
        views=base.views,
        side_conflict=conflict,
    )


def _taken(pattern: Pattern, words: frozenset[str]) -> frozenset[str]:
    """The words that a pattern stands for, or none where one of its words is not there."""
    plain = frozenset(word for word in pattern if not is_wild(word))
    if not plain <= words:
        return NOTHING
    found = set(plain)
    for wild in pattern - plain:
        hits = {word for word in words if fnmatchcase(word, wild)}
        if not hits:
            return NOTHING
        found |= hits
    return frozenset(found)


def _largest(fitting: Mapping[Entry, Pattern], without: Pattern = NOTHING) -> dict[Entry, Pattern]:
    """The entries to which no other is superior: that account for all that it does, and for more."""
    sets = {entry: taken - without for entry, taken in fitting.items()}
    return {e: fitting[e] for e, taken in sets.items() if not any(taken < other for other in sets.values())}


def _told_apart(best: Mapping[Entry, Pattern]) -> list[Entry]:
    """Of entries that account for the same words: one with a name of just these words, then a site's own."""
    whole = {taken for entry, taken in best.items() if taken in entry.patterns}
    kept = {entry: taken for entry, taken in best.items() if taken in entry.patterns or taken not in whole}
    own = {taken for entry, taken in kept.items() if not entry.shipped}
    return [entry for entry, taken in kept.items() if not (entry.shipped and taken in own)]
