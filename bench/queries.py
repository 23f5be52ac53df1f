"""How fast lists, searches and claims are at a million instances, on SQLite and on PostgreSQL.

    nice -n 10 python -m bench.queries --postgresql postgresql://postgres@127.0.0.1:5432/postgres

The databases are made anew and removed afterwards. The aim: a 95th percentile under 50 ms.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from bench.asking import UID, Ask, ask_databases
from bench.filling import VIEWS
from db.instances import Instances
from db.queries import Queries
from db.read import InstanceFilter, StudyFilter
from router.types import Arrival, Instance, State, StoredObject

PAGE = 50


def main() -> None:
    """Ask all questions."""
    ask_databases("queries", __doc__, _questions, note=f"pages of {PAGE}")


def _questions(maker: sessionmaker[Session], count: int) -> Iterator[tuple[str, Ask]]:
    queries, instances = Queries(maker), Instances(maker)
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


if __name__ == "__main__":
    main()
