"""Orders and verdicts over REST, on a real database."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from router.comparison import Thresholds
from router.orders import Order, OrderControl, OrderSource, Procedure
from service.judging import compared
from service.procedures_watch import shipped_procedures

API = "/api/v1"
STUDY = "1.2.826.0.1.3680043.8.498.1.0"
WRIST = {
    "code": {"code_value": "37925-5", "coding_scheme_designator": "LN"},
    "description": "XR wrist 2 views",
}
ORDER: dict[str, Any] = {"order_number": "R1", "accession_number": "A100", "procedures": [WRIST]}


@pytest.fixture
def client(house) -> httpx.Client:
    return house.client()


def judge(house) -> None:
    """What the judge does with every study that is due."""
    for due in house.verdicts.claim(100, lease=timedelta(minutes=1)):
        orders = house.orders.for_study(
            study_instance_uid=due.study_instance_uid,
            accession_number=due.accession_number,
            patient_id=due.patient_id,
        )
        verdict = partial(compared, thresholds=Thresholds())(due, orders, shipped_procedures())
        assert house.verdicts.record(due.token, verdict)


def test_an_order_is_new_once_and_known_afterwards(client) -> None:
    first = client.post(f"{API}/orders", json=ORDER)
    again = client.post(f"{API}/orders", json=ORDER)
    changed = client.post(f"{API}/orders", json=ORDER | {"side": "R"})
    assert [each.status_code for each in (first, again, changed)] == [201, 200, 200]
    assert first.json()["id"] == again.json()["id"] == changed.json()["id"]
    assert (changed.json()["source"], changed.json()["origin"], changed.json()["side"]) == (
        "rest",
        "local",
        "R",
    )
    assert first.json()["procedures"][0]["code"]["code_value"] == "37925-5"


def test_an_order_is_told_with_its_messages_and_cancelled(client) -> None:
    order_id = client.post(f"{API}/orders", json=ORDER).json()["id"]
    client.post(f"{API}/orders", json=ORDER | {"patient_id": "4711"})
    cancelled = client.delete(f"{API}/orders/{order_id}")
    assert (cancelled.status_code, cancelled.json()["cancelled"]) == (200, True)
    found = client.get(f"{API}/orders/{order_id}").json()
    assert [each["outcome"] for each in found["messages"]] == ["new", "changed", "cancelled"]
    assert found["patient_id"] == "4711"
    assert client.delete(f"{API}/orders/{order_id}").status_code == 200


def test_the_raw_text_of_a_message_is_kept(client, house) -> None:
    order = Order(
        order_number="FI1",
        source=OrderSource.HL7,
        origin="RIS|CENTRAL",
        control=OrderControl.NEW,
        accession_number="A100",
        procedures=(Procedure(code=None, description="wrist"),),
    )
    house.orders.record(order, message="MSH|^~\\&|RIS")
    (stored,) = client.get(f"{API}/orders", params={"accession_number": "A100"}).json()["orders"]
    (message,) = client.get(f"{API}/orders/{stored['id']}").json()["messages"]
    assert message["message"] == "MSH|^~\\&|RIS"


def test_orders_are_read_page_by_page(client) -> None:
    for number in range(5):
        client.post(f"{API}/orders", json=ORDER | {"order_number": f"R{number}"})
    first = client.get(f"{API}/orders", params={"limit": 3}).json()
    second = client.get(first["next"]).json()
    numbers = [each["order_number"] for page in (first, second) for each in page["orders"]]
    assert numbers == ["R4", "R3", "R2", "R1", "R0"]
    assert second["next"] is None
    answer = client.get(f"{API}/orders")
    tag = answer.headers["etag"]
    assert client.get(f"{API}/orders", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    "change",
    [
        {"order_number": ""},
        {"accession_number": None},
        {"procedures": []},
        {"procedures": [{}]},
        {"study_instance_uid": "x"},
        {"side": "Q"},
        {"unknown": 1},
        {"patient_name": "Doe\u0000Jane"},
        {"scheduled_at": "2026-01-02T03:04:05"},
    ],
)
def test_an_order_that_says_nothing_usable_is_refused(client, change) -> None:
    answer = client.post(f"{API}/orders", json=ORDER | change)
    assert answer.status_code == 422
    assert "Doe" not in answer.text


@pytest.mark.parametrize("path", ["orders/99", "studies/1.2.3/verdict", "studies/1.2.3/verdict/history"])
def test_what_is_not_there_is_404(client, path) -> None:
    assert client.get(f"{API}/{path}").status_code == 404
    assert client.delete(f"{API}/orders/99").status_code == 404


def receive_wrist(house, number: int = 1, view: str = "wrist_ap") -> None:
    house.receive(number, body_part_examined="WRIST")
    house.analyse(view, 0.995)


def due_now(house, monkeypatch: pytest.MonkeyPatch) -> None:
    later = house.verdicts._clock() + timedelta(hours=1)
    monkeypatch.setattr(house.verdicts, "_clock", lambda: later)


def test_a_study_has_its_verdict_and_its_history(house, monkeypatch: pytest.MonkeyPatch) -> None:
    client = house.client()
    receive_wrist(house)
    assert client.get(f"{API}/studies/{STUDY}/verdict").status_code == 404
    client.post(f"{API}/orders", json=ORDER)
    due_now(house, monkeypatch)
    judge(house)
    verdict = client.get(f"{API}/studies/{STUDY}/verdict").json()
    assert verdict["kinds"] == ["missing_view"]
    (remark,) = verdict["remarks"]
    assert (remark["expected"], remark["is_fault"]) == ("wrist_lateral", True)
    assert verdict["expectations"][0]["source"] == "rest"
    receive_wrist(house, 2, "wrist_lateral")
    due_now(house, monkeypatch)
    judge(house)
    assert client.get(f"{API}/studies/{STUDY}/verdict").json()["kinds"] == ["complete"]
    history = client.get(f"{API}/studies/{STUDY}/verdict/history").json()["verdicts"]
    assert [each["kinds"] for each in history] == [["missing_view"], ["complete"]]
    assert history[0]["superseded_at"] == history[1]["judged_at"]


def test_the_worklist_is_narrowed(house, monkeypatch: pytest.MonkeyPatch) -> None:
    client = house.client()
    receive_wrist(house)
    client.post(f"{API}/orders", json=ORDER)
    due_now(house, monkeypatch)
    judge(house)

    def listed(**params: Any) -> int:
        answer = client.get(f"{API}/verdicts", params=params)
        assert answer.status_code == 200, answer.text
        return len(answer.json()["studies"])

    assert listed() == 1
    assert listed(kind=["missing_view", "wrong_region"]) == 1
    assert listed(kind="wrong_region") == 0
    assert listed(open_only=True, worst_first=True) == 1
    assert listed(study_date_from="2026-01-01", study_date_to="2026-01-31") == 1
    assert listed(study_date_from="2026-02-01") == 0
    assert listed(calling_ae_title="XRAY1") == 1
    assert listed(calling_ae_title="OTHER") == 0
    (line,) = client.get(f"{API}/verdicts").json()["studies"]
    assert (line["patient_id"], line["settled"], line["verdict"]["is_fault"]) == ("4711", False, True)
    assert client.get(f"{API}/verdicts", params={"kind": "nonsense"}).status_code == 422


def test_what_the_map_does_not_know_is_listed_with_a_line_to_begin_with(
    house, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = house.client()
    receive_wrist(house)
    strange = {
        "code": {"code_value": "ZZ9", "coding_scheme_designator": "99LOC"},
        "description": "Zebra view",
    }
    client.post(f"{API}/orders", json=ORDER | {"procedures": [strange]})
    due_now(house, monkeypatch)
    judge(house)
    (found,) = client.get(f"{API}/orders/unmapped").json()["unmapped"]
    assert (found["orders"], found["studies"]) == (1, 1)
    assert found["procedure"]["code"]["code_value"] == "ZZ9"
    assert "ZZ9" in found["suggestion"]
    assert "unmapped" in client.get(f"{API}/studies/{STUDY}/verdict").json()["kinds"]


def test_metrics_count_verdicts_messages_and_what_waits(house, monkeypatch: pytest.MonkeyPatch) -> None:
    client = house.client(order_messages=lambda: {"new": 3, "refused": 1})
    receive_wrist(house)
    client.post(f"{API}/orders", json=ORDER)
    due_now(house, monkeypatch)
    waiting = client.get("/metrics").text
    assert "radrouter_studies_to_judge 1.0" in waiting
    judge(house)
    text = client.get("/metrics").text
    assert 'radrouter_verdicts{kind="missing_view"} 1.0' in text
    assert 'radrouter_verdicts_open{kind="missing_view"} 1.0' in text
    receive_wrist(house, 2, "wrist_lateral")
    due_now(house, monkeypatch)
    judge(house)
    text = client.get("/metrics").text
    assert 'radrouter_verdicts{kind="complete"} 1.0' in text
    assert 'radrouter_verdicts_open{kind="missing_view"} 0.0' in text
    assert 'radrouter_hl7_messages_total{outcome="refused"} 1.0' in text
    assert "radrouter_judging_lag_seconds 0.0" in text


def test_codes_of_orders_come_back_as_they_were_sent(client) -> None:
    other = {"code_value": "WR2", "coding_scheme_designator": "99LOC", "code_meaning": "Handgelenk"}
    answer = client.post(f"{API}/orders", json=ORDER | {"procedures": [WRIST | {"alternatives": [other]}]})
    assert answer.json()["procedures"][0]["alternatives"] == [other]
