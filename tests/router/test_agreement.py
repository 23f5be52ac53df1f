"""Two models on the same films."""

from __future__ import annotations

from router.agreement import MOST_VIEWS, agreement


def test_shares_and_the_table_of_differences() -> None:
    found = agreement({("wrist_ap", "wrist_ap"): 80, ("wrist_ap", "hand_ap"): 20, ("hand_ap", "hand_ap"): 50,
                       ("knee_ap", "knee_ap"): 10})  # fmt: skip
    assert (found.films, found.same.count, found.same.of) == (160, 140, 160)
    assert list(found.by_view) == ["wrist_ap", "hand_ap", "knee_ap"]
    assert found.by_view["wrist_ap"].value == 0.8
    assert found.confusion.rows == ("hand_ap", "wrist_ap")
    assert found.confusion.counts == ((50, 0), (20, 80))


def test_models_that_never_differ_and_no_films_at_all() -> None:
    assert agreement({("hand_ap", "hand_ap"): 3}).confusion.rows == ()
    assert agreement({}).same.value is None


def test_the_table_stays_small() -> None:
    assert len(agreement({(f"v{n:02}", "unsure"): n + 1 for n in range(30)}).confusion.rows) == MOST_VIEWS
