"""The comparison: tables of studies, the sentences, and what must hold for every study."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.anatomy import ANY_WAY_ROUND, FAMILIES, UNPAIRED, lookalikes, neighbours
from router.assignment import assign
from router.comparison import compare
from router.evidence import Thresholds, reading_of
from router.orders import Order, OrderControl, OrderSource, Procedure, Side
from router.procedures import expect, parse_map
from router.types import Candidate
from router.verdicts import FilmFacts, Kind, Remark, Source, Verdict
from router.views import VIEWS

MAP = parse_map(
    (Path(__file__).resolve().parents[2] / "service" / "default_procedures.toml").read_text("utf-8")
)
# Those that ship are tuned to the classifier that ships; these stay.
THRESHOLDS = Thresholds(
    wrong_region=0.97,
    neighbour_region=0.99,
    confused_region=0.995,
    wrong_projection=0.95,
    lookalike=0.99,
    header_region=0.99,
    header_projection=0.99,
    quarter_turn=0.9,
    upside_down=0.95,
    model_views=frozenset(VIEWS),
)
SURE = 0.999


def film(view: str | None = "knee_ap", score: float = SURE, **fields: object) -> FilmFacts:
    """One film, surely ``view``; or ``unsure`` with the candidates given as label=score pairs."""
    shown = fields.pop("candidates", ((view, score),) if view else ())
    assert isinstance(shown, tuple)
    values: dict[str, object] = {
        "sop_instance_uid": "1.1",
        "view": view,
        "score": score if view else None,
        "margin": 0.0,
        "runner_up": None,
        "source": Source.AI,
        "model": "view@1",
        "modality": "DX",
        "candidates": tuple(Candidate(label=label, score=number) for label, number in shown),
    }
    return FilmFacts(**(values | fields))  # type: ignore[arg-type]


def numbered(films: Sequence[FilmFacts]) -> list[FilmFacts]:
    return [replace(each, sop_instance_uid=f"1.{number}") for number, each in enumerate(films, start=1)]


def study(
    ordered: str | Sequence[str],
    *films: FilmFacts,
    side: Side | None = None,
    thresholds: Thresholds = THRESHOLDS,
) -> Verdict:
    """What is said of films that came for an order."""
    names = [ordered] if isinstance(ordered, str) else ordered
    order = Order(
        order_number="1",
        source=OrderSource.HL7,
        origin="RIS",
        control=OrderControl.NEW,
        procedures=tuple(Procedure(code=None, description=name) for name in names),
        side=side,
    )
    came = numbered(films)
    expectations, unmapped = expect(MAP, [order] if names else [], came)
    return compare(
        "1.2.3",
        expectations,
        unmapped,
        came,
        has_order=bool(names),
        thresholds=thresholds,
        map_version=MAP.digest,
        procedures=MAP,
    )


def kinds(verdict: Verdict) -> list[str]:
    return [remark.kind.value for remark in verdict.remarks]


def only(verdict: Verdict) -> Remark:
    (remark,) = verdict.remarks
    return remark


AP, LATERAL = film("wrist_ap"), film("wrist_lateral")
WAVERING = film("unsure", 0.55, candidates=(("wrist_ap", 0.55), ("wrist_lateral", 0.44)))
BETWEEN = film("hand_ap", 0.9, candidates=(("hand_ap", 0.9), ("hand_oblique", 0.09)))
OTHER = film("other", 0.8, candidates=(("other", 0.8), ("knee_ap", 0.15)))
FAR = film("unsure", 0.5, candidates=(("knee_ap", 0.5), ("knee_lateral", 0.499)))
NOT_NAMED = film(None)

# ordered | films | kinds of remarks
STUDIES: list[tuple[str | list[str], list[FilmFacts], list[str]]] = [
    ("wrist 2 views", [AP, LATERAL], ["complete"]),
    ("wrist 2 views", [LATERAL, AP, AP], ["complete"]),  # a repeat
    ("wrist 2 views", [AP], ["missing_view"]),
    ("wrist 2 views", [], ["missing_view", "missing_view"]),
    ("wrist 2 views", [AP, film("wrist_ap", 0.998)], ["wrong_projection"]),
    ("wrist 2 views", [AP, film("knee_ap")], ["wrong_region"]),
    ("wrist 2 views", [film("knee_ap"), film("knee_lateral")], ["wrong_region", "wrong_region"]),
    ("wrist 2 views", [AP, FAR], ["wrong_region"]),  # not named, but surely no wrist
    ("wrist 2 views", [AP, LATERAL, film("knee_ap")], ["wrong_region"]),
    ("wrist 2 views", [AP, WAVERING], ["unsure"]),
    ("wrist 2 views", [AP, NOT_NAMED], ["unsure"]),
    ("wrist 2 views", [AP, OTHER], ["unsure"]),
    ("wrist 2 views", [AP, film(None, modality="SR")], ["missing_view"]),
    (
        "wrist 2 views",
        [AP, film("hand_ap", 0.93, candidates=(("hand_ap", 0.93), ("wrist_ap", 0.069)))],
        ["unsure"],
    ),
    ("wrist 2 views", [AP, LATERAL, WAVERING], ["unsure"]),
    ("hand 3 views", [film("hand_ap"), film("hand_lateral"), BETWEEN], ["unsure"]),
    ("foot AP and oblique", [film("foot_ap"), film("foot_oblique")], ["complete"]),
    (
        "foot AP and oblique",
        [film("foot_ap"), film("foot_oblique"), film("foot_lateral")],
        ["unexpected_view"],
    ),
    ("foot AP and oblique", [film("foot_ap"), film("foot_lateral")], ["wrong_projection"]),
    ("foot 3 or more views", [film("foot_ap"), film("foot_oblique"), film("foot_lateral")], ["complete"]),
    ("chest", [film("chest_pa_ap")], ["complete"]),  # the views are left open
    ("chest", [film("chest_pa_ap"), film("chest_lateral")], ["complete"]),
    ("chest", [film("hand_ap")], ["wrong_region"]),
    ("abdomen AP and decubitus", [film("abdomen_ap"), film("abdomen_left_lateral_decubitus")], ["complete"]),
    ("clavicle 2 views", [film("clavicle_ap"), film("clavicle_ap", 0.998)], ["complete"]),
    ("clavicle 2 views", [film("clavicle_ap")], ["missing_view"]),
    ("hip 2 views", [film("pelvis_ap"), film("oblique_view_of_Lauenstein")], ["complete"]),
    (["knee 2 views", "hand AP"], [film("knee_ap"), film("knee_lateral"), film("hand_ap")], ["complete"]),
    (["knee 2 views", "hand AP"], [film("knee_ap"), film("knee_lateral")], ["missing_view"]),
    (
        ["knee 2 views", "consultation"],
        [film("knee_ap"), film("knee_lateral"), film("hand_ap")],
        ["unmapped"],
    ),
    ("consultation", [film("knee_ap")], ["unmapped"]),
    ([], [film("knee_ap")], ["no_order"]),
    ([], [film("knee_ap", study_description="Knie a.p.")], ["complete", "no_order"]),
    ([], [film("knee_ap", study_description="CHEST PA LAT")], ["missing_view", "wrong_region", "no_order"]),
    ([], [film("knee_ap", body_part_examined="CHEST")], ["header_contradicts", "no_order"]),
    ([], [], ["no_order"]),
]


@pytest.mark.parametrize(("ordered", "films", "said"), STUDIES)
def test_a_study_is_called_what_it_is(
    ordered: str | list[str], films: list[FilmFacts], said: list[str]
) -> None:
    verdict = study(ordered, *films)
    assert kinds(verdict) == said
    assert verdict.is_fault is not (set(said) <= {"complete", "unsure", "no_order", "unmapped"})


def test_the_remarks_name_what_was_expected_what_was_found_and_the_evidence() -> None:
    remark = only(study("wrist 2 views left", AP, film("knee_ap")))
    assert remark.sentence == (
        'wrist_lateral, left was expected of "wrist, 2 views", but the film is knee_ap (0.999);'
        " that it shows the expected region is ruled out with 0.999"
    )
    assert (remark.expected, remark.found, remark.procedure) == (
        "wrist_lateral, left",
        "knee_ap",
        "wrist, 2 views",
    )
    assert remark.sop_instance_uids == ("1.2",)
    assert remark.score == pytest.approx(SURE)
    missing = only(study("wrist 2 views", AP))
    assert missing.sentence == 'wrist_lateral was expected of "wrist, 2 views", and no film can be it'
    unsure = only(study("wrist 2 views", AP, WAVERING))
    assert unsure.sentence == (
        "wrist_lateral was expected, and the film, unsure, at best wrist_ap (0.55), could be it"
    )
    complete = only(study("wrist 2 views", AP, LATERAL))
    assert complete.sentence == (
        'all that "wrist, 2 views" asks for is there: wrist_ap (0.999), wrist_lateral (0.999)'
    )


def test_a_verdict_keeps_what_it_was_made_of() -> None:
    verdict = study("wrist 2 views", AP, LATERAL)
    assert verdict.study_instance_uid == "1.2.3"
    assert verdict.films == ("1.1", "1.2")
    assert verdict.map_version == MAP.digest
    assert [each.procedure for each in verdict.expectations] == ["wrist, 2 views"]


def test_a_reviewers_word_is_certain() -> None:
    corrected = film("wrist_lateral", source=Source.HUMAN, candidates=(("knee_ap", 0.99),))
    assert kinds(study("wrist 2 views", AP, corrected)) == ["complete"]
    assert "a reviewer says" in only(study("knee AP", corrected)).sentence


def test_a_film_that_wavers_goes_where_it_helps_most() -> None:
    both = film("hand_ap", 0.7, candidates=(("hand_ap", 0.7), ("hand_oblique", 0.29)))
    verdict = study("hand PA and oblique", both, film("hand_ap", 0.99))
    assert kinds(verdict) == ["unsure"]
    assert only(verdict).sop_instance_uids == ("1.1",)


def test_regions_that_are_hard_to_tell_apart_need_more_evidence() -> None:
    hand = film("hand_ap", 0.98, candidates=(("hand_ap", 0.98), ("wrist_ap", 0.02)))
    knee = film("knee_ap", 0.98, candidates=(("knee_ap", 0.98), ("wrist_ap", 0.02)))
    thresholds = replace(THRESHOLDS, wrong_region=0.97, neighbour_region=0.99)
    assert kinds(study("wrist AP", hand, thresholds=thresholds)) == ["unsure"]
    assert kinds(study("wrist AP", knee, thresholds=thresholds)) == ["wrong_region"]


def test_an_unsure_film_in_the_place_of_another_view_is_the_wrong_projection() -> None:
    lateral = film("unsure", 0.6, candidates=(("wrist_lateral", 0.6), ("hand_lateral", 0.399)))
    verdict = study("wrist 2 views", LATERAL, lateral)
    assert kinds(verdict) == ["wrong_projection"]
    assert only(verdict).expected == "wrist_ap"


def test_a_side_is_held_against_the_order_of_the_film_that_could_be_it() -> None:
    wavering = film("unsure", 0.5, candidates=(("knee_ap", 0.5), ("chest_pa_ap", 0.49)), image_laterality="R")
    assert set(kinds(study("knee left AP", wavering))) == {"side_conflict", "unsure"}


def test_a_view_that_the_model_cannot_name_is_not_missed_while_a_film_could_be_it() -> None:
    narrow = replace(THRESHOLDS, model_views=THRESHOLDS.model_views - {"shoulder_axial"})
    named = film("shoulder_outlet", 0.99)
    assert kinds(study("shoulder AP and axial 2 views", film("shoulder_ap"), named, thresholds=narrow)) == [
        "unsure"
    ]
    assert kinds(study("shoulder AP and axial 2 views", film("shoulder_ap"), OTHER, thresholds=narrow)) == [
        "unsure"
    ]
    assert kinds(study("shoulder AP and axial 2 views", film("shoulder_ap"), thresholds=narrow)) == [
        "missing_view"
    ]


def knee(view: str, laterality: str | None = None, **fields: object) -> FilmFacts:
    return film(view, image_laterality=laterality, **fields)


BOTH_LEFT = [knee("knee_ap", "L"), knee("knee_lateral", "L")]
BOTH_RIGHT = [knee("knee_ap", "R"), knee("knee_lateral", "R")]

# ordered | films | kinds
SIDES: list[tuple[str | list[str], list[FilmFacts], list[str]]] = [
    ("knee left 2 views", BOTH_LEFT, ["complete"]),
    ("knee left 2 views", BOTH_RIGHT, ["side_conflict", "side_conflict"]),
    ("knee left 2 views", [BOTH_LEFT[0], BOTH_RIGHT[1]], ["side_conflict"]),
    ("knee left 2 views", [*BOTH_LEFT, *BOTH_RIGHT], ["complete"]),  # the other side, to compare with
    ("knee left 2 views", [*BOTH_LEFT, BOTH_RIGHT[0]], ["complete"]),
    ("knee 2 views", BOTH_RIGHT, ["complete"]),
    (["knee left 2 views", "knee right 2 views"], [*BOTH_LEFT, *BOTH_RIGHT], ["complete"]),
    (["knee left 2 views", "knee right 2 views"], BOTH_LEFT, ["missing_view", "missing_view"]),
    ("knee both 2 views", [*BOTH_LEFT, *BOTH_RIGHT], ["complete"]),
    ("knee both 2 views", BOTH_LEFT, ["missing_view", "missing_view"]),
    (
        "knee both 2 views",
        [knee("knee_ap", "B"), knee("knee_lateral"), knee("knee_lateral", "R")],
        ["complete"],
    ),
    ("knee left 2 views", [knee("knee_ap", "L", marker_side=Side.RIGHT), BOTH_LEFT[1]], ["side_conflict"]),
    (
        "knee left 2 views",
        [knee("knee_ap", "L", series_description="Knie re"), BOTH_LEFT[1]],
        ["side_conflict"],
    ),
    ("knee left 2 views", [knee("knee_ap", "U"), knee("knee_lateral")], ["complete"]),
    ("knee left", BOTH_RIGHT, ["side_conflict", "side_conflict"]),
    ("knee left", [*BOTH_RIGHT, BOTH_LEFT[0]], ["complete"]),
    ("chest left 2 views", [knee("chest_pa_ap", "R"), knee("chest_lateral", "L")], ["complete"]),
]


@pytest.mark.parametrize(("ordered", "films", "said"), SIDES)
def test_sides_that_differ_are_said_and_comparison_films_are_not(
    ordered: str | list[str], films: list[FilmFacts], said: list[str]
) -> None:
    assert sorted(kinds(study(ordered, *films))) == sorted(said)


def test_a_side_conflict_names_who_says_which() -> None:
    verdict = study("knee left AP", knee("knee_ap", "R"))
    assert (
        only(verdict).sentence
        == 'of the film knee_ap (0.999), left was ordered, but ImageLaterality says "R"'
    )
    assert (only(verdict).expected, only(verdict).found) == ("L", "R")


def test_an_order_that_contradicts_itself_is_a_side_conflict() -> None:
    verdict = study("knee right 2 views", *BOTH_RIGHT, side=Side.LEFT)
    assert only(verdict).sentence == "the order contradicts itself: the order says L, its procedure R"


# film | kind or None
SINGLE: list[tuple[FilmFacts, str | None]] = [
    (film("chest_pa_ap", rotation=90, rotation_score=0.99), "rotated"),
    (film("chest_pa_ap", rotation=90, rotation_score=0.5), None),
    (film("chest_pa_ap", rotation=0, rotation_score=0.99), None),
    (film("chest_pa_ap", rotation=180), None),
    (film("chest_pa_ap", rotation=180, rotation_score=0.93), None),  # needs more than a quarter turn does
    (film("elbow_lateral", rotation=90, rotation_score=0.99), None),  # lies any way round
    (film("unsure", 0.5, candidates=(("chest_pa_ap", 0.5),), rotation=180, rotation_score=0.99), "rotated"),
    (film("chest_pa_ap", inverted=True), "inverted"),
    (film("chest_pa_ap", inverted=False), None),
    (film("chest_pa_ap", body_part_examined="HAND"), "header_contradicts"),
    (film("chest_pa_ap", body_part_examined="RIB"), None),  # near enough
    (film("chest_pa_ap", body_part_examined="EXTREMITY"), None),
    (film("chest_pa_ap", view_position="LL"), "header_contradicts"),
    (film("chest_pa_ap", view_position="AP"), None),
    (film("chest_lateral", view_position="PA"), "header_contradicts"),
    (film("hand_oblique", view_position="PA"), None),  # many call it so
    (film("knee_ap", series_description="Knee lateral"), "header_contradicts"),
    (film("knee_ap", protocol_name="HWS a.p."), "header_contradicts"),
    (film("knee_ap", anatomic_region_code="T-D3000"), "header_contradicts"),
    (film("knee_ap", anatomic_region_code="72696002", view_code="399348003"), None),
    (
        film("knee_ap", 0.9, body_part_examined="CHEST", candidates=(("knee_ap", 0.9), ("chest_pa_ap", 0.1))),
        None,
    ),
    (OTHER, None),
    (replace(OTHER, body_part_examined="CHEST"), None),
    (replace(NOT_NAMED, body_part_examined="CHEST"), None),
]


@pytest.mark.parametrize(("single", "kind"), SINGLE)
def test_a_film_is_looked_at_for_itself(single: FilmFacts, kind: str | None) -> None:
    expected = {"no_order"} | ({kind} if kind else set())
    assert set(kinds(study([], single))) - {"unsure", "complete"} == expected


def test_a_contradiction_names_every_element_that_is_wrong() -> None:
    verdict = study([], film("knee_ap", body_part_examined="CHEST", view_position="LL"))
    remark = next(remark for remark in verdict.remarks if remark.kind is Kind.HEADER_CONTRADICTS)
    assert remark.sentence == (
        'BodyPartExamined says "CHEST" and ViewPosition says "LL", but the pixels show knee_ap (0.999)'
    )


EXACT = (("wrist_ap", 0.912345678), ("hand_ap", 0.061234567), ("finger_ap", 0.0123456789))


def test_the_same_picture_twice_is_a_duplicate_and_counts_once() -> None:
    twice = [film("clavicle_ap", sha256="ab"), film("clavicle_ap", sha256="ab")]
    assert sorted(kinds(study("clavicle 2 views", *twice))) == ["duplicate", "missing_view"]
    assert kinds(study("clavicle AP", *twice)) == ["duplicate"]
    assert study("clavicle AP", *twice).remarks[0].sop_instance_uids == ("1.1", "1.2")
    copied = [film("wrist_ap", 0.912345678, candidates=EXACT)] * 2
    assert kinds(study("wrist AP", *copied)) == ["duplicate"]
    rounded = tuple((label, round(score, 4)) for label, score in EXACT)
    assert kinds(study("wrist AP", *[film("wrist_ap", 0.9123, candidates=rounded)] * 2)) == ["complete"]


LABELS = [*VIEWS, "other", "unsure", None]


@st.composite
def any_film(draw: st.DrawFn) -> FilmFacts:
    view = draw(st.sampled_from(LABELS))
    score = draw(st.floats(0.0, 1.0))
    runner_up = draw(st.sampled_from(list(VIEWS)))
    shown = ((view, score), (runner_up, (1 - score) / 2)) if view not in (None, "unsure", runner_up) else ()
    text = st.none() | st.sampled_from(
        ["CHEST", "Knee left", "PA", "LL", "AP", "HWS seitl.", "R", "L", "399067008"]
    )
    return film(
        view,
        score,
        candidates=shown,
        source=draw(st.sampled_from(Source)),
        rotation=draw(st.sampled_from([None, 0, 90, 180, 270])),
        rotation_score=draw(st.none() | st.floats(0.0, 1.0)),
        inverted=draw(st.none() | st.booleans()),
        side=draw(st.none() | st.sampled_from(Side)),
        marker_side=draw(st.none() | st.sampled_from(Side)),
        image_laterality=draw(text),
        body_part_examined=draw(text),
        view_position=draw(text),
        series_description=draw(text),
        study_description=draw(text),
        modality=draw(st.sampled_from(["DX", "CR", "SR", None])),
        sha256=draw(st.none() | st.sampled_from(["a", "b"])),
    )


ORDERED = st.lists(
    st.sampled_from(
        [
            "wrist 2 views",
            "knee left 2 views",
            "knee both 3 views",
            "chest",
            "hand 3+ views",
            "consultation",
            "hip 2",
        ]
    ),
    max_size=3,
)


def facts(verdict: Verdict) -> set[tuple[object, ...]]:
    return {(r.kind, r.sentence, r.sop_instance_uids, r.expected, r.found) for r in verdict.remarks}


def judged(ordered: list[str], films: Sequence[FilmFacts]) -> Verdict:
    order = Order(
        order_number="1",
        source=OrderSource.HL7,
        origin="RIS",
        control=OrderControl.NEW,
        procedures=tuple(Procedure(code=None, description=name) for name in ordered),
    )
    expectations, unmapped = expect(MAP, [order], sorted(films, key=lambda each: each.sop_instance_uid))
    return compare(
        "1.2.3",
        expectations,
        unmapped,
        films,
        has_order=bool(ordered),
        thresholds=THRESHOLDS,
        map_version="",
        procedures=MAP,
    )


@settings(max_examples=60, deadline=None)
@given(ORDERED, st.lists(any_film(), max_size=4), st.randoms(use_true_random=False))
def test_the_order_in_which_films_come_does_not_matter(
    ordered: list[str], films: list[FilmFacts], chance: random.Random
) -> None:
    came = numbered(films)
    shuffled = list(came)
    chance.shuffle(shuffled)
    assert facts(judged(ordered, came)) == facts(judged(ordered, shuffled))


@settings(max_examples=60, deadline=None)
@given(ORDERED, st.lists(any_film(), max_size=3), any_film())
def test_a_film_more_never_makes_a_view_missing_that_was_there(
    ordered: list[str], films: list[FilmFacts], late: FilmFacts
) -> None:
    if not ordered:
        return
    before = judged(ordered, numbered(films))
    after = judged(ordered, numbered([*films, late]))
    if Kind.COMPLETE in before.kinds:
        assert Kind.MISSING_VIEW not in after.kinds


@settings(max_examples=60, deadline=None)
@given(ORDERED, st.lists(any_film(), max_size=4))
def test_whatever_comes_every_remark_is_one_sentence_and_complete_stands_alone(
    ordered: list[str], films: list[FilmFacts]
) -> None:
    verdict = judged(ordered, numbered(films))
    assert all(remark.sentence and "\n" not in remark.sentence for remark in verdict.remarks)
    assert all(remark.score is None or 0 <= remark.score <= 1 for remark in verdict.remarks)
    if Kind.COMPLETE in verdict.kinds:
        assert verdict.kinds <= {Kind.COMPLETE, Kind.NO_ORDER}


@given(st.lists(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, 1000.0]), min_size=3, max_size=3), max_size=4))
def test_the_assignment_is_the_best_there_is(worth: list[list[float]]) -> None:
    found = assign(worth)
    taken = [column for column in found if column is not None]
    assert len(taken) == len(set(taken))
    total = sum(worth[row][column] for row, column in enumerate(found) if column is not None)
    wide = max(len(worth), 3)
    best = max(
        sum(worth[row][order[row]] for row in range(len(worth)) if order[row] < 3)
        for order in permutations(range(wide))
    )
    assert total == pytest.approx(best)


def test_what_was_not_kept_of_the_scores_may_speak_for_what_was_expected() -> None:
    partly = film("knee_ap", 0.6, candidates=(("knee_ap", 0.6), ("ankle_ap", 0.2)))
    reading = reading_of(partly, THRESHOLDS.model_views)
    assert reading.against(frozenset(("wrist_ap",))) == pytest.approx(0.8)
    assert reading.against(frozenset(("knee_ap",))) == pytest.approx(0.4)
    nothing = reading_of(NOT_NAMED, THRESHOLDS.model_views)
    assert nothing.against(frozenset(("wrist_ap",))) == 0.0


def test_the_tables_of_the_body_name_views_and_regions_that_exist() -> None:
    regions = {view.region for view in VIEWS.values()}
    assert regions >= UNPAIRED
    assert set(VIEWS) >= ANY_WAY_ROUND
    assert {view.projection for view in VIEWS.values()} == set(FAMILIES)
    assert all(neighbours(region) <= regions for region in regions)
    assert all(lookalikes(view) <= set(VIEWS) for view in VIEWS)
    assert "wrist" in neighbours("hand") & neighbours("forearm")
    assert neighbours("jaw").isdisjoint({"hand"})
