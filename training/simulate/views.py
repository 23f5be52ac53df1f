"""The table of views that the simulator knows, and the labels they teach."""

from __future__ import annotations

from typing import Final

from training.simulate.setup import Range, View
from training.simulate.setups import foot, hand, head, leg, shoulder, spine, trunk

__all__ = ["LABELS", "TABLE", "Range", "View"]

TABLE: Final = (
    *trunk.CHEST,
    *spine.SPINE,
    *trunk.ABDOMEN,
    *shoulder.SHOULDER,
    *leg.LEG,
    *foot.FOOT,
    *hand.HAND,
    *shoulder.ELBOW,
    *head.HEAD,
)
LABELS: Final = tuple(sorted({view.label for view in TABLE} | {"panoramic_radiograph"}))
