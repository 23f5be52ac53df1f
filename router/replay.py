"""What a draft of the rules would have done to films already decided on: the difference, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from router.facts import Facts
from router.rules import RuleSet, decide
from router.types import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One film that the draft treats differently."""

    sop_instance_uid: str
    study_instance_uid: str
    view: str | None
    analyse_gained: tuple[str, ...]
    analyse_lost: tuple[str, ...]
    destinations_gained: tuple[str, ...]
    destinations_lost: tuple[str, ...]
    priority_before: int
    priority_after: int
    matched_before: tuple[str, ...]
    matched_after: tuple[str, ...]
    decision: Decision  # the draft's, with its reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How many films a rule matched, then and under the draft; 0 where there is no such rule."""

    rule: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The difference over all films looked at; ``changes`` holds the first of them, the counts hold all."""

    films: int
    changed: int
    changes: tuple[Change, ...]
    rules: tuple[RuleCount, ...]  # the draft's rules in their order, then those it no longer has


def replay(draft: RuleSet, past: Iterable[tuple[Facts, Decision]], *, most: int = 1000) -> Replay:
    """Hold ``draft`` against films with what was decided then; at most ``most`` changes are kept one by one.

    A specialist that only the draft would run has left no findings: rules on these match nothing here.
    """
    films = changed = 0
    changes: list[Change] = []
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for facts, decided in past:
        would = decide(draft, facts)
        films += 1
        before.update(decided.matched)
        after.update(would.matched)
        if _same(decided, would):
            continue
        changed += 1
        if len(changes) < most:
            changes.append(_change(facts, decided, would))
    names = dict.fromkeys([*(rule.name for rule in draft.rules), draft.default.name, *sorted(before)])
    return Replay(
        films=films,
        changed=changed,
        changes=tuple(changes),
        rules=tuple(RuleCount(rule=name, before=before[name], after=after[name]) for name in names),
    )


def _same(one: Decision, other: Decision) -> bool:
    return (
        set(one.analyse) == set(other.analyse)
        and set(one.destinations) == set(other.destinations)
        and one.priority == other.priority
    )


def _change(facts: Facts, before: Decision, after: Decision) -> Change:
    return Change(
        sop_instance_uid=facts.instance.sop_instance_uid,
        study_instance_uid=facts.instance.study_instance_uid,
        view=facts.view.view if facts.view else None,
        analyse_gained=_without(after.analyse, before.analyse),
        analyse_lost=_without(before.analyse, after.analyse),
        destinations_gained=_without(after.destinations, before.destinations),
        destinations_lost=_without(before.destinations, after.destinations),
        priority_before=before.priority,
        priority_after=after.priority,
        matched_before=before.matched,
        matched_after=after.matched,
        decision=after,
    )


def _without(names: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in others)
