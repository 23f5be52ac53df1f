"""The rules of a site and what they decide about one film: pure, total, and the same in a dry run as live.

The order, in two passes. First pass: the rules that do not look at findings, in file order; in mode
``first`` the first that matches counts, in mode ``all`` every one; if none matches, the default does. That
settles which specialists run. Second pass: the rules that look at findings, by the same mode. They add
destinations and raise the priority; they take nothing back and ask for no further analysis, so two passes are
always enough. Before the specialists ran, conditions on findings are *not known yet* and match nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from router.conditions import judge
from router.facts import Facts
from router.rule_text import DEFAULT_NAME, Rule, RuleSet, parse
from router.types import Condition, Decision, RuleOutcome

__all__ = ["DEFAULT_NAME", "Facts", "Rule", "RuleSet", "decide", "parse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    rule: Rule
    conditions: tuple[Condition, ...]

    @property
    def fits(self) -> bool:
        return all(condition.holds for condition in self.conditions)


def decide(rules: RuleSet, facts: Facts) -> Decision:
    """What the rules ask for on this film, and why: every rule in order, then the default.

    Never raises, whatever the facts.
    """
    judged = [_judge(rule, facts) for rule in rules.rules]
    leaders = _leaders(judged) if rules.mode == "first" else {}
    outcomes = [_outcome(each, leaders.get(each.rule.about_findings)) for each in judged]
    matched = [each.rule for each, outcome in zip(judged, outcomes, strict=True) if outcome.matched]
    needed = all(rule.about_findings for rule in matched)
    outcomes.append(
        RuleOutcome(rule=DEFAULT_NAME, matched=needed, conditions=(), reason=_of_default(matched))
    )
    asking = [*matched, rules.default] if needed else matched
    return Decision(
        analyse=_in_order(model for rule in asking for model in rule.analyse),
        destinations=_in_order(name for rule in asking for name in rule.destinations),
        priority=max(rule.priority for rule in asking),
        outcomes=tuple(outcomes),
        rules_version=rules.version,
    )


def _judge(rule: Rule, facts: Facts) -> _Judged:
    when = tuple(judge(check, facts, excluding=False) for check in rule.when)
    unless = tuple(judge(check, facts, excluding=True) for check in rule.unless)
    return _Judged(rule=rule, conditions=when + unless)


def _leaders(judged: list[_Judged]) -> dict[bool, Rule]:
    """The first rule that fits, per pass."""
    leaders: dict[bool, Rule] = {}
    for each in judged:
        if each.fits:
            leaders.setdefault(each.rule.about_findings, each.rule)
    return leaders


def _outcome(judged: _Judged, leader: Rule | None) -> RuleOutcome:
    """``leader``: the rule that took this pass in mode ``first``."""
    overtaken = judged.fits and leader is not None and leader is not judged.rule
    return RuleOutcome(
        rule=judged.rule.name,
        matched=judged.fits and not overtaken,
        conditions=judged.conditions,
        reason=f'it fits, but "{leader.name}" came first' if overtaken and leader else _reason(judged),
    )


def _reason(judged: _Judged) -> str:
    if not judged.conditions:
        return "it has no conditions, so it matches every film"
    against = [condition.reason for condition in judged.conditions if not condition.holds]
    if against:
        return "; ".join(dict.fromkeys(against))
    return "; ".join(condition.reason for condition in judged.conditions)


def _of_default(matched: list[Rule]) -> str:
    by_arrival = [rule.name for rule in matched if not rule.about_findings]
    if by_arrival:
        return f'not needed, because "{by_arrival[0]}" matched'
    if matched:
        return "it applies, because only rules about findings matched"
    return "it applies, because no rule matched"


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
