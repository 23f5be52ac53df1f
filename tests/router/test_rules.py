"""What a rule decides about a film, and the sentence it gives for it."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from router.rules import Facts, RuleSet, decide, parse
from router.types import Decision, Mode

Film = Callable[..., Facts]
Rule = Callable[..., RuleSet]

# a condition as written | what is said about the film | does it match | the sentence
CONDITIONS = [
    ('view = ["elbow_ap"]', {"view": "elbow_ap"}, True, "view is elbow_ap (0.94), as wanted (elbow_ap)"),
    (
        'view = "elbow_*"',
        {"view": "elbow_lateral"},
        True,
        "view is elbow_lateral (0.94), as wanted (elbow_*)",
    ),
    (
        'view = ["elbow_ap", "elbow_lateral"]',
        {"view": "wrist_lateral"},
        False,
        "view is wrist_lateral (0.94), wanted one of elbow_ap, elbow_lateral",
    ),
    ('view = ["elbow_ap"]', {}, False, "no view was predicted, wanted elbow_ap"),
    ('view = ["*"]', {"view": "unsure", "score": 0.4}, False, "view is unsure (0.40), wanted *"),
    ('view = ["*"]', {"view": "other"}, False, "view is other (0.94), wanted *"),
    ('view = ["unsure"]', {"view": "unsure"}, True, "view is unsure (0.94), as wanted (unsure)"),
    (
        'view = ["elbow_ap"]',
        {"view": "elbow_ap", "mode": Mode.SHADOW},
        False,
        "no view was predicted, wanted elbow_ap",
    ),
    ("min_score = 0.8", {"view": "elbow_ap", "score": 0.8}, True, "score is 0.80, as wanted (at least 0.80)"),
    (
        "min_score = 0.8",
        {"view": "elbow_ap", "score": 0.7999},
        False,
        "score is 0.7999, wanted at least 0.80",
    ),
    (
        "min_score = 0.8",
        {"view": "elbow_ap", "score": float("nan")},
        False,
        "score is nan, wanted at least 0.80",
    ),
    ("max_score = 0.8", {"view": "elbow_ap", "score": 0.81}, False, "score is 0.81, wanted at most 0.80"),
    (
        "min_margin = 0.5",
        {"view": "elbow_ap", "margin": 0.6},
        True,
        "margin is 0.60, as wanted (at least 0.50)",
    ),
    (
        "min_margin = 0.5",
        {},
        False,
        "there is no margin, because no view was predicted, wanted at least 0.50",
    ),
    ('modality = ["CR", "DX"]', {}, True, "modality is DX, as wanted (one of CR, DX)"),
    ('modality = "dx"', {}, True, "modality is DX, as wanted (dx)"),
    ('Modality = ["CT"]', {}, False, "Modality is DX, wanted CT"),
    ('calling_ae_title = ["XRAY?"]', {}, True, "calling_ae_title is XRAY1, as wanted (XRAY?)"),
    ('called_ae_title = ["TEST"]', {}, False, "called_ae_title is RADROUTER, wanted TEST"),
    ('via = ["import"]', {}, False, "via is C-STORE, wanted import"),
    ('address = ["10.1.0.0/16"]', {}, True, "address is 10.1.2.3, as wanted (10.1.0.0/16)"),
    ('address = ["10.2.0.0/16", "::1"]', {}, False, "address is 10.1.2.3, wanted one of 10.2.0.0/16, ::1"),
    (
        'address = ["10.1.2.3"]',
        {"arrival": {"address": "::ffff:10.1.2.3"}},
        True,
        "address is ::ffff:10.1.2.3, as wanted (10.1.2.3)",
    ),
    (
        'address = ["10.1.2.3"]',
        {"arrival": {"address": "/archive", "via": "import"}},
        False,
        "address is /archive, not an IP address, wanted 10.1.2.3",
    ),
    (
        'body_part_examined = ["FOOT*"]',
        {"header": {"body_part_examined": "FOOT LEFT"}},
        True,
        "body_part_examined is FOOT LEFT, as wanted (FOOT*)",
    ),
    ('BodyPartExamined = ["FOOT"]', {}, False, "BodyPartExamined is absent, wanted FOOT"),
    ("BodyPartExamined = true", {}, False, "BodyPartExamined is absent, wanted present"),
    ("body_part_examined = false", {}, True, "body_part_examined is absent, as wanted (absent)"),
    (
        "body_part_examined = false",
        {"header": {"body_part_examined": " "}},
        True,
        "body_part_examined is absent, as wanted (absent)",
    ),
    (
        'ImageType = ["DERIVED"]',
        {"attributes": {"ImageType": ("ORIGINAL", "PRIMARY")}},
        False,
        "ImageType is ORIGINAL, PRIMARY, wanted DERIVED",
    ),
    (
        'ImageType = ["PRIM*"]',
        {"attributes": {"image_type": ("ORIGINAL", "PRIMARY")}},
        True,
        "ImageType is ORIGINAL, PRIMARY, as wanted (PRIM*)",
    ),
    ("number_of_frames = 1", {}, True, "number_of_frames is 1, as wanted (1)"),
    ("number_of_frames = { min = 2 }", {}, False, "number_of_frames is 1, wanted at least 2"),
    ("KVP = { min = 40, max = 70 }", {"attributes": {"KVP": ("5.5e1",)}}, True, None),
    ("KVP = { max = 70 }", {"attributes": {"KVP": ("70.0001",)}}, False, "KVP is 70.0001, wanted at most 70"),
    (
        "KVP = { max = 70 }",
        {"attributes": {"KVP": ("low",)}},
        False,
        "KVP is low, not a number, wanted at most 70",
    ),
    (
        "KVP = { max = 70 }",
        {"attributes": {"KVP": ("1_0",)}},
        False,
        "KVP is 1_0, not a number, wanted at most 70",
    ),
    ("KVP = { max = 70 }", {}, False, "KVP is absent, wanted at most 70"),
    ("SeriesNumber = [1, 2]", {"attributes": {"SeriesNumber": ("02",)}}, True, None),
    ("series_description = '[L]*'", {"header": {"series_description": "[l] hand"}}, True, None),
    ("series_description = '[L]*'", {"header": {"series_description": "L hand"}}, False, None),
    (
        'finding = ["pneumothorax"]',
        {},
        False,
        "findings are not known yet, because no specialist has looked at this film",
    ),
    (
        'finding = ["pneumo*"]',
        {"findings": (("Pneumothorax", 0.7),)},
        True,
        "findings are Pneumothorax (0.70), as wanted (pneumo*)",
    ),
    (
        'finding = { label = ["mass"], min_score = 0.6 }',
        {"findings": (("mass", 0.55),)},
        False,
        "findings are mass (0.55), wanted mass (at least 0.60)",
    ),
    ('finding = ["mass"]', {"specialists": ("lung",)}, False, "the specialists found nothing, wanted mass"),
    ('finding = ["mass"]', {"findings": (("mass", 0.9),), "mode": Mode.SHADOW}, False, None),
    ('finding = ["mass"]', {"findings": (("mass", 0.9),), "mode": Mode.MEMBER}, False, None),
    (
        "has_finding = false",
        {"specialists": ("lung",)},
        True,
        "the specialists found nothing, as wanted (no finding)",
    ),
    ("has_finding = false", {}, False, None),
    ("has_finding = true", {"findings": (("mass", 0.9),)}, True, None),
]


@pytest.mark.parametrize(("condition", "said", "matches", "sentence"), CONDITIONS)
def test_a_condition_and_its_sentence(
    film: Film, rule_with: Rule, condition: str, said: dict[str, object], matches: bool, sentence: str | None
) -> None:
    outcome = decide(rule_with(f"when = {{ {condition} }}"), film(**said)).outcomes[0]
    assert outcome.matched is matches
    assert [c.holds for c in outcome.conditions] == [matches]
    assert sentence is None or outcome.reason == sentence


UNLESS = [
    ('modality = ["CT"]', {}, True, "modality is DX, which the rule does not leave out (CT)"),
    ('modality = ["DX"]', {}, False, "modality is DX, which the rule leaves out (DX)"),
    (
        'modality = ["CT"], via = ["C-STORE"]',
        {},
        False,
        "via is C-STORE, which the rule leaves out (C-STORE)",
    ),
    ('view = ["elbow_ap"]', {}, True, None),
    (
        "has_finding = true",
        {},
        False,
        "findings are not known yet, because no specialist has looked at this film",
    ),
    ("has_finding = true", {"specialists": ("lung",)}, True, None),
]


@pytest.mark.parametrize(("exceptions", "said", "matches", "sentence"), UNLESS)
def test_each_exception_alone_keeps_a_rule_from_matching(
    film: Film, rule_with: Rule, exceptions: str, said: dict[str, object], matches: bool, sentence: str | None
) -> None:
    outcome = decide(rule_with(f"unless = {{ {exceptions} }}"), film(**said)).outcomes[0]
    assert outcome.matched is matches
    assert sentence is None or outcome.reason == sentence
    assert all(condition.word.startswith("unless ") for condition in outcome.conditions)


RULES = """
mode = "MODE"

[default]
destinations = ["ARCHIVE"]
priority = 1

[[rule]]
name = "urgent"
when = { finding = ["pneumothorax"] }
priority = 90
destinations = ["EMERGENCY"]

[[rule]]
name = "chest"
when = { view = ["chest_*"] }
analyse = ["lung"]
destinations = ["CHEST_READERS", "ARCHIVE"]

[[rule]]
name = "any film"
when = { modality = ["CR", "DX"] }
priority = 5
analyse = ["lung", "fracture"]
destinations = ["ARCHIVE"]
"""


def decided(mode: str, facts: Facts) -> Decision:
    return decide(parse(RULES.replace("MODE", mode), known_models=["lung", "fracture"]), facts)


def test_first_match_takes_the_first_and_says_so_of_the_others(film: Film) -> None:
    decision = decided("first", film(view="chest_pa_ap"))
    assert decision.matched == ("chest",)
    assert (decision.analyse, decision.destinations, decision.priority) == (
        ("lung",),
        ("CHEST_READERS", "ARCHIVE"),
        0,
    )
    assert decision.outcomes[2].reason == 'it fits, but "chest" came first'
    assert decision.outcomes[3].reason == 'not needed, because "chest" matched'


def test_all_matches_are_joined_in_the_order_of_the_file(film: Film) -> None:
    decision = decided("all", film(view="chest_pa_ap"))
    assert decision.matched == ("chest", "any film")
    assert decision.analyse == ("lung", "fracture")
    assert decision.destinations == ("CHEST_READERS", "ARCHIVE")
    assert decision.priority == 5


@pytest.mark.parametrize("mode", ["first", "all"])
def test_the_default_applies_when_nothing_matched(film: Film, mode: str) -> None:
    decision = decided(mode, film(header={"modality": "CT"}))
    assert decision.matched == ("default",)
    assert (decision.analyse, decision.destinations, decision.priority) == ((), ("ARCHIVE",), 1)
    assert decision.outcomes[-1].reason == "it applies, because no rule matched"


def test_a_finding_adds_to_what_was_decided_before_and_takes_nothing_back(film: Film) -> None:
    before = decided("first", film(view="chest_pa_ap"))
    after = decided(
        "first", film(view="chest_pa_ap", findings=(("pneumothorax", 0.8),), specialists=("lung",))
    )
    assert before.outcomes[0].reason.startswith("findings are not known yet")
    assert after.matched == ("urgent", "chest")
    assert after.analyse == before.analyse == ("lung",)
    assert after.destinations == ("EMERGENCY", "CHEST_READERS", "ARCHIVE")
    assert after.priority == 90


def test_the_default_stays_when_only_a_rule_about_findings_matched(film: Film) -> None:
    decision = decided("first", film(header={"modality": "PX"}, findings=(("pneumothorax", 0.8),)))
    assert decision.matched == ("urgent", "default")
    assert decision.destinations == ("EMERGENCY", "ARCHIVE")


def test_no_rules_at_all_ask_for_nothing_and_say_so(film: Film) -> None:
    decision = decide(parse("", known_models=None), film(view="chest_pa_ap"))
    assert (decision.analyse, decision.destinations, decision.priority) == ((), (), 0)
    assert decision.matched == ("default",)


def test_a_rule_set_travels_to_another_process(film: Film) -> None:
    rules = parse(RULES.replace("MODE", "all"), known_models=None)
    assert decide(pickle.loads(pickle.dumps(rules)), film(view="chest_lateral")) == decide(
        rules, film(view="chest_lateral")
    )


def test_long_values_are_clipped_in_what_is_stored(film: Film, rule_with: Rule) -> None:
    facts = film(attributes={"ImageComments": tuple("x" * 1024 for _ in range(64))})
    condition = decide(rule_with('when = { ImageComments = ["a"] }'), facts).outcomes[0].conditions[0]
    assert len(condition.reason) < 800
    assert len(condition.found) == 8


def test_a_wildcard_full_of_stars_takes_no_time(film: Film, rule_with: Rule) -> None:
    facts = film(attributes={"ImageComments": ("a" * 1024,)})
    rules = rule_with(f'when = {{ ImageComments = ["{"*a" * 30}*b"] }}')
    assert decide(rules, facts).outcomes[0].matched is False
