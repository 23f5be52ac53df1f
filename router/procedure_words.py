"""The words of a procedure's description, brought to one form whatever the language.

A dictionary, part of the procedure map, says which words mean the same: ``wrist`` is also *Handgelenk*,
*muñeca*, *poignet*, *punho*. Both the map's names and the descriptions of orders are read by it, and compared
as sets of words: their order, and words that nobody listed, do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase


class WordKind(StrEnum):
    """What a word of the dictionary is about."""

    PART = "parts"
    PROJECTION = "projections"
    MANNER = "manners"
    SIDE = "sides"
    COUNT = "count"
    NEVER = "never"


LONGEST = 400  # characters of a description that are read
_INITIALS = re.compile(r"\b([^\W\d_])\.[-/]?(?=[^\W\d_]\b(?!\.?[^\W\d_]{2}))")  # a.p., p.-a., h.w.s.
_SPACED = re.compile(r"\b([apdv])\.\s*[-/]?\s*(?=[apdv]\b)")  # a. p., d. - v.
_TOKEN = re.compile(r"\d+\+?|[^\W\d_]+(?:[*?]+[^\W\d_]*)*|[*?]+[^\W\d_]+[*?]*|≥|>=|≤|<")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dictionary:
    """What words mean: phrases as folded tokens, to the map's own words for them."""

    phrases: Mapping[Phrase, Phrase] = field(default_factory=dict)
    wild: Mapping[Phrase, Phrase] = field(default_factory=dict)  # those with * or ? in them
    kinds: Mapping[str, WordKind] = field(default_factory=dict)  # of the map's own words
    ignored: frozenset[str] = frozenset()  # say nothing: "of", "in", "X-ray"
    units: frozenset[str] = frozenset()  # what is counted: "views", "Ebenen"
    joiners: frozenset[str] = frozenset()  # between two numbers: "or", "bis"
    more: frozenset[str] = frozenset()  # "min", "or more"
    fewer: frozenset[str] = frozenset()  # "less than", "<"
    numbers: Mapping[str, int] = field(default_factory=dict)

    def words(self, text: str) -> frozenset[str]:
        """The words of a description, in the map's own words where it has them.

        A number of views becomes one word: ``2 views``, ``3+ views``, ``1-2 views``.
        """
        tokens = self._counted(tokens_of(text))
        found: set[str] = set()
        at = 0
        while at < len(tokens):
            size, meaning = self._phrase_at(tokens, at)
            found.update(meaning)
            at += size
        return frozenset(found - self.ignored)

    def kind(self, word: str) -> WordKind | None:
        """What one of the words that ``words`` gives is about; None for a word nobody listed."""
        return WordKind.COUNT if word.endswith(" views") else self.kinds.get(word)

    def of_kind(self, words: Iterable[str], *kinds: WordKind) -> tuple[str, ...]:
        """Those of the words that are about this, in alphabetical order."""
        return tuple(sorted(word for word in words if self.kind(word) in kinds))

    def _phrase_at(self, tokens: Sequence[str], at: int) -> tuple[int, Phrase]:
        """How many tokens the longest phrase takes that begins here, and what it means."""
        for size in range(min(5, len(tokens) - at), 0, -1):
            piece = tuple(tokens[at : at + size])
            meaning = self.phrases.get(piece) or self._wild(piece)
            if meaning is not None:
                return size, meaning
        return 1, (tokens[at],)

    def _wild(self, piece: Phrase) -> Phrase | None:
        return next((meaning for phrase, meaning in self.wild.items() if alike(phrase, piece)), None)

    def _counted(self, tokens: Sequence[str]) -> list[str]:
        """The tokens, each number of views made one token."""
        left: list[str] = []
        for token in tokens:
            count = self._count(left) if token in self.units else None
            if count is None:
                left.append(token)
                continue
            size, said = count
            del left[len(left) - size :]
            left.append(f"{said} views")
        return left

    def _count(self, before: Sequence[str]) -> tuple[int, str] | None:
        """How many tokens at the end of ``before`` say a number of views, and which number they say."""
        rest = list(before)
        more = self._drop(rest, self.more)
        self._drop(rest, self.joiners)
        high = self._number(rest)
        if high is None:
            return None
        more = more or rest[-1].endswith("+")
        rest.pop()
        kept = list(rest)
        self._drop(kept, self.joiners)
        low = self._number(kept)
        if low is not None and low < high:
            rest = kept[:-1]
            return len(before) - len(rest), f"{low}-{high}"
        more = self._drop(rest, self.more) or more
        said = f"{high}+" if more else str(high)
        if self._drop(rest, self.fewer):
            said = f"up to {high}"
        return len(before) - len(rest), said

    def _drop(self, tokens: list[str], words: frozenset[str]) -> bool:
        dropped = False
        while tokens and tokens[-1] in words:
            tokens.pop()
            dropped = True
        return dropped

    def _number(self, tokens: Sequence[str]) -> int | None:
        if not tokens:
            return None
        digits = tokens[-1].rstrip("+")
        if digits.isdecimal() and len(digits) < 3:
            return int(digits)
        return self.numbers.get(tokens[-1])


def fold(text: str) -> str:
    """Text as it is compared: one case, no accents."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST].casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def tokens_of(text: str) -> list[str]:
    """The folded words and numbers of a text; initials with dots are one word, ``2V`` is two."""
    return _TOKEN.findall(_SPACED.sub(r"\1", _INITIALS.sub(r"\1", fold(text))))


def spellings(phrase: str) -> set[Phrase]:
    """The ways a phrase of the dictionary may be written: ä as a or ae, hyphenated words also as one."""
    found = set()
    for text in (phrase, phrase.casefold().translate(_UMLAUTS)):
        tokens = tuple(tokens_of(text))
        found.add(tokens)
        if "-" in text:
            found.add(("".join(tokens),))
    return {tokens for tokens in found if tokens}


def is_wild(word: str) -> bool:
    """Whether a word of the map stands for several."""
    return "*" in word or "?" in word


def alike(phrase: Phrase, piece: Phrase) -> bool:
    """Whether folded words match, ``*`` and ``?`` standing for characters within a word."""
    return len(phrase) == len(piece) and all(map(fnmatchcase, piece, phrase))
