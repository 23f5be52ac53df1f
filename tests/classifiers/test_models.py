"""All packs of a process: one answers per name, shadows run beside it, and what is absent is said to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.film import Film
from classifiers.manifest import Gate, Manifest, Task
from classifiers.models import Models
from classifiers.packs import Pack, choose, find_packs
from router.errors import ModelAbsent, PackError
from router.types import Mode

MakePack = Callable[..., Pack]
MakeSpecialist = Callable[..., Pack]


@pytest.fixture
def films() -> list[Film]:
    random = np.random.default_rng(2)
    images = [random.random((30, 20), np.float32) for _ in range(3)]
    return [Film(image=i, stored_rows=30, stored_columns=20, scale=(1.0, 1.0)) for i in images]


@pytest.fixture
def make_specialist(make_pack: MakePack, tiny_manifest: Manifest) -> MakeSpecialist:
    """A ``classify`` pack that states each of its labels from a threshold of 0 on."""
    labels = ("galeazzi", "monteggia", "none")
    output = replace(
        tiny_manifest.outputs["view"],
        labels=labels,
        thresholds={"galeazzi": 0.0, "monteggia": 0.0, "none": 0.0},
    )

    def make(**changes: object) -> Pack:
        fields = {"name": "fracture", "task": Task.CLASSIFY, "outputs": {"classify": output}, "gate": Gate()}
        return make_pack(**(fields | changes))

    return make


def models(*packs: Pack, active: dict[str, str] | None = None, shadow: tuple[str, ...] = ()) -> Models:
    return Models(choose(packs, active=active or {}, shadow=shadow), threads=1)


def test_the_active_view_comes_first_then_the_shadows(make_pack: MakePack, films: list[Film]) -> None:
    found = models(make_pack(version="2", mode=Mode.SHADOW), make_pack(version="1")).views(films)
    assert [[(p.model.version, p.mode) for p in per_film] for per_film in found] == [
        [("1", Mode.ACTIVE), ("2", Mode.SHADOW)]
    ] * 3


def test_a_shadow_never_stands_in_for_an_active_view(make_pack: MakePack, films: list[Film]) -> None:
    alone = models(make_pack(mode=Mode.SHADOW))
    assert alone.views(films) == [[], [], []]
    assert alone.view is None


def test_without_packs_there_are_no_views_and_no_specialists(films: list[Film]) -> None:
    empty = models()
    assert empty.views(films) == [[], [], []]
    assert empty.installed == {}
    with pytest.raises(ModelAbsent, match="no model pack 'lung' is installed"):
        empty.findings("lung", films)


def test_no_films_no_answers(make_pack: MakePack, make_specialist: MakeSpecialist) -> None:
    both = models(make_pack(), make_specialist())
    assert both.views([]) == []
    assert both.findings("fracture", []) == []


def test_a_specialist_states_findings_without_a_box(
    make_specialist: MakeSpecialist, films: list[Film]
) -> None:
    pack = make_specialist()
    one = models(pack)
    assert one.installed == {"fracture": pack.ref}
    found = one.findings("fracture", films)
    assert [len(per_film) for per_film in found] == [1, 1, 1]
    assert all(finding.model == pack.ref and finding.box is None for (finding,) in found)


def test_a_specialists_shadow_is_kept_apart(make_specialist: MakeSpecialist, films: list[Film]) -> None:
    both = models(make_specialist(version="1"), make_specialist(version="2"), shadow=("fracture@2",))
    assert both.installed["fracture"].version == "1"
    for per_film in both.findings("fracture", films):
        assert [(f.model.version, f.mode) for f in per_film] == [("1", Mode.ACTIVE), ("2", Mode.SHADOW)]


def test_a_gate_that_stays_shut_says_so_in_its_own_words_of_shadows_too(
    make_specialist: MakeSpecialist, films: list[Film]
) -> None:
    shut = Gate(margin=1.0, otherwise="image quality not good enough to be analysed")
    active, shadow = (
        make_specialist(version="1", gate=shut),
        make_specialist(version="2", gate=Gate(margin=1.0)),
    )
    for said in models(active, shadow, shadow=("fracture@2",)).said("fracture", films):
        assert said.findings == ()
        assert said.silent == {
            active.ref: "image quality not good enough to be analysed",
            shadow.ref: "no label leads the second by 100%",
        }


def test_in_an_ensemble_a_member_votes_only_if_its_gate_opens(
    make_specialist: MakeSpecialist, films: list[Film]
) -> None:
    shut = Gate(margin=1.0, otherwise="image quality not good enough to be analysed")
    both = models(make_specialist(name="open"), make_specialist(name="shut", gate=shut))
    alone = both.findings("open", films)
    for said, (own,) in zip(both.said("open+shut", films), alone, strict=True):
        answer = next(one for one in said.findings if one.mode is Mode.ACTIVE)
        assert (answer.label, answer.probability) == (own.label, pytest.approx(own.probability))
        assert answer.model == both.answers("open+shut")
        assert {one.model.name for one in said.findings if one.mode is Mode.MEMBER} == {"open"}
        assert {str(model): words for model, words in said.silent.items()} == {"shut@1": shut.otherwise}


def test_an_ensemble_of_shut_gates_says_so_in_their_words(
    make_specialist: MakeSpecialist, films: list[Film]
) -> None:
    shut = Gate(margin=1.0, otherwise="image quality not good enough to be analysed")
    both = models(make_specialist(name="one", gate=shut), make_specialist(name="two", gate=shut))
    for said in both.said("one+two", films):
        assert said.findings == ()
        assert {str(model): words for model, words in said.silent.items()} == dict.fromkeys(
            ("one+two@1+1", "one@1", "two@1"), shut.otherwise
        )


def test_a_gate_that_opens_is_no_reason_to_be_silent(
    make_specialist: MakeSpecialist, films: list[Film]
) -> None:
    assert [said.silent for said in models(make_specialist()).said("fracture", films)] == [{}, {}, {}]


def test_a_specialist_in_shadow_alone_is_looked_at_and_never_answers(
    make_specialist: MakeSpecialist, films: list[Film]
) -> None:
    alone = models(make_specialist(mode=Mode.SHADOW))
    assert (alone.installed, alone.runs("fracture")) == ({}, True)
    assert [model.name for model in alone.ran("fracture")] == ["fracture"]
    stated = [finding for found in alone.findings("fracture", films) for finding in found]
    assert stated and {finding.mode for finding in stated} == {Mode.SHADOW}
    assert not alone.runs("fracture+fracture_site")
    with pytest.raises(ModelAbsent):
        alone.answers("fracture")


def test_opening_reads_the_shipped_packs_and_the_folders(
    make_specialist: MakeSpecialist, tmp_path: Path
) -> None:
    make_specialist(version="9")
    opened = Models.open([tmp_path / "packs"], threads=1)
    assert opened.installed["fracture"].version == "9"
    shipped = find_packs([Path(__file__).parents[2] / "classifiers" / "packs"])
    assert {str(pack.ref) for pack in opened.packs} <= {"fracture@9", *(str(pack.ref) for pack in shipped)}


def test_a_changed_pack_stops_the_start(make_specialist: MakeSpecialist, tmp_path: Path) -> None:
    (make_specialist().weights / "fingerprint.pb").write_bytes(b"")
    with pytest.raises(PackError, match=r"^pack fracture/1: the weights were changed"):
        Models.open([tmp_path / "packs"])
