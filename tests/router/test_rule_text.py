"""What is wrong with a rules file is said in one sentence that names the rule, before the rules are used."""

from __future__ import annotations

import hashlib

import pytest
from pydicom.datadict import DicomDictionary

from router.condition_text import READERS, fold, snake
from router.errors import RulesError
from router.facts import HEADER_FIELDS
from router.rules import parse

KEYWORDS = [entry[4] for entry in DicomDictionary.values() if entry[4]]
MODELS = ("lung", "fracture", "ossicle")

# lines of a rule named "hand" | the sentence after 'rule "hand": '
WRONG_RULES = [
    ('when = { view = ["chest_pa"] }', 'the view "chest_pa" is unknown; did you mean "chest_pa_ap"?'),
    ('when = { view = ["forearm"] }', 'the view "forearm" is unknown; did you mean "forearm_ap"?'),
    ('when = { view = ["tail_*"] }', 'the view "tail_*" is unknown'),
    ("when = { view = [] }", "view is an empty list, which nothing can match"),
    ('when = { view = [" "] }', "view lists an empty text"),
    ('when = { modality = ["C\\u0000R"] }', "modality lists a text with a control character"),
    ("when = { view = 3 }", 'view wants a list of texts, not "3"'),
    ('when = { modalty = ["CR"] }', 'the word "modalty" is unknown; did you mean "modality"?'),
    ("when = { min_scor = 0.3 }", 'the word "min_scor" is unknown; did you mean "min_score"?'),
    (
        'when = { BodyPartExamind = ["HAND"] }',
        'the word "BodyPartExamind" is unknown; did you mean "body_part_examined"?',
    ),
    ('when = { KVPP = ["HAND"] }', 'the word "KVPP" is unknown; did you mean "KVP"?'),
    ("when = { modality = [] }", "modality is an empty list, which nothing can match"),
    ("when = { modality = [true] }", 'modality wants a list of texts, not "[True]"'),
    (
        "when = { modality = 2026-01-01 }",
        'modality wants texts, numbers, true, false or { min = 1 }, not "2026-01-01"',
    ),
    ("when = { rows = {} }", "rows is an empty table; it may say min and max"),
    ("when = { rows = { least = 1 } }", 'rows does not know "least"; it may say min and max'),
    ("when = { rows = { min = 3, max = 2 } }", "rows wants at least 3 and at most 2, which no number is"),
    ('when = { rows = { min = "3" } }', 'rows.min wants a number, not "3"'),
    ("when = { rows = { min = nan } }", 'rows.min wants a finite number, not "nan"'),
    ('when = { min_score = "high" }', 'min_score wants a number, not "high"'),
    ("when = { min_score = true }", 'min_score wants a number, not "True"'),
    ("when = { min_score = 80 }", "min_score is 80, but scores lie between 0 and 1"),
    ("when = { min_score = 0.8, max_score = 0.2 }", "no score is at least 0.8 and at most 0.2"),
    ("when = { finding = { min_score = 0.5 } }", "finding.label is an empty list, which nothing can match"),
    (
        'when = { finding = { lable = ["a"] } }',
        'finding does not know "lable"; it may say label and min_score',
    ),
    ("when = { has_finding = 1 }", 'has_finding wants true or false, not "1"'),
    ('when = { via = ["C-MOVE"] }', 'via knows C-STORE and import, not "C-MOVE"; did you mean "C-STORE"?'),
    (
        'when = { address = ["10.1.2.3/16"] }',
        'address: "10.1.2.3/16" is not an address or a network; did you mean "10.1.0.0/16"?',
    ),
    ('when = { address = ["pacs.local"] }', 'address: "pacs.local" is not an address or a network'),
    ('when = ["CR"]', "when wants a table like { view = [...] }, not \"['CR']\""),
    ("", "it has no conditions; write when = {} if it is meant for every film"),
    ('when = {}\nanalyse = ["lungs"]', 'the model "lungs" is unknown; did you mean "lung"?'),
    ('when = {}\nanalyse = "lung "', 'the model "lung" is unknown; did you mean "lung"?'),
    ('when = {}\nanalyse = ["lung+lungs"]', 'the model "lungs" is unknown; did you mean "lung"?'),
    (
        'when = {}\nanalyse = ["lung + ossicle"]',
        'the ensemble "lung + ossicle" has to be written without spaces',
    ),
    ('when = {}\nanalyse = ["lung+"]', '"lung+" names no model beside a "+"'),
    ('when = {}\nanalyse = ["lung+lung"]', 'the ensemble "lung+lung" names a model twice'),
    (
        'when = {}\nanalyse = ["lung+ossicle", "ossicle+lung"]',
        "analyse names one ensemble twice; the order of its members does not matter",
    ),
    ("when = {}\npriority = 101", 'priority wants a whole number from 0 to 100 (more urgent), not "101"'),
    ("when = {}\npriority = 1.5", 'priority wants a whole number from 0 to 100 (more urgent), not "1.5"'),
    ("when = {}\ndestinations = [3]", 'destinations wants a list of texts, not "[3]"'),
    ("when = {}\nanalyze = []", 'the word "analyze" is unknown; did you mean "analyse"?'),
    (
        'when = { has_finding = true }\nanalyse = ["lung"]',
        "it looks at findings, so it comes after the specialists and cannot ask to analyse",
    ),
]


@pytest.mark.parametrize(("lines", "sentence"), WRONG_RULES)
def test_a_wrong_rule_is_named_and_the_nearest_word_offered(lines: str, sentence: str) -> None:
    priority = "" if "\n" in lines else "\npriority = 1"
    with pytest.raises(RulesError) as caught:
        parse(f'[[rule]]\nname = "hand"\n{lines}{priority}', known_models=MODELS, known_keywords=KEYWORDS)
    assert str(caught.value) == f'rule "hand": {sentence}'


WRONG_FILES = [
    ("mode = 'any'", 'mode is "any", but can only be "first" or "all"'),
    ("modus = 'any'", 'the word "modus" is unknown outside a rule; did you mean "mode"?'),
    ("rule = 3", "rule has to be a list of tables, each beginning with [[rule]]"),
    ("default = 3", "default has to be a table, beginning with [default]"),
    ("[default]\nwhen = {}", 'the table [default]: the word "when" is unknown'),
    ("[default]\nanalyse = ['x']", 'the table [default]: the model "x" is unknown'),
    ("[[rule]]\nwhen = {}", "rule number 1 has no name; give it a text as its name"),
    ("[[rule]]\nname = 'Default'", 'rule number 1 has the name "Default", kept for the table [default]'),
    ("[[rule]]\nname = 'a'\nwhen = {}", 'rule "a": it asks for nothing; write analyse = [] if that is meant'),
    ("[[rule]]\nname='a'\nwhen={}\npriority=1\n" * 2, 'two rules have the name "a"'),
    ("a = ", "the rules are not valid TOML: Invalid value (at end of document)"),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG_FILES)
def test_a_wrong_file_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(RulesError) as caught:
        parse(text, known_models=MODELS, known_keywords=KEYWORDS)
    assert str(caught.value) == sentence


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(RulesError, match="not valid TOML"):
        parse("a = " + "[" * 100_000, known_models=None)


def test_the_version_is_the_digest_of_the_text() -> None:
    text = "mode = 'all'"
    rules = parse(text, known_models=None)
    assert rules.sources == text
    assert rules.version == hashlib.sha256(text.encode()).hexdigest()


def test_a_rule_may_name_several_models_for_one_task() -> None:
    text = "[[rule]]\nname = 'a'\nwhen = {}\nanalyse = ['fracture+lung', 'ossicle']"
    assert parse(text, known_models=MODELS).rules[0].analyse == ("fracture+lung", "ossicle")


def test_a_model_may_be_mentioned_before_it_is_installed() -> None:
    text = "[[rule]]\nname = 'a'\nwhen = {}\nanalyse = ['ossicle']"
    assert parse(text, known_models=MODELS).rules[0].analyse == ("ossicle",)


def test_every_keyword_of_the_standard_may_be_used_in_both_spellings() -> None:
    for spelling in (str, snake):
        words = ", ".join(f"{spelling(keyword)} = true" for keyword in KEYWORDS)
        rules = parse(
            f"[[rule]]\nname = 'a'\npriority = 1\nwhen = {{ {words} }}",
            known_models=None,
            known_keywords=KEYWORDS,
        )
        assert len(rules.rules[0].when) == len(KEYWORDS)


def test_no_word_of_ours_is_a_keyword_and_every_header_field_is_one() -> None:
    by_fold = {fold(keyword): keyword for keyword in KEYWORDS}
    assert len(by_fold) == len(KEYWORDS)
    assert not {fold(word) for word in READERS} & set(by_fold)
    header = HEADER_FIELDS - {"transfer_syntax_uid"}
    assert {snake(by_fold[fold(name)]) for name in header} == header


def test_views_beyond_ours_may_be_handed_in() -> None:
    text = "[[rule]]\nname = 'a'\npriority = 1\nwhen = { view = ['beak_*'] }"
    with pytest.raises(RulesError):
        parse(text, known_models=None)
    assert parse(text, known_models=None, known_views=["beak_ap"]).rules[0].name == "a"
