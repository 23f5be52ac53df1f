from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from db.engine import connect, sessions
from db.instances import Instances
from db.queries import Queries
from db.read import InstanceFilter, StudyFilter
from router.types import Analysis, Event, ModelRef, Outcome, State

Receive = Callable[..., Outcome]
Answer = Callable[..., Analysis]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def hospital(receive: Receive, instances: Instances, analysis: Answer, clock: object) -> None:
    """Three studies: a chest done, a knee with a CT that has no view, and a film that still waits."""
    receive(1, study=1, study_date="20260101", body_part_examined="CHEST")
    receive(2, study=2, study_date="20260102", modality="CR")
    receive(3, study=2, study_date="20260102", modality="CT", series_instance_uid="1.2.5.99")
    by_uid = {c.instance.sop_instance_uid: c for c in instances.claim(3, lease=MINUTE, worker="w")}
    instances.finish(by_uid["1.2.3.1"], analysis("chest_pa_ap"))
    instances.finish(by_uid["1.2.3.2"], analysis("knee_ap"))
    instances.finish(by_uid["1.2.3.3"], analysis(None))
    clock.forward(MINUTE)  # type: ignore[attr-defined]
    receive(4, study=3, study_date="20260103")


# a condition -> the instances, the studies
FILTERS: list[tuple[dict[str, object], str, str]] = [
    ({}, "4321", "321"),
    ({"study_date_from": "20260102"}, "432", "32"),
    ({"study_date_to": "20260102"}, "321", "21"),
    ({"study_date_from": "20260102", "study_date_to": "20260102"}, "32", "2"),
    ({"patient_id": "P2"}, "32", "2"),
    ({"patient_id": "p2"}, "", ""),
    ({"accession_number": "A3"}, "4", "3"),
    ({"modality": "DX"}, "41", "31"),
    ({"modality": "CT"}, "3", "2"),
    ({"body_part_examined": "CHEST"}, "1", "1"),
    ({"view": "knee_ap"}, "2", "2"),
    ({"view": "knee_ap", "modality": "CT"}, "", ""),
    ({"state": State.RECEIVED}, "4", "3"),
    ({"state": State.DONE}, "321", "21"),
    ({"state": State.DONE, "study_date_to": "20260101"}, "1", "1"),
    ({"calling_ae_title": "MODALITY"}, "4321", "321"),
    ({"calling_ae_title": "OTHER"}, "", ""),
]


@pytest.mark.parametrize(("given", "numbers", "studies"), FILTERS)
@pytest.mark.usefixtures("hospital")
def test_lists_show_what_is_asked_for_newest_study_first(
    given: dict[str, object], numbers: str, studies: str, queries: Queries
) -> None:
    found = queries.instances(InstanceFilter(**given), 50)  # type: ignore[arg-type]
    assert [one.sop_instance_uid for one in found.items] == [f"1.2.3.{number}" for number in numbers]
    listed = queries.studies(StudyFilter(**given), 50)  # type: ignore[arg-type]
    assert [one.study_instance_uid for one in listed.items] == [f"1.2.4.{study}" for study in studies]
    assert (found.next_cursor, listed.next_cursor) == (None, None)


@pytest.mark.usefixtures("hospital")
def test_lists_are_filtered_by_arrival_study_and_series(queries: Queries, clock: object) -> None:
    now = clock()  # type: ignore[operator]
    late = queries.instances(InstanceFilter(received_since=now), 5).items
    early = queries.instances(InstanceFilter(received_until=now, study_instance_uid="1.2.4.2"), 5).items
    series = queries.instances(InstanceFilter(series_instance_uid="1.2.5.99"), 5).items
    found = [[one.sop_instance_uid[-1] for one in items] for items in (late, early, series)]
    assert found == [["4"], ["3", "2"], ["3"]]


@pytest.mark.usefixtures("hospital")
def test_a_study_is_the_roll_up_of_its_instances(queries: Queries) -> None:
    found = queries.study("1.2.4.2")
    assert found is not None
    summary = found.summary
    assert (summary.modalities, summary.views, summary.series, summary.instances) == (
        ("CR", "CT"),
        ("knee_ap",),
        2,
        2,
    )
    assert summary.states == {"received": 0, "processing": 0, "done": 2, "failed": 0}
    assert [one.instance.sop_instance_uid for one in found.instances] == ["1.2.3.2", "1.2.3.3"]
    assert found.instances[1].reason == "CT is not a radiograph"
    assert found.audit_id == max(one.audit_id for one in found.instances)
    assert queries.studies(StudyFilter(patient_id="P2"), 1).items == (summary,)


@pytest.mark.usefixtures("hospital")
def test_an_instance_shows_its_whole_answer(queries: Queries, analysis: Answer) -> None:
    found, answer = queries.instance("1.2.3.1"), analysis()
    assert found is not None
    assert (found.view, found.shadow_views, found.findings) == (
        answer.view,
        answer.shadow_views,
        answer.findings,
    )
    assert (found.decision, found.models_run) == (answer.decision, answer.models_run)
    assert found.models_silent == answer.models_silent
    assert (found.models_absent, found.duration_ms, found.state) == (("fracture",), 12.5, State.DONE)


def test_what_is_unknown_is_none(queries: Queries) -> None:
    assert (queries.instance("9.9"), queries.study("9.9"), queries.audit("9.9")) == (None, None, [])


@pytest.mark.usefixtures("hospital")
def test_counts_say_how_the_whole_stands(queries: Queries, instances: Instances, clock: object) -> None:
    clock.forward(MINUTE)  # type: ignore[attr-defined]
    counts = queries.counts()
    assert counts.states == {"received": 1, "processing": 0, "done": 3, "failed": 0}
    assert (counts.due, counts.oldest_waiting_seconds, counts.studies) == (1, 60.0, 3)
    instances.claim(1, lease=MINUTE, worker="w")
    assert queries.counts().oldest_waiting_seconds is None
    assert queries.counts().audit_id == counts.audit_id + 1


@pytest.mark.usefixtures("hospital")
def test_history_gives_back_the_facts_that_decided(queries: Queries, analysis: Answer, clock: object) -> None:
    past = list(queries.history(clock() - 2 * MINUTE))  # type: ignore[operator]
    facts, decision = past[0]
    assert [one.instance.sop_instance_uid[-1] for one, _ in past] == ["1", "2", "3"]
    assert (facts.view, facts.findings, facts.specialists) == (
        analysis().view,
        analysis().findings,
        ("lung",),
    )
    assert decision == analysis().decision
    assert facts.instance.attributes["KVP"] == ("70",)
    assert list(queries.history(clock())) == []  # type: ignore[operator]


def test_history_does_not_take_the_shadow_of_an_absent_specialist_for_its_answer(
    receive: Receive, instances: Instances, queries: Queries, analysis: Answer, clock: object
) -> None:
    receive(1)
    (claim,) = instances.claim(1, lease=MINUTE, worker="w")
    lung, shadow = analysis().models_run[-1], ModelRef(name="fracture", version="2", sha256="3" * 64)
    instances.finish(claim, analysis(models_run=(lung, shadow), models_absent=("fracture",)))
    ((facts, _),) = queries.history(clock() - MINUTE)  # type: ignore[operator]
    assert facts.specialists == ("lung",)


@pytest.mark.usefixtures("hospital")
def test_changes_go_on_where_they_were_left(queries: Queries) -> None:
    every = queries.changes(0, 1000)
    assert [one.id for one in every] == sorted(one.id for one in every)
    assert queries.changes(every[3].id, 2) == every[4:6]
    assert queries.changes(every[-1].id, 10) == []
    assert every[-1].event is Event.RECEIVED


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_change_that_commits_late_is_not_passed_over(
    receive: Receive, queries: Queries, maker: sessionmaker[Session]
) -> None:
    receive(1)
    (first,) = queries.changes(0, 9)
    with maker.begin() as slow:
        columns = "(instance_id, event, at, detail)"
        slow.execute(text(f"INSERT INTO audit {columns} SELECT id, 'duplicate', now(), '{{}}' FROM instance"))
        receive(2)
        assert queries.changes(first.id, 9) == []  # the later number is held back
    assert [entry.event for entry in queries.changes(first.id, 9)] == [Event.DUPLICATE, Event.RECEIVED]


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_of_no_sensible_size_is_refused(limit: int, queries: Queries) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        queries.studies(StudyFilter(), limit)
    with pytest.raises(ValueError, match="1 to 1000"):
        queries.instances(InstanceFilter(), limit)


# every film is put into one of a few dates and studies; then read in pages while others come in
@pytest.mark.parametrize("size", [1, 3, 7])
def test_pages_have_no_gaps_and_no_repeats_while_films_come_in(
    size: int, receive: Receive, queries: Queries
) -> None:
    for number in range(30):
        receive(number, study=number // 2, study_date=f"2026010{number % 5}" if number % 3 else None)
    before = {one.sop_instance_uid for one in queries.instances(InstanceFilter(), 1000).items}
    seen, studies, late = [], [], 100
    cursor: str | None = None
    while True:
        page = queries.instances(InstanceFilter(), size, cursor)
        seen += [one.sop_instance_uid for one in page.items]
        receive(late, study=late, study_date=f"2026010{late % 5}")
        late, cursor = late + 1, page.next_cursor
        if cursor is None:
            break
    while True:
        listed = queries.studies(StudyFilter(modality="DX"), size, cursor)
        studies += [one.study_instance_uid for one in listed.items]
        cursor = listed.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert before <= set(seen)
    assert len(studies) == len(set(studies)) == queries.counts().studies


def test_ten_thousand_rows_are_read_in_pages_without_gaps_or_repeats(
    receive: Receive, queries: Queries, maker: sessionmaker[Session]
) -> None:
    receive(1, study=1)
    with maker.begin() as session:
        for table, columns in COPIES.items():
            session.execute(text(f"INSERT INTO {table} {columns}"))
    seen, studies, late = [], [], 50_000
    page = queries.instances(InstanceFilter(modality="DX"), 997)
    while page.next_cursor is not None:
        seen += [one.sop_instance_uid for one in page.items]
        receive(late := late + 1, study=late, study_date="20260104")
        page = queries.instances(InstanceFilter(modality="DX"), 997, page.next_cursor)
    seen += [one.sop_instance_uid for one in page.items]
    listed = queries.studies(StudyFilter(), 311)
    while listed.next_cursor is not None:
        studies += [one.study_instance_uid for one in listed.items]
        listed = queries.studies(StudyFilter(), 311, listed.next_cursor)
    studies += [one.study_instance_uid for one in listed.items]
    assert len(seen) == len(set(seen))
    assert len(set(seen) - {f"1.2.3.{number}" for number in range(50_000, 51_000)}) == 10_001
    assert len(studies) == len(set(studies)) == queries.counts().studies


_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)"
COPIES = {
    "study": f"""
        (id, study_instance_uid, listed_date)
        {_NUMBERS} SELECT i + 100000, '1.2.4.' || (i + 100000), '2026010' || (i % 9 + 1) FROM n
        WHERE i % 3 = 0""",
    "instance": f"""
        (id, sop_instance_uid, study_id, listed_date, series_instance_uid, sop_class_uid, modality,
         calling_ae_title, called_ae_title, address, via, received_at, path, size, sha256, state, lane,
         due_at, attempt)
        {_NUMBERS} SELECT n.i + 100000, '1.2.9.' || n.i, s.id, s.listed_date, '1.2', '1.2', 'DX',
        'A', 'B', '', 'C-STORE', o.received_at, '', 1, '', 'received', 1, o.due_at, 0
        FROM n JOIN study s ON s.id = n.i - n.i % 3 + 100000 + CASE WHEN n.i < 3 THEN 3 ELSE 0 END
        CROSS JOIN instance o WHERE o.sop_instance_uid = '1.2.3.1'""",
}


def test_readers_do_not_wait_for_a_writer(url: str, receive: Receive) -> None:
    receive(1)
    engine = connect(url)
    with engine.begin() as writer:
        writer.execute(text("UPDATE instance SET reason = 'x'"))
        reader = Queries(sessions(engine))
        found = reader.instance("1.2.3.1")
    engine.dispose()
    assert found is not None
    assert found.reason is None
