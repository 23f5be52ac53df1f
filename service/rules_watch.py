"""The rules in force, taken over anew whenever their file changes to other valid rules."""

from __future__ import annotations

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
        self, path: Path, *, installed: Collection[str], known_keywords: Collection[str] | None = None
    ) -> None:
        self._keywords = known_keywords
        self._known = frozenset(installed) | frozenset(SPECIALISTS)
        kind = Kind(name="rules", parse=self.parse, version=lambda rules: rules.version, error=RulesError)
        super().__init__(path, kind)

    def parse(self, text: str) -> RuleSet:
        """Rules from a text, a draft's too: the same words are known. Raises RulesError."""
        return parse(text, known_models=self._known, known_keywords=self._keywords)
