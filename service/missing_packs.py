"""Model packs that rules ask for before they are installed: which rule, which pack, what installs it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from router.ensemble import members_of
from router.rules import RuleSet

PACK_NAME = re.compile(r"[a-z0-9_]{1,64}")  # docs/packs.md, `name`
RESERVED = "view"  # the packs that name views: no rule asks for them


@dataclass(frozen=True, slots=True)
class MissingPack:
    """A rule that asks for a pack which has no active version here."""

    rule: str
    pack: str

    def __str__(self) -> str:
        """One sentence: the rule, the pack, and what installs it."""
        return (
            f'rule "{self.rule}" asks for the model pack "{self.pack}", which is not installed or not '
            f"active: run {how_to_install(self.pack)}, then restart; until then its films are kept and not "
            "analysed by it"
        )


def missing_packs(rules: RuleSet, known: Collection[str]) -> tuple[MissingPack, ...]:
    """What the rules ask for beyond ``known``, in their order; members of an ensemble one by one."""
    asked = ((rule.name, pack) for rule in (*rules.rules, rules.default) for pack in _members(rule.analyse))
    return tuple(MissingPack(*each) for each in dict.fromkeys(asked) if each[1] not in known)


def that_may_come(rules: RuleSet) -> frozenset[str]:
    """Of the names that rules ask for those that a pack which is not here yet may have."""
    named = {pack for rule in (*rules.rules, rules.default) for pack in _members(rule.analyse)}
    return frozenset(pack for pack in named - {RESERVED} if PACK_NAME.fullmatch(pack))


def how_to_install(pack: str) -> str:
    """The command that installs a pack of that name."""
    from classifiers.importers.published import PUBLISHED

    for what, models in PUBLISHED.items():
        if any(model.recipe.name == pack for model in models):
            return f"`radrouter models install {what} --from FOLDER`"
    return f"`radrouter models import FILE --name {pack} --licence LICENCE`"


def _members(analyse: tuple[str, ...]) -> Iterator[str]:
    for name in analyse:
        yield from members_of(name)
