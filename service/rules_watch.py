"""The rules in force, taken over anew whenever their file changes to other valid rules."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from router.errors import RulesError
from router.rules import RuleSet, parse
from service.watched import Kind, Watched

# Rules may ask for these before a pack fills the slot; any other unknown model is a misspelling.
SPECIALISTS = ("lung", "fracture", "ossicle")


class RulesWatch(Watched[RuleSet]):
    """The rules of one file. The constructor raises RulesError."""

    def __init__(
        self,
        path: Path,
        *,
        installed: Collection[str],
        known_keywords: Collection[str] | None = None,
        until_then: Path | None = None,
    ) -> None:
        self._keywords = known_keywords
        self._known = frozenset(installed) | frozenset(SPECIALISTS)
        kind = Kind(name="rules", parse=self.parse, version=lambda rules: rules.version, error=RulesError)
        super().__init__(path, kind, until_then=until_then)

    def parse(self, text: str) -> RuleSet:
        """Rules from a text, a draft's too: the same words are known. Raises RulesError."""
        return parse(text, known_models=self._known, known_keywords=self._keywords)

    def publish(self, text: str) -> RuleSet:
        """Put a text in force for every process that watches the file.

        Raises:
            RulesError: it is not valid, or the file cannot be written; nothing has changed then.
        """
        published = self.parse(text)
        try:
            _write_whole(self._own, text)
        except OSError as error:
            raise RulesError(f"the rules file {self._own} cannot be written: {error.strerror}") from error
        self.refresh()
        return published


def _write_whole(file: Path, text: str) -> None:
    """Write aside, fsync, rename: a reader sees the old text or the new one, and so does a power cut."""
    descriptor, aside = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as target:
            os.fchmod(target.fileno(), file.stat().st_mode & 0o777 if file.exists() else 0o644)
            target.write(text)
            target.flush()
            os.fsync(target.fileno())
        Path(aside).replace(file)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(aside).unlink()
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
