"""Who may do what: a table of every endpoint against every role."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from router.errors import SettingsError
from service.sections import Api

API = "/api/v1"
SECRETS = {"reader": "r-secret", "reviewer": "v-secret", "admin": "a-secret"}
ROLES = ("nobody", "a stranger", "reader", "reviewer", "admin")
UID = "1.2.3"
CALLER = {"calling_ae_title": "XRAY1", "network": "10.0.0.1"}

# endpoint -> what nobody, a stranger's token, reader, reviewer, admin are answered
OPEN, READ, REVIEW, ADMIN = "open", "reader", "reviewer", "admin"
TABLE = [
    ("GET", f"{API}/studies", {}, READ),
    ("GET", f"{API}/studies/{UID}", {}, READ),
    ("GET", f"{API}/instances", {}, READ),
    ("GET", f"{API}/instances/{UID}", {}, READ),
    ("GET", f"{API}/instances/{UID}/audit", {}, READ),
    ("GET", f"{API}/instances/{UID}/preview.png", {}, READ),
    ("GET", f"{API}/instances/{UID}/heatmap/view.png", {"params": {"label": "a"}}, READ),
    ("POST", f"{API}/instances/{UID}/requeue", {}, REVIEW),
    ("POST", f"{API}/requeue", {"json": {"filter": {}}}, ADMIN),
    ("GET", f"{API}/callers/refused", {}, REVIEW),
    ("GET", f"{API}/callers/allowed", {}, REVIEW),
    ("POST", f"{API}/callers/allowed", {"json": CALLER}, ADMIN),
    ("DELETE", f"{API}/callers/allowed", {"params": CALLER}, ADMIN),
    ("POST", f"{API}/orders", {"json": {}}, REVIEW),
    ("GET", f"{API}/orders", {}, READ),
    ("GET", f"{API}/orders/unmapped", {}, READ),
    ("GET", f"{API}/orders/1", {}, READ),
    ("DELETE", f"{API}/orders/1", {}, REVIEW),
    ("GET", f"{API}/verdicts", {}, READ),
    ("GET", f"{API}/studies/{UID}/verdict", {}, READ),
    ("GET", f"{API}/studies/{UID}/verdict/history", {}, READ),
    ("POST", f"{API}/reviews", {"json": {}}, REVIEW),
    ("GET", f"{API}/reviews", {}, READ),
    ("DELETE", f"{API}/reviews/1", {}, REVIEW),
    ("GET", f"{API}/studies/{UID}/reviews", {}, READ),
    ("GET", f"{API}/figures", {}, READ),
    ("GET", f"{API}/models/view/drift", {}, READ),
    ("GET", f"{API}/models/view/agreement", {}, READ),
    ("GET", f"{API}/hanging/studies/{UID}", {}, READ),
    ("GET", f"{API}/hanging/instances/{UID}", {}, READ),
    ("POST", f"{API}/hanging/instances", {"json": {"sop_instance_uids": [UID]}}, READ),
    ("GET", "/dicom-web/studies", {}, READ),
    ("GET", "/dicom-web/series", {}, READ),
    ("GET", "/dicom-web/instances", {}, READ),
    ("GET", f"/dicom-web/studies/{UID}/series", {}, READ),
    ("GET", f"/dicom-web/studies/{UID}/instances", {}, READ),
    ("GET", f"/dicom-web/studies/{UID}/series/{UID}/instances", {}, READ),
    ("GET", f"{API}/webhooks/deliveries", {}, ADMIN),
    ("POST", f"{API}/webhooks/deliveries/1/resend", {}, ADMIN),
    ("GET", f"{API}/models", {}, READ),
    ("GET", f"{API}/rules", {}, READ),
    ("POST", f"{API}/rules/explain", {"data": {"sop_instance_uid": UID}}, REVIEW),
    ("POST", f"{API}/rules/replay", {"json": {"draft": "", "days": 1}}, REVIEW),
    ("GET", f"{API}/events", {"headers": {"Last-Event-ID": "x"}}, READ),
    ("GET", "/metrics", {}, READ),
    ("GET", "/healthz", {}, OPEN),
    ("GET", "/readyz", {}, OPEN),
    ("GET", f"{API}/openapi.json", {}, OPEN),
]
NEEDED = {OPEN: 0, READ: 2, REVIEW: 3, ADMIN: 4}


@pytest.fixture
def guarded(house) -> httpx.Client:
    """A client of an API that asks for tokens, as it does beyond loopback."""
    return house.client(settings=house.settings(tokens=True, host="0.0.0.0"))


def headers_of(role: str) -> dict[str, str]:
    if role == "nobody":
        return {}
    return {"Authorization": f"Bearer {SECRETS.get(role, 'x-secret')}"}


def expected(role: str, needed: str) -> Iterator[int]:
    """The refusals that a role has to expect."""
    rank = ROLES.index(role)
    if role == "a stranger" or (role == "nobody" and needed != OPEN):
        yield 401
    elif rank < NEEDED[needed]:
        yield 403


def test_every_endpoint_against_every_role(guarded: httpx.Client) -> None:
    for method, path, more, needed in TABLE:
        for role in ROLES:
            sent = more | {"headers": headers_of(role) | more.get("headers", {})}
            answer = guarded.request(method, path, **sent)
            # The stranger guesses too often.
            status = 401 if answer.status_code == 429 else answer.status_code
            refused = [status] if status in (401, 403) else []
            assert refused == list(expected(role, needed)), (method, path, role, answer.text)


def test_the_table_has_every_endpoint(house) -> None:
    document = house.app().openapi()
    stated = {(method, path.replace(UID, "{uid}")) for method, path, _, _ in TABLE}
    for path, operations in document["paths"].items():
        plain = re.sub(r"\{(sop|study|series)_instance_uid\}", "{uid}", path)
        plain = re.sub(r"\{[a-z]+_id\}", "1", plain).replace("{name}", "view").replace("{model}", "view")
        for method in operations:
            assert (method.upper(), plain) in stated


def test_a_refusal_says_how_to_ask(guarded: httpx.Client) -> None:
    answer = guarded.get(f"{API}/studies")
    assert answer.headers["www-authenticate"] == 'Bearer realm="radrouter"'
    assert answer.json()["type"] == "urn:radrouter:problem:token-needed"
    low = guarded.post(f"{API}/instances/{UID}/requeue", headers=headers_of("reader"))
    assert low.json()["detail"] == "this needs the role reviewer"


def test_the_audit_names_the_token_and_not_its_secret(house, guarded: httpx.Client) -> None:
    uid = house.receive(1)
    house.analyse()
    assert guarded.post(f"{API}/instances/{uid}/requeue", headers=headers_of("reviewer")).status_code == 200
    assert house.queries.audit(uid)[-1].detail["by"] == "reviewer"


def test_reasons_of_readyz_are_for_those_who_may_read(house) -> None:
    client = house.client(settings=house.settings(tokens=True, host="0.0.0.0"))
    house.rules.problem = 'rule "x" names no view'
    assert client.get("/readyz").json()["checks"]["rules"] == {"ok": True, "reason": None}
    told = client.get("/readyz", headers=headers_of("reader")).json()["checks"]["rules"]["reason"]
    assert told == 'older rules are in force: rule "x" names no view'


def test_no_app_is_built_that_would_answer_anyone(house) -> None:
    open_house = Api.model_construct(host="0.0.0.0", tokens=(), cors_origins=())
    with pytest.raises(SettingsError, match=r"anyone on 0\.0\.0\.0"):
        house.app(settings=open_house)
    with pytest.raises(SettingsError, match=r"anyone as radrouter\.example"):
        house.app(allowed_hosts=("radrouter.example",))


def test_another_host_name_is_refused_at_home(house) -> None:
    client = house.client()
    assert client.get(f"{API}/studies", headers={"Host": "evil.example"}).status_code == 421
    assert client.get(f"{API}/studies", headers={"Host": "localhost:9"}).status_code == 200


def test_pages_of_other_origins_neither_read_nor_change(house) -> None:
    uid = house.receive(1)
    house.analyse()
    client = house.client()
    evil = {"Origin": "https://evil.example"}
    assert client.post(f"{API}/instances/{uid}/requeue", headers=evil).status_code == 403
    answer = client.get(f"{API}/studies", headers=evil)
    assert "access-control-allow-origin" not in answer.headers


def test_an_origin_of_the_settings_may_ask(house) -> None:
    origin = "https://viewer.example"
    client = house.client(settings=house.settings(tokens=True, cors_origins=(origin,)))
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answer = client.options(f"{API}/requeue", headers=preflight)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
    answer = client.get(f"{API}/studies", headers={"Origin": origin} | headers_of("reader"))
    assert answer.headers["access-control-allow-origin"] == origin
    other = client.get(f"{API}/studies", headers={"Origin": "https://x.example"} | headers_of("reader"))
    assert "access-control-allow-origin" not in other.headers
