from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from db.engine import connect, sessions
from db.instances import Instances
from db.queries import Queries
from db.recording import Sent
from router.errors import StaleClaim
from router.types import Analysis, Event, Outcome, State

Make = Callable[..., Sent]
Receive = Callable[..., Outcome]
MINUTE = timedelta(minutes=1)


def _story(queries: Queries, uid: str = "1.2.3.1") -> list[Event]:
    return [entry.event for entry in queries.audit(uid)]


def test_what_is_recorded_is_read_back_exactly(receive: Receive, film: Make, queries: Queries) -> None:
    assert receive(1) is Outcome.NEW
    sent, found = film(1), queries.instance("1.2.3.1")
    assert found is not None
    assert (found.instance, found.arrival, found.stored) == (sent.instance, sent.arrival, sent.stored)
    assert dict(found.instance.attributes) == dict(sent.instance.attributes)
    assert (found.state, found.attempt, found.view, found.decision) == (State.RECEIVED, 0, None, None)


@pytest.mark.parametrize(
    "hostile",
    ["nul \0 inside", "half a pair \ud800", "x" * 20_000, "𝔸" * 20_000, "' OR 1=1 --", "", "%_"],
)
def test_no_word_of_a_stranger_keeps_an_object_out(receive: Receive, queries: Queries, hostile: str) -> None:
    names = ("patient_id", "patient_name", "accession_number", "study_description", "modality")
    fields = dict.fromkeys(names, hostile) | {"study_date": hostile, "attributes": {"KVP": (hostile,)}}
    assert receive(1, **fields) is Outcome.NEW
    found = queries.instance("1.2.3.1")
    assert found is not None
    assert {getattr(found.instance, name) for name in names} == {hostile}
    assert found.instance.attributes["KVP"] == (hostile,)


# sent before, sent now, policy -> outcome, state after, what the audit says happened
TABLE = [
    ("a", "a", "replace", Outcome.DUPLICATE, State.DONE, Event.DUPLICATE),
    ("a", "a", "keep_first", Outcome.DUPLICATE, State.DONE, Event.DUPLICATE),
    ("a", "b", "replace", Outcome.REPLACED, State.RECEIVED, Event.REPLACED),
    ("a", "b", "keep_first", Outcome.KEPT_FIRST, State.DONE, Event.KEPT_FIRST),
]


@pytest.mark.parametrize(("before", "now", "policy", "outcome", "state", "event"), TABLE)
def test_an_object_sent_again(
    before: str, now: str, policy: str, outcome: Outcome, state: State, event: Event,
    receive: Receive, instances: Instances, queries: Queries, analysis: Callable[..., Analysis],
) -> None:  # fmt: skip
    receive(1, content=before)
    instances.finish(instances.claim(1, lease=MINUTE, worker="w")[0], analysis())
    assert receive(1, content=now, on_conflict=policy) is outcome
    found = queries.instance("1.2.3.1")
    assert found is not None
    assert found.state is state
    assert (found.view is None) == (outcome is Outcome.REPLACED)
    assert _story(queries)[-1] is event


def test_keeping_the_first_notes_the_other_bytes(receive: Receive, film: Make, queries: Queries) -> None:
    receive(1)
    receive(1, content="b", on_conflict="keep_first")
    other, detail = film(1, content="b").stored, queries.audit("1.2.3.1")[-1].detail
    assert (detail["path"], detail["sha256"]) == (other.path, other.sha256)
    assert set(queries.stored_paths()) == {film(1).stored.path, other.path}


def test_replaced_bytes_are_no_orphan(receive: Receive, film: Make, queries: Queries) -> None:
    for content in "abc":
        receive(1, content=content)
    assert set(queries.stored_paths()) == {film(1, content=content).stored.path for content in "abc"}


def test_replacing_refuses_the_worker_that_is_busy_with_the_old_bytes(
    receive: Receive, instances: Instances, queries: Queries, analysis: Callable[..., Analysis]
) -> None:
    receive(1)
    (claim,) = instances.claim(1, lease=MINUTE, worker="w")
    receive(1, content="b")
    with pytest.raises(StaleClaim):
        instances.finish(claim, analysis())
    (again,) = instances.claim(1, lease=MINUTE, worker="w")
    assert (again.stored.sha256, again.attempt) != (claim.stored.sha256, 2)
    assert again.attempt == 1
    assert _story(queries) == [Event.RECEIVED, Event.CLAIMED, Event.REPLACED, Event.CLAIMED]


def test_an_instance_moved_to_another_study_leaves_no_empty_one(receive: Receive, queries: Queries) -> None:
    receive(1, study=1)
    receive(1, study=2, content="b")
    assert queries.study("1.2.4.1") is None
    moved = queries.study("1.2.4.2")
    assert moved is not None
    assert len(moved.instances) == 1


def test_a_study_speaks_in_its_latest_objects_words_and_silence_takes_nothing_away(
    receive: Receive, queries: Queries
) -> None:
    receive(1, study_date=None, patient_name="Doe^J", study_description="Thorax")
    receive(2, study_date="20260105", patient_name="Doe^Jane", study_description=None)
    found = queries.study("1.2.4.1")
    assert found is not None
    assert found.summary.study_date == "20260105"
    assert (found.summary.patient_name, found.summary.study_description) == ("Doe^Jane", "Thorax")


def _at_once(work: Callable[[int], object], count: int) -> list[object]:
    results: list[object] = []
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        try:
            results.append(work(number))
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("policy", ["replace", "keep_first"])
@pytest.mark.parametrize("contents", ["aaaa", "abab"])
def test_simultaneous_sends_of_one_uid_all_end_well(
    policy: str, contents: str, url: str, film: Make, queries: Queries
) -> None:
    """Each sender has its own engine, as each listener process has."""
    engines = [connect(url) for _ in contents]

    def send(number: int) -> Outcome:
        sent = film(1, content=contents[number])
        instances = Instances(sessions(engines[number]))
        return instances.record(sent.instance, sent.arrival, sent.stored, on_conflict=policy)  # type: ignore[arg-type]

    outcomes = _at_once(send, len(contents))
    for engine in engines:
        engine.dispose()
    assert outcomes.count(Outcome.NEW) == 1
    expected = Outcome.REPLACED if policy == "replace" else Outcome.KEPT_FIRST
    assert set(outcomes) <= {Outcome.NEW, Outcome.DUPLICATE, expected}
    assert (expected in outcomes) == (len(set(contents)) > 1)
    assert len(_story(queries)) == len(contents)
    assert queries.counts().states[State.RECEIVED] == 1


def test_a_study_resent_with_another_date_from_many_sides_is_listed_once(
    url: str, film: Make, receive: Receive, queries: Queries
) -> None:
    for number in range(12):
        receive(number)
    engines: list[Engine] = [connect(url) for _ in range(4)]

    def resend(sender: int) -> list[Outcome]:
        instances = Instances(sessions(engines[sender]))
        sents = [film(number, content="b", study_date="20260301") for number in range(sender, 12, 4)]
        return [instances.record(s.instance, s.arrival, s.stored, on_conflict="replace") for s in sents]

    assert _at_once(resend, 4) == [[Outcome.REPLACED] * 3] * 4
    for engine in engines:
        engine.dispose()
    found = queries.study("1.2.4.1")
    assert found is not None
    assert (found.summary.study_date, found.summary.instances) == ("20260301", 12)
