"""Films of broken arms: the same for a seed, with boxes where bones were cut."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from training.simulate.fracture.case import KINDS, setup
from training.simulate.fracture.ends import buckle, growth_plate
from training.simulate.fracture.film import BrokenStudio
from training.simulate.fracture.injuries import (
    ELBOW_JOINT,
    FRACTURE,
    GALEAZZI,
    MONTEGGIA,
    PLACES,
    WRIST_JOINT,
    galeazzi,
    monteggia,
)
from training.simulate.fracture.limb import HEAD, RADIUS, ULNA, limb
from training.simulate.fracture.truth import Site, read_off
from training.simulate.fracture.variants import growing, scarred, turned
from training.simulate.patient import position
from training.simulate.segments import CHANNEL

pytestmark = pytest.mark.timeout(300)  # decimates the anatomy first


@pytest.mark.parametrize("kind", [kind.hurt.__name__ for kind in KINDS])
def test_a_film_is_the_same_for_the_same_seed_and_its_boxes_lie_on_it(
    arm_studio: BrokenStudio, kind: str
) -> None:
    films = []
    for _ in range(2):
        rng = np.random.default_rng(17)
        films.append(arm_studio.expose(arm_studio.pose(rng, only=kind), rng))
    first, second = films
    assert np.array_equal(first.pixels, second.pixels)
    assert np.array_equal(first.truth.boxes, second.truth.boxes)
    height, width = first.pixels.shape
    for left, top, right, bottom in first.truth.boxes:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


def test_a_whole_arm_has_no_boxes(arm_studio: BrokenStudio) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        truth = arm_studio.expose(arm_studio.pose(rng, only=""), rng).truth
        assert not len(truth.boxes)
        assert not truth.labels
        assert not truth.unsure


@pytest.mark.parametrize("seed", range(4))
def test_a_scar_is_a_thin_sheet_of_denser_bone_within_the_bone(arm_studio: BrokenStudio, seed: int) -> None:
    rng = np.random.default_rng([6, seed])
    arm = limb(position(arm_studio.rig, arm_studio.bones, setup("wrist", rng), rng))
    before = {bone: np.ptp(arm.points(bone), axis=0) for bone in (RADIUS, ULNA)}
    (whole,) = arm.pieces[RADIUS]
    marrow = float(np.mean([np.ptp(whole.inner.vertices, axis=0) / np.ptp(whole.outer.vertices, axis=0)]))
    scarred(arm, rng)
    for bone in (RADIUS, ULNA):
        sheet = min(arm.pieces[bone], key=lambda piece: np.ptp(piece.outer.vertices @ arm.up))
        assert np.ptp(sheet.outer.vertices @ arm.up) < 12  # mm, tilted as it may be
        assert np.mean(np.ptp(sheet.inner.vertices, axis=0) / np.ptp(sheet.outer.vertices, axis=0)) < marrow
        assert np.allclose(np.ptp(arm.points(bone), axis=0), before[bone])


def test_what_is_broken_lies_in_its_box_through_every_warp(
    arm_studio: BrokenStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cut's own place is painted as metal; on the film it must shine within the box, but for lead
    letters, which are left out."""
    monkeypatch.setattr("training.simulate.film.marked", lambda film, _rng, **_often: film)
    hits = 0
    for seed in range(12):
        rng = np.random.default_rng([9, seed])
        shot = arm_studio.pose(rng, only="both_shafts")
        tissues = np.zeros_like(shot.tissues)
        tissues[CHANNEL["skin"]] = np.minimum(shot.tissues[CHANNEL["skin"]], 1.0)  # or it might outshine
        for site in (site for site in shot.sites if site.label not in PLACES.values()):
            x, y = np.round(site.outline.mean(axis=0)).astype(int).tolist()
            tissues[CHANNEL["metal"]][max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3] = 3.0
        plain = dataclasses.replace(shot.view, collimation=0.0, whitened=0.0)
        film = arm_studio.expose(dataclasses.replace(shot, tissues=tissues, view=plain), rng)
        height, width = film.pixels.shape
        for left, top, right, bottom in film.truth.boxes.astype(int).tolist():
            if not (left and top and right < width and bottom < height):
                continue  # the film ends within the box: its middle is not the cut's
            middle = film.pixels[top:bottom, left:right].astype(float)
            row, column = np.unravel_index(np.argmax(middle), middle.shape)
            assert 0.1 < (row + 0.5) / (bottom - top) < 0.9
            assert 0.1 < (column + 0.5) / (right - left) < 0.9
            hits += 1
    assert hits >= 10


def test_the_truth_knows_the_rims_of_the_cut(arm_studio: BrokenStudio) -> None:
    rng = np.random.default_rng(4)
    patient = position(arm_studio.rig, arm_studio.bones, setup("forearm", rng), rng)
    arm = limb(patient)
    before, count = arm.points(ULNA), sum(len(piece.outer.vertices) for piece in arm.pieces[ULNA])
    injury = monteggia(arm, rng)
    assert sum(len(piece.outer.vertices) for piece in arm.pieces[ULNA]) > count
    rims = [arm.tagged([tag]) for _, tag in injury.breaks]
    assert all(len(rim) > 10 for rim in rims)
    along = before @ arm.up
    first = rims[0] @ arm.up
    assert along.min() < first.min() < first.max() < along.max()


@pytest.mark.parametrize("seed", range(6))
def test_monteggia_takes_the_radial_head_out_of_its_joint(arm_studio: BrokenStudio, seed: int) -> None:
    rng = np.random.default_rng([5, seed])
    arm = limb(position(arm_studio.rig, arm_studio.bones, setup("elbow", rng), rng))
    before, head = arm.joints(), arm.tagged([HEAD]).mean(axis=0)
    injury = monteggia(arm, rng)
    assert injury.joints == [ELBOW_JOINT]
    assert {label for label, _ in injury.breaks} == {MONTEGGIA}
    moved = arm.tagged([HEAD]).mean(axis=0) - head
    assert 6 < np.linalg.norm(moved) < 45  # mm
    assert np.linalg.norm(arm.joints()[0] - before[0]) > 6
    side = {"1": arm.front, "2": -arm.front, "3": arm.lateral, "4": arm.front}[injury.name[-1]]
    assert moved @ side > 4


@pytest.mark.parametrize("seed", range(6))
def test_galeazzi_shortens_the_radius_and_parts_it_from_the_ulnar_head(
    arm_studio: BrokenStudio, seed: int
) -> None:
    rng = np.random.default_rng([6, seed])
    arm = limb(position(arm_studio.rig, arm_studio.bones, setup("wrist", rng), rng))
    before, low = arm.joints()[1], (arm.points(RADIUS) @ arm.up).min()
    injury = galeazzi(arm, rng)
    assert injury.joints == [WRIST_JOINT]
    assert [label for label, _ in injury.breaks] == [GALEAZZI]
    assert np.linalg.norm(arm.joints()[1] - before) > 6
    assert (arm.points(RADIUS) @ arm.up).min() > low - 2


@pytest.mark.parametrize("seed", range(4))
def test_a_growth_plate_slips_with_a_corner_of_the_shaft(arm_studio: BrokenStudio, seed: int) -> None:
    rng = np.random.default_rng([7, seed])
    arm = limb(position(arm_studio.rig, arm_studio.bones, setup("wrist", rng), rng))
    growing(arm, rng)
    end, shaft = sorted(
        (piece.outer.vertices for piece in arm.pieces[RADIUS]), key=lambda x: (x @ arm.up).mean()
    )[:2]
    edge = (shaft @ arm.up).min()
    injury = growth_plate(arm, rng)
    assert injury.breaks[0][0] == FRACTURE
    rim = arm.tagged([injury.breaks[0][1]])
    assert len(rim) > 10
    assert abs(np.median(rim @ arm.up) - edge) < 12  # mm: at the growth plate
    pieces = [piece.outer.vertices for piece in arm.pieces[RADIUS]]
    assert len(pieces) == 4  # head, shaft, its corner, the end
    assert any(piece.shape == end.shape for piece in pieces), "the end itself is whole"


def test_a_buckle_is_found_again_and_parts_nothing(arm_studio: BrokenStudio) -> None:
    rng = np.random.default_rng(3)
    arm = limb(position(arm_studio.rig, arm_studio.bones, setup("wrist", rng), rng))
    growing(arm, rng)
    pieces, low = len(arm.pieces[RADIUS]), (arm.points(RADIUS) @ arm.up).min()
    injury = buckle(arm, rng)
    bulging = arm.tagged([injury.breaks[0][1]])
    assert len(arm.pieces[RADIUS]) == pieces
    assert len(bulging) > 10
    assert 5 < np.median(bulging @ arm.up) - low < 60  # mm above the wrist


def test_the_hand_goes_along_when_the_palm_turns(arm_studio: BrokenStudio) -> None:
    rng = np.random.default_rng(8)
    arm = limb(position(arm_studio.rig, arm_studio.bones, setup("forearm", rng), rng))
    hand, ulna = arm.rest[arm.of_hand > 0.99].copy(), arm.points(ULNA)
    turned(arm, -90.0)
    gone = np.linalg.norm(arm.rest[arm.of_hand > 0.99] - hand, axis=1)
    assert np.median(gone) > 20
    assert np.array_equal(arm.points(ULNA), ulna)


def test_growing_bones_have_ends_of_their_own(arm_studio: BrokenStudio) -> None:
    rng = np.random.default_rng(8)
    arm = limb(position(arm_studio.rig, arm_studio.bones, setup("wrist", rng), rng))
    growing(arm, rng)
    assert len(arm.pieces[RADIUS]) == 3


def site(label: str, left: float, *, plain: bool = True) -> Site:
    corners = np.array([[left, 10], [left + 20, 10], [left + 20, 30], [left, 30]], dtype=np.float32)
    return Site(label=label, outline=corners, plain=plain)


@pytest.mark.parametrize(
    ("joint_there", "joint_plain", "labels", "unsure"),
    [
        (True, True, (MONTEGGIA, ELBOW_JOINT), set()),
        (False, True, (FRACTURE,), {MONTEGGIA}),  # the joint is beside the film: a break is all it shows
        (True, False, (FRACTURE,), {MONTEGGIA, ELBOW_JOINT}),  # seen along the way the head went
    ],
)
def test_a_film_is_called_only_what_it_shows(
    joint_there: bool, joint_plain: bool, labels: tuple[str, ...], unsure: set[str]
) -> None:
    coded = np.full((60, 100), 16, dtype=np.float32)
    coded[10:30, 10:30] += 1
    if joint_there:
        coded[10:30, 60:80] += 2
    found = (site(MONTEGGIA, 10), site(ELBOW_JOINT, 60, plain=joint_plain))
    truth = read_off(coded, found)
    assert truth.labels == labels
    assert truth.unsure == unsure
    assert truth.boxes[0].tolist() == [10, 10, 30, 30]


def test_what_a_shutter_covers_is_not_on_the_film() -> None:
    coded = np.full((60, 100), 0.2, dtype=np.float32)  # ground
    truth = read_off(coded, (site(FRACTURE, 10),))
    assert not truth.labels
    assert not truth.unsure
