"""How fast hanging protocols are answered at a million instances, on SQLite and on PostgreSQL.

    nice -n 10 python -m bench.hanging --postgresql postgresql://postgres@127.0.0.1:5432/postgres

What is measured is what a viewer waits for, the network aside: reading the database, making the answer and
its JSON. The databases are made anew and removed afterwards. The aim: a 95th percentile under 50 ms a study.
How soon a label is there after C-STORE is measured by ``bench.latency``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.filling import fill
from bench.queries import AIM_MS, UID, Ask, server, timed
from bench.report import percentile, show
from db.engine import connect, migrate, sessions
from db.hanging import Hanging
from db.matching import Match, Matching
from db.news import Newsroom
from router.hanging import hang
from router.known_films import Trust
from service.api.dicom_json import instance_json, study_json
from service.api.out_hanging import hung_film_out, hung_study_out

TRUST = Trust()
BATCH = 100


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
    notes = [f"{given.instances} instances, each question asked {given.times} times, its JSON included"]
    notes.append(
        f"load average {os.getloadavg()[0]:.1f}: above the number of cores, the clock counts waiting for one"
    )
    show("hanging", rows, notes=[*notes, f"over {AIM_MS:g} ms at p95: {', '.join(slow) or 'none'}"])


def _measure(url: str, count: int, times: int) -> list[dict[str, object]]:
    started = time.perf_counter()
    migrate(url)
    engine = connect(url)
    fill(engine, count)
    print(f"{engine.dialect.name}: filled in {time.perf_counter() - started:.0f} s", flush=True)
    maker = sessions(engine)
    rows = []
    for question, ask in _questions(Hanging(maker), Matching(maker), Newsroom(maker), count):
        pairs = [timed(ask) for _ in range(times)]
        took, worked = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        row: dict[str, object] = {"database": engine.dialect.name, "question": question}
        row |= {"p50_ms": percentile(took, 50), "p95_ms": percentile(took, 95), "max_ms": max(took)}
        row |= {"own_cpu_p95_ms": percentile(worked, 95), "holds": percentile(took, 95) < AIM_MS}
        rows.append(row)
        print(*row.values(), flush=True)
    engine.dispose()
    return rows


def _questions(
    hanging: Hanging, matching: Matching, newsroom: Newsroom, count: int
) -> Iterator[tuple[str, Ask]]:
    chance, studies = random.Random(1), count * 3 // 10

    def study() -> str:
        return f"{UID}{chance.randint(1, studies)}"

    def film() -> str:
        return f"{UID}9.{chance.randint(1, count)}"

    def one_study() -> str:
        uid = study()
        hanging.study_standing(uid)  # as each request begins
        return hung_study_out(uid, [hang(one, TRUST) for one in hanging.study(uid)]).model_dump_json()

    def films(number: int) -> list[str]:
        known = hanging.instances([film() for _ in range(number)])
        return [hung_film_out(hang(one, TRUST)).model_dump_json() for one in known]

    def instances_of(match: Match) -> str:
        found = matching.instances(match, 100, 0).items
        return json.dumps([instance_json(hang(one, TRUST), ("all",), with_study=False) for one in found])

    def studies_of(match: Match) -> str:
        return json.dumps([study_json(one, ()) for one in matching.studies(match, 20, 0).items])

    yield "a study", one_study
    yield "a study, unchanged", lambda: hanging.study_standing(study())
    yield "an instance", lambda: films(1)
    yield f"a batch of {BATCH}", lambda: films(BATCH)
    yield "DICOMweb, instances of a study", lambda: instances_of(Match(study_instance_uid=(study(),)))
    yield (
        "DICOMweb, studies of a patient",
        lambda: studies_of(Match(patient_id=f"P{chance.randint(1, studies // 3)}")),
    )
    yield "DICOMweb, studies of a day", lambda: studies_of(_day(chance))
    yield "news for viewers", lambda: newsroom.after(count * 4 - 200, 200)


def _day(chance: random.Random) -> Match:
    day = f"{chance.randint(2016, 2025)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
    return Match(study_date_from=day, study_date_to=day)


if __name__ == "__main__":
    main()
