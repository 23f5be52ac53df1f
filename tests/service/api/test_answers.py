"""What all answers share: tags, headers, problem documents, log lines."""

from __future__ import annotations

import logging

from router.types import State

API = "/api/v1"


def test_a_reader_who_has_the_answer_is_told_so(house) -> None:
    uid = house.receive(1)
    study = house.queries.instance(uid).instance.study_instance_uid
    house.analyse(finding=True)
    client = house.client()
    for path in (
        f"{API}/studies",
        f"{API}/studies/{study}",
        f"{API}/instances?modality=DX",
        f"{API}/instances/{uid}",
        f"{API}/instances/{uid}/audit",
        f"{API}/instances/{uid}/preview.png?long_side=32",
        f"{API}/models",
        f"{API}/rules",
    ):
        first = client.get(path)
        assert first.headers["cache-control"] == "private, no-cache", path
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["etag"] == first.headers["etag"], path
        other = client.get(path, headers={"If-None-Match": 'W/"other"'})
        assert (other.status_code, other.content) == (200, first.content), path


def test_a_tag_changes_with_the_state_and_only_then(house) -> None:
    uid, other = house.receive(1), house.receive(20)
    client = house.client()
    paths = [f"{API}/instances/{uid}", f"{API}/studies/1.2.826.0.1.3680043.8.498.1.0", f"{API}/instances"]
    before = [client.get(path).headers["etag"] for path in paths]
    assert [client.get(path).headers["etag"] for path in paths] == before
    unconcerned = client.get(f"{API}/instances/{other}").headers["etag"]
    house.analyse()
    house.instances.requeue(uid, "somebody")
    after = [client.get(path).headers["etag"] for path in paths]
    assert all(one != two for one, two in zip(before, after, strict=True))
    assert house.state(other) is State.DONE
    assert client.get(f"{API}/instances/{other}").headers["etag"] != unconcerned


def test_pictures_of_other_sizes_have_other_tags(house) -> None:
    uid = house.receive(1)
    house.analyse(finding=True)
    client = house.client()
    queries = ("long_side=32", "long_side=33", "boxes=true", "window_center=1&window_width=2", "")
    tags = {client.get(f"{API}/instances/{uid}/preview.png?{query}").headers["etag"] for query in queries}
    assert len(tags) == len(queries)


def test_every_answer_carries_the_security_headers(house) -> None:
    client = house.client()
    for path in (f"{API}/studies", f"{API}/nothing", "/healthz", "/metrics", f"{API}/openapi.json"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["content-security-policy"].startswith("default-src 'none'"), path
        assert "no-store" in headers["cache-control"] or "private" in headers["cache-control"], path
        assert "server" not in headers, path


PROBLEMS = [
    ("GET", f"{API}/nothing", {}, 404, "not-found"),
    ("GET", f"{API}/studies/1.2.3", {}, 404, "not-found"),
    ("GET", f"{API}/instances/1.2.3", {}, 404, "not-found"),
    ("GET", f"{API}/instances/1.2.3/audit", {}, 404, "not-found"),
    ("GET", f"{API}/instances/..", {}, 404, "not-found"),
    ("GET", f"{API}/instances/1.2%00", {}, 422, "not-understood"),
    ("GET", f"{API}/instances/1..2", {}, 422, "not-understood"),
    ("GET", f"{API}/instances/{'1' * 65}", {}, 422, "not-understood"),
    ("GET", f"{API}/studies/Doe%5EJane", {}, 422, "not-understood"),
    ("GET", f"{API}/studies?limit=0", {}, 422, "not-understood"),
    ("GET", f"{API}/studies?limit=1001", {}, 422, "not-understood"),
    ("GET", f"{API}/studies?cursor=eyJ4", {}, 422, "not-understood"),
    ("GET", f"{API}/studies?patientid=4711", {}, 422, "not-understood"),
    ("GET", f"{API}/studies?patient_id=", {}, 422, "not-understood"),
    ("GET", f"{API}/studies?patient_id=a%00", {}, 422, "not-understood"),
    ("GET", f"{API}/studies?state=lost", {}, 422, "not-understood"),
    ("GET", f"{API}/studies?study_date_from=yesterday", {}, 422, "not-understood"),
    ("GET", f"{API}/studies?received_since=2026-01-01T00:00:00", {}, 422, "not-understood"),
    ("GET", f"{API}/studies?received_since=0001-01-01T00:00:00%2B14:00", {}, 422, "not-understood"),
    ("GET", f"{API}/instances/1.2.3/preview.png?window_center=3", {}, 422, "not-understood"),
    ("GET", f"{API}/instances/1.2.3/preview.png?window_center=nan&window_width=1", {}, 422, "not-understood"),
    ("PUT", f"{API}/studies", {}, 405, "method-not-allowed"),
    ("POST", f"{API}/requeue", {"content": b"{"}, 422, "not-understood"),
    ("POST", f"{API}/requeue", {"content": b"x" * (1 << 21)}, 413, "too-large"),
    ("POST", f"{API}/requeue", {"content": b"[" * 100_000}, 400, "bad-request"),
    ("POST", f"{API}/requeue", {"content": b"\xff\xfe"}, 422, "not-understood"),
]


def test_refusals_are_problem_documents(house) -> None:
    client = house.client()
    for method, path, more, status, kind in PROBLEMS:
        answer = client.request(method, path, headers={"Content-Type": "application/json"}, **more)
        assert answer.status_code == status, (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert (body["type"], body["status"]) == (f"urn:radrouter:problem:{kind}", status), (method, path)
        assert set(body) <= {"type", "title", "status", "detail", "fields"}


def test_the_offending_fields_are_named_and_their_values_are_not(house) -> None:
    query = "patient_id=Doe%00Jane&limit=many&patientname=Doe&study_date_from=Doe"
    body = house.client().get(f"{API}/studies?{query}").json()
    assert {field["field"] for field in body["fields"]} == {
        "patient_id", "limit", "patientname", "study_date_from",
    }  # fmt: skip
    assert {field["place"] for field in body["fields"]} == {"query"}
    assert "Doe" not in str(body)


def test_an_error_of_ours_tells_the_log_where_and_nobody_what(house, raising, caplog) -> None:
    uid = house.receive(1)
    client = house.client(preview=raising(RuntimeError("PatientName=Doe^Jane")))
    with caplog.at_level(logging.INFO):
        answer = client.get(f"{API}/instances/{uid}/preview.png")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:radrouter:problem:our-fault")
    assert "Doe" not in answer.text + caplog.text
    assert "unexpected RuntimeError" in caplog.text
    assert "in do" in caplog.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_log_has_no_query_strings(house, caplog) -> None:
    client = house.client()
    with caplog.at_level(logging.DEBUG):
        client.get(f"{API}/studies?patient_id=Doe-4711")
        client.get("/Doe-4711")
    ours = [
        record.getMessage() for record in caplog.records if record.name.startswith(("service", "uvicorn"))
    ]
    assert any(line.startswith(f"GET {API}/studies 200") for line in ours)
    assert not any("Doe" in line for line in ours)


def test_a_database_that_is_away_is_said_to_be(house) -> None:
    uid = house.receive(1)
    client = house.client()
    house.engine.dispose()
    for file in house.folder.glob("radrouter.db*"):
        file.unlink()
    (house.folder / "radrouter.db").mkdir()
    for path in (f"{API}/studies", f"{API}/instances/{uid}", f"{API}/callers/allowed"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:radrouter:problem:not-now")
        assert answer.headers["retry-after"] == "5"
        assert str(house.folder) not in answer.text
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["database"]["ok"]) == (503, False)
    assert client.get("/healthz").status_code == 200
    assert "radrouter_database_up 0.0" in client.get("/metrics").text
