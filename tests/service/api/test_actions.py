"""What a client may change: films go back to the queue, callers are let in and turned away."""

from __future__ import annotations

from datetime import UTC, datetime

from router.types import Refusal, State

API = "/api/v1"


def test_a_film_is_analysed_again_and_the_audit_says_who_asked(house) -> None:
    uid = house.receive(1)
    house.analyse()
    answer = house.client().post(f"{API}/instances/{uid}/requeue")
    assert (answer.status_code, answer.json()) == (200, {"dry_run": False, "count": 1})
    assert house.state(uid) is State.RECEIVED
    assert house.queries.audit(uid)[-1].detail["by"] == "local"


def test_a_film_that_waits_is_not_queued_twice(house) -> None:
    uid = house.receive(1)
    answer = house.client().post(f"{API}/instances/{uid}/requeue")
    assert (answer.status_code, answer.json()["title"]) == (409, "Conflict")


def test_a_film_that_is_not_there_cannot_be_asked_for(house) -> None:
    assert house.client().post(f"{API}/instances/1.2.3/requeue").status_code == 404


def test_a_bulk_requeue_counts_first_and_acts_when_told(house) -> None:
    failed = [house.receive(number) for number in range(3)]
    house.fail("the decoder gave up")
    done = house.receive(10)
    house.analyse()
    waiting = house.receive(20)
    client = house.client()
    asked = {"filter": {"state": "failed", "modality": "DX"}}
    assert client.post(f"{API}/requeue", json=asked).json() == {"dry_run": True, "count": 3}
    assert {house.state(uid) for uid in failed} == {State.FAILED}
    assert client.post(f"{API}/requeue", json={"filter": {}}).json()["count"] == 4
    assert client.post(f"{API}/requeue", json={"filter": {"state": "received"}}).json()["count"] == 0
    told = client.post(f"{API}/requeue", json=asked | {"dry_run": False}).json()
    assert told == {"dry_run": False, "count": 3}
    assert {house.state(uid) for uid in failed} == {State.RECEIVED}
    assert (house.state(done), house.state(waiting)) == (State.DONE, State.RECEIVED)


def test_everything_at_once_or_a_misspelt_filter_is_refused(house) -> None:
    uid = house.receive(1)
    house.analyse()
    client = house.client()
    for body in (
        {"filter": {}, "dry_run": False},
        {"filter": {"modalty": "DX"}, "dry_run": False},
        {"dry_run": False},
    ):
        answer = client.post(f"{API}/requeue", json=body)
        assert answer.status_code == 422, body
    assert house.state(uid) is State.DONE


def test_a_refused_caller_is_seen_allowed_and_turned_away_again(house) -> None:
    refusal = Refusal(
        calling_ae_title="XRAY9",
        called_ae_title="RADROUTER",
        address="10.9.8.7",
        reason="unknown caller",
        at=datetime.now(UTC),
    )
    house.callers.refuse(refusal)
    house.callers.refuse(refusal)
    client = house.client()
    (knock,) = client.get(f"{API}/callers/refused").json()["refused"]
    assert (knock["calling_ae_title"], knock["address"], knock["times"]) == ("XRAY9", "10.9.8.7", 2)
    caller = {"calling_ae_title": knock["calling_ae_title"], "network": knock["address"]}
    made = client.post(f"{API}/callers/allowed", json=caller)
    assert (made.status_code, made.json()) == (201, {"calling_ae_title": "XRAY9", "network": "10.9.8.7/32"})
    assert client.post(f"{API}/callers/allowed", json=caller).status_code == 201
    (allowed,) = client.get(f"{API}/callers/allowed").json()["allowed"]
    assert (allowed["network"], allowed["allowed_by"]) == ("10.9.8.7/32", "local")
    assert client.delete(f"{API}/callers/allowed", params=caller).status_code == 204
    assert client.get(f"{API}/callers/allowed").json() == {"allowed": []}
    assert client.delete(f"{API}/callers/allowed", params=caller).status_code == 404


def test_a_caller_that_cannot_be_is_refused(house) -> None:
    client = house.client()
    for ae_title, network in (
        ("", "10.0.0.1"),
        ("A" * 17, "10.0.0.1"),
        ("A\\B", "10.0.0.1"),
        ("A\nB", "10.0.0.1"),
        ("   ", "10.0.0.1"),
        ("XRAY", "somewhere"),
        ("XRAY", "10.0.0.0/33"),
    ):
        body = {"calling_ae_title": ae_title, "network": network}
        answer = client.post(f"{API}/callers/allowed", json=body)
        assert answer.status_code == 422, body
    assert house.callers.allowed() == ()
