"""Pictures of drift: everything lies inside, and what is little is still to be seen."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from router.drift import SCORE_EDGES, Comparison, Standing, score_bins
from router.drift_report import Part, Week
from service.web.drift_charts import HEIGHT, MOST_TOP, WIDTH, histogram_chart, psi_chart

shares = st.floats(0, 1)


def week(number: int, value: float | None) -> Week:
    said = Standing.TOO_FEW if value is None else Standing.STEADY
    one = Comparison(standing=said, reference_films=100, films=100, psi=value)
    return Week(begins=date(2026, 1, 1) + timedelta(weeks=number), films=100, scores=one, said=one)


@given(st.lists(st.tuples(shares, shares, st.none() | shares), min_size=1, max_size=12))
def test_bars_lie_inside(given_shares: list[tuple[float, float, float | None]]) -> None:
    parts = [
        Part(name=f"from {n}", reference=a, current=b, trained=c) for n, (a, b, c) in enumerate(given_shares)
    ]
    chart = histogram_chart(parts)
    assert len(chart.columns) == 2 * len(parts)
    for bar in chart.columns:
        assert bar.x >= 0 and bar.x + bar.width <= WIDTH + 0.1
        assert bar.y >= -0.1 and abs(bar.y + bar.height - HEIGHT) < 0.1 and bar.height >= 0


def test_a_small_share_is_seen_and_bins_are_named_by_their_lower_edge() -> None:
    parts = [Part(name=name, reference=0.0001, current=1) for name in score_bins(SCORE_EDGES)]
    chart = histogram_chart(parts)
    assert min(bar.height for bar in chart.columns) >= 1.5
    assert [name for _, name in chart.ticks][:3] == ["0", ".4", ".6"] and chart.trained == ""


@given(st.lists(st.none() | st.floats(0, 9), min_size=1, max_size=60))
def test_weeks_lie_inside_and_those_with_too_few_films_are_left_out(values: list[float | None]) -> None:
    chart = psi_chart([week(number, value) for number, value in enumerate(values)])
    assert len(chart.scores) == sum(value is not None for value in values)
    assert all(0 <= dot.x <= WIDTH and -0.1 <= dot.y <= HEIGHT for dot in chart.scores)
    assert chart.top <= MOST_TOP and all(0 < place < HEIGHT for place, _ in chart.limits)
