"""A pack's baseline: made from answers, written into pack.toml, read back strictly; the digest stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from classifiers.baseline import baseline_of, baseline_of_findings
from classifiers.manifest import Baseline
from classifiers.packfile import parse
from classifiers.packs import Pack, add_baseline
from classifiers.packtext import render
from router.errors import PackError
from router.types import Candidate, Finding, ModelRef, ViewPrediction

MakePack = Callable[..., Pack]
BASELINE = Baseline(
    films=10,
    measured="ten films",
    score_edges=(0.5, 0.9),
    score_films=(1, 2, 7),
    stated={"chest_pa_ap": 6, "hand_ap": 3, "unsure": 1},
)
SAID = """
[baseline]
films = 10
measured = "ten films"
score_edges = [0.5, 0.9]
score_films = [1, 2, 7]
[baseline.stated]
chest_pa_ap = 6
hand_ap = 3
unsure = 1
"""


def said(view: str, score: float) -> ViewPrediction:
    return ViewPrediction(
        view=view,
        score=score,
        margin=score,
        candidates=(Candidate(label=view, score=score),),
        model=ModelRef(name="view", version="1", sha256="1" * 64),
    )


def test_it_is_made_from_answers() -> None:
    answers = [said("hand_ap", 0.95), said("hand_ap", 0.9), said("unsure", 0.3)]
    assert baseline_of(answers, measured="three films", edges=(0.5, 0.9)) == Baseline(
        films=3,
        measured="three films",
        score_edges=(0.5, 0.9),
        score_films=(1, 0, 2),
        stated={"hand_ap": 2, "unsure": 1},
    )
    assert sum(baseline_of(answers, measured="by default").score_films) == 3


@pytest.mark.parametrize(("films", "edges"), [(0, (0.5,)), (1, (0.9, 0.5)), (1, (0.0, 0.5)), (1, ())])
def test_without_films_or_with_odd_edges_there_is_none(films: int, edges: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="a baseline needs films"):
        baseline_of([said("hand_ap", 0.9)] * films, measured="none", edges=edges)


def test_a_pack_gets_one_and_keeps_its_digest(make_pack: MakePack) -> None:
    before = make_pack()
    assert before.manifest.baseline is None
    after = add_baseline(before.folder, BASELINE)
    assert after.manifest == replace(before.manifest, baseline=BASELINE)
    assert after.ref == before.ref
    assert add_baseline(before.folder, BASELINE).manifest == after.manifest


def test_it_reads_as_the_page_describes_it(make_pack: MakePack) -> None:
    text = render(make_pack().manifest) + SAID
    assert parse(text, "view/1").baseline == BASELINE


# what is written instead of what | what the error says
WRONG = [
    ("films = 10", "films = 11", "add up to films = 11"),
    ("[1, 2, 7]", "[1, 2, 6]", "add up to films = 10"),
    ("[1, 2, 7]", "[1, 9]", "not a list of 3 numbers"),
    ("[1, 2, 7]", "[-1, 4, 7]", "not a number of films"),
    ("[1, 2, 7]", "[0.5, 2.5, 7]", "not a number of films"),
    ("[0.5, 0.9]", "[0.9, 0.5]", "not ascending"),
    ("[0.5, 0.9]", "[0.5, 1.0]", "not ascending"),
    ("[0.5, 0.9]", "[]", "not a list of 1 to 100 numbers"),
    ("hand_ap = 3", "skull_ap = 3", "'skull_ap', which the pack cannot state"),
    ("hand_ap = 3", "hand_ap = -3", "hand_ap"),
    ('measured = "ten films"', 'measured = ""', "measured"),
    ("films = 10", "films = 10\nmood = 1", "no key 'mood'"),
]


@pytest.mark.parametrize(("old", "new", "reason"), WRONG)
def test_what_cannot_be_meant_is_refused(make_pack: MakePack, old: str, new: str, reason: str) -> None:
    text = render(make_pack().manifest) + SAID.replace(old, new, 1)
    with pytest.raises(PackError, match=reason) as refused:
        parse(text, "view/1")
    assert str(refused.value).startswith("pack view/1: [baseline")


def found(label: str, probability: float) -> Finding:
    model = ModelRef(name="finder", version="1", sha256="1" * 64)
    return Finding(label=label, score=0.5, probability=probability, threshold=0.5, model=model)


def test_a_specialists_film_counts_for_its_best_finding_or_for_none() -> None:
    films = [[found("dot", 0.6), found("patch", 0.95)], [], [found("dot", 0.7)], []]
    assert baseline_of_findings(films, measured="four films", edges=(0.5, 0.9)) == Baseline(
        films=4,
        measured="four films",
        score_edges=(0.5, 0.9),
        score_films=(0, 1, 1),
        stated={"dot": 1, "none": 2, "patch": 1},
    )


def test_the_baseline_of_a_pack_that_draws_boxes_is_read_back(make_finder: MakePack) -> None:
    pack = make_finder()
    baseline = baseline_of_findings([[found("dot", 0.7)], []], measured="two films")
    again = add_baseline(pack.folder, baseline)
    assert again.manifest.baseline == baseline
    assert again.ref == pack.ref
    with pytest.raises(PackError, match="names 'never', which the pack cannot state"):
        add_baseline(pack.folder, baseline_of_findings([[found("never", 0.7)]], measured="one film"))
