"""A first draft of a map entry for a procedure that the map does not know: its author still decides."""

from __future__ import annotations

from collections.abc import Iterable

from router.orders import ExpectedView, Procedure
from router.procedure_map import ANY_SCHEME, Entry, ProcedureMap, code_key
from router.procedure_words import WordKind
from router.verdicts import FilmFacts
from router.views import VIEWS

_TO_FILL_IN = "# no word of it is in the dictionary: fill in regions and views\n"
_DRAFT = "# a draft: check the views before you use it\n"


def suggest(procedure: Procedure, procedures: ProcedureMap, films: Iterable[FilmFacts] = ()) -> str:
    """TOML of an entry that would recognise ``procedure``; commented out where nothing is known of it.

    Its regions and views are those of the entry whose words are nearest, else those that ``films``, which
    came for it, were said to be.
    """
    text = " ".join((procedure.description or (procedure.code.meaning if procedure.code else "")).split())
    name = text or (procedure.code.value if procedure.code else "unnamed")
    entry = _nearest(text, procedures)
    seen = sorted(film.view for film in films if film.view is not None and film.view in VIEWS)
    lines = ["[[procedure]]", f"name = {_quoted(name)}"]
    if entry is not None:
        lines += [f"regions = {_listed(entry.regions)}", f"views = {_views(entry.views)}"]
    elif seen:
        regions = dict.fromkeys(VIEWS[view].region for view in seen)
        lines += [f"regions = {_listed(regions)}", f"views = {_listed(seen)}"]
    else:
        lines += ["regions = []", "views = []"]
    if procedure.code is not None:
        scheme, value = code_key(procedure.code.value, procedure.code.scheme)
        lines.append(f"codes = {_listed([':'.join((scheme or ANY_SCHEME, value))])}")
    if text:
        lines.append(f"names = {_listed([text])}")
    draft = "\n".join(lines) + "\n"
    if entry is None and not seen:
        return _TO_FILL_IN + "".join(f"# {line}\n" for line in draft.splitlines())
    return _DRAFT + draft


def _nearest(text: str, procedures: ProcedureMap) -> Entry | None:
    """The entry whose best name shares the most words with the text and has the fewest others."""
    words = procedures.dictionary.words(text)
    parts = frozenset(procedures.dictionary.of_kind(words, WordKind.PART))
    best: tuple[int, int] = (0, 0)
    found = None
    for entry in procedures.entries:
        for pattern in entry.patterns:
            rank = (len(pattern & words), -len(pattern - words))
            if pattern & parts and rank > best:
                best, found = rank, entry
    return found


def _views(views: Iterable[ExpectedView]) -> str:
    return "[" + ", ".join(_view(view) for view in views) + "]"


def _view(view: ExpectedView) -> str:
    if len(view.views) == 1 and view.count == 1 and not view.optional:
        return _quoted(view.views[0])
    count = f", count = {view.count}" if view.count > 1 else ""
    optional = ", optional = true" if view.optional else ""
    return f"{{ any = {_listed(view.views)}{count}{optional} }}"


def _listed(texts: Iterable[str]) -> str:
    return "[" + ", ".join(map(_quoted, texts)) + "]"


def _quoted(text: str) -> str:
    """A TOML basic string: what cannot stand in one is left out."""
    plain = "".join(char for char in text if char.isprintable())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
