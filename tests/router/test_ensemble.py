"""Members of an ensemble speak together: their calibrated mean, their boxes fused; whoever speaks first."""

from __future__ import annotations

import itertools
from dataclasses import asdict, replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.ensemble import Member, combined, ensemble_model, kept, members_of, overlap, silences
from router.types import Box, Finding, Mode, ModelRef

A, B, C = (ModelRef(name=name, version="1", sha256=name * 64) for name in "abc")
TOGETHER = ModelRef(name="a+b", version="1+1", sha256="f" * 64)
HERE = Box(x=10, y=10, width=20, height=20)
NEAR = Box(x=12, y=10, width=20, height=20)
ELSEWHERE = Box(x=60, y=60, width=10, height=10)


def said(label: str, probability: float, box: Box | None = None) -> tuple[str, float, Box | None]:
    return label, probability, box


def member(
    model: ModelRef, *candidates: tuple[str, float, Box | None], knows: str = "", threshold: float = 0.5
) -> Member:
    """A member that knows what it says, and the letters of ``knows``."""
    thresholds = dict.fromkeys([*(label for label, _, _ in candidates), *knows], threshold)
    return Member(
        model=model,
        thresholds=thresholds,
        candidates=tuple(
            Finding(
                label=label,
                score=probability / 2,
                probability=probability,
                threshold=thresholds[label],
                model=model,
                box=box,
            )
            for label, probability, box in candidates
        ),
    )


def stated(*members: Member) -> list[tuple[str, float, Box | None]]:
    return [
        (one.label, round(one.probability, 6), one.box and rounded(one.box))
        for one in combined(members, TOGETHER)
    ]


def rounded(box: Box) -> Box:
    return Box(**{name: round(value, 6) for name, value in asdict(box).items()})


# members | what is stated
TABLE = [
    ((member(A, said("x", 0.9)), member(B, said("x", 0.7))), [("x", 0.8, None)]),
    ((member(A, said("x", 0.9)), member(B, said("x", 0.05))), []),  # 0.475 is below 0.5
    ((member(A, said("x", 0.9)), member(B, knows="x")), []),  # B knows it and sees nothing
    ((member(A, said("x", 0.9)), member(B, said("y", 0.6))), [("x", 0.9, None), ("y", 0.6, None)]),
    (
        (member(A, said("x", 0.6), threshold=0.9), member(B, said("x", 0.6), threshold=0.3)),
        [("x", 0.6, None)],
    ),
    ((member(A, said("x", 0.8, HERE)), member(B, said("x", 0.6, HERE))), [("x", 0.7, HERE)]),
    (
        (member(A, said("x", 0.9, HERE)), member(B, said("x", 0.9, NEAR))),
        [("x", 0.9, Box(x=11, y=10, width=20, height=20))],
    ),
    ((member(A, said("x", 0.9, HERE)), member(B, said("x", 0.9, ELSEWHERE))), []),  # each seen by one alone
    ((member(A, said("x", 1.0, HERE)), member(B, said("x", 0.6))), [("x", 0.8, HERE)]),  # B: somewhere
    (
        (member(A, said("x", 0.9, HERE), said("x", 0.8, NEAR)), member(B, said("x", 0.7, HERE))),
        [("x", 0.8, HERE)],  # one member speaks once of a place
    ),
    ((member(A, said("x", 0.3, HERE), said("x", 0.8)), member(B, said("x", 0.6))), [("x", 0.7, None)]),
    ((member(A, said("x", 0.8)), member(B, said("x", 0.4, HERE), said("x", 0.4))), [("x", 0.6, HERE)]),
    ((), []),
]


@pytest.mark.parametrize(("members", "expected"), TABLE)
def test_what_members_state_together(
    members: tuple[Member, ...], expected: list[tuple[str, float, Box | None]]
) -> None:
    assert stated(*members) == expected


def test_the_score_is_the_mean_before_calibration_and_the_threshold_the_mean_of_theirs() -> None:
    (one,) = combined(
        [member(A, said("x", 0.9), threshold=0.4), member(B, said("x", 0.7), threshold=0.2)], TOGETHER
    )
    assert (one.score, one.threshold, one.model) == (pytest.approx(0.4), pytest.approx(0.3), TOGETHER)
    assert one.mode is Mode.ACTIVE


def test_members_are_kept_and_marked() -> None:
    members = [
        member(A, said("x", 0.9), said("z", 0.2)),
        member(B, said("x", 0.3), said("y", 0.6), knows="z"),
    ]
    answer = combined(members, TOGETHER)
    assert [(one.label, one.model.name, one.probability) for one in kept(members, answer)] == [
        ("x", "a", 0.9),
        ("y", "b", 0.6),
        ("x", "b", 0.3),
    ]
    assert {one.mode for one in kept(members, answer)} == {Mode.MEMBER}


def test_a_member_whose_gate_stays_shut_has_no_vote() -> None:
    shut = replace(member(A, said("x", 0.55), said("y", 0.9)), silence="too dark")
    members = [shut, member(B, said("x", 0.9))]
    assert stated(*members) == [("x", 0.9, None)]
    assert [one.model for one in kept(members, combined(members, TOGETHER))] == [B]
    assert silences(members, TOGETHER) == {A: "too dark"}
    seeing_nothing = [shut, member(B, knows="xy")]
    assert stated(*seeing_nothing) == []
    assert silences(seeing_nothing, TOGETHER) == {A: "too dark"}


def test_where_no_gate_opens_the_ensemble_is_silent_in_its_members_words() -> None:
    dark, unsure = (
        replace(member(model, said("x", 0.9)), silence=words) for model, words in ((A, "too dark"), (B, "?"))
    )
    assert stated(dark, unsure) == []
    assert kept([dark, unsure], ()) == ()
    assert silences([dark, unsure], TOGETHER) == {TOGETHER: "too dark; ?", A: "too dark", B: "?"}
    alike = [dark, replace(unsure, silence="too dark")]
    assert silences(alike, TOGETHER)[TOGETHER] == "too dark"


def test_who_may_vote_is_not_silent() -> None:
    assert silences([member(A, said("x", 0.9)), member(B, knows="x")], TOGETHER) == {}


def test_the_ensemble_has_its_members_names_versions_and_a_digest_of_theirs() -> None:
    joined = ensemble_model([A, B])
    digest = sha256(f"{A.sha256}\n{B.sha256}".encode()).hexdigest()
    assert (joined.name, joined.version, joined.sha256) == ("a+b", "1+1", digest)
    assert ensemble_model([A]) is A
    assert members_of(joined.name) == ("a", "b") and members_of("a") == ("a",)


def test_two_members_of_one_model_are_refused() -> None:
    with pytest.raises(ValueError, match="different"):
        combined([member(A), member(A)], TOGETHER)


places = st.builds(
    Box,
    x=st.floats(0, 50),
    y=st.floats(0, 50),
    width=st.floats(0, 40),
    height=st.floats(0, 40),
)
candidates = st.lists(
    st.tuples(st.sampled_from("xyz"), st.floats(0, 1), st.none() | places | st.sampled_from([HERE, NEAR])),
    max_size=6,
)
ensembles = st.tuples(candidates, candidates, candidates).map(
    lambda each: [
        member(model, *said, knows="x", threshold=0.2) for model, said in zip((A, B, C), each, strict=True)
    ]
)


@given(ensembles)
def test_the_order_of_members_does_not_matter(members: list[Member]) -> None:
    answers = {combined(order, TOGETHER) for order in itertools.permutations(members)}
    assert len(answers) == 1


@given(ensembles)
def test_probabilities_stay_in_the_unit_interval_and_boxes_inside_what_was_boxed(
    members: list[Member],
) -> None:
    boxes = [one.box for each in members for one in each.candidates if one.box is not None]
    for finding in combined(members, TOGETHER):
        assert 0 <= finding.threshold <= finding.probability <= 1
        assert 0 <= finding.score <= 1
        if finding.box is not None:
            assert min(box.x for box in boxes) - 1e-9 <= finding.box.x
            assert finding.box.width <= max(box.width for box in boxes) + 1e-9


@given(candidates)
def test_one_member_alone_is_itself(said: list[tuple[str, float, Box | None]]) -> None:
    alone = member(A, *said, threshold=0.2)
    enough = [one for one in alone.candidates if one.probability >= one.threshold]
    boxed = {one.label for one in enough if one.box is not None}
    whole = {one.label: one for one in sorted(enough, key=lambda one: one.probability) if one.box is None}
    own = [one for one in enough if one.box is not None]
    own += [one for label, one in whole.items() if label not in boxed]
    assert sorted(combined([alone], A), key=repr) == sorted(own, key=repr)


@given(ensembles)
def test_a_member_that_knows_nothing_of_it_changes_nothing(members: list[Member]) -> None:
    stranger = Member(model=replace(A, name="d"), thresholds={"w": 0.5}, candidates=())
    assert combined([*members, stranger], TOGETHER) == combined(members, TOGETHER)


@given(places, places)
def test_overlap_is_symmetric_and_a_fraction(one: Box, other: Box) -> None:
    assert overlap(one, other) == overlap(other, one)
    assert 0 <= overlap(one, other) <= 1
