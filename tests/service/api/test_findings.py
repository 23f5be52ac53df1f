"""Findings over REST: what counts, what is only kept beside it, and where a name may be looked up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from router.types import Finding, Mode, ModelRef
from service.api.reference_links import reference_links

SECOND = ModelRef(name="lung_site", version="3", sha256="d" * 64)
MASS = Finding(label="mass", score=0.3, probability=0.4, threshold=0.5, model=SECOND, mode=Mode.MEMBER)
BESIDE = (MASS, replace(MASS, label="effusion", probability=0.8, mode=Mode.SHADOW))


@pytest.fixture
def film(house: Any) -> str:
    """The UID of a film with a finding that counts, one of a member and one of a shadow."""
    uid = house.receive(1)
    house.analyse(finding=True, beside=BESIDE)
    return str(uid)


def test_only_what_counts_is_among_the_findings(house: Any, film: str) -> None:
    body = house.client().get(f"/api/v1/instances/{film}").json()
    (counts,), (shadow,), (member,) = (
        body[name] for name in ("findings", "shadow_findings", "member_findings")
    )
    assert (counts["label"], counts["score"], counts["probability"], counts["threshold"], counts["mode"]) == (
        "nodule",
        0.8,
        0.9,
        0.5,
        "active",
    )
    assert counts["model"] == {"name": "lung", "version": "1", "sha256": "c" * 64}
    assert (shadow["label"], shadow["mode"]) == ("effusion", "shadow")
    assert (member["label"], member["mode"], member["probability"]) == ("mass", "member", 0.4)


def test_a_study_and_an_explanation_tell_them_apart_too(house: Any, film: str) -> None:
    client = house.client()
    study = client.get(f"/api/v1/instances/{film}").json()["instance"]["study_instance_uid"]
    of_study = client.get(f"/api/v1/studies/{study}").json()["films"][0]
    explained = client.post("/api/v1/rules/explain", data={"sop_instance_uid": film}).json()
    for body in (of_study, explained):
        labels = [[one["label"] for one in body[f"{kind}findings"]] for kind in ("", "shadow_", "member_")]
        assert labels == [["nodule"], ["effusion"], ["mass"]]


def test_links_come_from_the_label_alone_and_can_be_switched_off(house: Any, film: str) -> None:
    path = f"/api/v1/instances/{film}"
    linked = house.client().get(path)
    (finding,) = linked.json()["findings"]
    assert [link["name"] for link in finding["reference_links"]] == ["Pictures", "Radiopaedia"]
    assert finding["reference_links"] == [
        {"name": link.name, "url": link.url} for link in reference_links("nodule")
    ]
    silent = house.client(settings=house.settings(reference_links=False)).get(path)
    assert silent.json()["findings"][0]["reference_links"] == []
    assert linked.headers["ETag"] != silent.headers["ETag"]


# label | what is searched for
LABELS = [
    ("os_trigonum", "os trigonum"),
    ("Effusion", "Effusion"),
    ("a&b=c#d/../e", "a&b=c#d/../e"),
    ("Knochenbrüche  links", "Knochenbrüche links"),
    ("x" * 300, "x" * 80),
    ("\ud800a", "?a"),
]


@pytest.mark.parametrize(("label", "name"), LABELS)
def test_a_label_reaches_the_search_whole_and_nothing_else_does(label: str, name: str) -> None:
    pictures, articles = (urlsplit(link.url) for link in reference_links(label))
    assert (pictures.scheme, pictures.netloc, pictures.path) == ("https", "duckduckgo.com", "/")
    assert parse_qs(pictures.query)["q"] == [f"{name} x-ray"]
    assert (articles.scheme, articles.netloc, articles.path) == ("https", "radiopaedia.org", "/search")
    assert parse_qs(articles.query) == {"q": [name], "scope": ["articles"]}
    assert pictures.fragment == articles.fragment == ""


@pytest.mark.parametrize("label", ["", "_", " - "])
def test_a_label_without_a_word_has_no_links(label: str) -> None:
    assert reference_links(label) == ()
