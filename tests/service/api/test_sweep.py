"""Odd inputs at every GET endpoint: whatever is asked, it is answered or refused, never a 500."""

from __future__ import annotations

import string
from urllib.parse import quote_from_bytes, urlencode

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.api.app import PREFIX
from service.api.filters import ListIn
from service.api.previews import PreviewIn

ODD = [
    *(
        "",
        "0",
        "-1",
        "1e999",
        "NaN",
        "null",
        "true",
        "\x00",
        "%",
        "'",
        '"',
        ";--",
        "../..",
        "😀",
        "²",
        "*",
        "{}",
    ),
    *(
        "1.2.3",
        "1." * 32 + "1",
        "9" * 400,
        "a" * 5000,
        "2026-02-30",
        "9999-12-31",
        "0001-01-01T00:00:00-23:59",
    ),
]
NAMES = sorted({*ListIn.model_fields, *PreviewIn.model_fields, "after", "nothing", "", "limit[]"})
ENDPOINTS = [
    *(
        "/studies",
        "/studies/{}",
        "/instances",
        "/instances/{}",
        "/instances/{}/audit",
        "/instances/{}/preview.png",
    ),
    *("/hanging/studies/{}", "/hanging/instances/{}", "/webhooks/deliveries"),
    *("/callers/refused", "/callers/allowed", "/models", "/rules", "/{}"),
    *("/orders", "/orders/unmapped", "/orders/{}", "/verdicts", "/studies/{}/verdict"),
    *("/reviews", "/studies/{}/reviews", "/figures", "/models/{}/drift", "/models/{}/agreement"),
]
FIXED = "1.2.826.0.1.3680043.8.498.3.1"

values = st.sampled_from([*ODD, FIXED]) | st.text(string.printable, max_size=20)
pairs = st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=4)
segments = st.binary(max_size=12) | st.sampled_from([FIXED.encode(), b"1.2", b"..", b"%00"])
headers = st.dictionaries(
    st.sampled_from(["If-None-Match", "Last-Event-ID", "Accept", "Content-Length", "Origin", "Range"]),
    st.text(string.ascii_letters + string.digits + '"/,*;= ', max_size=12).map(str.strip),
    max_size=2,
)


def test_no_question_is_answered_with_a_500(house) -> None:
    house.receive(1)
    house.analyse(finding=True)
    client = house.client()

    @given(st.sampled_from(ENDPOINTS), segments, pairs, headers)
    @settings(
        max_examples=400,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    def ask(endpoint: str, segment: bytes, query: list[tuple[str, str]], sent: dict[str, str]) -> None:
        path = PREFIX + endpoint.format(quote_from_bytes(segment, safe=""))
        answer = client.get(f"{path}?{urlencode(query)}", headers=_sendable(sent))
        assert answer.status_code in (200, 304, 400, 401, 403, 404, 405, 422), (
            path,
            query,
            sent,
            answer.text,
        )
        if answer.status_code >= 400 and answer.content and answer.status_code != 400:
            assert answer.headers["content-type"] == "application/problem+json"

    ask()


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    # A GET that announces a body and sends none would only wait for it.
    return {name: value for name, value in headers.items() if name != "Content-Length"}


def test_every_filter_takes_every_odd_value(house) -> None:
    house.receive(1)
    client = house.client()
    for name in ListIn.model_fields:
        for value in ODD:
            answer: httpx.Response = client.get(f"{PREFIX}/instances", params={name: value})
            assert answer.status_code in (200, 422), (name, value, answer.text)
