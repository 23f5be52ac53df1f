"""How fast objects are taken in: ours against DCMTK's storescp and Orthanc, in one run, on one machine.

    python -m bench.receive [--quick] [--processes N] [--work FOLDER]

Ours and Orthanc fsync; storescp does not, it cannot be told to. ``seconds`` is what DCMTK's storescu takes,
one process and one association per sender. The response times are taken by senders of ours, because storescu
tells none: ``response`` from the data set's last byte sent to the response received, ``whole`` from the
request's first. Each receiver is measured ``--rounds`` times, in turn with the others, and the best round
counts.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.films import deal_films
from bench.receivers import AE_TITLE, RECEIVERS, Receiver
from bench.report import percentile, show
from bench.senders import timed_sends

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """``objects`` of ``size`` bytes of pixels, dealt to ``senders``."""

    size: int
    objects: int
    senders: int


LOADS = (
    Load(size=10 * MEGABYTE, objects=96, senders=8),
    Load(size=10 * MEGABYTE, objects=24, senders=1),
    Load(size=MEGABYTE // 2, objects=480, senders=8),
    Load(size=MEGABYTE // 2, objects=120, senders=1),
)
QUICK = tuple(Load(size=load.size, objects=load.objects // 4, senders=load.senders) for load in LOADS)


def main() -> None:
    """Run the bench and print it."""
    options = _options()
    work = Path(tempfile.mkdtemp(prefix="radrouter-receive-", dir=options.work))
    try:
        rows = [row for load in (QUICK if options.quick else LOADS) for row in _rows(load, work, options)]
    finally:
        shutil.rmtree(work, ignore_errors=True)
    show(
        "receive",
        rows,
        notes=[
            f"ours: {options.processes} processes, SQLite, a commit for each object",
            f"best of {options.rounds} rounds; the senders run on the same machine",
        ],
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a quarter of the objects")
    parser.add_argument("--processes", type=int, default=2, help="listener processes of ours")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--work", type=Path, help="a folder on the disk to measure; default: the temporary folder"
    )
    parser.add_argument("--only", choices=sorted(RECEIVERS), action="append", help="leave out the others")
    return parser.parse_args()


def _rows(load: Load, work: Path, options: argparse.Namespace) -> list[dict[str, object]]:
    films = work / "films"
    folders = deal_films(films, size=load.size, objects=load.objects, senders=load.senders)
    names = [name for name in RECEIVERS if not options.only or name in options.only]
    best: dict[str, float] = {}
    for _ in range(options.rounds):
        for name in names:
            seconds = _timed(RECEIVERS[name], folders, load, work, options.processes)
            best[name] = min(seconds, best.get(name, seconds))
    rows = [_row(name, load, best[name], folders, work, options.processes) for name in names]
    shutil.rmtree(films)
    return rows


def _timed(receiver: Receiver, folders: Sequence[Path], load: Load, work: Path, processes: int) -> float:
    """Seconds from the first sender's start to the last one's end, all objects stored."""
    with receiver(work / "store", processes) as running:
        start = time.perf_counter()
        senders = [
            subprocess.Popen(["storescu", "-aec", AE_TITLE, "+sd", "127.0.0.1", str(running.port), folder])
            for folder in folders
        ]
        codes = [sender.wait() for sender in senders]
        seconds = time.perf_counter() - start
        stored = running.stored()
    if any(codes) or stored != load.objects:
        raise SystemExit(
            f"{receiver.__name__}: senders ended with {codes}, {stored} of {load.objects} objects are there"
        )
    return seconds


def _row(
    name: str, load: Load, seconds: float, folders: Sequence[Path], work: Path, processes: int
) -> dict[str, object]:
    with RECEIVERS[name](work / "store", processes) as running:
        times = timed_sends(folders, running.port)
    return {
        "receiver": name,
        "megabytes": load.size / MEGABYTE,
        "objects": load.objects,
        "senders": load.senders,
        "seconds": round(seconds, 3),
        "megabytes_per_second": round(load.size * load.objects / MEGABYTE / seconds, 1),
        "p95_response_ms": round(percentile([t.response for t in times], 95) * 1000, 2),
        "p95_whole_ms": round(percentile([t.whole for t in times], 95) * 1000, 2),
    }


if __name__ == "__main__":
    main()
