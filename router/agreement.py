"""Where a shadow model and the active one say the same of the same films, and where not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from router.figures import Confusion, Share, wilson

MOST_VIEWS = 8  # of the table: those with the most differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Two models on the same films. Rows of ``confusion`` are the active model's views."""

    films: int
    same: Share
    by_view: Mapping[str, Share]  # by what the active model says, the least agreement first
    confusion: Confusion  # the views with the most differences alone


def agreement(pairs: Mapping[tuple[str, str], int]) -> Agreement:
    """From how often the active model said the first and the shadow the second."""
    films = sum(pairs.values())
    said: Counter[str] = Counter()
    same: Counter[str] = Counter()
    for (active, shadow), count in pairs.items():
        said[active] += count
        same[active] += count if active == shadow else 0
    shares = {view: wilson(same[view], said[view]) for view in said}
    return Agreement(
        films=films,
        same=wilson(same.total(), films),
        by_view=dict(sorted(shares.items(), key=lambda item: (item[1].value or 0.0, item[0]))),
        confusion=_confusion(pairs),
    )


def _confusion(pairs: Mapping[tuple[str, str], int]) -> Confusion:
    """The table of the views that differ most; empty where the two never differ."""
    apart: Counter[str] = Counter()
    for (active, shadow), count in pairs.items():
        if active != shadow:
            apart[active] += count
            apart[shadow] += count
    views = tuple(sorted(view for view, _ in apart.most_common(MOST_VIEWS)))
    return Confusion(
        rows=views,
        columns=views,
        counts=tuple(tuple(pairs.get((row, column), 0) for column in views) for row in views),
    )
