"""The dictionary of a procedure map, from TOML to a ``Dictionary``; and the readers of single values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from router.condition_text import nearest, quoted
from router.errors import ProceduresError
from router.procedure_map import SIDES
from router.procedure_words import Dictionary, Phrase, WordKind, fold, is_wild, spellings, tokens_of

LISTS = ("ignored", "units", "joiners", "more", "fewer")
TABLES = ("numbers", "sides", "parts", "projections", "manners")

Table = Mapping[str, object]


def read_dictionary(layers: Iterable[Table]) -> Dictionary:
    """One dictionary of several tables [words]; where they differ, the first is believed.

    Raises ProceduresError.
    """
    phrases: dict[Phrase, Phrase] = {}
    kinds: dict[str, WordKind] = {}
    lists: dict[str, set[str]] = {name: set() for name in LISTS}
    numbers: dict[str, int] = {}
    for layer in layers:
        only(layer, (*LISTS, "never", *TABLES), "the table [words]: ")
        for name in LISTS:
            for entry in texts(name, layer.get(name, [])):
                lists[name].update(*spellings(entry))
        for entry in texts("never", layer.get("never", [])):
            meaning = " ".join(tokens_of(entry))
            kinds[meaning] = WordKind.NEVER
            phrases.update(dict.fromkeys(spellings(entry), (meaning,)))
        for kind in (WordKind.SIDE, WordKind.PART, WordKind.PROJECTION, WordKind.MANNER):
            _learn(kind, _table(kind, layer.get(kind, {})), phrases, kinds)
        for number, written in _table("numbers", layer.get("numbers", {})).items():
            value = _number(number)
            for entry in texts("numbers", written):
                numbers.update({word: value for spelling in spellings(entry) for word in spelling})
    return Dictionary(
        phrases={phrase: meaning for phrase, meaning in phrases.items() if not any(map(is_wild, phrase))},
        wild={phrase: meaning for phrase, meaning in phrases.items() if any(map(is_wild, phrase))},
        kinds=kinds,
        numbers=numbers,
        **{name: frozenset(lists[name]) for name in LISTS},
    )


def _learn(kind: WordKind, table: Table, phrases: dict[Phrase, Phrase], kinds: dict[str, WordKind]) -> None:
    """Take the synonyms of one table in; the first file that says what a phrase means is believed."""
    for word, synonyms in table.items():
        meaning = tuple(tokens_of(word))
        if not meaning or (kind is WordKind.SIDE and word not in SIDES):
            raise ProceduresError(
                f"the table [words.{kind}]: {quoted(word)} is unknown{nearest(word, SIDES)}"
            )
        for said in meaning:
            kinds.setdefault(said, kind)
        for synonym in (word, *texts(word, synonyms)):
            for spelling in spellings(synonym):
                phrases.setdefault(spelling, meaning)


def only(table: Table, allowed: Collection[str], where: str = "") -> None:
    for word in table:
        if word not in allowed:
            raise ProceduresError(f"{where}the word {quoted(word)} is unknown{nearest(word, allowed)}")


def _table(name: str, value: object) -> Table:
    if not isinstance(value, dict):
        raise ProceduresError(f"{name} has to be a table, not {quoted(value)}")
    return value


def texts(word: str, value: object) -> tuple[str, ...]:
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list) or not all(
        isinstance(entry, str) and fold(entry).strip() for entry in entries
    ):
        raise ProceduresError(f"{word} wants a list of texts, none of them empty, not {quoted(value)}")
    return tuple(entries)


def truth(word: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ProceduresError(f"{word} wants true or false, not {quoted(value)}")
    return value


def _number(text: str) -> int:
    if not text.isdecimal():
        raise ProceduresError(f"the table [words.numbers]: {quoted(text)} is not a number")
    return int(text)
