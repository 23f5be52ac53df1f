"""Workers that are killed and films that kill: every instance ends exactly once, in a real database."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.engine import connect, migrate, sessions
from db.instances import Instances
from db.queries import Queries
from router.types import Arrival, Event, Instance, State, StoredObject

pytestmark = pytest.mark.timeout(300)

PROGRAM = Path(__file__).parent / "programs" / "worker_program.py"
RULES = '[[rule]]\nname = "all"\nwhen = { modality = ["CR"] }\ndestinations = ["A"]\n'


class Workplace:
    """A database with films that are text files, and workers on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'radrouter.db'}"
        migrate(self.url)
        (folder / "rules.toml").write_text(RULES)
        self.engine = connect(self.url)
        self.instances = Instances(sessions(self.engine))
        self.queries = Queries(sessions(self.engine))
        self.workers: list[subprocess.Popen[bytes]] = []

    def add(self, *texts: str) -> list[str]:
        uids = []
        for number, text in enumerate(texts, 1):
            uid = f"1.2.3.{number}"
            (self.folder / f"{number}.dcm").write_text(text)
            instance = Instance(
                sop_instance_uid=uid,
                sop_class_uid="1.2.840.10008.5.1.4.1.1.1",
                study_instance_uid="1.2.3",
                series_instance_uid="1.2.4",
                transfer_syntax_uid="1.2.840.10008.1.2.1",
                modality="CR",
            )
            arrival = Arrival(
                calling_ae_title="A",
                called_ae_title="B",
                address="127.0.0.1",
                via="C-STORE",
                received_at=datetime.now(UTC),
            )
            sha256 = hashlib.sha256(uid.encode()).hexdigest()
            stored = StoredObject(path=f"{number}.dcm", size=len(text), sha256=sha256)
            self.instances.record(instance, arrival, stored, on_conflict="replace")
            uids.append(uid)
        return uids

    def start(self, lease_s: float = 30) -> subprocess.Popen[bytes]:
        rules = str(self.folder / "rules.toml")
        command = [sys.executable, str(PROGRAM), self.url, str(self.folder), rules, str(lease_s)]
        self.workers.append(subprocess.Popen(command, start_new_session=True))
        return self.workers[-1]

    def state(self, uid: str) -> State:
        found = self.queries.instance(uid)
        assert found is not None
        return found.state

    def events(self, uid: str) -> Counter[Event]:
        return Counter(entry.event for entry in self.queries.audit(uid))

    def wait_for(self, look: Callable[[], bool], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not look():
            assert time.monotonic() < end, self.queries.counts()
            time.sleep(0.02)

    def end(self) -> None:
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(20)
        self.engine.dispose()


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    place = Workplace(tmp_path)
    yield place
    place.end()


def test_a_poison_film_fails_with_its_reason_and_the_others_are_done(workplace: Workplace) -> None:
    uids = workplace.add("a", "b", "poison", "c", "d", "e")
    workplace.start()
    workplace.wait_for(lambda: all(workplace.state(uid) in (State.DONE, State.FAILED) for uid in uids))
    poison = workplace.queries.instance(uids[2])
    assert poison is not None
    assert (poison.state, poison.attempt) == (State.FAILED, 2)
    assert "SIGKILL" in str(poison.reason)
    for uid in uids[:2] + uids[3:]:
        assert workplace.state(uid) is State.DONE
        assert workplace.events(uid)[Event.CLAIMED] == 1, "no neighbour's attempt is counted against it"


def test_a_killed_workers_films_are_done_exactly_once_after_the_lease(workplace: Workplace) -> None:
    uids = workplace.add("slow", "b", "c")
    first = workplace.start(lease_s=2)
    workplace.wait_for(lambda: workplace.state(uids[0]) is State.PROCESSING)
    first.send_signal(signal.SIGKILL)
    first.wait()
    workplace.start(lease_s=30)
    workplace.wait_for(lambda: all(workplace.state(uid) is State.DONE for uid in uids))
    for uid in uids:
        events = workplace.events(uid)
        assert (events[Event.DONE], events[Event.CLAIMED]) == (1, 2)


def test_a_lease_outlives_a_slow_film(workplace: Workplace) -> None:
    (uid,) = workplace.add("slow")
    workplace.start(lease_s=1)
    workplace.start(lease_s=1)
    workplace.wait_for(lambda: workplace.state(uid) is State.DONE)
    assert workplace.events(uid)[Event.CLAIMED] == 1, "it was renewed, so nobody else took it"


def test_a_stopped_worker_finishes_what_it_holds(workplace: Workplace) -> None:
    (uid,) = workplace.add("slow")
    worker = workplace.start()
    workplace.wait_for(lambda: workplace.state(uid) is State.PROCESSING)
    worker.terminate()
    assert worker.wait(20) == 0
    assert workplace.state(uid) is State.DONE
