"""Questions to a database of a million made-up instances, timed: on SQLite and on PostgreSQL.

The databases are made anew and removed afterwards. What is held against the aim is the 95th percentile.
"""

from __future__ import annotations

import argparse
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.orm import Session, sessionmaker

from bench.filling import fill
from bench.report import percentile, show
from db.engine import connect, migrate, sessions

AIM_MS = 50.0
UID = "1.2.826.0.1.3680043.8.498."
Ask = Callable[[], object]
# the session maker and how many instances there are, to each question with what asks it
Questions = Callable[[sessionmaker[Session], int], Iterable[tuple[str, Ask]]]


def ask_databases(bench: str, description: str | None, questions: Questions, *, note: str) -> None:
    """Fill, ask, print: the command line of one bench. ``note`` says what each time holds."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
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
        rows += _measure(f"sqlite:///{folder}/bench.sqlite", questions, given.instances, given.times)
    if given.postgresql:
        with _server(given.postgresql) as url:
            rows += _measure(url, questions, given.instances, given.times)
    slow = [f"{row['database']}: {row['question']}" for row in rows if not row["holds"]]
    notes = [f"{given.instances} instances, {note}, each question asked {given.times} times"]
    notes.append(
        f"load average {os.getloadavg()[0]:.1f}: above the number of cores, the clock counts waiting for one"
    )
    show(bench, rows, notes=[*notes, f"over {AIM_MS:g} ms at p95: {', '.join(slow) or 'none'}"])


def _measure(url: str, questions: Questions, count: int, times: int) -> list[dict[str, object]]:
    started = time.perf_counter()
    migrate(url)
    engine = connect(url)
    fill(engine, count)
    print(f"{engine.dialect.name}: filled in {time.perf_counter() - started:.0f} s", flush=True)
    rows = []
    for question, ask in questions(sessions(engine), count):
        pairs = [_timed(ask) for _ in range(times)]
        took, worked = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        row: dict[str, object] = {"database": engine.dialect.name, "question": question}
        row |= {"p50_ms": percentile(took, 50), "p95_ms": percentile(took, 95), "max_ms": max(took)}
        row |= {"own_cpu_p95_ms": percentile(worked, 95), "holds": percentile(took, 95) < AIM_MS}
        rows.append(row)
        print(*row.values(), flush=True)
    engine.dispose()
    return rows


def _timed(ask: Ask) -> tuple[float, float]:
    """Milliseconds on the clock, and of this process's processor time."""
    started, worked = time.perf_counter(), time.process_time()
    ask()
    return (time.perf_counter() - started) * 1000, (time.process_time() - worked) * 1000


@contextmanager
def _server(url: str) -> Iterator[str]:
    """A database of its own on the server."""
    name = f"radrouter_bench_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield url.rpartition("/")[0] + "/" + name
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
