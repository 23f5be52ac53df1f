"""Now: what arrives, how it is answered, what failed."""

from __future__ import annotations

from typing import Any

import pytest

from service.web.charts import bars, nice_top
from service.web.now import percentile
from service.web.rendering import duration


def tag_of(page: str) -> str:
    return page.split('"If-None-Match": "')[1].split('", ')[0].encode().decode("unicode_escape")


def test_an_empty_house_says_what_to_do_next(reader: Any) -> None:
    words = reader.text("/")
    assert "Nothing came within the last 30 minutes." in words
    assert "who may send" in words and "Nothing failed." in words


def test_films_are_shown_with_view_score_sender_and_time(pages: Any, reader: Any) -> None:
    pages.house.receive(1)
    pages.house.analyse("wrist_lateral", 0.97)
    pages.house.receive(2)
    page = reader.get("/").text
    words = reader.text("/")
    assert "wrist lateral" in words and "97%" in words and "XRAY1" in words and "waiting" in words
    assert "Films wait for their answer." in words
    assert "Doe" not in page and "4711" not in page  # nobody needs to know here who it is


def test_who_has_this_state_already_is_told_so(pages: Any, reader: Any) -> None:
    pages.house.receive(1)
    pages.house.analyse()
    tag = tag_of(reader.get("/").text)
    same = reader.fragment("/now/live", **{"If-None-Match": tag})
    if same.status_code == 200:  # another minute of the chart began in between
        same = reader.fragment("/now/live", **{"If-None-Match": same.headers["etag"]})
    assert same.status_code == 304 and not same.content
    pages.house.receive(2)
    other = reader.fragment("/now/live", **{"If-None-Match": tag})
    assert other.status_code == 200 and 'id="live"' in other.text and "<html" not in other.text


def test_failures_are_told_by_their_reason_and_analysed_again(pages: Any, reviewer: Any, admin: Any) -> None:
    house = pages.house
    uids = [house.receive(number) for number in (1, 2, 3)]
    house.fail("the pixels of 1.2.3 end after 100 bytes")
    words = reviewer.text("/")
    assert "3 films: The pixels of 1.2.3 end after 100 bytes." in words and "3 failed" in words
    assert "Analyse all" not in words and "Analyse all 3 again" in admin.text("/")
    assert reviewer.send("/now/requeue", sop_instance_uid=uids[0]).headers["location"] == "/"
    assert house.state(uids[0]) == "received"
    again = reviewer.send("/now/requeue", sop_instance_uid=uids[0])
    assert again.status_code == 409 and "waits" in again.text
    assert reviewer.send("/now/requeue", sop_instance_uid="1.2.9").status_code == 404
    kind = admin.get("/").text.split('name="kind" value="')[1].split('"')[0]
    assert reviewer.send("/now/requeue-kind", kind=kind).status_code == 403
    assert admin.send("/now/requeue-kind", kind=kind).status_code == 303
    assert {house.state(uid) for uid in uids} == {"received"}
    assert house.actions.page(1).items[0].detail == {"kind": kind, "films": 2}


def test_a_reader_analyses_nothing_again(pages: Any, reader: Any) -> None:
    uid = pages.house.receive(1)
    pages.house.fail("broken")
    assert "Analyse again" not in reader.text("/")
    assert reader.send("/now/requeue", sop_instance_uid=uid).status_code == 403
    assert pages.house.state(uid) == "failed"


@pytest.mark.parametrize(
    ("ordered", "part", "value"),
    [([], 0.5, None), ([3], 0.95, 3), ([1, 2, 3, 4], 0.5, 2), (list(range(1, 101)), 0.95, 95)],
)
def test_percentiles_by_nearest_rank(ordered: list[float], part: float, value: float | None) -> None:
    assert percentile(ordered, part) == value


@pytest.mark.parametrize(
    ("most", "top"), [(0, 4), (4, 4), (5, 10), (11, 20), (21, 40), (41, 100), (7000, 10_000)]
)
def test_the_upper_edge_of_a_chart_is_round(most: int, top: int) -> None:
    assert nice_top(most) == top


def test_bars_stand_on_the_ground_and_one_film_is_to_be_seen() -> None:
    chart = bars([0, 1, 1000], width=300, height=90)
    assert [(bar.height, bar.y + bar.height) for bar in chart.bars] == [(0, 90), (2, 90), (90, 90)]
    assert [bar.ago for bar in chart.bars] == [2, 1, 0]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.117, "0.12 s"),
        (1, "1.0 s"),
        (12.4, "12 s"),
        (170, "3 min"),
        (7200, "2 h"),
        (864000, "10 days"),
    ],
)
def test_time_spans_as_people_read_them(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words
