"""The table of views: complete, and words that the rest of the house knows."""

from __future__ import annotations

import pytest

from router.views import NNCPR_VIEWS, OTHER, VIEWS
from training.simulate.setup import View
from training.simulate.views import LABELS, TABLE


def test_every_view_of_nncpr_is_taught() -> None:
    assert set(NNCPR_VIEWS) <= set(LABELS)


def test_every_label_is_a_view_that_rules_may_name_or_other() -> None:
    assert set(LABELS) - {OTHER} <= set(VIEWS)


@pytest.mark.parametrize("view", TABLE, ids=lambda view: view.label)
def test_ranges_go_from_low_to_high(view: View) -> None:
    spans = [
        view.width,
        view.height,
        view.azimuth,
        view.tilt,
        view.turn,
        view.distance,
        *view.offset,
        *view.pose.values(),
    ]
    assert all(low <= high for low, high in spans)
    assert view.width[0] > 0
    assert view.share > 0
