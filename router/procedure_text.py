"""The procedure map, from TOML to a ``ProcedureMap``: what is wrong with it is found here, before any use."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping

from router.condition_text import nearest, quoted
from router.errors import ProceduresError
from router.orders import ExpectedView, Side
from router.procedure_map import ANY_SCHEME, SIDES, CodeKey, Entry, Pattern, ProcedureMap, code_key
from router.procedure_words import Dictionary, WordKind
from router.views import VIEWS
from router.word_text import Table, only, read_dictionary, texts, truth

TOP_WORDS = ("with_shipped", "words", "procedure")
ENTRY_WORDS = ("name", "regions", "views", "codes", "names", "side", "further")
VIEW_WORDS = ("any", "count", "optional")
CODE_SIDES = ("any", *SIDES)
LANGUAGES = ("en", "de", "es", "fr", "pt")
REGIONS = frozenset(view.region for view in VIEWS.values())
MOST_FILMS = 9


def parse_map(text: str, *, shipped: str | None = None) -> ProcedureMap:
    """Read a procedure map as ``docs/orders.md`` describes it.

    ``shipped``: the text of the map that came with radrouter, for a site's map that says
    ``with_shipped = true``. Raises ProceduresError: one sentence that names the entry.
    """
    layers = [_document(text)]
    if truth("with_shipped", layers[0].get("with_shipped", False)):
        if shipped is None:
            raise ProceduresError("with_shipped is true, but this is the map that came with radrouter")
        layers.append(_document(shipped))
    dictionary = read_dictionary(_words(layer) for layer in layers)
    entries: dict[str, Entry] = {}
    for position, layer in enumerate(layers):
        for name, entry in _entries(layer, dictionary, shipped=position > 0).items():
            entries.setdefault(name, entry)
    return ProcedureMap(
        entries=tuple(entries.values()),
        by_code=_by_code(entries.values()),
        dictionary=dictionary,
        digest=hashlib.sha256("\0".join([text, shipped or ""][: len(layers)]).encode()).hexdigest(),
    )


def _document(text: str) -> Table:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProceduresError(f"the procedure map is not valid TOML: {error}") from error
    only(document, TOP_WORDS)
    return document


def _words(document: Table) -> Table:
    words = document.get("words", {})
    if not isinstance(words, dict):
        raise ProceduresError(f"words has to be a table, not {quoted(words)}")
    return words


def _entries(document: Table, dictionary: Dictionary, *, shipped: bool) -> dict[str, Entry]:
    tables = document.get("procedure", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ProceduresError("procedure has to be a list of tables, each beginning with [[procedure]]")
    entries: dict[str, Entry] = {}
    owners: dict[object, str] = {}
    for position, table in enumerate(tables, start=1):
        name = table.get("name")
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise ProceduresError(f"entry number {position} has no name; give it a text as its name")
        if name in entries:
            raise ProceduresError(f"two entries have the name {quoted(name)}")
        try:
            entry = _entry(name, table, dictionary, shipped=shipped)
            _claim(entry, owners)
        except ProceduresError as error:
            raise ProceduresError(f"entry {quoted(name)}: {error}") from error
        entries[name] = entry
    return entries


def _entry(name: str, table: Table, dictionary: Dictionary, *, shipped: bool) -> Entry:
    only(table, ENTRY_WORDS)
    regions = texts("regions", table.get("regions", []))
    if not regions:
        raise ProceduresError('it has no region; write regions = ["wrist"] or another')
    for region in regions:
        if region not in REGIONS:
            raise ProceduresError(f"the region {quoted(region)} is unknown{nearest(region, REGIONS)}")
    views = table.get("views", [])
    if not isinstance(views, list):
        raise ProceduresError(f"views wants a list of views, not {quoted(views)}")
    expected = [_expected(view) for view in views]
    if truth("further", table.get("further", False)):
        welcome = tuple(view.name for view in VIEWS.values() if view.region in regions)
        expected.append(ExpectedView(views=welcome, count=MOST_FILMS, optional=True))
    entry = Entry(
        name=name,
        regions=regions,
        views=tuple(expected),
        codes=_codes(table.get("codes", [])),
        patterns=_patterns(table.get("names", []), dictionary),
        side=_side(table["side"]) if "side" in table else None,
        shipped=shipped,
    )
    if not entry.codes and not entry.patterns:
        raise ProceduresError("nothing recognises it; give it codes or names")
    return entry


def _expected(value: object) -> ExpectedView:
    table = value if isinstance(value, dict) else {"any": value}
    only(table, VIEW_WORDS, "views: ")
    views = texts("views", table.get("any", []))
    if not views:
        raise ProceduresError("views lists a film without a view")
    for view in views:
        if view not in VIEWS:
            raise ProceduresError(f"the view {quoted(view)} is unknown{nearest(view, VIEWS)}")
    count = table.get("count", 1)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_FILMS:
        raise ProceduresError(f"count wants a whole number from 1 to {MOST_FILMS}, not {quoted(count)}")
    return ExpectedView(views=views, count=count, optional=truth("optional", table.get("optional", False)))


def _codes(value: object) -> Mapping[CodeKey, Side | None]:
    table = value if isinstance(value, dict) else {"any": value}
    only(table, CODE_SIDES, "codes: ")
    found: dict[CodeKey, Side | None] = {}
    for side, codes in table.items():
        for code in texts("codes", codes):
            key = _code(code)
            if key in found:
                raise ProceduresError(f"the code {quoted(code)} stands there twice")
            found[key] = SIDES.get(side)
    return found


def _code(text: str) -> CodeKey:
    scheme, colon, value = text.rpartition(":")
    if not colon or not scheme.strip() or not value.strip():
        raise ProceduresError(
            f'the code {quoted(text)} has no scheme; write "LN:37925-5", "99XYZ:17" or "{ANY_SCHEME}:17"'
        )
    key = code_key(value, scheme)
    if key[0] == "LN" and not is_loinc(key[1]):
        raise ProceduresError(f"{quoted(value)} is not a LOINC code: its check digit is another")
    return key


def is_loinc(value: str) -> bool:
    """Whether a code has the form of LOINC's and its check digit (mod 10, LOINC Users' Guide, appendix C)."""
    number, dash, check = value.rpartition("-")
    if not (dash and number.isdecimal() and check.isdecimal() and len(check) == 1 and len(number) <= 7):
        return False
    doubled = str(int(number[::-1][::2][::-1]) * 2)
    total = sum(map(int, doubled)) + sum(map(int, number[::-1][1::2]))
    return (10 - total % 10) % 10 == int(check)


def _patterns(value: object, dictionary: Dictionary) -> tuple[Pattern, ...]:
    table = value if isinstance(value, dict) else {"en": value}
    only(table, LANGUAGES, "names: ")
    found: dict[Pattern, None] = {}
    for names in table.values():
        for name in texts("names", names):
            words = dictionary.words(name) - frozenset(
                SIDES
            )  # a side is read from each description by itself
            if not words:
                raise ProceduresError(f"the name {quoted(name)} has no word that says anything")
            if never := dictionary.of_kind(words, WordKind.NEVER):
                raise ProceduresError(
                    f"the name {quoted(name)} has the word {quoted(never[0])} of words.never"
                )
            found[words] = None
    return tuple(found)


def _claim(entry: Entry, owners: dict[object, str]) -> None:
    """See to it that no code and no set of words belongs to two entries of one file."""
    for key in entry.codes:
        if (owner := owners.setdefault(key, entry.name)) != entry.name:
            raise ProceduresError(f"the code {':'.join(key)} is also {quoted(owner)}'s")
    for pattern in entry.patterns:
        if (owner := owners.setdefault(pattern, entry.name)) != entry.name:
            raise ProceduresError(
                f"its name {quoted(' '.join(sorted(pattern)))} says the same as one of {quoted(owner)}"
            )


def _by_code(entries: Iterable[Entry]) -> Mapping[CodeKey, Entry]:
    found: dict[CodeKey, Entry] = {}
    for entry in entries:
        for key in entry.codes:
            found.setdefault(key, entry)
    return found


def _side(value: object) -> Side:
    if not isinstance(value, str) or value not in SIDES:
        raise ProceduresError(f"side is {quoted(value)}, but can only be {', '.join(SIDES)}")
    return SIDES[value]
