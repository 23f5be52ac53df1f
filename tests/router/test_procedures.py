"""The procedure map: what it recognises, what it refuses to guess, and what stops the start."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import ConfigurationError, ProceduresError
from router.orders import Order, OrderControl, OrderSource, Procedure, Side
from router.procedure_map import Match
from router.procedure_text import ENTRY_WORDS, LANGUAGES, is_loinc
from router.procedures import ProcedureMap, expect, parse_map
from router.suggestions import suggest
from router.verdicts import FilmFacts, Kind, Source
from router.views import VIEWS, Code
from router.word_text import LISTS, TABLES

SHIPPED = (Path(__file__).resolve().parents[2] / "service" / "default_procedures.toml").read_text("utf-8")
MAP = parse_map(SHIPPED)
DOCUMENT = tomllib.loads(SHIPPED)
ENTRY = 'name = "wrist"\nregions = ["wrist"]\nviews = ["wrist_ap"]\nnames = ["wrist"]\n'


def entry_with_views(views: str) -> str:
    return "[[procedure]]\n" + ENTRY.replace('["wrist_ap"]', f"[{views}]")


def found(text: str) -> Match | str:
    return MAP.describe(text)


def entry_of(text: str) -> str:
    match = found(text)
    return match.entry.name if isinstance(match, Match) else match


# description | entry | side
DESCRIPTIONS = [
    ("XR KNEE 2V LT", "knee, 2 views", "L"),
    ("Knie re. in 2 Eb.", "knee, 2 views", "R"),
    ("Kniegelenk rechts, 2 Ebenen, Patella axial", "knee, AP, lateral and patella", "R"),
    ("Radiografía de tórax PA y perfil", "chest, 2 views", None),
    ("Radiografia de joelho esquerdo AP e perfil", "knee, 2 views", "L"),
    ("Poignet droit F + P", "wrist, 2 views", "R"),
    ("Muñeca izda. 2 proyecciones", "wrist, 2 views", "L"),
    ("CHEST PA/LAT", "chest, 2 views", None),
    ("Thorax liegend a.p.", "chest, portable", None),
    ("L-SPINE AP/LAT", "lumbar spine, 2 views", None),
    ("LWS in 2 Ebenen", "lumbar spine, 2 views", None),
    ("H.W.S. a. p. und seitl.", "cervical spine, 2 views", None),
    ("HWS in 2 Eb. + Dens", "cervical spine, 3 views", None),
    ("Columna dorsolumbar AP y L", "thoracic and lumbar spine, 2 views", None),
    ("Schaedel in zwei Ebenen", "skull, 2 views", None),
    ("Beide Knie a.p. stehend", "knee, AP", "B"),
    ("Handgelenk bds. dorsovolar und seitlich", "wrist, 2 views", "B"),
    ("Foot Complete Min 3 Views, (RT)", "foot, 3 or more views", "R"),
    ("XR ANKLE 3+V L", "ankle, 3 views", "L"),
    ("Zeigefinger re in 2 Ebenen", "finger, 2 views", "R"),
    ("Dedo do pé direito 2 incidências", "toes, 2 views", "R"),
    ("Ganzbeinaufnahme beidseits stehend", "whole leg", "B"),
    ("Becken a.p. und Hüfte axial links", "pelvis and hip, 2 views", "L"),
    ("XR Shoulder AP and Y left", "shoulder, AP and outlet", "L"),
    ("Panoramique dentaire", "panoramic radiograph", None),
    ("Merchant view knee R", "patella, axial", "R"),
    ("Senos paranasales Waters", "sinuses, Waters", None),
    ("Bone age", "bone age", None),
    ("links und rechts Hand in 3 Ebenen", "hand, 3 views", "B"),
]


@pytest.mark.parametrize(("text", "entry", "side"), DESCRIPTIONS)
def test_descriptions_are_recognised_with_their_side(text: str, entry: str, side: str | None) -> None:
    match = found(text)
    assert isinstance(match, Match), match
    assert (match.entry.name, match.side) == (entry, side)


# description | what the sentence says
NOT_UNDERSTOOD = [
    ("MRI knee left", '"mri" in its description is no plain film'),
    ("CT Thorax", '"ct"'),
    ("Hand and foot 2 views", 'the entries "foot, 2 views" and "hand, 2 views" fit its words equally well'),
    ("Chest and facial bones", 'beside "chest" it names "elsewhere"'),
    ("Consultation", "no entry of the procedure map has its code or its words"),
    ("", "no entry of the procedure map has its code or its words"),
    ("AP", "no entry"),
    ("2 views left", "no entry"),
]


@pytest.mark.parametrize(("text", "says"), NOT_UNDERSTOOD)
def test_what_is_not_understood_is_not_guessed(text: str, says: str) -> None:
    match = found(text)
    assert isinstance(match, str)
    assert says in match


@pytest.mark.parametrize("text", ["knee 7 views", "foot lateral oblique", "skull < 4 views", "elbow axial"])
def test_a_description_that_says_more_than_any_entry_leaves_the_views_open(text: str) -> None:
    match = found(text)
    assert isinstance(match, Match)
    assert (match.entry.views, match.views) == ((), ())
    assert "region is expected" in match.evidence


@pytest.mark.parametrize("table", DOCUMENT["procedure"], ids=lambda table: table["name"])
def test_every_shipped_entry_is_recognised_by_its_names_and_codes(table: dict[str, object]) -> None:
    names = table.get("names", {})
    assert isinstance(names, dict)
    assert not names or set(names) == set(LANGUAGES)
    for name in (name for written in names.values() for name in written):
        assert entry_of(name) == table["name"], name
        for side in ("left", "li.", "izquierda", "gauche", "esquerdo"):
            assert entry_of(f"{name} {side}") == table["name"], name
    entry = next(entry for entry in MAP.entries if entry.name == table["name"])
    for (scheme, value), side in entry.codes.items():
        match = MAP.find(Procedure(code=Code(value=value, scheme=scheme, meaning=""), description=None))
        assert isinstance(match, Match)
        assert (match.entry, match.side) == (entry, side)


def test_the_shipped_map_covers_every_view() -> None:
    asked = {view for entry in MAP.entries for expected in entry.views for view in expected.views}
    assert asked == set(VIEWS)


def test_every_shipped_loinc_code_has_its_check_digit() -> None:
    codes = [value for scheme, value in MAP.by_code if scheme == "LN"]
    assert len(codes) > 600
    assert all(map(is_loinc, codes))
    assert not any(map(is_loinc, ("37925-6", "37925", "x-5", "37925-55", "")))


# scheme | value | entry: names of LOINC and RadLex Playbook codes as their publishers have them
KNOWN_CODES = [
    ("LN", "37925-5", "wrist, 2 views"),  # XR Wrist 2 Views
    ("http://loinc.org", "36643-5", "chest, 2 views"),  # XR Chest 2 Views
    ("2.16.840.1.113883.6.1", "36589-0", "chest, portable"),  # Portable XR Chest AP single view
    ("LOINC", "30788-4", "knee, 3 views"),  # XR Knee 3 Views
    ("ln", "24561-3", "abdomen, left lateral decubitus"),  # XR Abdomen AP left lateral-decubitus
    ("RPID", "RPID2503", "chest, 2 views"),  # XR Chest 2 Views
    ("RADLEX", "rpid6054", "ankle, 3 views"),  # XR Ankle 3+ Views
]


@pytest.mark.parametrize(("scheme", "value", "entry"), KNOWN_CODES)
def test_codes_are_recognised_under_every_name_of_their_scheme(scheme: str, value: str, entry: str) -> None:
    match = MAP.find(Procedure(code=Code(value=value, scheme=scheme, meaning=""), description=None))
    assert isinstance(match, Match)
    assert match.entry.name == entry


def coded(value: str, description: str | None) -> Match:
    match = MAP.find(Procedure(code=Code(value=value, scheme="LN", meaning=""), description=description))
    assert isinstance(match, Match)
    return match


def test_a_code_goes_before_the_words_unless_it_leaves_the_views_open() -> None:
    assert coded("37925-5", "Knee 3 views").entry.name == "wrist, 2 views"
    assert coded("24619-9", "Wrist 2 views left").entry.name == "wrist, 2 views"  # XR Wrist Views
    assert coded("24619-9", "Wrist 2 views left").side is Side.LEFT
    assert coded("24619-9", None).views == ()


def test_a_code_of_one_side_with_words_of_the_other_is_a_conflict() -> None:
    match = coded("37483-5", "XR Wrist right 2 views")  # XR Wrist - left 2 Views
    assert match.side is None
    assert match.side_conflict == "its code says L, its description R"


WRONG = [
    ("nonsense", "the procedure map is not valid TOML"),
    ("procedures = []", 'the word "procedures" is unknown; did you mean "procedure"?'),
    ("procedure = 3", "procedure has to be a list of tables"),
    ("[[procedure]]\n", "entry number 1 has no name"),
    (f"[[procedure]]\n{ENTRY}[[procedure]]\n{ENTRY}", 'two entries have the name "wrist"'),
    (f"[[procedure]]\n{ENTRY}colour = 1", 'entry "wrist": the word "colour" is unknown'),
    ('[[procedure]]\nname = "x"', 'entry "x": it has no region'),
    ('[[procedure]]\nname = "x"\nregions = ["rist"]', 'entry "x": the region "rist" is unknown'),
    ('[[procedure]]\nname = "x"\nregions = ["wrist"]', 'entry "x": nothing recognises it'),
    (
        f"[[procedure]]\n{ENTRY.replace('wrist_ap', 'wrist_pa')}",
        'the view "wrist_pa" is unknown; did you mean',
    ),
    (entry_with_views('{ any = ["wrist_ap"], count = 0 }'), "count wants"),
    (entry_with_views("{ all = [] }"), 'the word "all" is unknown'),
    (f'[[procedure]]\n{ENTRY}codes = ["37925-5"]', 'the code "37925-5" has no scheme'),
    (f'[[procedure]]\n{ENTRY}codes = ["LN:37925-6"]', '"37925-6" is not a LOINC code'),
    (f'[[procedure]]\n{ENTRY}codes.top = ["LN:37925-5"]', 'the word "top" is unknown'),
    (f'[[procedure]]\n{ENTRY}side = "port"', 'side is "port", but can only be left, right, both'),
    (f"[[procedure]]\n{ENTRY}further = 1", "further wants true or false"),
    (f"[[procedure]]\n{ENTRY.replace('names', 'names.it')}", 'the word "it" is unknown'),
    ("[words]\nverbs = []", 'the table [words]: the word "verbs" is unknown'),
    ("[words.sides]\nmiddle = []", 'the table [words.sides]: "middle" is unknown'),
    ("[words.numbers]\none = []", 'the table [words.numbers]: "one" is not a number'),
    ("words = 1", "words has to be a table"),
    ('[words]\nunits = [""]', "units wants a list of texts, none of them empty"),
    ("with_shipped = true", "this is the map that came with radrouter"),
    (
        f"[[procedure]]\n{ENTRY}[[procedure]]\n{ENTRY.replace('wrist', 'Wrist', 1)}",
        'entry "Wrist": its name "wrist" says the same as one of "wrist"',
    ),
    (
        f'[[procedure]]\n{ENTRY}codes = ["99X:1"]\n'
        f'[[procedure]]\n{ENTRY.replace("wrist", "hand")}codes = ["99X:1"]',
        "the code 99X:1 is also",
    ),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_a_wrong_map_is_refused_in_one_sentence_that_names_the_entry(text: str, says: str) -> None:
    with pytest.raises(ProceduresError) as caught:
        parse_map(text.replace("hand_ap", "wrist_ap"))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ConfigurationError)


LOCAL = """
with_shipped = true

[words.parts]
wrist = ["Pols"]

[[procedure]]
name = "our wrist"
regions = ["wrist"]
views = ["wrist_ap", { any = ["wrist_lateral", "wrist_ap"], count = 2 }]
codes.any = ["99KIS:4711"]
codes.left = ["99KIS:4712"]
names = ["Handgelenk in 2 Ebenen", "Scaphoid serie"]
"""


def test_a_sites_own_entries_go_before_those_that_came_with_radrouter() -> None:
    site = parse_map(LOCAL, shipped=SHIPPED)
    for text, entry in [
        ("Wrist 2 views", "our wrist"),
        ("Pols links", "wrist"),
        ("Pols 2 views", "our wrist"),
        ("Scaphoid-Serie re", "our wrist"),
        ("Knee 2 views", "knee, 2 views"),
    ]:
        match = site.describe(text)
        assert isinstance(match, Match), match
        assert match.entry.name == entry
    match = site.find(Procedure(code=Code(value="4712", scheme="99kis", meaning=""), description=None))
    assert isinstance(match, Match)
    assert match.side is Side.LEFT
    assert site.digest != MAP.digest == parse_map(SHIPPED).digest


@given(st.text(max_size=60))
def test_no_description_makes_the_map_stumble(text: str) -> None:
    match = found(text)
    assert isinstance(match, Match | str)


SAID = (
    *("knee", "wrist", "chest", "left", "rechts", "ap", "PA", "lateral", "seitlich", "oblique", "standing"),
    *("MRI", "xr", "und", ",", "/", "-", ".", "patella"),
)
WORDS = st.sampled_from(SAID)


@given(st.lists(WORDS, max_size=8))
def test_the_order_of_words_does_not_matter(words: list[str]) -> None:
    first, second = found(" ".join(words)), found(" ".join(reversed(words)))
    assert isinstance(first, Match) is isinstance(second, Match)
    if isinstance(first, Match) and isinstance(second, Match):
        assert (first.entry.name, first.side, first.views) == (second.entry.name, second.side, second.views)


def order(*procedures: Procedure | str, side: Side | None = None, **fields: object) -> Order:
    named = [Procedure(code=None, description=each) if isinstance(each, str) else each for each in procedures]
    values: dict[str, object] = {
        "order_number": "1",
        "source": OrderSource.HL7,
        "origin": "RIS",
        "control": OrderControl.NEW,
    }
    return Order(**(values | fields), procedures=tuple(named), side=side)  # type: ignore[arg-type]


def film(**fields: object) -> FilmFacts:
    values: dict[str, object] = {
        "sop_instance_uid": "1.2.3",
        "view": "knee_ap",
        "score": 0.9,
        "margin": 0.8,
        "runner_up": None,
        "source": Source.AI,
        "model": "view@1",
    }
    return FilmFacts(**(values | fields))  # type: ignore[arg-type]


def test_an_order_becomes_what_it_lets_one_expect() -> None:
    (expectation,), unmapped = expect(MAP, [order("Wrist 2 views", side=Side.LEFT)], [])
    assert unmapped == ()
    assert (expectation.procedure, expectation.source, expectation.side) == ("wrist, 2 views", "hl7", "L")
    assert [expected.views for expected in expectation.views] == [("wrist_ap",), ("wrist_lateral",)]
    assert expectation.evidence == 'the description "Wrist 2 views" is "wrist, 2 views" of the map'
    assert expectation.order_number == "1"


def test_what_is_not_mapped_is_named_with_its_reason_and_the_rest_is_expected() -> None:
    expectations, unmapped = expect(MAP, [order("Wrist 2 views", "Consultation")], [])
    assert [each.procedure for each in expectations] == ["wrist, 2 views"]
    assert [(each.procedure.description, each.reason) for each in unmapped] == [
        ("Consultation", "no entry of the procedure map has its code or its words")
    ]


def test_one_procedure_that_two_sources_name_is_expected_once() -> None:
    orders = [
        order("Wrist 2 views left"),
        order("Handgelenk in 2 Ebenen", source=OrderSource.WORKLIST, origin="RIS_MWL"),
        order("Wrist 2 views right", order_number="2"),
    ]
    expectations, _ = expect(MAP, orders, [])
    assert [each.side for each in expectations] == ["L", "R"]


def test_a_cancelled_order_expects_nothing() -> None:
    expectations, unmapped = expect(MAP, [order("Wrist 2 views", control=OrderControl.CANCEL)], [])
    assert (expectations, unmapped) == ((), ())


def test_an_order_that_names_two_sides_says_so_and_expects_neither() -> None:
    (expectation,), _ = expect(MAP, [order("Wrist right 2 views", side=Side.LEFT)], [])
    assert expectation.side is None
    assert expectation.side_conflict == "the order says L, its procedure R"


def test_a_side_means_nothing_where_there_is_only_one() -> None:
    (expectation,), _ = expect(MAP, [order("Chest 2 views left")], [])
    assert (expectation.side, expectation.side_conflict) == (None, None)


# header | procedures expected
HEADERS = [
    ({"study_description": "Knie links in 2 Ebenen"}, ["knee, 2 views"]),
    ({"procedures": (Procedure(code=None, description="CHEST PA AND LATERAL"),)}, ["chest, 2 views"]),
    ({"body_part_examined": "WRIST"}, ["wrist"]),
    ({"body_part_examined": "UNKNOWN"}, []),
    ({}, []),
]


@pytest.mark.parametrize(("header", "procedures"), HEADERS)
def test_without_an_order_the_headers_say_what_was_asked_for(
    header: dict[str, object], procedures: list[str]
) -> None:
    expectations, _ = expect(MAP, [], [film(**header)])
    assert [each.procedure for each in expectations] == procedures
    assert all(each.source is OrderSource.HEADER for each in expectations)


DRAFTS = [
    Procedure(code=Code(value="17", scheme="99KIS", meaning="Knie re Spezial 7 Ebenen"), description=None),
    Procedure(code=None, description='HWS mit "Hand"'),
    Procedure(code=Code(value="18", scheme="", meaning=""), description="Elbow special"),
    Procedure(code=None, description="something else"),
    Procedure(code=None, description=None),
]


@pytest.mark.parametrize("procedure", DRAFTS)
def test_a_suggested_entry_is_a_map_that_recognises_its_procedure_once_a_human_has_filled_it_in(
    procedure: Procedure,
) -> None:
    draft = suggest(procedure, MAP)
    site = parse_map(f"with_shipped = true\n{draft}", shipped=SHIPPED)
    if draft.startswith("# a draft"):
        match = site.find(procedure)
        assert isinstance(match, Match)
        assert not match.entry.shipped
    else:
        assert all(line.startswith("#") for line in draft.splitlines())


def test_a_suggestion_without_a_known_word_takes_what_came_for_it() -> None:
    draft = suggest(Procedure(code=None, description="Spezial X"), MAP, [film(), film(view="unsure")])
    assert 'views = ["knee_ap"]' in draft
    match = parse_map(f"with_shipped = true\n{draft}", shipped=SHIPPED).describe("spezial x li")
    assert isinstance(match, Match)
    assert (match.entry.name, match.side) == ("Spezial X", "L")


def test_a_map_of_one_entry_needs_no_dictionary() -> None:
    tiny: ProcedureMap = parse_map(f"[[procedure]]\n{ENTRY}")
    match = tiny.describe("XR Wrist")
    assert isinstance(match, Match)


PAGE = (Path(__file__).resolve().parents[2] / "docs" / "orders.md").read_text("utf-8")


@pytest.mark.parametrize("example", re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
def test_the_examples_of_the_page_are_maps(example: str) -> None:
    assert parse_map(example, shipped=SHIPPED).entries


def test_the_page_names_every_remark_every_word_and_the_true_figures() -> None:
    cells = set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)))
    assert {kind.value for kind in Kind} <= cells
    assert set(ENTRY_WORDS) <= cells
    assert {f"words.{name}" for name in (*LISTS, *TABLES, "never")} <= cells
    assert f"{len(MAP.entries)} procedures" in PAGE
    assert f"{len(MAP.by_code)} codes" in PAGE


@pytest.mark.parametrize(
    ("code", "description", "alternatives", "entry"),
    [
        # HL7 OBR-4: a local code first, LOINC behind it, and the other way round
        (("WR2", "99LOC"), "untold", [("37925-5", "LN", "")], "wrist, 2 views"),
        (("37925-5", "LN"), "untold", [("WR2", "99LOC", "")], "wrist, 2 views"),
        (("WR2", "99LOC"), "untold", [("X", "99LOC", "Handgelenk in 2 Ebenen")], "wrist, 2 views"),
        # what the description says is no plain film stays one, whatever another code means
        (("WR2", "99LOC"), "MRI wrist", [("X", "99LOC", "Handgelenk in 2 Ebenen")], None),
    ],
)
def test_the_same_procedure_in_other_codes_is_recognised(
    code: tuple[str, str], description: str, alternatives: list[tuple[str, str, str]], entry: str | None
) -> None:
    match = MAP.find(
        Procedure(
            code=Code(value=code[0], scheme=code[1], meaning=""),
            description=description,
            alternatives=tuple(Code(value=v, scheme=s, meaning=m) for v, s, m in alternatives),
        )
    )
    assert (match.entry.name if isinstance(match, Match) else None) == entry
