"""The rules in force, and why a newer text is not: a broken file keeps the old rules and says so."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from pathlib import Path

from router.errors import RulesError
from router.rules import RuleSet, parse

log = logging.getLogger(__name__)

# Rules may ask for these before a pack fills the slot; any other unknown model is a misspelling.
SPECIALISTS = ("lung", "fracture", "ossicle")


class RulesWatch:
    """Holds the rules of one file and takes over a new text when it is valid.

    The constructor raises RulesError, so that a service never starts on rules that it cannot read.
    """

    def __init__(
        self, path: Path, *, installed: Collection[str], known_keywords: Collection[str] | None = None
    ) -> None:
        self._path = path
        self._keywords = known_keywords
        self._known = frozenset(installed) | frozenset(SPECIALISTS)
        self._seen = self._look()
        self._digest, text = self._read()
        self._rules = self.parse(text)
        self._problem: str | None = None

    @property
    def current(self) -> RuleSet:
        """The rules in force."""
        return self._rules

    @property
    def problem(self) -> str | None:
        """Why the file's present text is not in force; None when it is."""
        return self._problem

    def refresh(self) -> bool:
        """Look at the file; True when it brought other rules. Never raises for a broken file."""
        seen = self._look()
        if seen == self._seen and seen is not None:
            return False
        self._seen = seen
        try:
            digest, text = self._read()
            if digest == self._digest:
                self._problem = None
                return False
            rules = self.parse(text)
        except RulesError as error:
            self._refuse(str(error))
            return False
        self._digest, self._rules, self._problem = digest, rules, None
        log.info("rules reloaded version=%s", rules.version[:12])
        return True

    def parse(self, text: str) -> RuleSet:
        """Rules from a text, a draft's too: the same words are known. Raises RulesError."""
        return parse(text, known_models=self._known, known_keywords=self._keywords)

    def _refuse(self, reason: str) -> None:
        if reason != self._problem:
            log.error("rules not reloaded, version=%s stays in force: %s", self._rules.version[:12], reason)
        self._problem = reason

    def _look(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _read(self) -> tuple[str, str]:
        try:
            data = self._path.read_bytes()
            return hashlib.sha256(data).hexdigest(), data.decode("utf-8")
        except OSError as error:
            raise RulesError(f"the rules file {self._path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise RulesError(f"the rules file {self._path} is not UTF-8 text") from error
