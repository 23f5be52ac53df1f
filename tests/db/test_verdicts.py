from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count, takewhile
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from db.instances import QUIET, Instances
from db.verdicts import Verdicts
from router.errors import StaleClaim
from router.orders import Expectation, ExpectedView, OrderSource, Procedure, Side, Unmapped
from router.types import INVERTED, POLARITY, Analysis, Candidate, ModelRef, Outcome, ViewPrediction
from router.verdicts import FilmFacts, Kind, Remark, Source, Verdict
from router.views import Code

Receive = Callable[..., Outcome]
Answer = Callable[..., Analysis]
Judge = Callable[..., bool]
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def verdict(study: int, *kinds: Kind, films: tuple[str, ...] = (), **fields: Any) -> Verdict:
    remarks = tuple(
        Remark(kind=kind, sentence=f"it is {kind}", sop_instance_uids=films, score=0.9) for kind in kinds
    )
    return Verdict(study_instance_uid=f"1.2.4.{study}", remarks=remarks, films=films, **fields)


@pytest.fixture
def work(instances: Instances, analysis: Answer) -> Callable[..., None]:
    """Everything that waits is analysed and done."""

    def do(**fields: Any) -> None:
        for claim in instances.claim(1000, lease=MINUTE, worker="w"):
            instances.finish(claim, analysis(**fields))

    return do


@pytest.fixture
def judge(verdicts: Verdicts) -> Judge:
    """Judge one study now, with these kinds of remarks."""

    def do(study: int, *kinds: Kind, **more: Any) -> bool:
        assert verdicts.again(f"1.2.4.{study}")
        due = next(
            one for one in verdicts.claim(100, lease=SECOND) if one.study_instance_uid == f"1.2.4.{study}"
        )
        return verdicts.record(due.token, verdict(study, *kinds, **more))

    return do


def test_a_study_is_due_when_it_has_been_quiet(
    receive: Receive, instances: Instances, analysis: Answer, verdicts: Verdicts, clock: Any
) -> None:
    for number in (1, 2, 3):
        receive(number)
    claims = instances.claim(3, lease=timedelta(hours=1), worker="w")
    instances.finish(claims[0], analysis())
    clock.forward(QUIET - SECOND)
    instances.fail(claims[1], "no pixels")
    clock.forward(QUIET - SECOND)
    assert verdicts.claim(10, lease=MINUTE) == []
    clock.forward(SECOND)
    due = verdicts.claim(10, lease=MINUTE)
    assert [(one.study_instance_uid, one.accession_number, one.patient_id) for one in due] == [
        ("1.2.4.1", "A1", "P1")
    ]
    assert due[0].open_instances == 1
    assert [(film.sop_instance_uid, film.view) for film in due[0].films] == [
        ("1.2.3.1", "chest_pa_ap"),
        ("1.2.3.2", None),
    ]
    assert verdicts.claim(10, lease=MINUTE) == []


def test_the_quiet_time_is_a_parameter(
    maker: sessionmaker[Session], receive: Receive, analysis: Answer, verdicts: Verdicts, clock: Any
) -> None:
    hasty = Instances(maker, clock=clock, quiet=timedelta(0))
    receive(1)
    hasty.finish(hasty.claim(1, lease=MINUTE, worker="w")[0], analysis())
    assert len(verdicts.claim(10, lease=MINUTE)) == 1


@pytest.mark.parametrize("again", ["late film", "requeued", "replaced", "order"])
def test_a_study_that_changes_is_due_again_and_the_judge_who_held_it_is_refused(
    again: str, receive: Receive, instances: Instances, verdicts: Verdicts, clock: Any, work: Any
) -> None:
    receive(1)
    work()
    clock.forward(QUIET)
    held = verdicts.claim(1, lease=timedelta(hours=1))[0]
    if again == "late film":
        receive(2)
    elif again == "requeued":
        instances.requeue("1.2.3.1", by="me")
    elif again == "replaced":
        receive(1, content="b")
    else:
        verdicts.again("1.2.4.1")
    work()
    assert not verdicts.record(held.token, verdict(1, Kind.COMPLETE))
    assert verdicts.current("1.2.4.1") is None
    verdicts.postpone(held, timedelta(hours=1))  # too late to say so
    clock.forward(QUIET)
    assert verdicts.record(verdicts.claim(1, lease=MINUTE)[0].token, verdict(1, Kind.COMPLETE))
    assert verdicts.claim(1, lease=MINUTE) == []


def test_an_instance_that_moves_to_another_study_makes_both_due(
    receive: Receive, verdicts: Verdicts, clock: Any
) -> None:
    receive(1)
    receive(1, study=2, content="b")
    clock.forward(QUIET)
    assert {one.study_instance_uid for one in verdicts.claim(9, lease=MINUTE)} == {"1.2.4.1", "1.2.4.2"}


def test_a_postponed_study_waits_and_a_judge_who_died_loses_it(
    receive: Receive, verdicts: Verdicts, clock: Any
) -> None:
    receive(1)
    verdicts.again("1.2.4.1")
    verdicts.postpone(verdicts.claim(1, lease=MINUTE)[0], timedelta(minutes=5))
    clock.forward(timedelta(minutes=4))
    assert verdicts.claim(1, lease=MINUTE) == []
    clock.forward(MINUTE)
    dead = verdicts.claim(1, lease=MINUTE)[0]
    clock.forward(MINUTE)
    alive = verdicts.claim(1, lease=MINUTE)[0]
    assert not verdicts.record(dead.token, verdict(1))
    assert verdicts.record(alive.token, verdict(1))


def test_two_judges_never_hold_the_same_study(receive: Receive, verdicts: Verdicts) -> None:
    for study in range(30):
        receive(study, study=study)
        verdicts.again(f"1.2.4.{study}")
    taken: list[str] = []

    def take() -> None:
        while due := verdicts.claim(3, lease=MINUTE):
            taken.extend(one.study_instance_uid for one in due)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 30


def test_a_verdict_comes_back_as_it_was_given(receive: Receive, verdicts: Verdicts, judge: Judge) -> None:
    receive(1)
    procedure = Procedure(code=Code(value="1", scheme="LN", meaning="Wrist"), description=None)
    whole: dict[str, Any] = {
        "films": ("1.2.3.1",),
        "map_version": "m1",
        "expectations": (
            Expectation(
                procedure="wrist",
                source=OrderSource.WORKLIST,
                regions=("wrist", "hand"),
                side=Side.LEFT,
                views=(ExpectedView(views=("wrist_ap",), count=2, optional=True),),
                evidence="LN 1",
                order_number="F1",
            ),
        ),
    }
    whole["unmapped"] = (Unmapped(procedure=procedure, order_number=None),)
    assert judge(1, Kind.WRONG_REGION, Kind.UNMAPPED, **whole)
    current = verdicts.current("1.2.4.1")
    assert current is not None and current.superseded_at is None
    assert current.verdict == verdict(1, Kind.WRONG_REGION, Kind.UNMAPPED, **whole)


def test_verdicts_keep_their_history_and_the_same_again_is_no_history(
    receive: Receive, verdicts: Verdicts, judge: Judge, clock: Any
) -> None:
    receive(1)
    start = clock()
    for kind in (Kind.MISSING_VIEW, Kind.MISSING_VIEW, Kind.COMPLETE):
        judge(1, kind)
        clock.forward(MINUTE)
    told = [
        (tuple(one.verdict.kinds), one.judged_at, one.superseded_at) for one in verdicts.history("1.2.4.1")
    ]
    assert told == [
        ((Kind.MISSING_VIEW,), start, start + 2 * MINUTE),
        ((Kind.COMPLETE,), start + 2 * MINUTE, None),
    ]
    assert verdicts.history("1.2.4.9") == [] and verdicts.current("1.2.4.9") is None


def test_a_verdict_on_another_study_is_refused(receive: Receive, verdicts: Verdicts) -> None:
    receive(1)
    verdicts.again("1.2.4.1")
    with pytest.raises(ValueError, match="another study"):
        verdicts.record(verdicts.claim(1, lease=MINUTE)[0].token, verdict(2))


def test_the_facts_of_a_film_are_what_was_stated_and_what_its_header_claims(
    receive: Receive, verdicts: Verdicts, work: Any
) -> None:
    attributes = {
        "ProtocolName": ("Thorax pa",),
        "AnatomicRegionSequence.CodeValue": ("816094009",),
        "ViewCodeSequence.CodeValue": ("", "399348003"),
        "ProcedureCodeSequence.CodeValue": ("36643-5",),
        "ProcedureCodeSequence.CodingSchemeDesignator": ("LN",),
        "ProcedureCodeSequence.CodeMeaning": ("XR Chest 2 Views",),
        "RequestedProcedureDescription": ("Thorax",),
    }
    receive(
        1, attributes=attributes, body_part_examined="CHEST", view_position="PA", image_laterality="U",
        series_description="pa", study_description="Rö Thorax",
    )  # fmt: skip
    work()
    chest = Code(value="36643-5", scheme="LN", meaning="XR Chest 2 Views")
    stored = verdicts.film_facts("1.2.4.1")
    assert stored == (
        FilmFacts(
            sop_instance_uid="1.2.3.1", view="chest_pa_ap", score=0.9, margin=0.8, runner_up="other",
            source=Source.AI, model="view@2", rotation=0, rotation_score=0.9, image_laterality="U",
            modality="DX", body_part_examined="CHEST", view_position="PA", series_description="pa",
            protocol_name="Thorax pa", anatomic_region_code="816094009", view_code="399348003",
            study_description="Rö Thorax", sha256=stored[0].sha256,
            candidates=(Candidate(label="chest_pa_ap", score=0.9), Candidate(label="other", score=0.1)),
            procedures=(
                Procedure(code=chest, description="XR Chest 2 Views"),
                Procedure(code=None, description="Thorax"),
            ),
        ),
    )  # fmt: skip


def test_a_film_without_a_prediction_has_what_its_header_says(
    receive: Receive, verdicts: Verdicts, work: Any
) -> None:
    receive(1, modality="CT", attributes={})
    work(view=None)
    film = verdicts.film_facts("1.2.4.1")[0]
    assert (film.view, film.source, film.modality, film.rotation, film.model) == (
        None, Source.HEADER, "CT", None, None,
    )  # fmt: skip
    assert verdicts.film_facts("1.2.4.9") == ()


def test_a_rotation_that_is_no_number_is_not_stated(
    receive: Receive, verdicts: Verdicts, instances: Instances, analysis: Answer
) -> None:
    receive(1)
    view = ViewPrediction(
        view="hand_ap", score=0.9, margin=0.9, candidates=(Candidate(label="hand_ap", score=0.9),),
        model=ModelRef(name="view", version="2", sha256="1" * 64),
        further={"rotation": (Candidate(label="unsure", score=0.5),)},
    )  # fmt: skip
    claim = instances.claim(1, lease=MINUTE, worker="w")[0]
    instances.finish(claim, replace(analysis(), view=view))
    film = verdicts.film_facts("1.2.4.1")[0]
    assert (film.rotation, film.rotation_score, film.runner_up) == (None, None, None)


def test_a_film_that_its_header_shows_inverted_is_said_to_be(
    receive: Receive, verdicts: Verdicts, instances: Instances, analysis: Answer
) -> None:
    receive(1)
    view = analysis().view
    assert view is not None
    inverted = replace(view, further={POLARITY: (Candidate(label=INVERTED, score=1.0),)})
    claim = instances.claim(1, lease=MINUTE, worker="w")[0]
    instances.finish(claim, replace(analysis(), view=inverted))
    assert verdicts.film_facts("1.2.4.1")[0].inverted is True


DAYS = {1: "20260101", 2: "20260103", 3: "20260102", 4: "20260104", 5: "20260105"}
FOUND = {
    1: (Kind.WRONG_REGION,),
    2: (Kind.DUPLICATE, Kind.HEADER_CONTRADICTS),
    3: (Kind.DUPLICATE,),
    4: (Kind.COMPLETE,),
    5: (Kind.UNSURE, Kind.NO_ORDER),
}


@pytest.fixture
def worklist(receive: Receive, judge: Judge) -> None:
    for study, day in DAYS.items():
        receive(study, study=study, study_date=day)
        judge(study, *FOUND[study], films=(f"1.2.3.{study}",))


ASKED: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [2, 3, 1]),
    ({"faults_only": False}, [5, 4, 2, 3, 1]),
    ({"kinds": frozenset({Kind.DUPLICATE})}, [2, 3]),
    ({"kinds": frozenset({Kind.DUPLICATE, Kind.WRONG_REGION})}, [2, 3, 1]),
    ({"kinds": frozenset({Kind.COMPLETE})}, [4]),
    ({"kinds": frozenset[Kind]()}, []),
    ({"worst_first": True}, [1, 2, 3]),
    ({"settled": False}, [2, 3, 1]),
    ({"settled": True, "faults_only": False}, [5, 4]),
    ({"study_date_from": "20260102", "study_date_to": "20260103"}, [2, 3]),
    ({"calling_ae_title": "MODALITY"}, [2, 3, 1]),
    ({"calling_ae_title": "OTHER"}, []),
    ({"not_reviewed_by": "ada"}, [2, 3, 1]),
    ({"reviewed_by": "ada"}, []),
]


@pytest.mark.usefixtures("worklist")
def test_the_worklist_shows_what_is_asked_for_page_by_page(verdicts: Verdicts) -> None:
    for limit in (1, 2, 100):
        for asked, shown in ASKED:
            page = verdicts.page(limit=limit, **asked)
            found = list(page.items)
            while page.next_cursor is not None:
                assert len(page.items) == limit
                page = verdicts.page(limit=limit, cursor=page.next_cursor, **asked)
                found += page.items
            assert [item.study_instance_uid for item in found] == [f"1.2.4.{one}" for one in shown], asked


@pytest.mark.usefixtures("worklist")
def test_a_line_of_the_worklist_tells_what_it_is_about(verdicts: Verdicts) -> None:
    item = verdicts.page(limit=1).items[0]
    assert (item.study_date, item.patient_id, item.patient_name) == ("20260103", "P2", "Doe^Jane")
    assert (item.accession_number, item.calling_ae_title, item.instances) == ("A2", "MODALITY", 1)
    assert item.kinds == (Kind.HEADER_CONTRADICTS, Kind.DUPLICATE)
    assert item.verdict.remarks[0].sentence == "it is duplicate"
    assert (item.reviewers, item.disagreed, item.settled) == ((), False, False)
    assert item.severity > 0


@pytest.mark.usefixtures("worklist")
def test_the_kinds_are_counted(verdicts: Verdicts) -> None:
    counted = verdicts.counts()
    assert set(counted) == set(Kind)
    assert {kind: count for kind, count in counted.items() if count} == {
        Kind.WRONG_REGION: 1, Kind.DUPLICATE: 2, Kind.HEADER_CONTRADICTS: 1,
    }  # fmt: skip
    assert verdicts.counts(settled=None)[Kind.COMPLETE] == 1
    assert verdicts.counts(settled=True)[Kind.DUPLICATE] == 0


@pytest.mark.usefixtures("worklist")
def test_a_new_verdict_and_a_corrected_study_date_move_the_line(
    verdicts: Verdicts, judge: Judge, receive: Receive
) -> None:
    judge(2, Kind.COMPLETE)
    receive(31, study=3, study_date="20250101")
    assert [item.study_instance_uid for item in verdicts.page(limit=9).items] == ["1.2.4.1", "1.2.4.3"]


@pytest.mark.parametrize("statement", ["UPDATE verdict SET study_id = 9", "DELETE FROM verdict"])
def test_the_database_itself_refuses_to_change_verdicts(
    statement: str, receive: Receive, judge: Judge, maker: sessionmaker[Session]
) -> None:
    receive(1)
    judge(1, Kind.COMPLETE)
    with pytest.raises(DBAPIError, match="append-only"), maker.begin() as session:
        session.execute(text(statement))


def test_what_waits_to_be_judged_is_counted(receive: Receive, verdicts: Verdicts, clock: Any) -> None:
    receive(1)
    verdicts.again("1.2.4.1")
    assert (verdicts.waiting().due, verdicts.waiting().oldest_seconds) == (1, 0)
    clock.forward(MINUTE)
    assert (verdicts.waiting().due, verdicts.waiting().oldest_seconds) == (1, 60)
    due = verdicts.claim(1, lease=MINUTE)[0]
    assert verdicts.record(due.token, verdict(1))
    assert (verdicts.waiting().due, verdicts.waiting().oldest_seconds) == (0, 0)


def test_a_strangers_token_is_stale(verdicts: Verdicts, receive: Receive) -> None:
    receive(1)
    assert not verdicts.record("abc.1", verdict(1))
    assert not verdicts.again("1.2.4.9")


def test_senders_workers_reviewers_and_judges_never_deadlock(
    film: Callable[..., Any], maker: sessionmaker[Session], analysis: Answer
) -> None:
    """Films of one study with changing dates arrive, are analysed and judged, all at the same time."""
    instances = Instances(maker, quiet=timedelta(0))
    live = Verdicts(maker)
    errors: list[BaseException] = []
    stop = threading.Event()

    def repeat(step: Callable[[int], object]) -> None:
        try:
            for number in takewhile(lambda _: not stop.is_set(), count()):
                step(number)
        except BaseException as error:
            errors.append(error)

    def send(number: int) -> None:
        sent = film(
            number % 4, content=str(number), study_date=f"202601{number % 28 + 1:02}", study=number % 2
        )
        instances.record(sent.instance, sent.arrival, sent.stored, on_conflict="replace")

    def analyse(_: int) -> None:
        for claim in instances.claim(2, lease=MINUTE, worker="w"):
            with suppress(StaleClaim):  # other bytes came meanwhile
                instances.finish(claim, analysis())

    def judging(number: int) -> None:
        for due in live.claim(2, lease=MINUTE):
            kind = Kind.DUPLICATE if number % 2 else Kind.ROTATED
            study = int(due.study_instance_uid.rpartition(".")[2])
            live.record(
                due.token, verdict(study, kind, films=tuple(one.sop_instance_uid for one in due.films))
            )

    threads = [
        threading.Thread(target=repeat, args=(step,)) for step in (send, analyse, analyse, judging, judging)
    ]
    _run(threads, stop)
    assert errors == []


def _run(threads: list[threading.Thread], stop: threading.Event) -> None:
    for thread in threads:
        thread.start()
    stop.wait(2)
    stop.set()
    for thread in threads:
        thread.join(30)
