"""What a hanging protocol is told of a film: who is believed, what is known, and what is left unsaid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

from router.hanging import HungFilm, Origin, Readiness, hang
from router.known_films import KnownFilm, Said, Trust
from router.orders import Side
from router.orientation import VIEW_POSITIONS
from router.types import Candidate, Instance, ModelRef, State, ViewPrediction
from router.verdicts import Source, Truth
from router.views import OTHER, UNSURE, VIEWS, Code

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MODEL = ModelRef(name="view", version="1", sha256="a" * 64)
UID = "1.2.3"


def film(view: str | None = "chest_pa_ap", **known: Any) -> KnownFilm:
    header: Mapping[str, Any] = known.pop("header", {})
    further = known.pop("further", {})
    said = None
    if view is not None:
        said = ViewPrediction(
            view=view,
            score=0.97,
            margin=0.95,
            candidates=(Candidate(label=view, score=0.97),),
            model=MODEL,
            further={
                head: (Candidate(label=label, score=score),) for head, (label, score) in further.items()
            },
        )
    instance = Instance(
        sop_instance_uid=UID,
        sop_class_uid="1.2",
        study_instance_uid="1.2.1",
        series_instance_uid="1.2.2",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        view_position=header.get("ViewPosition", (None,))[0],
        body_part_examined=header.get("BodyPartExamined", (None,))[0],
        image_laterality=header.get("ImageLaterality", header.get("Laterality", (None,)))[0],
        attributes=header,
    )
    facts = {
        "instance": instance,
        "state": State.DONE,
        "reason": None,
        "prediction": said,
        "changed_at": NOON,
    }
    return KnownFilm(**facts | known)


def human(view: str | None, side: Side | None = None, *, agreed: bool = True) -> dict[str, Any]:
    truth = Truth(sop_instance_uid=UID, view=view, side=side, agreed=agreed)
    return {"truth": truth, "truth_at": NOON}


def hung(view: str | None = "chest_pa_ap", *, trust: Trust | None = None, **known: Any) -> HungFilm:
    return hang(film(view, **known), trust or Trust())


HUMAN, AI, HEADER = Source.HUMAN, Source.AI, Source.HEADER

CLAIMS = {
    "elbow_ap": {"BodyPartExamined": ("ELBOW",), "ViewPosition": ("AP",)},
    "knee_ap": {"BodyPartExamined": ("KNEE",), "ViewPosition": ("AP",)},
}

# the model | the human | the header | who is believed in which order | the answer and who gave it
ANSWERS = [
    ("knee_ap", None, None, (HUMAN, AI, HEADER), ("knee_ap", AI)),
    ("knee_ap", "elbow_ap", None, (HUMAN, AI, HEADER), ("elbow_ap", HUMAN)),
    ("knee_ap", "elbow_ap", None, (AI, HUMAN, HEADER), ("knee_ap", AI)),
    ("knee_ap", None, "elbow_ap", (HUMAN, HEADER, AI), ("elbow_ap", HEADER)),
    ("knee_ap", None, "elbow_ap", (HUMAN, AI, HEADER), ("knee_ap", AI)),
    (UNSURE, None, "elbow_ap", (HUMAN, AI, HEADER), (UNSURE, AI)),
    (UNSURE, "elbow_ap", "knee_ap", (HUMAN, AI, HEADER), ("elbow_ap", HUMAN)),
    (OTHER, None, "elbow_ap", (HUMAN, AI, HEADER), (OTHER, AI)),
    (None, None, "elbow_ap", (HUMAN, AI, HEADER), ("elbow_ap", HEADER)),
    (None, None, "elbow_ap", (HUMAN, AI), (None, None)),
    (None, None, None, (HUMAN, AI, HEADER), (None, None)),
]


@pytest.mark.parametrize(("ai", "person", "header", "order", "expected"), ANSWERS)
def test_the_first_who_says_something_is_believed(
    ai: str | None, person: str | None, header: str | None, order: tuple[Source, ...], expected: object
) -> None:
    claims = CLAIMS[header] if header else {}
    said = hung(ai, header=claims, trust=Trust(sources=order), **(human(person) if person else {}))
    assert (said.view, said.source) == expected


def test_reviewers_who_disagree_are_no_answer() -> None:
    assert hung("knee_ap", **human("elbow_ap", agreed=False)).source is AI


def test_only_a_models_stated_answer_has_a_score() -> None:
    assert hung("knee_ap").score == 0.97
    assert hung(UNSURE).score is None
    assert hung("knee_ap", **human("elbow_ap")).score is None


@pytest.mark.parametrize(
    ("state", "view", "known", "readiness"),
    [
        (State.RECEIVED, None, {}, Readiness.PENDING),
        (State.PROCESSING, None, {}, Readiness.PENDING),
        (State.PROCESSING, "knee_ap", {}, Readiness.PENDING),  # asked for again: the answer may change
        (State.RECEIVED, None, human("knee_ap"), Readiness.DONE),
        (State.DONE, None, {}, Readiness.DONE),  # not a film
        (State.FAILED, None, {}, Readiness.FAILED),
        (State.FAILED, None, human("knee_ap"), Readiness.DONE),
        (State.FAILED, None, {"header": CLAIMS["knee_ap"]}, Readiness.DONE),
        (State.RECEIVED, None, {"header": CLAIMS["knee_ap"]}, Readiness.PENDING),
    ],
)
def test_who_should_wait(state: State, view: str | None, known: dict[str, Any], readiness: Readiness) -> None:
    assert hung(view, state=state, **known).state is readiness


def test_a_headers_claim_is_no_answer_while_the_model_may_still_speak() -> None:
    assert hung(None, state=State.RECEIVED, header=CLAIMS["knee_ap"]).view is None


# the model | the human's side | the header | what it claims and the answer contradicts
CONFLICTS = [
    ("knee_ap", None, {"BodyPartExamined": ("KNEE",), "ViewPosition": ("AP",)}, []),
    ("knee_ap", None, {"BodyPartExamined": ("ELBOW",)}, [("BodyPartExamined", "ELBOW", "Knee")]),
    ("knee_ap", None, {"BodyPartExamined": ("PATELLA",)}, []),  # it lies in the same films
    ("knee_ap", None, {"ViewPosition": ("LL",)}, [("ViewPosition", "LL", "ap")]),
    ("chest_pa_ap", None, {"ViewPosition": ("AP",)}, []),
    ("knee_ap", Side.LEFT, {"ImageLaterality": ("R",)}, [("ImageLaterality", "R", "L")]),
    ("knee_ap", Side.LEFT, {"ImageLaterality": ("L",)}, []),
    ("chest_pa_ap", Side.UNPAIRED, {"ImageLaterality": ("R",)}, []),
    ("knee_ap", None, {"BodyPartExamined": ("NONSENSE",), "ViewPosition": ("X",)}, []),
    (UNSURE, None, {"BodyPartExamined": ("ELBOW",)}, []),
    (None, None, {"BodyPartExamined": ("ELBOW",), "ViewPosition": ("AP",)}, []),
]


@pytest.mark.parametrize(("view", "side", "header", "expected"), CONFLICTS)
def test_what_the_header_claims_otherwise_is_named(
    view: str | None, side: Side | None, header: dict[str, tuple[str, ...]], expected: list[tuple[str, ...]]
) -> None:
    found = hung(view, header=header, **(human(view, side) if side else {})).conflicts
    assert [(one.attribute, one.header, one.answer) for one in found] == expected


# header | human side | view | laterality and where it is from
SIDES = [
    ({"ImageLaterality": ("L",)}, None, "knee_ap", ("L", Origin.IMAGE_LATERALITY)),
    ({"Laterality": ("R",)}, None, "knee_ap", ("R", Origin.LATERALITY)),
    ({"ImageLaterality": ("L",), "Laterality": ("R",)}, None, "knee_ap", ("L", Origin.IMAGE_LATERALITY)),
    ({"ImageLaterality": ("",), "Laterality": ("R",)}, None, "knee_ap", ("R", Origin.LATERALITY)),
    ({"Laterality": ("B",)}, None, "knee_ap", None),
    ({"ImageLaterality": ("left",)}, None, "knee_ap", None),
    ({"ImageLaterality": ("L",)}, Side.RIGHT, "knee_ap", ("R", Origin.HUMAN)),
    ({}, None, "knee_ap", None),
    ({}, None, "chest_pa_ap", ("U", Origin.VIEW)),
    ({}, None, UNSURE, None),
]


@pytest.mark.parametrize(("header", "side", "view", "expected"), SIDES)
def test_laterality_says_where_it_is_from(
    header: dict[str, tuple[str, ...]], side: Side | None, view: str, expected: tuple[str, Origin] | None
) -> None:
    said = hung(view, header=header, **(human(view, side) if side else {})).image_laterality
    assert (said and (said.value, said.origin)) == expected


# view | what else the model says | the header's View Position | the term and where it is from
POSITIONS = [
    ("chest_pa_ap", {"projection": ("pa", 0.99)}, None, ("PA", Origin.AI)),
    ("chest_pa_ap", {"projection": ("ap", 0.99)}, "PA", ("AP", Origin.AI)),
    ("chest_pa_ap", {"projection": ("pa", 0.6)}, None, None),
    ("chest_pa_ap", {"projection": ("pa", 0.6)}, "AP", ("AP", Origin.HEADER)),
    ("chest_pa_ap", {}, "LL", None),
    ("knee_ap", {"projection": ("pa", 0.99)}, None, ("AP", Origin.VIEW)),
    ("hand_ap", {}, "PA", ("PA", Origin.HEADER)),
    ("hand_ap", {}, None, None),
    ("abdomen_left_lateral_decubitus", {}, "AP", ("LLD", Origin.VIEW)),
    ("chest_lateral", {}, "LL", ("LL", Origin.HEADER)),
    ("chest_lateral", {}, "PA", None),
    ("chest_lateral", {}, "LATERAL", None),
    (UNSURE, {"projection": ("pa", 0.99)}, "PA", None),
]


@pytest.mark.parametrize(("view", "further", "header", "expected"), POSITIONS)
def test_view_position_is_a_defined_term_that_fits_the_view(
    view: str, further: dict[str, Any], header: str | None, expected: tuple[str, Origin] | None
) -> None:
    stated = {"ViewPosition": (header,)} if header else {}
    said = hung(view, further=further, header=stated).view_position
    assert (said and (said.value, said.origin)) == expected
    assert said is None or said.value in VIEW_POSITIONS


def test_frontal_becomes_the_narrower_code_where_the_model_knows_the_beam() -> None:
    meanings = {
        beam: hung("chest_pa_ap", further={"projection": (beam, 0.99)}).view_code for beam in ("ap", "pa")
    }
    assert {beam: code and code.meaning for beam, code in meanings.items()} == {
        "ap": "antero-posterior",
        "pa": "postero-anterior",
    }
    assert hung("chest_pa_ap").view_code == VIEWS["chest_pa_ap"].view_code


@pytest.mark.parametrize(
    ("view", "score", "rotation"),
    [("chest_pa_ap", 0.99, 90), ("chest_pa_ap", 0.5, None), ("elbow_ap", 0.99, None), (UNSURE, 0.99, None)],
)
def test_rotation_is_stated_where_it_is_sure_and_means_something(
    view: str, score: float, rotation: int | None
) -> None:
    assert hung(view, further={"rotation": ("90", score)}).rotation_to_upright == rotation


# the rotation the model sees | Patient Orientation in the header | what is said, and where it is from
ORIENTATIONS = [
    ("0", (), (("L", "F"), Origin.VIEW)),
    ("180", (), (("R", "H"), Origin.VIEW)),
    ("0", ("L", "F"), (("L", "F"), Origin.VIEW)),
    ("0", ("R", "F"), (("R", "F"), Origin.HEADER)),  # stored as a mirror image: pixels do not tell
    ("180", ("L", "F"), (None, None)),  # the pixels contradict it
    (None, ("L", "F"), (("L", "F"), Origin.HEADER)),
    (None, (), (None, None)),
]


@pytest.mark.parametrize(("rotation", "header", "expected"), ORIENTATIONS)
def test_orientation_is_what_pixels_and_header_leave(
    rotation: str | None, header: tuple[str, ...], expected: object
) -> None:
    further = {"rotation": (rotation, 0.99)} if rotation else {}
    said = hung("chest_pa_ap", further=further, header={"PatientOrientation": header} if header else {})
    assert (said.patient_orientation, said.orientation_origin) == expected


def said(view: str, minute: int, version: str = "1") -> Said:
    return Said(view=view, model=f"view@{version}", at=NOON + timedelta(minutes=minute))


@pytest.mark.parametrize(
    ("story", "known", "before", "until"),
    [
        ((), {}, None, 0),
        ((said("knee_ap", 1),), {}, None, 0),
        ((said("elbow_ap", 1), said("knee_ap", 5)), {}, "elbow_ap", 5),
        ((said("elbow_ap", 1), said("knee_ap", 5), said("knee_ap", 9, "2")), {}, "elbow_ap", 5),
        ((said("knee_ap", 1),), {"truth": human("elbow_ap")["truth"], "truth_at": NOON}, "knee_ap", 0),
    ],
)
def test_a_late_change_says_what_it_was_before(
    story: tuple[Said, ...], known: dict[str, Any], before: str | None, until: int
) -> None:
    found = hung("knee_ap", said=story, **known).before
    assert (found and found.view) == before
    assert found is None or found.until == NOON + timedelta(minutes=until)


def test_replaced_bytes_leave_the_earlier_answer_to_be_seen() -> None:
    found = hung(None, state=State.RECEIVED, said=(said("knee_ap", 1),))
    assert (found.view, found.before and found.before.view) == (None, "knee_ap")


def members(cid: int) -> set[Code]:
    return {
        Code(value=value, scheme=scheme, meaning=meaning)
        for scheme, keywords in cid_concepts[cid].items()
        for keyword in keywords
        for value, (meaning, groups) in concepts[scheme][keyword].items()
        if cid in groups
    }


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("beam", ["ap", "pa"])
def test_every_code_that_is_told_stands_in_its_context_group(name: str, beam: str) -> None:
    told = hung(name, further={"projection": (beam, 0.99)})
    assert told.shown is not None
    assert told.shown.anatomic_region in members(4031) & members(4009)
    assert told.view_code is None or told.view_code in members(4010)
    assert set(told.shown.modifiers) <= members(4011)
    assert told.shown.eponym is None or told.shown.eponym in members(4012)
    assert told.view_position is None or told.view_position.value in VIEW_POSITIONS
