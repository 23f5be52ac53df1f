"""How fast lists, searches and claims are at a million instances, on SQLite and on PostgreSQL.

    nice -n 10 python -m bench.queries --postgresql postgresql://postgres@127.0.0.1:5432/postgres

The databases are made anew and removed afterwards. The aim: a 95th percentile under 50 ms.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from bench.filling import VIEWS, fill
from bench.report import percentile, show
from db.engine import connect, migrate, sessions
from db.instances import Instances
from db.queries import Queries
from db.read import InstanceFilter, StudyFilter
from router.types import Arrival, Instance, State, StoredObject

PAGE = 50
AIM_MS = 50.0
UID = "1.2.826.0.1.3680043.8.498."
Ask = Callable[[], object]


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--instances", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=200, help="how often each question is asked")
    parser.add_argument("--postgresql", help="a server's URL; without it SQLite alone is measured")
    parser.add_argument(
        "--folder", type=Path, help="where SQLite's file goes (default: the temporary folder)"
    )
    given = parser.parse_args()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        rows += _measure(f"sqlite:///{folder}/bench.sqlite", given.instances, given.times)
    if given.postgresql:
        with server(given.postgresql) as url:
            rows += _measure(url, given.instances, given.times)
    slow = [f"{row['database']}: {row['question']}" for row in rows if not row["holds"]]
    notes = [f"{given.instances} instances, pages of {PAGE}, each question asked {given.times} times"]
    notes.append(
        f"load average {os.getloadavg()[0]:.1f}: above the number of cores, the clock counts waiting for one"
    )
    show("queries", rows, notes=[*notes, f"over {AIM_MS:g} ms at p95: {', '.join(slow) or 'none'}"])


def _measure(url: str, count: int, times: int) -> list[dict[str, object]]:
    started = time.perf_counter()
    migrate(url)
    engine = connect(url)
    fill(engine, count)
    print(f"{engine.dialect.name}: filled in {time.perf_counter() - started:.0f} s", flush=True)
    maker = sessions(engine)
    rows = []
    for question, ask in _questions(Queries(maker), Instances(maker), count):
        pairs = [timed(ask) for _ in range(times)]
        took, worked = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        row: dict[str, object] = {"database": engine.dialect.name, "question": question}
        row |= {"p50_ms": percentile(took, 50), "p95_ms": percentile(took, 95), "max_ms": max(took)}
        row |= {"own_cpu_p95_ms": percentile(worked, 95), "holds": percentile(took, 95) < AIM_MS}
        rows.append(row)
        print(*row.values(), flush=True)
    engine.dispose()
    return rows


def _questions(queries: Queries, instances: Instances, count: int) -> Iterator[tuple[str, Ask]]:
    chance, studies = random.Random(1), count * 3 // 10
    yield "studies, newest", lambda: queries.studies(StudyFilter(), PAGE)
    for name, make in _study_filters(chance, studies).items():
        yield f"studies by {name}", lambda make=make: queries.studies(make(), PAGE)  # type: ignore[misc]
    yield "studies, somewhere deep", _deep(lambda c: queries.studies(StudyFilter(), PAGE, c).next_cursor)
    by_view = StudyFilter(view=VIEWS[0])
    yield "studies by view, deep", _deep(lambda c: queries.studies(by_view, PAGE, c).next_cursor)
    yield "instances, newest", lambda: queries.instances(InstanceFilter(), PAGE)
    for state in State:
        standing = InstanceFilter(state=state)
        yield f"instances {state}", lambda wanted=standing: queries.instances(wanted, PAGE)  # type: ignore[misc]
    yield "instances by view", lambda: queries.instances(InstanceFilter(view=chance.choice(VIEWS)), PAGE)
    rare = InstanceFilter(state=State.DONE, view=VIEWS[-1])
    yield "instances by state and a rare view", lambda: queries.instances(rare, PAGE)
    yield "one study", lambda: queries.study(f"{UID}{chance.randint(1, studies)}")
    yield "one instance", lambda: queries.instance(f"{UID}9.{chance.randint(1, count)}")
    yield "counts", queries.counts
    yield "changes", lambda: queries.changes(count * 4 - 100, 100)
    yield "record", lambda: _record(instances, chance)
    yield "claim of 16", lambda: instances.claim(16, lease=timedelta(hours=1), worker="bench")


def _study_filters(chance: random.Random, studies: int) -> dict[str, Callable[[], StudyFilter]]:
    def day() -> str:
        return f"{chance.randint(2016, 2025)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"

    def range_of_dates() -> StudyFilter:
        first = day()
        return StudyFilter(study_date_from=first, study_date_to=f"{int(first[:4]) + 1}{first[4:]}")

    def view() -> str:
        return chance.choice(VIEWS)

    return {
        "patient_id": lambda: StudyFilter(patient_id=f"P{chance.randint(1, studies // 3)}"),
        "accession_number": lambda: StudyFilter(accession_number=f"A{chance.randint(1, studies)}"),
        "day": lambda: StudyFilter(study_date_from=(one := day()), study_date_to=one),
        "a year": range_of_dates,
        "modality": lambda: StudyFilter(modality=chance.choice(("DX", "CR", "CT"))),
        "view": lambda: StudyFilter(view=view()),
        "view and day": lambda: StudyFilter(view=view(), study_date_from=(one := day()), study_date_to=one),
        "view and modality": lambda: StudyFilter(view=view(), modality=chance.choice(("DX", "CR", "CT"))),
        "state failed": lambda: StudyFilter(state=State.FAILED),
        "state received": lambda: StudyFilter(state=State.RECEIVED),
        "arrived in a day": lambda: _arrived(chance, studies),
    }


def _arrived(chance: random.Random, studies: int) -> StudyFilter:
    since = datetime.fromtimestamp(1_600_000_000 + chance.randint(1, studies) * 500, UTC)
    return StudyFilter(received_since=since, received_until=since + timedelta(days=1))


def _deep(step: Callable[[str | None], str | None]) -> Ask:
    """Go on from where the last question ended."""
    at: list[str | None] = [None]

    def ask() -> None:
        at[0] = step(at[0])

    return ask


def _record(instances: Instances, chance: random.Random) -> None:
    number = chance.getrandbits(60)
    instance = Instance(
        sop_instance_uid=f"{UID}8.{number}",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.1.1",
        study_instance_uid=f"{UID}8.{number // 3}",
        series_instance_uid=f"{UID}8.{number // 3}.1",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        modality="DX",
        patient_id=f"N{number // 9}",
        accession_number=f"N{number // 3}",
        study_date="20260102",
    )
    arrival = Arrival(
        calling_ae_title="BENCH",
        called_ae_title="RADROUTER",
        address="127.0.0.1",
        via="C-STORE",
        received_at=datetime.now(UTC),
    )
    stored = StoredObject(path=f"ab/{number}.dcm", size=9_000_000, sha256=f"{number:064x}")
    instances.record(instance, arrival, stored, on_conflict="replace")


def timed(ask: Ask) -> tuple[float, float]:
    """Milliseconds on the clock, and of this process's processor time."""
    started, worked = time.perf_counter(), time.process_time()
    ask()
    return (time.perf_counter() - started) * 1000, (time.process_time() - worked) * 1000


@contextmanager
def server(url: str) -> Iterator[str]:
    name = f"radrouter_bench_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield url.rpartition("/")[0] + "/" + name
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


if __name__ == "__main__":
    main()
