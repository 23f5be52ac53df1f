"""The pages about rules and the rules that ship are held against the code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.datadict import keyword_dict

from router.condition_text import READERS, VIA
from router.errors import RulesError
from router.rule_text import ACTION_WORDS, MODES, RULE_WORDS, TOP_WORDS
from router.rules import Facts, RuleSet, decide, parse
from router.types import Event, Outcome, State
from router.views import OTHER, UNSURE, VIEWS

CHECKOUT = Path(__file__).resolve().parents[2]
RULES_PAGE = (CHECKOUT / "docs" / "rules.md").read_text("utf-8")
WORDS_PAGE = (CHECKOUT / "docs" / "words.md").read_text("utf-8")
SHIPPED = (CHECKOUT / "service" / "default_rules.toml").read_text("utf-8")
EYES = ("onemed_cataract", "onemed_diabetic_retinopathy", "onemed_redness")
MODELS = ("lung", "fracture", "fracture_site", "ossicle", "onemed_covid_ct", "onemed_skin", *EYES)
EXAMPLES = re.findall(r"```toml\n(.*?)```", RULES_PAGE, re.DOTALL)


def rules_from(text: str) -> RuleSet:
    return parse(text, known_models=MODELS, known_keywords=keyword_dict)


def test_every_word_of_the_language_stands_in_the_reference() -> None:
    reference = RULES_PAGE[RULES_PAGE.index("## Reference") :]
    first_cells = set(re.findall(r"^\| `([^`]+)` \|", reference, re.MULTILINE))
    assert {*READERS, *RULE_WORDS, "mode", "[default]", "[[rule]]", "true", "false"} <= first_cells
    assert {"mode", "default", "rule"} == set(TOP_WORDS)
    assert all(f"`{word}`" in reference for word in (*ACTION_WORDS, OTHER, UNSURE))
    assert all(f'"{word}"' in reference for word in (*MODES, *VIA))


def test_the_reference_has_no_word_that_the_code_lacks() -> None:
    ours = RULES_PAGE[
        RULES_PAGE.index("### Conditions in words of ours") : RULES_PAGE.index("### Conditions on")
    ]
    assert re.findall(r"^\| `([^`]+)` \|", ours, re.MULTILINE) == list(READERS)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_page_is_valid(example: str) -> None:
    assert rules_from(example).rules


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ('when = { view = ["hand_pa"] }', 'the view "hand_pa" is unknown; did you mean "hand_ap"?'),
        ('when = { modalty = ["CR"] }', 'the word "modalty" is unknown; did you mean "modality"?'),
        (
            'when = { address = ["10.1.2.3/16"] }',
            'address: "10.1.2.3/16" is not an address or a network; did you mean "10.1.0.0/16"?',
        ),
    ],
)
def test_the_page_quotes_the_real_sentences(rule: str, sentence: str) -> None:
    with pytest.raises(RulesError) as caught:
        rules_from(f'[[rule]]\nname = "hands"\npriority = 1\n{rule}')
    assert str(caught.value) == f'rule "hands": {sentence}'
    assert str(caught.value) in RULES_PAGE


def test_every_state_and_outcome_stands_among_the_words() -> None:
    assert all(f"`{word}`" in WORDS_PAGE for word in (*State, *Outcome))
    assert {Event.RECEIVED, Event.DONE, Event.FAILED} <= set(Event)


SPECIALIST = {
    "lung": {"chest_pa_ap"},
    "fracture": {"forearm_ap", "forearm_lateral", "elbow_ap", "elbow_lateral", "wrist_ap", "wrist_lateral"},
    "ossicle": {"foot_ap", "foot_oblique", "foot_lateral", "ankle_ap", "ankle_lateral", "ankle_mortise"},
}


@pytest.mark.parametrize("view", [*VIEWS, OTHER, UNSURE])
def test_the_shipped_rules_send_each_view_to_its_specialist(film: Callable[..., Facts], view: str) -> None:
    wanted = tuple(name for name, views in SPECIALIST.items() if view in views)
    decision = decide(rules_from(SHIPPED), film(view=view))
    assert decision.analyse == wanted
    assert ("default" in decision.matched) is (not wanted)


def test_the_shipped_rules_leave_doubtful_films_and_other_objects_alone(film: Callable[..., Facts]) -> None:
    rules = rules_from(SHIPPED)
    assert decide(rules, film(view="chest_pa_ap", score=0.5)).analyse == ()
    assert decide(rules, film(header={"modality": "CT"})).analyse == ()


def test_the_examples_in_the_shipped_rules_are_valid_once_uncommented() -> None:
    more = SHIPPED[SHIPPED.index("# More to try") :].splitlines()[2:]
    rules = rules_from(SHIPPED + "\n".join(line.removeprefix("#").strip() for line in more))
    assert [rule.name for rule in rules.rules][3:] == ["phantoms are left alone", "a pneumothorax is urgent"]
