"""The judge: quiet studies, worklists that are down, a database that is away, a map that changes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

from db.read_verdicts import Due
from dicom_scp.link import Address, Unreachable
from router.comparison import Thresholds
from router.errors import OutOfResources
from router.orders import Order, OrderControl, OrderOutcome, OrderSource, Procedure
from router.verdicts import FilmFacts, Kind, Remark, Source, Verdict
from service.asking import Asked, Worklists
from service.asking_again import Agenda
from service.judge_process import agenda_of
from service.judging import Judge, Pace, compared, with_warning
from service.notes import Notes, noted
from service.procedures_watch import procedures_watch
from service.sections_orders import SHIPPED_PROCEDURES, Worklist, WorklistSource

STUDY = "1.2.3"
MINUTE = timedelta(minutes=1)


def a_film(uid: str = "1.2.3.1", view: str = "wrist_ap") -> FilmFacts:
    return FilmFacts(
        sop_instance_uid=uid,
        view=view,
        score=0.99,
        margin=0.98,
        runner_up="hand_ap",
        source=Source.AI,
        model="view@1",
        modality="DX",
    )


def a_due(
    *, films: tuple[FilmFacts, ...] = (), open_instances: int = 0, accession: str | None = "A100"
) -> Due:
    return Due(
        study_instance_uid=STUDY,
        accession_number=accession,
        patient_id="4711",
        token="t.1",
        films=films or (a_film(), a_film("1.2.3.2", "wrist_lateral")),
        open_instances=open_instances,
    )


def an_order(description: str = "XR wrist 2 views", **changes: object) -> Order:
    facts = {
        "order_number": "FI1",
        "source": OrderSource.WORKLIST,
        "origin": "RIS",
        "control": OrderControl.NEW,
        "accession_number": "A100",
        "procedures": (Procedure(code=None, description=description),),
    }
    return Order(**facts | changes)  # type: ignore[arg-type]


@dataclass
class Rooms:
    """The database as the judge sees it, and what it was told."""

    waiting: list[Due] = field(default_factory=list)
    known: list[Order] = field(default_factory=list)
    recorded: list[Verdict] = field(default_factory=list)
    postponed: list[timedelta] = field(default_factory=list)
    again_asked: list[str] = field(default_factory=list)
    maps_changed: int = 0
    beats: int = 0
    away: bool = False

    def claim(self, limit: int, *, lease: timedelta) -> list[Due]:  # noqa: ARG002
        if self.away:
            raise OutOfResources("away")
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return taken

    def postpone(self, due: Due, delay: timedelta) -> None:  # noqa: ARG002
        self.postponed.append(delay)

    def record(self, first: str | Order, verdict: Verdict | None = None, **_: object) -> bool | OrderOutcome:
        """Both rooms have a method of this name: a verdict for a token, or an order."""
        if isinstance(first, Order):
            self.known.append(first)
            return OrderOutcome.NEW
        assert verdict is not None
        self.recorded.append(verdict)
        return True

    def again(self, study_instance_uid: str) -> bool:
        self.again_asked.append(study_instance_uid)
        return True

    def again_unmapped(self) -> int:
        self.maps_changed += 1
        return 0

    def for_study(self, **_: object) -> tuple[Order, ...]:
        return tuple(self.known)

    def beat(self) -> None:
        self.beats += 1


@pytest.fixture
def judge_of(tmp_path: Path) -> Callable[..., Judge]:
    """A judge over these rooms."""

    def make(rooms: Rooms, *, ask: Callable[..., Asked] | None = None, **other: object) -> Judge:
        class Asking:
            orders_of = staticmethod(ask) if ask else None

        file = tmp_path / "procedures.toml"
        if not file.exists():
            file.write_text(SHIPPED_PROCEDURES.read_text("utf-8"), "utf-8")
        chosen = {
            "verdicts": rooms,
            "orders": rooms,
            "procedures": procedures_watch(file),
            "worklists": Asking() if ask else None,
            "compare": lambda due, orders, procedures: compared(
                due, orders, procedures, thresholds=Thresholds()
            ),
            "beat": rooms.beat,
            "pace": Pace(batch=4, lease=MINUTE, poll_s=0.01, quiet=MINUTE),
            "agenda": Agenda(first=timedelta(0), longest=MINUTE, lasting=timedelta(hours=1)),
        }
        return Judge(**chosen | other)  # type: ignore[arg-type]

    return make


def test_a_study_is_held_against_its_order(judge_of) -> None:
    rooms = Rooms(waiting=[a_due()], known=[an_order()])
    assert judge_of(rooms).step(Event())
    assert [verdict.kinds for verdict in rooms.recorded] == [{Kind.COMPLETE}]
    assert rooms.beats


def test_a_missing_view_is_found(judge_of) -> None:
    rooms = Rooms(waiting=[a_due(films=(a_film(),))], known=[an_order()])
    judge_of(rooms).step(Event())
    assert Kind.MISSING_VIEW in rooms.recorded[0].kinds


def test_a_study_whose_films_are_being_analysed_waits(judge_of) -> None:
    rooms = Rooms(waiting=[a_due(open_instances=1)])
    judge_of(rooms).step(Event())
    assert (rooms.recorded, rooms.postponed) == ([], [MINUTE])


def test_the_worklist_is_asked_only_where_no_order_has_come(judge_of) -> None:
    asked: list[Due] = []

    def ask(due: Due) -> Asked:
        asked.append(due)
        return Asked(orders=(an_order(),))

    rooms = Rooms(waiting=[a_due()], known=[an_order(source=OrderSource.HL7)])
    judge_of(rooms, ask=ask).step(Event())
    assert not asked
    rooms = Rooms(waiting=[a_due()])
    judge_of(rooms, ask=ask).step(Event())
    assert len(asked) == 1
    assert rooms.recorded[0].expectations[0].source is OrderSource.WORKLIST


def test_a_worklist_that_is_down_is_said_and_asked_again(judge_of) -> None:
    rooms = Rooms(waiting=[a_due()])
    judge = judge_of(rooms, ask=lambda _due: Asked(down=("RIS1",)))
    judge.step(Event())
    (remark,) = [each for each in rooms.recorded[0].remarks if each.kind is Kind.NO_ORDER]
    assert remark.sentence.endswith("The worklist RIS1 did not answer and is asked again.")
    judge.step(Event())
    assert rooms.again_asked == [STUDY]
    rooms.waiting, rooms.known = [a_due()], [an_order()]
    judge.step(Event())
    rooms.again_asked.clear()
    judge.step(Event())
    assert rooms.again_asked == []


def test_a_verdict_with_an_order_needs_no_warning() -> None:
    verdict = Verdict(study_instance_uid=STUDY, remarks=())
    assert with_warning(verdict, ["RIS1"]) == verdict


def test_the_agenda_asks_later_each_time_and_not_for_ever() -> None:
    agenda = Agenda(first=MINUTE, longest=4 * MINUTE, lasting=timedelta(minutes=30))
    now, times = 0.0, []
    agenda.put(STUDY, now)
    while now < 7200:
        now += 1
        if agenda.due(now) == [STUDY]:
            times.append(now / 60)
            agenda.put(STUDY, now)
    assert times == [1, 3, 7, 11, 15, 19, 23, 27]


def test_another_judge_asks_again_what_the_last_one_was_not_answered() -> None:
    now = datetime.now(UTC)

    def line(uid: str, sentence: str, judged_at: datetime) -> SimpleNamespace:
        remark = Remark(kind=Kind.NO_ORDER, sentence=sentence)
        verdict = Verdict(study_instance_uid=uid, remarks=(remark,))
        return SimpleNamespace(study_instance_uid=uid, verdict=verdict, judged_at=judged_at)

    class Listed:
        def page(self, **_: object) -> SimpleNamespace:
            silent = "no order is known. The worklist RIS1 did not answer and is asked again."
            lines = [line("1.1", silent, now), line("1.2", "no order is known", now)]
            return SimpleNamespace(items=[*lines, line("1.3", silent, now - timedelta(days=9))])

    wanted = Worklist(sources=(WorklistSource(**SOURCE),), again_first_s=0.001)
    agenda = agenda_of(wanted, Listed())  # type: ignore[arg-type]
    assert agenda.due(time.monotonic() + 1) == ["1.1"]


def test_the_database_away_is_waited_for(judge_of, caplog: pytest.LogCaptureFixture) -> None:
    rooms = Rooms(waiting=[a_due()], known=[an_order()], away=True)
    judge = judge_of(rooms)
    assert not judge.step(Event())
    assert "database away" in caplog.text
    rooms.away = False
    assert judge.step(Event())
    assert len(rooms.recorded) == 1


def test_one_study_that_cannot_be_judged_stops_no_other(judge_of, caplog) -> None:
    patient = "Doe^Jane"

    def compare(due: Due, _orders: object, _procedures: object) -> Verdict:
        if due.token == "bad":
            raise KeyError(patient)
        return Verdict(study_instance_uid=due.study_instance_uid, remarks=())

    bad = Due(
        study_instance_uid="1.9",
        accession_number=None,
        patient_id=None,
        token="bad",
        films=(),
        open_instances=0,
    )
    rooms = Rooms(waiting=[bad, a_due()])
    with caplog.at_level(logging.DEBUG):
        judge_of(rooms, compare=compare).step(Event())
    assert len(rooms.recorded) == 1
    assert rooms.postponed == [timedelta(minutes=10)]
    assert "KeyError" in caplog.text and "Doe" not in caplog.text


def test_what_is_claimed_when_we_stop_goes_back(judge_of) -> None:
    rooms, stop = Rooms(waiting=[a_due(), a_due()]), Event()
    stop.set()
    judge_of(rooms).step(stop)
    assert (rooms.recorded, rooms.postponed) == ([], [timedelta(0)] * 2)


def test_a_changed_map_judges_again_what_it_did_not_know(judge_of, tmp_path: Path) -> None:
    rooms = Rooms()
    judge = judge_of(rooms)
    judge.step(Event())
    assert rooms.maps_changed == 0
    file = tmp_path / "procedures.toml"
    file.write_text(file.read_text("utf-8") + "\n# changed\n", "utf-8")
    judge._housekeeping_at = 0.0
    judge.step(Event())
    assert rooms.maps_changed == 1


SOURCE = {"host": "127.0.0.1", "ae_title": "RIS1"}


def worklists(tmp_path: Path, *sources: WorklistSource, ask: Callable[..., tuple[Order, ...]]) -> Worklists:
    return Worklists(
        sources=sources,
        our_ae_title="RADROUTER",
        ask=ask,
        instance=lambda _uid: None,
        tell=Notes(tmp_path).tell,
        beat=lambda: None,
    )


def test_a_source_that_is_down_is_noted_and_rests(tmp_path: Path) -> None:
    tries = []

    def ask(address: Address, **_: object) -> tuple[Order, ...]:
        tries.append(address.called_ae_title)
        raise Unreachable("no connection to 127.0.0.1:104")

    asking = worklists(tmp_path, WorklistSource(**SOURCE), ask=ask)
    assert asking.orders_of(a_due()) == Asked(down=("RIS1",))
    assert asking.orders_of(a_due()) == Asked(down=("RIS1",))
    assert tries == ["RIS1"]
    assert noted(tmp_path).problems == {"RIS1": "no connection to 127.0.0.1:104"}
    asking.ask = lambda *_args, **_more: (an_order(),)
    asking._resting.clear()
    assert asking.orders_of(a_due()).orders == (an_order(),)
    assert noted(tmp_path).problems == {}


def test_by_patient_only_the_order_of_this_very_study_counts(tmp_path: Path) -> None:
    mine = an_order(study_instance_uid=STUDY)
    found = (an_order(), mine, an_order(study_instance_uid="9.9"))
    asking = worklists(tmp_path, WorklistSource(**SOURCE), ask=lambda *_args, **_more: found)
    assert asking.orders_of(a_due(accession=None)).orders == (mine,)


def test_sources_serve_the_senders_they_name(tmp_path: Path) -> None:
    other = WorklistSource(**SOURCE, calling_ae_titles=("DX*",))
    asking = worklists(tmp_path, other, ask=lambda *_args, **_more: (an_order(),))
    assert asking.orders_of(a_due()) == Asked()


def test_notes_go_on_counting_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        notes = Notes(tmp_path)
        notes.count("new")
    (tmp_path / "other-host.notes").write_text('{"counts": {"new": 5}, "problems": {}}')
    (tmp_path / "torn.notes").write_text("{")
    assert noted(tmp_path).counts == {"new": 7}
