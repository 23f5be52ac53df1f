"""Films per second of the whole pipeline against the bare loop decode + prepare + inference.

    python -m bench.throughput [--films 320] [--side 1800] [--rounds 3] [--packs FOLDER]

    bare       one process, the same pack: read films, sixteen at a time through the network, and again
    pipeline   the films lie received; a worker starts and each is claimed, analysed, routed and written, from
               the first claim to the last ``done`` of the audit
    service    the same while they arrive: from the first C-STORE of four senders to the last ``done``

The three take turns, and the best round of each counts. Aim: pipeline at least 0.8 of bare. The processors'
time is told beside the wall's, because it means something on a busy machine, too.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.clocks import Cost, cheapest, processor_seconds
from bench.ending import clean_up_when_told_to_end
from bench.house import AE_TITLE, House
from bench.packs import view_pack_folders
from bench.radiographs import Radiograph, write_radiographs
from bench.report import show
from classifiers.models import Models
from classifiers.pixels import read_film
from dicom_scp.sender import send
from service.engine import long_side

BATCH = 16
SENDERS = 4
AIM = 0.8
LONGEST_SECONDS = 300.0


def main() -> None:
    """Run all and print them."""
    options = _options()
    clean_up_when_told_to_end()
    work = Path(tempfile.mkdtemp(prefix="radrouter-throughput-"))
    try:
        folders, pack = view_pack_folders(work / "packs", options.packs)
        films = write_radiographs(
            work / "films", random.Random(options.seed), count=options.films, side=options.side
        )
        costs: dict[str, list[Cost]] = {"bare": [], "pipeline": [], "service": []}
        for number in range(options.rounds):
            costs["bare"].append(_bare(films, folders))
            costs["pipeline"].append(_pipeline(films, folders, work / f"worker{number}"))
            costs["service"].append(_service(films, folders, work / f"service{number}"))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    best = {name: cheapest(each) for name, each in costs.items()}
    bare = best["bare"]
    rows = [
        {
            "what": name,
            "films_per_second": round(len(films) / cost.wall, 2),
            "of_bare": round(bare.wall / cost.wall, 3),
            "cpu_ms_per_film": round(1000 * cost.processors / len(films), 1),
            "cpu_of_bare": round(cost.processors / bare.processors, 3),
        }
        for name, cost in best.items()
    ]
    megabytes = 2 * options.side**2 / 1e6
    notes = [f"{len(films)} films of {megabytes:.1f} MB, uncompressed; {pack}; SQLite, 1 worker"]
    show("throughput", rows, notes=[*notes, f"the best of {options.rounds} rounds; aim {AIM} of bare"])
    sys.exit(0 if bare.wall >= AIM * best["pipeline"].wall else 1)


def _bare(films: Sequence[Radiograph], folders: Sequence[Path]) -> Cost:
    """What it costs in the loop that anybody would write first; loading the models is not counted."""
    models = Models.open(folders, hint="throughput")
    side = long_side(models)
    models.views([read_film(films[0].path, long_side=side)])
    start, work = time.perf_counter(), time.process_time()
    for first in range(0, len(films), BATCH):
        models.views([read_film(film.path, long_side=side) for film in films[first : first + BATCH]])
    return Cost(wall=time.perf_counter() - start, processors=time.process_time() - work)


def _pipeline(films: Sequence[Radiograph], folders: Sequence[Path], folder: Path) -> Cost:
    """From the first claim to the last ``done`` of films that a worker finds received."""
    house = House(folder, _settings(folders))
    house.run("migrate")
    house.run("import", str(films[0].path.parent))
    house.launch_alone("worker")
    try:
        first, _ = _wait_for(house, "claimed", 1)
        work = processor_seconds(house.processes())
        _, last = _wait_for(house, "done", len(films))
        work = processor_seconds(house.processes()) - work
    finally:
        house.stop()
    shutil.rmtree(folder)
    return Cost(wall=last - first, processors=work)


def _service(films: Sequence[Radiograph], folders: Sequence[Path], folder: Path) -> Cost:
    """From the first byte sent to the last ``done``, everything running."""
    with House(folder, _settings(folders)) as house:
        warm = write_radiographs(folder / "warm", random.Random(str(folder)), count=1, side=64)
        _send(warm, house)
        _wait_for(house, "done", 1)  # the models are loaded, so that nobody waits for that
        start, work = time.time(), processor_seconds(house.processes())
        threads = [
            threading.Thread(target=_send, args=(films[sender::SENDERS], house)) for sender in range(SENDERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        _, last = _wait_for(house, "done", len(films) + 1)
        work = processor_seconds(house.processes()) - work
    shutil.rmtree(folder)
    return Cost(wall=last - start, processors=work)


def _settings(folders: Sequence[Path]) -> dict[str, dict[str, object]]:
    return {
        "storage": {"soft_free_fraction": 0.0, "hard_free_fraction": 0.0},
        "models": {"folders": [str(each) for each in folders]},
        "worker": {"batch": BATCH},
    }


def _send(films: Sequence[Radiograph], house: House) -> None:
    sent = send(
        [film.path for film in films],
        host="127.0.0.1",
        port=house.listener_port,
        calling_ae_title="BENCH",
        called_ae_title=AE_TITLE,
    )
    if not all(each.is_stored for each in sent):
        raise RuntimeError("a film was refused")


def _wait_for(house: House, event: str, count: int) -> tuple[float, float]:
    """Until the audit has ``count`` of an event: when the first and the last was, in seconds."""
    end = time.monotonic() + LONGEST_SECONDS
    seen = f"select count(*), min(at), max(at) from audit where event = '{event}'"
    while (found := _ask(house, seen))[0] < count:
        if time.monotonic() > end:
            raise TimeoutError(f"not {count} films {event} within {LONGEST_SECONDS:.0f} s")
        time.sleep(0.05)
    return _seconds(str(found[1])), _seconds(str(found[2]))


def _ask(house: House, sql: str) -> tuple[Any, ...]:
    connection = sqlite3.connect(f"file:{house.data / 'radrouter.db'}?mode=ro", uri=True, timeout=20)
    try:
        row: tuple[Any, ...] = connection.execute(sql).fetchone()
        return row
    finally:
        connection.close()


def _seconds(written: str) -> float:
    return datetime.fromisoformat(written).replace(tzinfo=UTC).timestamp()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--films", type=int, default=320)
    parser.add_argument("--side", type=int, default=1800, help="of the films, in pixels")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--packs", type=Path, help="a folder with packs; default: the shipped view pack")
    return parser.parse_args()


if __name__ == "__main__":
    main()
