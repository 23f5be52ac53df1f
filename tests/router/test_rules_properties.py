"""Whatever the rules and whatever the film: there is a decision, it keeps the order, it is the same again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.errors import RulesError
from router.rules import DEFAULT_NAME, Facts, RuleSet, decide, parse
from router.types import (
    Arrival,
    Decision,
    Finding,
    Instance,
    Mode,
    ModelRef,
    RuleOutcome,
    ViewPrediction,
)
from router.views import OTHER, UNSURE, VIEWS

UNHURRIED = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # a busy machine proves nothing
MODELS = ("lung", "fracture", "ossicle")
VIEW_NAMES = (*VIEWS, OTHER, UNSURE)
MODEL = ModelRef(name="view", version="1", sha256="0")
KEYWORDS = ("Modality", "BodyPartExamined", "KVP", "ImageType", "NumberOfFrames", "PatientID")

words = st.text(min_size=1, max_size=12).filter(lambda text: text.strip() and text.isprintable())
patterns = st.one_of(words, st.sampled_from(["*", "?", "CR", "DX", "[a-", "*HAND*", "**a*", "1", "\\"]))
values = st.one_of(
    st.sampled_from(["CR", "DX", "HAND", "1", "1e5", "nan", "-", "", " "]), st.text(max_size=12)
)
scores = st.one_of(st.floats(), st.floats(0, 1))
unit = st.floats(0, 1).map(lambda value: round(value, 6))
numbers = st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6))
networks = st.one_of(st.ip_addresses(), st.sampled_from(["10.0.0.0/8", "::/0", "0.0.0.0/0"])).map(str)
addresses = st.one_of(st.ip_addresses().map(str), st.text(max_size=12), st.just("fe80::1%eth0"))


def some(entries: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(entries, min_size=1, max_size=3)


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, float]:
    low, high = sorted(draw(st.tuples(numbers, numbers)))
    return draw(st.sampled_from([{"min": low}, {"max": high}, {"min": low, "max": high}]))


HEADER = st.one_of(some(patterns), some(numbers), st.booleans(), ranges(), patterns)
CONDITIONS: dict[str, st.SearchStrategy[object]] = {
    "view": some(st.sampled_from([*VIEW_NAMES, "*", "foot_*", "*_lateral"])),
    "min_score": unit,
    "min_margin": unit,
    "calling_ae_title": some(patterns),
    "called_ae_title": some(patterns),
    "via": some(st.sampled_from(["C-STORE", "import"])),
    "address": some(networks),
    **dict.fromkeys(KEYWORDS, HEADER),
}
FINDING_CONDITIONS: dict[str, st.SearchStrategy[object]] = {
    "finding": st.one_of(some(patterns), st.fixed_dictionaries({"label": some(patterns), "min_score": unit})),
    "has_finding": st.booleans(),
}

PIECES = [
    "[[rule]]",
    "\n",
    "name",
    "=",
    '"a"',
    "when",
    "{",
    "}",
    "view",
    "[",
    "]",
    "priority",
    "1",
    "nan",
    "1e999",
    "true",
    "2026-01-01",
    "mode",
    "[default]",
    ",",
]
ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)


def tables(conditions: dict[str, st.SearchStrategy[object]]) -> st.SearchStrategy[dict[str, object]]:
    few = st.lists(st.sampled_from(list(conditions)), unique=True, max_size=2)
    return few.flatmap(lambda names: st.fixed_dictionaries({name: conditions[name] for name in names}))


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        escaped = "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in value)
        return f'"{escaped}"'
    return str(value).lower() if isinstance(value, bool) else repr(value)


def section(header: str, entries: dict[str, object]) -> str:
    return "\n".join([header, *(f"{key} = {toml(value)}" for key, value in entries.items())])


@st.composite
def rule_tables(draw: st.DrawFn, position: int) -> str:
    about_findings = draw(st.booleans())
    conditions = CONDITIONS | FINDING_CONDITIONS if about_findings else CONDITIONS
    table: dict[str, object] = {
        "name": f"rule {position}",
        "when": draw(tables(conditions)),
        "unless": draw(tables(conditions)),
        "priority": draw(st.integers(0, 100)),
        "destinations": draw(st.lists(st.sampled_from(["A", "B", "C"]), max_size=2)),
    }
    used = {**table["when"], **table["unless"]}  # type: ignore[dict-item]
    if not set(used) & set(FINDING_CONDITIONS):
        table["analyse"] = draw(st.lists(st.sampled_from(MODELS), max_size=2))
    return section("[[rule]]", table)


@st.composite
def sources(draw: st.DrawFn) -> str:
    rules = [draw(rule_tables(position)) for position in range(draw(st.integers(0, 4)))]
    default: dict[str, object] = {"analyse": draw(st.lists(st.sampled_from(MODELS), max_size=1))}
    default |= {"destinations": ["D"], "priority": draw(st.integers(0, 100))}
    mode = draw(st.sampled_from([["mode = 'first'"], ["mode = 'all'"], []]))
    return "\n".join([*mode, section("[default]", default), *rules])


def rule_sets() -> st.SearchStrategy[RuleSet]:
    return sources().map(lambda text: parse(text, known_models=MODELS, known_keywords=KEYWORDS))


@st.composite
def films(draw: st.DrawFn) -> Facts:
    uids = (
        "sop_instance_uid",
        "sop_class_uid",
        "study_instance_uid",
        "series_instance_uid",
        "transfer_syntax_uid",
    )
    instance = Instance(
        **{name: draw(values) for name in uids},
        modality=draw(st.none() | values),
        body_part_examined=draw(st.none() | values),
        patient_id=draw(st.none() | values),
        number_of_frames=draw(st.integers()),
        attributes=draw(
            st.dictionaries(
                st.sampled_from(KEYWORDS) | values, st.lists(values, max_size=12).map(tuple), max_size=5
            )
        ),
    )
    arrival = Arrival(
        calling_ae_title=draw(values),
        called_ae_title=draw(values),
        address=draw(addresses),
        via=draw(st.sampled_from(["C-STORE", "import"])),
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    modes = st.sampled_from(Mode)
    predictions = st.builds(
        ViewPrediction,
        view=st.sampled_from(VIEW_NAMES) | values,
        score=scores,
        margin=scores,
        candidates=st.just(()),
        model=st.just(MODEL),
        mode=modes,
    )
    findings = st.builds(
        Finding, label=values, score=scores, threshold=scores, model=st.just(MODEL), mode=modes
    )
    return Facts(
        instance=instance,
        arrival=arrival,
        view=draw(st.none() | predictions),
        findings=tuple(draw(st.lists(findings, max_size=3))),
        specialists=draw(st.sampled_from([(), ("lung",)])),
    )


def texts_of(outcome: RuleOutcome) -> list[str]:
    """What a database is given: a NUL or a lone surrogate in it would keep the film from being done."""
    texts = [outcome.rule, outcome.reason]
    for each in outcome.conditions:
        texts += [each.word, each.reason, *each.wanted, *each.found]
    return texts


def reordered(rules: RuleSet, mode: str) -> RuleSet:
    return parse(
        f"mode = '{mode}'\n" + rules.sources.replace("mode = 'first'\n", "").replace("mode = 'all'\n", ""),
        known_models=MODELS,
        known_keywords=KEYWORDS,
    )


def by_arrival(decision: Decision, rules: RuleSet) -> list[str]:
    late = {rule.name for rule in rules.rules if rule.about_findings}
    return [name for name in decision.matched if name not in late and name != DEFAULT_NAME]


@given(rules=rule_sets(), facts=films())
@settings(UNHURRIED, max_examples=300)
def test_every_film_gets_a_decision_with_every_rule_explained(rules: RuleSet, facts: Facts) -> None:
    decision = decide(rules, facts)
    assert [outcome.rule for outcome in decision.outcomes] == [rule.name for rule in rules.rules] + [
        DEFAULT_NAME
    ]
    assert all(outcome.reason for outcome in decision.outcomes)
    assert all(condition.reason for outcome in decision.outcomes for condition in outcome.conditions)
    assert all(text.isprintable() for outcome in decision.outcomes for text in texts_of(outcome))
    assert decision.matched
    assert decision == decide(parse(rules.sources, known_models=MODELS, known_keywords=KEYWORDS), facts)


@given(rules=rule_sets(), facts=films())
@settings(UNHURRIED, max_examples=100)
def test_the_default_applies_exactly_when_no_rule_about_what_arrived_matched(
    rules: RuleSet, facts: Facts
) -> None:
    decision = decide(rules, facts)
    assert (DEFAULT_NAME in decision.matched) is (not by_arrival(decision, rules))
    if DEFAULT_NAME not in decision.matched:
        assert "D" not in decision.destinations


@given(rules=rule_sets(), facts=films())
@settings(UNHURRIED, max_examples=100)
def test_first_match_takes_the_first_of_all_that_match(rules: RuleSet, facts: Facts) -> None:
    first, every = (decide(reordered(rules, mode), facts) for mode in ("first", "all"))
    assert by_arrival(first, rules) == by_arrival(every, rules)[:1]
    assert set(first.matched) <= set(every.matched)
    assert [outcome.conditions for outcome in first.outcomes] == [o.conditions for o in every.outcomes]


@given(rules=rule_sets(), facts=films())
@settings(UNHURRIED, max_examples=100)
def test_what_was_asked_for_comes_from_what_matched_in_its_order(rules: RuleSet, facts: Facts) -> None:
    decision = decide(rules, facts)
    asking = [rule for rule in (*rules.rules, rules.default) if rule.name in decision.matched]
    assert list(decision.analyse) == list(dict.fromkeys(name for rule in asking for name in rule.analyse))
    assert list(decision.destinations) == list(dict.fromkeys(n for rule in asking for n in rule.destinations))
    assert decision.priority == max(rule.priority for rule in asking)


@given(rules=rule_sets(), facts=films())
@settings(UNHURRIED, max_examples=100)
def test_findings_only_add_and_never_change_what_is_analysed(rules: RuleSet, facts: Facts) -> None:
    after = decide(rules, facts)
    unknown = Facts(instance=facts.instance, arrival=facts.arrival, view=facts.view)
    before = decide(rules, unknown)
    assert after.analyse == before.analyse
    assert set(before.matched) <= set(after.matched)
    assert set(before.destinations) <= set(after.destinations)
    assert before.priority <= after.priority


@given(rules=rule_sets(), facts=films())
@settings(UNHURRIED, max_examples=100)
def test_a_rule_put_behind_the_others_changes_nothing_they_decide(rules: RuleSet, facts: Facts) -> None:
    late = "\n[[rule]]\nname = 'late'\nwhen = {}\npriority = 0\ndestinations = ['LATE']"
    more = parse(rules.sources + late, known_models=MODELS, known_keywords=KEYWORDS)
    before, after = decide(rules, facts), decide(more, facts)
    if rules.mode == "first" and by_arrival(before, rules):
        assert after.matched == before.matched
        assert after.destinations == before.destinations
    assert [(o.rule, o.matched) for o in after.outcomes[:-2]] == [
        (o.rule, o.matched) for o in before.outcomes[:-1]
    ]


@given(text=st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@settings(UNHURRIED, max_examples=300)
def test_any_text_is_rules_or_one_sentence(text: str) -> None:
    try:
        parse(text, known_models=MODELS, known_keywords=KEYWORDS)
    except RulesError as error:
        assert str(error)
        assert "\n" not in str(error)


@given(text=ANY_VALUE, word=st.sampled_from([*CONDITIONS, *FINDING_CONDITIONS, "max_score", "Rows"]))
@settings(UNHURRIED, max_examples=300)
def test_any_value_of_a_condition_is_a_rule_or_one_sentence_that_names_it(text: object, word: str) -> None:
    def written(value: object) -> str:
        if isinstance(value, dict):
            return "{" + ",".join(f"{toml(key)} = {written(entry)}" for key, entry in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(written, value)) + "]"
        return "2026-01-01" if value is None else toml(value)

    source = f"[[rule]]\nname = 'the rule'\npriority = 1\nwhen = {{ {word} = {written(text)} }}"
    try:
        parse(source, known_models=MODELS, known_keywords=(*KEYWORDS, "Rows"))
    except RulesError as error:
        assert str(error).startswith('rule "the rule": ')
        assert "\n" not in str(error)
