"""Tags: equal for the same state, and compared as RFC 9110 says."""

from __future__ import annotations

import pytest

from service.api.etags import matches, tag


def test_a_tag_is_weak_and_follows_its_parts() -> None:
    assert tag("study", 1) == tag("study", 1)
    assert tag("study", 1) != tag("study", 2)
    assert tag("a", "b") != tag("ab")
    assert tag("study", 1).startswith('W/"')


@pytest.mark.parametrize(
    ("sent", "same"),
    [
        (None, False),
        ("", False),
        ('W/"x"', True),
        ('"x"', True),
        ('"y", W/"x"', True),
        ("*", True),
        ('"y"', False),
        ("x", False),
    ],
)
def test_if_none_match(sent: str | None, same: bool) -> None:
    assert matches(sent, 'W/"x"') is same
