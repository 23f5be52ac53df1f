"""The rules file, from TOML to a ``RuleSet``: whatever is wrong with it is found here, before it is used."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from router.condition_text import Vocabulary, fold, nearest, quoted, read_check, texts
from router.conditions import Check
from router.ensemble import JOINT, members_of
from router.errors import RulesError
from router.views import VIEWS

TOP_WORDS = ("mode", "default", "rule")
ACTION_WORDS = ("analyse", "priority", "destinations")
RULE_WORDS = ("name", "when", "unless", *ACTION_WORDS)
MODES = ("first", "all")
DEFAULT_NAME = "default"
HIGHEST_PRIORITY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When every ``when`` holds and no ``unless`` does, the rule matches and asks for what it lists."""

    name: str
    when: tuple[Check, ...] = ()
    unless: tuple[Check, ...] = ()
    analyse: tuple[str, ...] = ()
    priority: int = 0  # 0 to 100, more is more urgent
    destinations: tuple[str, ...] = ()

    @property
    def about_findings(self) -> bool:
        """Whether it belongs to the second pass, after the specialists."""
        return any(check.about_findings for check in (*self.when, *self.unless))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """A whole rules file, valid, in its order."""

    mode: Literal["first", "all"]
    rules: tuple[Rule, ...]
    default: Rule
    sources: str  # the text as written
    version: str  # the text's SHA-256, hex


def parse(
    text: str,
    *,
    known_models: Collection[str] | None,
    known_keywords: Collection[str] | None = None,
    known_views: Collection[str] = tuple(VIEWS),
) -> RuleSet:
    """Read and check a rules file.

    ``known_models``: the names that ``analyse`` may mention, installed or not; None checks none.
    ``known_keywords``: DICOM keywords as PS3.6 writes them; None takes any CamelCase word, and in snake_case
    the fields of ``Instance``. Raises RulesError: one sentence that names the rule.
    """
    keywords = None if known_keywords is None else {fold(keyword): keyword for keyword in known_keywords}
    names = Vocabulary(views=known_views, models=known_models, keywords=keywords)
    document = _document(text)
    mode = document.get("mode", "first")
    if mode not in MODES:
        raise RulesError(f'mode is {quoted(mode)}, but can only be "first" or "all"')
    tables = document.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RulesError("rule has to be a list of tables, each beginning with [[rule]]")
    return RuleSet(
        mode=cast(Literal["first", "all"], mode),
        rules=_rules(tables, names),
        default=_default(document.get("default", {}), names),
        sources=text,
        version=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def _document(text: str) -> Mapping[str, object]:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise RulesError(f"the rules are not valid TOML: {error}") from error
    for word in document:
        if word not in TOP_WORDS:
            raise RulesError(f"the word {quoted(word)} is unknown outside a rule{nearest(word, TOP_WORDS)}")
    return document


def _rules(tables: list[dict[str, object]], names: Vocabulary) -> tuple[Rule, ...]:
    rules: dict[str, Rule] = {}
    for position, table in enumerate(tables, start=1):
        name = _name(table.get("name"), position)
        if name in rules:
            raise RulesError(f"two rules have the name {quoted(name)}")
        try:
            rules[name] = _rule(name, table, names)
        except RulesError as error:
            raise RulesError(f"rule {quoted(name)}: {error}") from error
    return tuple(rules.values())


def _name(value: object, position: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RulesError(f"rule number {position} has no name; give it a text as its name")
    name = " ".join(value.split())
    if not name.isprintable():
        raise RulesError(f"the name of rule number {position} contains a control character")
    if name.casefold() == DEFAULT_NAME:
        raise RulesError(f"rule number {position} has the name {quoted(name)}, kept for the table [default]")
    return name


def _rule(name: str, table: Mapping[str, object], names: Vocabulary) -> Rule:
    _only(table, RULE_WORDS)
    if "when" not in table and "unless" not in table:
        raise RulesError("it has no conditions; write when = {} if it is meant for every film")
    if not any(word in table for word in ACTION_WORDS):
        raise RulesError("it asks for nothing; write analyse = [] if that is meant")
    rule = Rule(
        name=name,
        when=_checks("when", table.get("when", {}), names),
        unless=_checks("unless", table.get("unless", {}), names),
        analyse=_models(table.get("analyse", []), names),
        priority=_priority(table.get("priority", 0)),
        destinations=_unique("destinations", table.get("destinations", [])),
    )
    if rule.about_findings and rule.analyse:
        raise RulesError("it looks at findings, so it comes after the specialists and cannot ask to analyse")
    return rule


def _default(table: object, names: Vocabulary) -> Rule:
    if not isinstance(table, dict):
        raise RulesError("default has to be a table, beginning with [default]")
    try:
        _only(table, ACTION_WORDS)
        return Rule(
            name=DEFAULT_NAME,
            analyse=_models(table.get("analyse", []), names),
            priority=_priority(table.get("priority", 0)),
            destinations=_unique("destinations", table.get("destinations", [])),
        )
    except RulesError as error:
        raise RulesError(f"the table [default]: {error}") from error


def _only(table: Mapping[str, object], allowed: Collection[str]) -> None:
    for word in table:
        if word not in allowed:
            raise RulesError(f"the word {quoted(word)} is unknown{nearest(word, allowed)}")


def _checks(word: str, table: object, names: Vocabulary) -> tuple[Check, ...]:
    if not isinstance(table, dict):
        raise RulesError(f"{word} wants a table like {{ view = [...] }}, not {quoted(table)}")
    if {"min_score", "max_score"} <= table.keys() and word == "when":
        _both_bounds(table)
    return tuple(read_check(key, value, names) for key, value in table.items())


def _both_bounds(table: Mapping[str, object]) -> None:
    low, high = table["min_score"], table["max_score"]
    if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        raise RulesError(f"no score is at least {low:g} and at most {high:g}")


def _models(value: object, names: Vocabulary) -> tuple[str, ...]:
    asked = _unique("analyse", value)
    for name in asked:
        for model in _members(name):
            if names.models is not None and model not in names.models:
                raise RulesError(f"the model {quoted(model)} is unknown{nearest(model, names.models)}")
    if len({frozenset(members_of(name)) for name in asked}) < len(asked):
        raise RulesError("analyse names one ensemble twice; the order of its members does not matter")
    return asked


def _members(name: str) -> tuple[str, ...]:
    members = members_of(name)
    if not all(members):
        raise RulesError(f"{quoted(name)} names no model beside a {quoted(JOINT)}")
    if len(members) > 1 and any(member != member.strip() for member in members):
        raise RulesError(f"the ensemble {quoted(name)} has to be written without spaces")
    if len(set(members)) < len(members):
        raise RulesError(f"the ensemble {quoted(name)} names a model twice")
    return members


def _priority(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= HIGHEST_PRIORITY:
        raise RulesError(
            f"priority wants a whole number from 0 to {HIGHEST_PRIORITY} (more urgent), not {quoted(value)}"
        )
    return value


def _unique(word: str, value: object) -> tuple[str, ...]:
    return () if value == [] else tuple(dict.fromkeys(texts(word, value)))
