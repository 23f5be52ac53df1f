"""What a reader gets: lists with filters and pages, one study, one film, its audit, its picture."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import cv2
import numpy as np

from db.read import AuditEntry
from router.types import Event, ModelRef
from service.api.out_instances import audit_entry_out

ROOT = "1.2.826.0.1.3680043.8.498"
API = "/api/v1"


def test_a_study_comes_with_its_films_and_every_reason(house) -> None:
    house.receive(11)
    house.receive(12)
    house.analyse(finding=True)
    house.receive(13)
    body = house.client().get(f"{API}/studies/{ROOT}.1.1").json()
    assert body["study"]["states"] == {"received": 1, "processing": 0, "done": 2, "failed": 0}
    assert body["study"]["views"] == ["chest_pa_ap"]
    first, _, waiting = body["films"]
    assert first["instance"]["sop_instance_uid"] == f"{ROOT}.3.11"
    assert first["view"]["view"] == "chest_pa_ap"
    assert (first["view"]["score"], first["view"]["margin"]) == (0.97, 0.94)
    assert first["view"]["leading"] == {"label": "chest_pa_ap", "score": 0.97}
    assert first["view"]["runners_up"] == [{"label": "chest_lateral", "score": 0.03}]
    assert first["view"]["model"]["version"] == "1"
    assert first["view"]["codes"]["anatomic_region"]["code_meaning"] == "Chest"
    assert first["findings"][0]["box"] == {"x": 8.0, "y": 8.0, "width": 16.0, "height": 8.0}
    assert first["decision"]["matched"] == ["chest films"]
    assert first["decision"]["outcomes"][1]["conditions"][0]["holds"] is False
    assert first["shadow_views"][0]["mode"] == "shadow"
    assert (waiting["state"], waiting["view"], waiting["decision"]) == ("received", None, None)


def test_a_film_says_what_the_header_says_and_what_is_missing(house) -> None:
    uid = house.receive(1)
    house.analyse()
    body = house.client().get(f"{API}/instances/{uid}").json()
    assert body["attributes"] == {"KVP": ["70"]}
    assert body["instance"]["patient_id"] == "4711"
    assert body["arrival"]["calling_ae_title"] == "XRAY1"
    assert body["models_absent"] == ["lung"]
    assert [model["name"] for model in body["models_run"]] == ["view"]


def test_a_film_says_why_a_model_stated_nothing(house) -> None:
    uid = house.receive(1)
    eye = ModelRef(name="eye", version="1", sha256="5" * 64)
    house.analyse(silent={eye: "image quality not good enough to be analysed"})
    expected = [
        {
            "model": {"name": "eye", "version": "1", "sha256": "5" * 64},
            "reason": "image quality not good enough to be analysed",
        }
    ]
    client = house.client()
    assert client.get(f"{API}/instances/{uid}").json()["models_silent"] == expected
    explained = client.post(f"{API}/rules/explain", data={"sop_instance_uid": uid}).json()
    assert explained["models_silent"] == expected


def test_text_that_no_json_can_hold_is_shown_as_far_as_it_goes(house) -> None:
    uid = house.receive(1, patient_name="Doe\udce4", attributes={"StationName": ("a\udce4",)})
    answer = house.client().get(f"{API}/instances/{uid}")
    assert answer.status_code == 200
    assert answer.json()["attributes"] == {"StationName": ["a?"]}


def test_an_audit_entry_that_no_json_can_hold_is_shown_as_far_as_it_goes() -> None:
    detail = {"paths": ["/import/\udce4.dcm"], "from": {"address": "\udce4"}, "attempt": 1}
    entry = AuditEntry(id=1, sop_instance_uid="1.2", event=Event.FAILED, at=datetime.now(UTC), detail=detail)
    shown = json.loads(audit_entry_out(entry).model_dump_json())["detail"]
    assert shown == {"paths": ["/import/?.dcm"], "from": {"address": "?"}, "attempt": 1}


def test_the_audit_tells_the_story_in_order(house) -> None:
    uid = house.receive(1)
    house.analyse()
    audit = house.client().get(f"{API}/instances/{uid}/audit").json()["audit"]
    assert [entry["event"] for entry in audit] == [
        "received",
        "claimed",
        "predicted",
        "routed",
        "analysed",
        "done",
    ]
    assert [entry["id"] for entry in audit] == sorted(entry["id"] for entry in audit)
    assert "Doe" not in str(audit)


def test_pages_follow_each_other_without_gap_or_repetition(house) -> None:
    for number in range(25):
        house.receive(number)
    client = house.client()
    seen, path = [], f"{API}/instances?limit=10&modality=DX"
    while path:
        body = client.get(path).json()
        seen += [item["sop_instance_uid"] for item in body["instances"]]
        path = body["next"]
    assert len(seen) == 25
    assert len(set(seen)) == 25


def test_the_next_link_keeps_the_filters(house) -> None:
    for number in range(3):
        house.receive(number * 10)
    link = house.client().get(f"{API}/studies?limit=1&patient_id=4711&cursor=").json()
    assert link["status"] == 422
    link = house.client().get(f"{API}/studies?limit=1&patient_id=4711").json()["next"]
    assert link.startswith(f"{API}/studies?limit=1&patient_id=4711&cursor=")


FILTERS = [
    ("modality=DX", 2),
    ("modality=CR", 0),
    ("patient_id=4711", 2),
    ("accession_number=A100", 2),
    ("view=chest_pa_ap", 1),
    ("view=hand_ap", 0),
    ("state=done", 1),
    ("state=received", 1),
    ("study_date_from=2026-01-02&study_date_to=2026-01-02", 2),
    ("study_date_to=2026-01-01", 0),
    ("body_part_examined=CHEST", 1),
    ("calling_ae_title=XRAY1", 2),
    ("received_since=2026-01-01T00:00:00Z", 2),
    ("received_until=2026-01-01T00:00:00Z", 0),
    ("state=done&view=chest_pa_ap&modality=DX", 1),
]


def test_filters_hold_for_films_and_studies_alike(house) -> None:
    house.receive(1)
    house.analyse()
    house.receive(20, body_part_examined="CHEST")
    client = house.client()
    for query, count in FILTERS:
        assert len(client.get(f"{API}/instances?{query}").json()["instances"]) == count, query
        assert len(client.get(f"{API}/studies?{query}").json()["studies"]) == count, query


def test_a_picture_is_windowed_sized_and_boxed(house) -> None:
    uid = house.receive(1)
    house.analyse(finding=True)
    client = house.client()
    plain = client.get(f"{API}/instances/{uid}/preview.png?long_side=32")
    assert (plain.status_code, plain.headers["content-type"]) == (200, "image/png")
    picture = cv2.imdecode(np.frombuffer(plain.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (32, 24)
    dark = client.get(f"{API}/instances/{uid}/preview.png?long_side=32&window_center=8000&window_width=10")
    assert cv2.imdecode(np.frombuffer(dark.content, np.uint8), cv2.IMREAD_UNCHANGED).max() == 0
    boxed = client.get(f"{API}/instances/{uid}/preview.png?boxes=true")
    assert cv2.imdecode(np.frombuffer(boxed.content, np.uint8), cv2.IMREAD_UNCHANGED).ndim == 3


def test_a_file_that_is_gone_is_said_to_be(house) -> None:
    uid = house.receive(1)
    for file in house.storage.rglob("*.dcm"):
        file.unlink()
    answer = house.client().get(f"{API}/instances/{uid}/preview.png")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:radrouter:problem:not-found")


def test_what_is_no_film_has_no_picture_and_says_why(house) -> None:
    uid = house.receive(1)
    next(house.storage.rglob("*.dcm")).write_bytes(b"not DICOM at all")
    answer = house.client().get(f"{API}/instances/{uid}/preview.png")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_path_that_leaves_the_storage_is_not_followed(house) -> None:
    uid = house.receive(1)
    detail = house.queries.instance(uid)
    (house.folder / "secret.dcm").write_bytes((house.storage / detail.stored.path).read_bytes())
    with house.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE instance SET path = '../secret.dcm'")
    assert house.client().get(f"{API}/instances/{uid}/preview.png").status_code == 404


def test_the_models_are_listed_with_their_cards(house) -> None:
    (model,) = house.client().get(f"{API}/models").json()["models"]
    assert (model["name"], model["card"], model["gate"]["margin"]) == ("view", "# view 1", 0.3)
