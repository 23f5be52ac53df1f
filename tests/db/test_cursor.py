from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.cursor import LENGTHS, read_cursor, write_cursor

BASE64 = st.binary(max_size=60).map(lambda content: base64.urlsafe_b64encode(content).decode())


@given(
    date=st.sampled_from(["", "20260102"]), ids=st.lists(st.integers(0, 2**63 - 1), min_size=2, max_size=2)
)
def test_a_cursor_of_ours_is_read_back(date: str, ids: list[int]) -> None:
    for of, length in LENGTHS.items():
        cursor = write_cursor(of, date, *ids[:length])  # type: ignore[arg-type]
        assert read_cursor(of, cursor) == (date, *ids[:length])  # type: ignore[arg-type]


def _encoded(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "=", "é", "a" * 1000, "[" * 150, _encoded(None), _encoded([]), _encoded({"studies": 1}),
        _encoded(["studies", "20260101"]), _encoded(["studies", "20260101", "1"]),
        _encoded(["studies", "2026", 1]),
        _encoded(["studies", "20260101", True]), _encoded(["studies", "20260101", 1.5]),
        _encoded(["studies", "20260101", 2**63]), _encoded(["studies", "20260101", -1]),
        _encoded(["studies", None, 1]), _encoded(["studies", "20260101", 1, 2]),
        write_cursor("instances", "20260101", 1, 2), _encoded(["studies", "'; DROP TABLE study; --", 1]),
    ],
)  # fmt: skip
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError, match="cursor is not one that the list of studies gave out"):
        read_cursor("studies", cursor)


@given(cursor=st.text(max_size=60) | BASE64)
def test_whatever_a_cursor_is_it_is_read_or_refused(cursor: str) -> None:
    try:
        assert read_cursor("studies", cursor)
    except ValueError as error:
        assert "cursor" in str(error)
