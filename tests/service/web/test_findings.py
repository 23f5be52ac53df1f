"""A film's findings on its page: what counts, what stands beside it, where to look a name up, a heat map."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from router.types import Finding, Mode, ModelRef
from service.api.out_models import DetectOut, GateOut, HeadOut, ModelOut

STUDY = "1.2.826.0.1.3680043.8.498.1.1"
LUNG = ModelRef(name="lung", version="1", sha256="c" * 64)
SITE = ModelRef(name="lung_site", version="3", sha256="d" * 64)
MASS = Finding(label="mass", score=0.3, probability=0.4, threshold=0.5, model=SITE, mode=Mode.MEMBER)


def detector(ref: ModelRef = LUNG, *, heat: bool = True) -> ModelOut:
    head = HeadOut(labels=("nodule",), classes="independent", thresholds={"nodule": 0.5})
    return ModelOut(
        name=ref.name,
        version=ref.version,
        sha256=ref.sha256,
        task="detect",
        mode="active",
        runtime="openvino",
        licence="CC0-1.0",
        training_data="none",
        heads={"detect": head},
        gate=GateOut(margin=0.0, min_score=0.0),
        metrics={},
        card="",
        detect=DetectOut(overlap=0.4, most=3, sites={"hilum": ("nodule",)}, heat=heat),
    )


@pytest.fixture
def film(house) -> str:
    """A film with a finding that counts, a member's and a shadow's."""
    uid = house.receive(10)
    shadow = replace(MASS, label="effusion", probability=0.8, mode=Mode.SHADOW)
    house.analyse("chest_pa_ap", finding=True, beside=(MASS, shadow))
    return str(uid)


def test_what_counts_is_listed_and_the_rest_apart_from_it(film: str, open_pages) -> None:
    page = open_pages(models=(detector(),)).person("reader")
    words = page.text(f"/studies/{STUDY}")
    listed, beside = words.split("Beside the answer")
    assert "nodule 90% (lung@1, from 50% on, with a box)" in listed
    assert "mass" not in listed and "effusion" not in listed
    assert "Members of the ensemble mass 40% (lung_site@3, from 50% on; not reached)" in beside
    assert "In shadow effusion 80% (lung_site@3, from 50% on)" in beside
    assert film in page.get(f"/studies/{STUDY}").text


@pytest.mark.usefixtures("film")
def test_a_name_is_looked_up_in_a_tab_that_learns_nothing(open_pages) -> None:
    text = open_pages().person("reader").get(f"/studies/{STUDY}").text
    links = re.findall(r'<a href="(https://[^"]+)"([^>]*)>', text)
    assert [html.unescape(address) for address, _ in links] == [
        "https://duckduckgo.com/?q=nodule+x-ray&iax=images&ia=images",
        "https://radiopaedia.org/search?q=nodule&scope=articles",
    ]
    assert {said.strip() for _, said in links} == {'target="_blank" rel="noopener noreferrer"'}


@pytest.mark.usefixtures("film")
def test_links_can_be_switched_off(house, open_pages) -> None:
    text = (
        open_pages(settings=house.settings(reference_links=False)).person("reader").get(f"/studies/{STUDY}")
    )
    assert "nodule" in text.text and "https://" not in text.text


# the models here | what the page offers
HEAT = [
    ((detector(),), "Heat map of nodule"),
    ((detector(heat=False),), None),
    ((), "No heat map: no model lung is active here."),
    (
        (detector(replace(LUNG, version="2", sha256="e" * 64)),),
        "No heat map: lung@1 looked at this film, and lung@2 is installed now: let it be analysed again.",
    ),
]


@pytest.mark.parametrize(("models", "said"), HEAT)
def test_a_heat_map_is_offered_where_there_is_one_and_missed_in_words(
    film: str, open_pages, models: tuple[ModelOut, ...], said: str | None
) -> None:
    page = open_pages(models=models).person("reader")
    words = page.text(f"/studies/{STUDY}")
    assert said in words if said else "eat map" not in words.replace("the next heat map", "")
    offered = re.findall(r'data-heat="([^"]+)"', page.get(f"/studies/{STUDY}").text)
    address = f"/films/{film}/heatmap/lung.png?label=nodule&amp;long_side=1024"
    assert offered == ([address] if said == "Heat map of nodule" else [])


def test_the_heat_map_s_address_answers_whoever_is_signed_in(film: str, house, open_pages) -> None:
    pages = open_pages(models=(detector(),))
    address = f"/films/{film}/heatmap/lung.png?label=nodule&long_side=1024"
    answer = pages.person("reader").get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert house.heat_jobs[0].label == "nodule"
    assert pages.nobody().get(address).status_code in (303, 401)


def test_a_pack_that_draws_boxes_says_how(house, open_pages) -> None:  # noqa: ARG001
    words = open_pages(models=(detector(),)).person("reader").text("/models/lung/1")
    for said in (
        "nodule 0.50",
        "Boxes of a label on a film at most 3",
        "Overlap from which two boxes are one 0.40",
        "Looked at closer hilum: nodule",
        "Heat map it can show where it looked",
    ):
        assert said in words, said
