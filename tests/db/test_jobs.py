from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from db.engine import connect, sessions
from db.instances import Instances
from db.queries import Queries
from db.read import InstanceFilter
from db.recording import Sent
from router.errors import StaleClaim
from router.types import Analysis, Claim, Event, Outcome, State

Receive = Callable[..., Outcome]
Answer = Callable[..., Analysis]
MINUTE = timedelta(minutes=1)
UID = "1.2.3.1"


def _claim(instances: Instances, limit: int = 1) -> list[Claim]:
    return instances.claim(limit, lease=MINUTE, worker="w")


def _state(queries: Queries, uid: str = UID) -> State:
    found = queries.instance(uid)
    assert found is not None
    return found.state


# what is done to a claimed instance -> state, attempts counted, claimable at once, a minute later, event
ENDS: dict[str, tuple[Callable[[Instances, Claim, Answer], None], State, int, bool, bool, Event]] = {
    "finish": (lambda i, c, a: i.finish(c, a()), State.DONE, 1, False, False, Event.DONE),
    "finish without a view": (lambda i, c, a: i.finish(c, a(None)), State.DONE, 1, False, False, Event.DONE),
    "fail": (lambda i, c, _: i.fail(c, "no pixels"), State.FAILED, 1, False, False, Event.FAILED),
    "retry": (lambda i, c, _: i.retry(c, "disk", MINUTE), State.RECEIVED, 1, False, True, Event.RETRY),
    "retry now": (lambda i, c, _: i.retry(c, "disk", 0 * MINUTE), State.RECEIVED, 1, True, True, Event.RETRY),
    "release": (lambda i, c, _: i.release([c]), State.RECEIVED, 0, True, True, Event.REQUEUED),
    "nothing": (lambda *_: None, State.PROCESSING, 1, False, True, Event.CLAIMED),
    "renew": (lambda i, c, _: i.renew([c], 3 * MINUTE), State.PROCESSING, 1, False, False, Event.CLAIMED),
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_how_a_claim_ends(
    end: str, receive: Receive, instances: Instances, queries: Queries, analysis: Answer, clock: object
) -> None:
    act, state, attempts, at_once, later, event = ENDS[end]
    receive(1)
    (claim,) = _claim(instances)
    assert claim.attempt == 1
    act(instances, claim, analysis)
    found = queries.instance(UID)
    assert found is not None
    assert (found.state, found.attempt) == (state, attempts)
    assert queries.audit(UID)[-1].event is event
    if not at_once:
        assert _claim(instances) == []
    clock.forward(MINUTE)  # type: ignore[attr-defined]
    assert bool(_claim(instances)) is later


ACTS: dict[str, Callable[[Instances, Claim, Answer], None]] = {
    "finish": lambda i, c, a: i.finish(c, a()),
    "fail": lambda i, c, _: i.fail(c, "late"),
    "retry": lambda i, c, _: i.retry(c, "late", MINUTE),
    "renew": lambda i, c, _: i.renew([c], MINUTE),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_worker_whose_lease_went_to_another_is_refused_and_changes_nothing(
    act: str, receive: Receive, instances: Instances, queries: Queries, analysis: Answer, clock: object
) -> None:
    receive(1)
    (late,) = _claim(instances)
    clock.forward(2 * MINUTE)  # type: ignore[attr-defined]
    (holder,) = instances.claim(1, lease=MINUTE, worker="other")
    before = queries.instance(UID)
    with pytest.raises(StaleClaim, match=UID):
        ACTS[act](instances, late, analysis)
    assert queries.instance(UID) == before
    assert queries.audit(UID)[-1].detail["lease_ended_of"] == "w"
    instances.finish(holder, analysis())
    assert (holder.attempt, _state(queries)) == (2, State.DONE)


def test_a_late_worker_that_nobody_replaced_may_still_finish(
    receive: Receive, instances: Instances, queries: Queries, analysis: Answer, clock: object
) -> None:
    receive(1)
    (claim,) = _claim(instances)
    clock.forward(2 * MINUTE)  # type: ignore[attr-defined]
    instances.finish(claim, analysis())
    assert _state(queries) is State.DONE


def test_a_claim_ends_once(receive: Receive, instances: Instances, analysis: Answer) -> None:
    receive(1)
    (claim,) = _claim(instances)
    instances.finish(claim, analysis())
    with pytest.raises(StaleClaim):
        instances.finish(claim, analysis())


def test_renewing_a_batch_of_which_one_is_lost_keeps_the_others(
    receive: Receive, instances: Instances, clock: object
) -> None:
    for number in (1, 2, 3):
        receive(number)
    claims = _claim(instances, 3)
    receive(2, content="b")
    with pytest.raises(StaleClaim, match=r"1\.2\.3\.2 "):
        instances.renew(claims, 5 * MINUTE)
    clock.forward(2 * MINUTE)  # type: ignore[attr-defined]
    assert [claim.instance.sop_instance_uid for claim in _claim(instances, 3)] == ["1.2.3.2"]


def test_releasing_passes_over_what_is_lost(receive: Receive, instances: Instances, queries: Queries) -> None:
    receive(1)
    claims = _claim(instances)
    instances.fail(claims[0], "no pixels")
    instances.release(claims)
    assert _state(queries) is State.FAILED


def test_what_somebody_asked_for_is_served_before_new_films_and_imports_last(
    receive: Receive, instances: Instances, analysis: Answer, clock: object
) -> None:
    receive(1)
    instances.finish(_claim(instances)[0], analysis())
    receive(2, via="import")
    clock.forward(MINUTE)  # type: ignore[attr-defined]
    receive(3)
    clock.forward(MINUTE)  # type: ignore[attr-defined]
    receive(4)
    assert instances.requeue(UID, "admin") is True
    order = [claim.instance.sop_instance_uid for claim in _claim(instances, 9)]
    assert order == ["1.2.3.1", "1.2.3.3", "1.2.3.4", "1.2.3.2"]


REQUEUEABLE = {State.RECEIVED: False, State.PROCESSING: False, State.DONE: True, State.FAILED: True}


@pytest.mark.parametrize("state", REQUEUEABLE)
def test_only_what_has_ended_is_analysed_again(
    state: State, receive: Receive, instances: Instances, queries: Queries, analysis: Answer
) -> None:
    receive(1)
    if state is not State.RECEIVED:
        (claim,) = _claim(instances)
    if state is State.DONE:
        instances.finish(claim, analysis())
    if state is State.FAILED:
        instances.fail(claim, "no pixels")
    assert instances.requeue(UID, "admin") is REQUEUEABLE[state]
    if REQUEUEABLE[state]:
        assert (_state(queries), queries.audit(UID)[-1].detail) == (State.RECEIVED, {"by": "admin"})
        assert _claim(instances)[0].attempt == 1


def test_an_unknown_instance_cannot_be_requeued(instances: Instances) -> None:
    assert instances.requeue("9.9", "admin") is False


def test_many_are_requeued_by_what_they_are(receive: Receive, instances: Instances, queries: Queries) -> None:
    for number in range(40):
        receive(number, modality="DX" if number % 2 else "CR")
    for claim in _claim(instances, 40):
        instances.fail(claim, "no pixels")
    failed = InstanceFilter(modality="DX", state=State.FAILED)
    assert instances.requeue_where(failed, "admin", at_once=7) == 20
    assert queries.counts().states == {"received": 20, "processing": 0, "done": 0, "failed": 20}
    assert instances.requeue_where(InstanceFilter(modality="DX"), "admin", at_once=7) == 0


def test_a_requeued_instance_keeps_its_answer_until_there_is_another(
    receive: Receive, instances: Instances, queries: Queries, analysis: Answer
) -> None:
    receive(1)
    instances.finish(_claim(instances)[0], analysis())
    instances.requeue(UID, "admin")
    waiting = queries.instance(UID)
    instances.finish(_claim(instances)[0], analysis("knee_ap"))
    after = queries.instance(UID)
    assert waiting is not None
    assert after is not None
    assert waiting.view == analysis().view
    assert after.view == analysis("knee_ap").view
    assert len(after.shadow_views) == len(after.findings) == 1
    said = [entry.detail["view"]["view"] for entry in queries.audit(UID) if entry.event is Event.PREDICTED]
    assert said == ["chest_pa_ap", "knee_ap"]  # the audit keeps what was said


def test_a_failure_takes_an_earlier_answer_away(
    receive: Receive, instances: Instances, queries: Queries, analysis: Answer
) -> None:
    receive(1)
    instances.finish(_claim(instances)[0], analysis())
    instances.requeue(UID, "admin")
    instances.fail(_claim(instances)[0], "no pixels")
    found = queries.instance(UID)
    assert found is not None
    assert (found.view, found.findings, found.decision, found.reason) == (None, (), None, "no pixels")


def test_workers_that_claim_at_once_never_hold_the_same_instance(
    url: str, film: Callable[..., Sent], receive: Receive
) -> None:
    for number in range(80):
        receive(number, study=number // 3)
    taken: list[str] = []
    barrier = threading.Barrier(4)

    def work(name: str) -> None:
        engine = connect(url)
        instances = Instances(sessions(engine))
        barrier.wait()
        while claims := instances.claim(7, lease=MINUTE, worker=name):
            taken.extend(claim.instance.sop_instance_uid for claim in claims)
        engine.dispose()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(film(number).instance.sop_instance_uid for number in range(80))
