"""The procedure map in force, taken over anew whenever its file changes to another valid map."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from router.errors import ProceduresError
from router.procedures import ProcedureMap, parse_map
from service.sections_orders import SHIPPED_PROCEDURES
from service.watched import Kind, Watched


def procedures_watch(path: Path) -> Watched[ProcedureMap]:
    """The map of a file; raises ProceduresError."""
    kind = Kind(
        name="procedures", parse=parsed, version=lambda procedures: procedures.digest, error=ProceduresError
    )
    return Watched(path, kind)


@cache
def shipped_procedures() -> ProcedureMap:
    """The map that came with radrouter."""
    return parsed(SHIPPED_PROCEDURES.read_text("utf-8"))


def parsed(text: str) -> ProcedureMap:
    """A map from its text; one of a site's own may go on from the shipped one. Raises ProceduresError."""
    shipped = SHIPPED_PROCEDURES.read_text("utf-8")
    return parse_map(text, shipped=None if text == shipped else shipped)
