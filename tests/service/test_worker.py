"""One turn of the loop at a time, with fakes: what is claimed, written, tried again, given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from router.errors import AnalysisCrashed, OutOfResources, RadrouterError, StaleClaim, UndecodablePixels
from router.retry import RetryPolicy
from router.types import Analysis, Arrival, Claim, Decision, Instance, StoredObject
from service.analyst import Answer, Ticket
from service.rules_watch import RulesWatch
from service.worker import Pace, Worker

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DONE = Analysis(
    view=None,
    no_view_reason="a CT slice",
    decision=Decision(analyse=(), destinations=(), priority=0, outcomes=(), rules_version="0"),
)


def claim(number: int, attempt: int = 1) -> Claim:
    return Claim(
        instance=Instance(
            sop_instance_uid=f"1.2.{number}",
            sop_class_uid="1.2",
            study_instance_uid="1.2",
            series_instance_uid="1.2",
            transfer_syntax_uid="1.2",
        ),
        arrival=Arrival(
            calling_ae_title="A", called_ae_title="B", address="127.0.0.1", via="C-STORE", received_at=NOW
        ),
        stored=StoredObject(path=f"ab/{number}.dcm", size=1, sha256="0" * 64),
        token=f"token{number}",
        attempt=attempt,
        expires_at=NOW,
    )


class Queue:
    """The database: what waits, and what was done to it."""

    def __init__(self, *waiting: Claim) -> None:
        self.waiting = list(waiting)
        self.done: list[tuple[Any, ...]] = []
        self.away: type[RadrouterError] | None = None

    def _is_there(self) -> None:
        if self.away is not None:
            raise self.away("gone")

    def claim(self, limit: int, *, lease: timedelta, worker: str) -> list[Claim]:  # noqa: ARG002
        self._is_there()
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return taken

    def renew(self, claims: Sequence[Claim], lease: timedelta) -> None:  # noqa: ARG002
        self.done.append(("renew", len(claims)))

    def finish(self, claim: Claim, analysis: Analysis) -> None:
        self._is_there()
        self.done.append(("finish", claim.token, analysis))

    def retry(self, claim: Claim, reason: str, delay: timedelta) -> None:
        self.done.append(("retry", claim.token, reason, delay))

    def fail(self, claim: Claim, reason: str) -> None:
        self.done.append(("fail", claim.token, reason))

    def release(self, claims: Sequence[Claim]) -> None:
        self.done.append(("release", [claim.token for claim in claims]))


class Answers:
    """The analyst: answers what it was asked as it was told to, one poll later."""

    is_ready = True

    def __init__(self, *results: Analysis | RadrouterError, deaf: bool = False) -> None:
        self.results = list(results)
        self.asked: list[Ticket] = []
        self.deaf = deaf
        self.closed = False

    @property
    def has_room(self) -> bool:
        return not self.asked

    def submit(self, tickets: Sequence[Ticket], *, rules_text: str) -> None:
        assert "rule" in rules_text
        self.asked += tickets

    def poll(self, wait_s: float) -> list[Answer]:  # noqa: ARG002
        if self.deaf:
            return []
        asked, self.asked = self.asked, []
        return [Answer(key=ticket.key, result=self.results.pop(0)) for ticket in asked]

    def close(self) -> None:
        self.closed = True


class Stops(Event):
    """Never set by waiting, and never waits."""

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002
        return self.is_set()


@pytest.fixture
def rules(tmp_path: Path) -> RulesWatch:
    (tmp_path / "rules.toml").write_text(
        '[[rule]]\nname = "all"\nwhen = { modality = ["CR"] }\ndestinations = ["A"]\n'
    )
    return RulesWatch(tmp_path / "rules.toml", installed=())


def worker(
    rules: RulesWatch, queue: Queue, answers: Answers, *, low: bool = False, attempts: int = 3
) -> Worker:
    return Worker(
        jobs=queue,
        analyst=answers,  # type: ignore[arg-type]
        rules=rules,
        objects=Path("/objects"),
        beat=lambda: None,
        disk_is_low=lambda: low,
        pace=Pace(
            name="w",
            batch=2,
            lease=timedelta(seconds=30),
            poll_s=0.001,
            drain_s=0.05,
            retries=RetryPolicy(max_attempts=attempts),
        ),
    )


def test_a_film_whose_workers_died_each_time_is_given_up_and_not_tried_again(rules: RulesWatch) -> None:
    queue, answers = Queue(claim(1, attempt=4), claim(2, attempt=3)), Answers(DONE)
    loop = worker(rules, queue, answers, attempts=3)
    loop.step(Stops())
    loop.step(Stops())
    failed = [entry for entry in queue.done if entry[0] == "fail"]
    assert [entry[1] for entry in failed] == ["token1"]
    assert "given up" in failed[0][2]
    assert [entry[1] for entry in queue.done if entry[0] == "finish"] == ["token2"]


def test_a_batch_is_claimed_analysed_and_finished(rules: RulesWatch) -> None:
    queue, answers = Queue(claim(1), claim(2), claim(3)), Answers(DONE, DONE, DONE)
    loop = worker(rules, queue, answers)
    loop.step(Stops())
    assert [entry[:2] for entry in queue.done] == [("finish", "token1"), ("finish", "token2")]
    loop.step(Stops())
    assert queue.done[-1][:2] == ("finish", "token3")


def test_the_stored_path_counts_from_the_objects_folder(rules: RulesWatch) -> None:
    answers = Answers(deaf=True)
    worker(rules, Queue(claim(1)), answers).step(Stops())
    assert answers.asked[0].job.path == Path("/objects/ab/1.dcm")


@pytest.mark.parametrize(
    ("error", "attempt", "becomes"),
    [
        (UndecodablePixels("no decoder"), 1, "fail"),
        (AnalysisCrashed("killed by SIGSEGV"), 1, "retry"),
        (AnalysisCrashed("killed by SIGSEGV"), 3, "fail"),
        (OutOfResources("share away"), 2, "retry"),
    ],
)
def test_an_error_is_tried_again_or_final(
    rules: RulesWatch, error: RadrouterError, attempt: int, becomes: str
) -> None:
    queue = Queue(claim(1, attempt))
    worker(rules, queue, Answers(error)).step(Stops())
    kind, token, reason = queue.done[-1][:3]
    assert (kind, token, reason) == (becomes, "token1", str(error))


def test_a_poison_film_does_not_touch_its_neighbours(rules: RulesWatch) -> None:
    queue = Queue(claim(1), claim(2))
    worker(rules, queue, Answers(AnalysisCrashed("died"), DONE)).step(Stops())
    assert [entry[:2] for entry in queue.done] == [("retry", "token1"), ("finish", "token2")]


def test_a_stale_claim_is_dropped(rules: RulesWatch) -> None:
    queue = Queue(claim(1))
    queue.claim, once = (lambda *_, **__: [claim(1)]), queue.claim  # type: ignore[method-assign]
    loop = worker(rules, queue, Answers(DONE, DONE))
    queue.away = StaleClaim
    loop.step(Stops())
    assert queue.done == []
    queue.away, queue.claim = None, once  # type: ignore[method-assign]
    loop.step(Stops())
    assert queue.done[-1][:2] == ("finish", "token1")


def test_an_answer_is_kept_while_the_database_is_away(rules: RulesWatch) -> None:
    queue, answers = Queue(claim(1)), Answers(DONE, deaf=True)
    loop = worker(rules, queue, answers)
    loop.step(Stops())
    queue.away, answers.deaf = OutOfResources, False
    loop.step(Stops())
    assert queue.done == []
    queue.away = None
    for _ in range(10_000):
        loop.step(Event())
        if queue.done:
            break
    assert queue.done[0][:2] == ("finish", "token1")


def test_a_low_disk_pauses_claiming(rules: RulesWatch) -> None:
    queue = Queue(claim(1))
    worker(rules, queue, Answers(), low=True).step(Stops())
    assert len(queue.waiting) == 1


def test_leases_of_slow_films_are_renewed(rules: RulesWatch) -> None:
    queue = Queue(claim(1))
    loop = worker(rules, queue, Answers(deaf=True))
    loop.pace = replace(loop.pace, lease=timedelta(seconds=0))
    loop.step(Stops())
    loop.step(Stops())
    assert ("renew", 1) in queue.done


def test_what_is_not_finished_at_the_end_goes_back(rules: RulesWatch) -> None:
    queue, answers, stop = Queue(claim(1)), Answers(deaf=True), Stops()
    loop = worker(rules, queue, answers)
    loop.step(stop)
    stop.set()
    loop.run(stop)
    assert queue.done[-1] == ("release", ["token1"])
    assert answers.closed
