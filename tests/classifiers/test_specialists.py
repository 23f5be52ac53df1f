"""Boxes, closer looks and heat, from a film to findings in stored pixels, with a network that measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.detectmanifest import Closer, Detect, OneName
from classifiers.film import Accepts, Film
from classifiers.manifest import Classes, Gate, Output, Values
from classifiers.models import Models
from classifiers.packs import Pack, choose
from classifiers.runtimes import load
from classifiers.specialists import Specialist
from router.errors import HeatAbsent, ModelAbsent, PackError
from router.types import Box, Finding, Mode

MakePack = Callable[..., Pack]
PLACES = Detect(boxes="boxes", overlap=0.5, most=5, heat="heat")


def head(name: str, **changes: Any) -> Output:
    labels = ("dot", "patch", "never")
    plain = Output(name=name, values=Values.LOGITS, labels=labels, classes=Classes.INDEPENDENT)
    return replace(plain, **changes)


def film(*, patch: Box | None, dot: Box | None, rows: int = 700, columns: int = 900) -> Film:
    """Dark and textured to its edges, with a grey patch and a white dot, half as large as it was stored."""
    y, x = np.mgrid[0:rows, 0:columns]
    image = np.asarray(0.1 + 0.08 * np.sin(x / 5) * np.sin(y / 5), np.float32)
    for box, grey in ((patch, 0.6), (dot, 1.0)):
        if box is not None:
            lines = slice(int(box.y), int(box.y + box.height)), slice(int(box.x), int(box.x + box.width))
            image[lines] = grey
    return Film(image=image, stored_rows=2 * rows, stored_columns=2 * columns, scale=(2.0, 2.0))


PATCH = Box(x=300, y=200, width=260, height=220)
DOT = Box(x=380, y=260, width=60, height=80)


def specialist(pack: Pack) -> Specialist:
    return Specialist(pack, load(pack, threads=1))


def by_label(found: tuple[Finding, ...]) -> dict[str, Finding]:
    assert len({one.label for one in found}) == len(found)
    return {one.label: one for one in found}


def far(found: Finding, expected: Box) -> float:
    """The largest distance of an edge from where it is on the film, in film pixels."""
    assert found.box is not None
    box = Box(x=found.box.x / 2, y=found.box.y / 2, width=found.box.width / 2, height=found.box.height / 2)
    ends = [(box.x, expected.x), (box.y, expected.y)]
    ends += [(box.x + box.width, expected.x + expected.width)]
    ends += [(box.y + box.height, expected.y + expected.height)]
    return max(abs(one - other) for one, other in ends)


def test_what_is_white_gets_a_box_where_it_lies(make_finder: MakePack) -> None:
    pack = make_finder()
    found = by_label(specialist(pack).predict([film(patch=PATCH, dot=DOT)])[0])
    assert found.keys() == {"dot", "patch"}
    assert far(found["dot"], DOT) < 1.5  # a pixel of the input covers 3.5 of the film
    assert far(found["patch"], PATCH) < 1.5
    assert {one.model for one in found.values()} == {pack.ref}
    assert all(one.score == pytest.approx(one.probability) for one in found.values())  # not calibrated
    assert all(0.9 < one.probability < 1 and one.threshold == 0.5 for one in found.values())


def test_each_film_of_a_batch_gets_its_own_boxes(make_finder: MakePack) -> None:
    moved = Box(x=500, y=400, width=70, height=75)
    one = specialist(make_finder())
    films = [film(patch=PATCH, dot=DOT), film(patch=None, dot=moved), film(patch=PATCH, dot=DOT)]
    first, second, third = one.predict(films)
    assert first == third
    assert far(by_label(second)["dot"], moved) < 1.5
    assert one.predict([]) == one.candidates([]) == []


def test_calibration_moves_the_probability_and_leaves_the_score(make_finder: MakePack) -> None:
    outputs = {"detect": head("scores", temperature=(2.0,), bias=(-1.0,), thresholds={"dot": 0.5})}
    plain = by_label(specialist(make_finder()).predict([film(patch=None, dot=DOT)])[0])["dot"]
    found = by_label(specialist(make_finder(outputs=outputs)).predict([film(patch=None, dot=DOT)])[0])["dot"]
    logit = np.log(plain.score / (1 - plain.score))
    assert found.score == pytest.approx(plain.score)
    assert found.probability == pytest.approx(1 / (1 + np.exp(-(logit / 2 - 1))), abs=1e-6)


def test_the_whole_films_logit_counts_for_each_box(make_finder: MakePack) -> None:
    outputs = {
        "detect": head("scores", thresholds={"dot": 0.5}),
        "classify": head("image", temperature=(5.0,), bias=(-3.0,)),
    }
    weighed = replace(PLACES, image_weight=(-0.5, 0.0, 0.0))
    found = by_label(
        specialist(make_finder(outputs=outputs, detect=weighed)).predict([film(patch=None, dot=DOT)])[0]
    )["dot"]
    logit = np.log(found.score / (1 - found.score))  # the film's raw logit is that of its best place
    assert found.probability == pytest.approx(1 / (1 + np.exp(-(logit - 0.5 * logit))), abs=1e-6)


def test_boxes_are_drawn_in_the_size_of_their_label_and_chosen_as_they_were(make_finder: MakePack) -> None:
    shown = [film(patch=PATCH, dot=DOT)]
    plain = specialist(make_finder()).candidates(shown)[0]
    larger = replace(PLACES, box_size=(2.0, 1.0, 1.0))  # dots, PLACES' first label
    drawn = specialist(make_finder(detect=larger)).candidates(shown)[0]
    assert [replace(one, box=None) for one in drawn] == [replace(one, box=None) for one in plain]
    for before, now in zip(plain, drawn, strict=True):
        assert before.box is not None and now.box is not None
        times = 2 if now.label == "dot" else 1
        assert now.box.width == pytest.approx(times * before.box.width)
        assert now.box.x + now.box.width / 2 == pytest.approx(before.box.x + before.box.width / 2)


def naming_once(make_finder: MakePack, *, overlap: float, **thresholds: float) -> tuple[Finding, ...]:
    """What is stated of a dot within a patch, an eighth as large, that are two names for one thing."""
    detect = replace(PLACES, one_name=OneName(labels=("dot", "patch"), overlap=overlap))
    outputs = {"detect": head("scores", thresholds={"dot": 0.5, "patch": 0.5} | thresholds)}
    one = specialist(make_finder(outputs=outputs, detect=detect))
    shown = [film(patch=PATCH, dot=DOT)]
    assert {found.label for found in one.candidates(shown)[0]} == {"dot", "patch"}
    return one.predict(shown)[0]


def test_one_thing_has_one_name_the_most_probable(make_finder: MakePack) -> None:
    both = naming_once(make_finder, overlap=0.2)
    assert {found.label for found in both} == {"dot", "patch"}
    (named,) = naming_once(make_finder, overlap=0.05)
    assert named == both[0]


def test_a_name_that_may_not_be_stated_takes_no_others_place(make_finder: MakePack) -> None:
    likelier, other = naming_once(make_finder, overlap=0.2)
    (named,) = naming_once(make_finder, overlap=0.05, **{likelier.label: 0.9999})
    assert named == other


@pytest.mark.parametrize(
    ("thresholds", "image_thresholds", "min_score", "stated"),
    [
        ({"dot": 0.5, "patch": 0.5}, {}, 0.0, {("dot", True), ("patch", True)}),
        ({"dot": 0.5}, {}, 0.0, {("dot", True)}),  # a label without a threshold is never stated
        ({"dot": 0.999}, {}, 0.0, set()),
        ({"dot": 0.5}, {}, 0.999, set()),
        ({}, {"dot": 0.5}, 0.0, {("dot", False)}),
        ({"dot": 0.5}, {"dot": 0.5, "patch": 0.5}, 0.0, {("dot", True), ("patch", False)}),
        ({"dot": 0.999}, {"dot": 0.5}, 0.0, {("dot", False)}),  # no box of it is stated
    ],
)
def test_what_reaches_its_threshold_is_stated_and_a_box_says_more_than_none(
    make_finder: MakePack,
    thresholds: Mapping[str, float],
    image_thresholds: Mapping[str, float],
    min_score: float,
    stated: set[tuple[str, bool]],
) -> None:
    outputs = {
        "detect": head("scores", thresholds=thresholds),
        "classify": head("image", thresholds=image_thresholds),
    }
    one = specialist(make_finder(outputs=outputs, gate=Gate(min_score=min_score)))
    picture = film(patch=PATCH, dot=DOT)
    found = one.predict([picture])[0]
    assert {(each.label, each.box is not None) for each in found} == stated
    assert [each.probability for each in found] == sorted((each.probability for each in found), reverse=True)
    seen = one.candidates([picture])[0]
    assert {(each.label, each.box is not None) for each in seen} == {
        *((label, True) for label in thresholds),
        *((label, False) for label in image_thresholds),
    }
    assert set(found) <= set(seen)


def looking_closer(make_finder: MakePack, **changes: Any) -> Specialist:
    closer = Closer(sites={"patch": ("dot",)}, context=1.6, threshold=0.5, long_side=1200)
    outputs = {"detect": head("scores", thresholds={"dot": 0.5})}
    return specialist(make_finder(outputs=outputs, detect=replace(PLACES, closer=replace(closer, **changes))))


SMALL = Box(x=440, y=260, width=36, height=30)  # 0.2 % of the film: too few pixels to be its white


def test_a_closer_look_finds_what_the_whole_film_does_not_show(make_finder: MakePack) -> None:
    picture = film(patch=PATCH, dot=SMALL)
    unaided = by_label(specialist(make_finder()).predict([picture])[0])["dot"]
    assert far(unaided, SMALL) > 30  # the grey patch itself became white
    found = by_label(looking_closer(make_finder).predict([picture])[0])
    assert found.keys() == {"dot"}  # a site is never stated
    assert far(found["dot"], SMALL) < 1.0


def test_what_is_looked_for_everywhere_is_found_without_its_site_too(make_finder: MakePack) -> None:
    everywhere = looking_closer(make_finder, everywhere=("dot",), threshold=0.999)
    picture = film(patch=None, dot=DOT)
    assert far(by_label(everywhere.predict([picture])[0])["dot"], DOT) < 3.0
    assert looking_closer(make_finder, threshold=0.999).predict([picture]) == [()]
    assert shows(everywhere.heat(picture, "dot"), DOT)[0] > 0.9  # no closer look was there


def test_the_square_looked_at_may_reach_beyond_the_film(make_finder: MakePack) -> None:
    corner, dot = Box(x=0, y=0, width=260, height=220), Box(x=20, y=10, width=40, height=40)
    found = by_label(looking_closer(make_finder).predict([film(patch=corner, dot=dot)])[0])
    assert far(found["dot"], dot) < 1.5


def test_where_no_site_is_found_nothing_of_it_is_stated(make_finder: MakePack) -> None:
    assert looking_closer(make_finder, threshold=0.999).predict([film(patch=PATCH, dot=SMALL)]) == [()]


def test_only_a_pack_that_looks_closer_needs_the_film_that_large(make_finder: MakePack) -> None:
    assert specialist(make_finder()).need.long_side == 384
    assert looking_closer(make_finder).need.long_side == 1200
    assert specialist(make_finder()).need.accepts is Accepts.RADIOGRAPH


def shows(heat: NDArray[np.float32], box: Box) -> tuple[float, float]:
    """Mean heat well inside the box and well outside it."""
    inside, margin = np.zeros(heat.shape, np.uint8), 24
    inside[int(box.y) : int(box.y + box.height), int(box.x) : int(box.x + box.width)] = 1
    core = cv2.erode(inside, np.ones((margin, margin), np.uint8)) > 0
    around = cv2.dilate(inside, np.ones((margin, margin), np.uint8)) == 0
    return float(heat[core].mean()), float(heat[around].mean())


def test_heat_lies_on_the_film_where_the_label_is(make_finder: MakePack) -> None:
    picture = film(patch=None, dot=Box(x=480, y=90, width=160, height=120))
    heat = specialist(make_finder()).heat(picture, "dot")
    assert heat.shape == picture.image.shape and heat.dtype == np.float32
    inside, outside = shows(heat, Box(x=480, y=90, width=160, height=120))
    assert inside > 0.99 and outside < 0.01


def test_heat_of_what_is_looked_at_closer_comes_from_the_closer_look(make_finder: MakePack) -> None:
    dot = Box(x=400, y=240, width=60, height=60)
    heat = looking_closer(make_finder).heat(film(patch=PATCH, dot=dot), "dot")
    assert shows(heat, dot)[0] > 0.99
    assert shows(heat, dot)[1] < 0.01
    assert heat[:20].max() == 0.0  # nobody looked there


def test_a_pack_without_heat_says_so(make_finder: MakePack) -> None:
    picture = film(patch=PATCH, dot=DOT)
    with pytest.raises(HeatAbsent, match="finder@1 shows no heat for 'lens'"):
        specialist(make_finder()).heat(picture, "lens")
    with pytest.raises(HeatAbsent, match="finder@1 shows no heat for 'dot'"):
        specialist(make_finder(detect=replace(PLACES, heat=None))).heat(picture, "dot")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"detect": replace(PLACES, boxes="image")}, "not (places, labels) and (places, 4)"),
        ({"detect": replace(PLACES, boxes="corners")}, "no tensor 'corners'"),
        ({"detect": replace(PLACES, heat="image")}, "not (rows, columns, 3)"),
        (
            {
                "outputs": {"detect": head("scores", labels=("dot", "patch"))},
                "detect": replace(PLACES, heat=None),
            },
            "the head 'detect' has 2 labels, but the network gives 3 values",
        ),
    ],
)
def test_a_network_that_does_not_fit_its_manifest_stops_the_start(
    make_finder: MakePack, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(PackError) as refused:
        specialist(make_finder(**changes))
    assert sentence in str(refused.value)


def test_packs_joined_by_a_rule_answer_together(make_finder: MakePack) -> None:
    sure = make_finder(name="sure")
    halved = head("scores", temperature=(2.0,), thresholds={"dot": 0.3, "patch": 0.999})
    doubting = make_finder(name="doubting", outputs={"detect": halved})
    shadow = make_finder(name="doubting", version="0", mode=Mode.SHADOW)
    models = Models(choose([sure, doubting, shadow], active={}), threads=1)
    picture = film(patch=PATCH, dot=DOT)
    alone = {name: by_label(models.findings(name, [picture])[0][:2]) for name in ("sure",)}
    (found,) = models.findings("sure+doubting", [picture])
    answer = [one for one in found if one.mode is Mode.ACTIVE]
    assert {one.model for one in answer} == {models.answers("sure+doubting")}
    assert str(answer[0].model) == "sure+doubting@1+1"
    dot = by_label(tuple(answer))["dot"]
    members = {str(one.model): one for one in found if one.mode is Mode.MEMBER and one.label == "dot"}
    assert dot.probability == pytest.approx(np.mean([one.probability for one in members.values()]))
    assert dot.threshold == pytest.approx(0.4)
    assert members["sure@1"] == replace(alone["sure"]["dot"], mode=Mode.MEMBER)
    assert {str(one.model) for one in found if one.mode is Mode.SHADOW} == {"doubting@0"}
    assert [str(ref) for ref in models.ran("sure+doubting")] == [
        "sure+doubting@1+1",
        "sure@1",
        "doubting@1",
        "doubting@0",
    ]
    heats = [models.heat(name, picture, "dot") for name in ("sure", "doubting", "sure+doubting")]
    assert np.allclose((heats[0] + heats[1]) / 2, heats[2], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "can"),
    [("sure", True), ("sure+other", True), ("sure+lung", False), ("lung", False), ("ct", True)],
)
def test_a_name_can_be_asked_when_all_its_packs_are_there(
    make_finder: MakePack, name: str, can: bool
) -> None:
    packs = [make_finder(name=each) for each in ("sure", "other")]
    slices = replace(packs[0].manifest.input, accepts=Accepts.CT, window=(-600.0, 1500.0))
    models = Models(choose([*packs, make_finder(name="ct", input=slices)], active={}), threads=1)
    assert models.runs(name) is can
    if not can:
        with pytest.raises(ModelAbsent, match="no model pack 'lung' is installed"):
            models.need(name)


def test_packs_that_read_a_film_differently_cannot_be_asked_together(make_finder: MakePack) -> None:
    plain = make_finder(name="plain")
    slices = replace(plain.manifest.input, accepts=Accepts.CT, window=(-600.0, 1500.0))
    models = Models(choose([plain, make_finder(name="ct", input=slices)], active={}), threads=1)
    assert not models.runs("plain+ct")
    assert models.need("ct").window == (-600.0, 1500.0)
    with pytest.raises(ModelAbsent, match="together: they are for different kinds of objects"):
        models.findings("plain+ct", [])
    shadow = make_finder(name="plain", version="2", input=slices, mode=Mode.SHADOW)
    with pytest.raises(PackError, match="plain@1 and plain@2 cannot run beside each other"):
        Models(choose([plain, shadow], active={}), threads=1)
