"""The rules in force, taken over anew whenever their file changes to other valid rules."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from router.errors import RulesError
from router.rules import RuleSet, parse
from service.missing_packs import missing_packs, that_may_come
from service.watched import Kind, Watched

log = logging.getLogger(__name__)

# The slots that ship: a draft may ask for them, and nobody is told when no pack answers.
SPECIALISTS = ("lung", "fracture", "ossicle")


class RulesWatch(Watched[RuleSet]):
    """The rules of one file. The constructor raises RulesError.

    The file may name packs that are yet to come: a pack that was taken away must not stop the service. A
    draft may not, for whoever writes it is there to hear of a misspelling.
    """

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
        kind = Kind(
            name="rules", parse=self._parse_file, version=lambda rules: rules.version, error=RulesError
        )
        super().__init__(path, kind, until_then=until_then)

    @property
    def missing(self) -> tuple[str, ...]:
        """A sentence for each pack that a rule in force asks for and that is not here."""
        return tuple(str(each) for each in missing_packs(self.current, self._known))

    def refresh(self) -> bool:
        """As of ``Watched``; new rules that ask for missing packs are warned of in the log."""
        is_new = super().refresh()
        if is_new:
            self.warn()
        return is_new

    def warn(self) -> None:
        """Say in the log which packs are missing."""
        for sentence in self.missing:
            log.warning("%s", sentence)

    def _parse_file(self, text: str) -> RuleSet:
        to_come = that_may_come(parse(text, known_models=None, known_keywords=self._keywords))
        return parse(text, known_models=self._known | to_come, known_keywords=self._keywords)

    def parse(self, text: str) -> RuleSet:
        """Rules from a draft's text: every model that it names is here. Raises RulesError."""
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
