"""The rules over REST: what is in force, why a film is decided as it is, and what a draft would change."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from router.errors import AnalysisCrashed, OutOfResources
from router.rules import decide
from service.explainer import Explained

API = "/api/v1"
DRAFT = """
[[rule]]
name = "everything"
when = { modality = ["DX"] }
analyse = ["fracture"]
"""


def test_the_rules_in_force_and_why_a_newer_text_is_not(house) -> None:
    client = house.client()
    first = client.get(f"{API}/rules")
    assert first.json()["version"] == hashlib.sha256(first.json()["text"].encode()).hexdigest()
    assert (first.json()["names"], first.json()["is_current"]) == (["chest films", "hands"], True)
    house.rules.problem = 'rule "hands": there is no view "hnad"'
    second = client.get(f"{API}/rules", headers={"If-None-Match": first.headers["etag"]})
    assert second.status_code == 200
    assert (second.json()["is_current"], second.json()["problem"]) == (False, house.rules.problem)


def test_a_stored_film_is_explained_condition_by_condition_as_it_was_decided(house) -> None:
    uid = house.receive(1)
    house.analyse()
    body = house.client().post(f"{API}/rules/explain", data={"sop_instance_uid": uid}).json()
    assert (body["source"], body["is_draft"], body["view"]["view"]) == ("stored", False, "chest_pa_ap")
    chest, hands, _ = body["decision"]["outcomes"]
    assert [condition["word"] for condition in chest["conditions"]] == ["view", "min_score"]
    assert (chest["matched"], hands["matched"]) == (True, False)
    assert hands["conditions"][0]["found"] == ["chest_pa_ap"]
    stored = house.queries.instance(uid)
    assert body["decision"]["analyse"] == list(stored.decision.analyse)
    assert body["decision"]["rules_version"] == stored.decision.rules_version


def test_a_draft_decides_without_being_in_force(house) -> None:
    uid = house.receive(1)
    house.analyse()
    before = house.rules.current
    body = house.client().post(f"{API}/rules/explain", data={"sop_instance_uid": uid, "draft": DRAFT}).json()
    assert (body["is_draft"], body["decision"]["analyse"]) == (True, ["fracture"])
    assert house.rules.current is before


def test_an_uploaded_film_is_explained_and_not_kept(house) -> None:
    house.receive(1)
    film = next(house.storage.rglob("*.dcm"))
    files = {"file": ("a.dcm", film.read_bytes())}
    body = house.client().post(f"{API}/rules/explain", files=files).json()
    assert (body["source"], body["decision"]["matched"]) == ("uploaded", ["chest films"])
    facts = house.facts(film)
    assert body["decision"]["analyse"] == list(decide(house.rules.current, facts).analyse)
    uploaded = house.uploads[0]
    assert not uploaded.exists()
    assert not uploaded.parent.exists()


def test_what_is_not_dicom_is_refused_and_not_kept(house) -> None:
    answer = house.client().post(f"{API}/rules/explain", files={"file": ("a.dcm", b"hello" * 100)})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:radrouter:problem:not-dicom")
    assert not house.uploads[0].parent.exists()


BROKEN = [
    ({}, "send either a file or a sop_instance_uid"),
    ({"sop_instance_uid": "1.2", "draft": "[[rule"}, "rules-not-valid"),
    ({"sop_instance_uid": "1.2", "draft": '[[rule]]\nname="x"\nwhen={view=["nose"]}\nanalyse=[]'}, "nose"),
    ({"sop_instance_uid": "not a uid"}, "sop_instance_uid"),
]


def test_a_question_that_is_not_one_is_refused_in_words(house) -> None:
    client = house.client()
    for data, word in BROKEN:
        answer = client.post(f"{API}/rules/explain", data=data)
        assert answer.status_code == 422, data
        assert word in answer.text


def test_a_film_that_is_not_there_cannot_be_explained(house) -> None:
    assert house.client().post(f"{API}/rules/explain", data={"sop_instance_uid": "1.2"}).status_code == 404


def test_an_upload_beyond_the_limit_is_cut_off(house) -> None:
    client = house.client(largest_upload=5000)
    answer = client.post(f"{API}/rules/explain", files={"file": ("a.dcm", b"x" * 6000)})
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:radrouter:problem:too-large")

    def unannounced():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(100):
            yield b"x" * 100

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post(f"{API}/rules/explain", content=unannounced(), headers=headers)
    assert answer.status_code == 413
    assert house.uploads == []


@pytest.mark.parametrize("error", [OutOfResources("busy"), AnalysisCrashed("dead")])
def test_an_analysis_that_cannot_be_had_is_not_an_answer(
    house, error: Exception, raising: Callable[[Exception], Callable[[Path], None]]
) -> None:
    client = house.client(analyse=raising(error))
    answer = client.post(f"{API}/rules/explain", files={"file": ("a.dcm", b"x")})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:radrouter:problem:not-now")


def test_a_replay_is_the_difference_a_draft_would_have_made(house) -> None:
    uid = house.receive(1)
    house.analyse()
    house.receive(2, modality="CR")
    house.analyse("hand_ap")
    body = house.client().post(f"{API}/rules/replay", json={"draft": DRAFT, "days": 1}).json()
    assert (body["films"], body["changed"]) == (2, 2)
    change = next(one for one in body["changes"] if one["sop_instance_uid"] == uid)
    assert (change["analyse_gained"], change["analyse_lost"]) == (["fracture"], ["lung"])
    assert {"rule": "everything", "before": 0, "after": 1} in body["rules"]
    assert {"rule": "hands", "before": 1, "after": 0} in body["rules"]


def test_the_rules_in_force_as_a_draft_change_nothing(house) -> None:
    house.receive(1)
    house.analyse()
    asked = {"draft": house.rules.current.sources, "days": 366, "limit": 0}
    body = house.client().post(f"{API}/rules/replay", json=asked).json()
    assert (body["films"], body["changed"], body["changes"]) == (1, 0, [])


@pytest.mark.parametrize("body", [{"draft": DRAFT, "days": 0}, {"days": 3}, {"draft": "x", "days": 1}, []])
def test_a_replay_that_cannot_be_is_refused(house, body: object) -> None:
    assert house.client().post(f"{API}/rules/replay", json=body).status_code == 422


def test_why_there_is_no_view_is_said(house) -> None:
    house.receive(1)
    film = next(house.storage.rglob("*.dcm")).read_bytes()

    def undecodable(path: Path) -> Explained:
        facts = dataclasses.replace(house.facts(path), view=None)
        return Explained(facts=facts, no_view_reason="OpenJPEG: cut off", undecodable=True)

    client = house.client(analyse=undecodable)
    body = client.post(f"{API}/rules/explain", files={"file": ("a.dcm", film)}).json()
    assert (body["view"], body["no_view_reason"]) == (None, "OpenJPEG: cut off")
