"""SIGKILL at random moments while films arrive: is anything lost that got SUCCESS, does anything end twice?

    python -m bench.kill [--rounds 200] [--database sqlite|postgresql] [--seed 1] [--code CHECKOUT]

The real service runs; in each round DCMTK's storescu and our sender send films while one part of it is
killed: a listener, the worker, its analysis process, the API, the supervisor alone, everything at once, and
with PostgreSQL the whole server or one of its backends. In half the cases a sender sends again what got no
SUCCESS. At the end everything is killed once more and started, left to finish, and looked at: see
``bench.ledger``.
Exit code 1 when anything acknowledged is lost or altered, anything ended twice or not at all.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench import ledger
from bench.deliveries import Delivery, by_ours, by_storescu
from bench.ending import clean_up_when_told_to_end
from bench.house import CHECKOUT, House, kill
from bench.ledger import Fault, Ledger, digest, faults, look, orphans
from bench.postgresql import Cluster
from bench.radiographs import Radiograph, write_radiograph
from bench.report import show

PARTS = ("listener", "worker", "analysis", "api", "supervisor", "everything")
DATABASE_PARTS = ("database", "backend")
CHILDREN = {
    "listener": "scp",
    "worker": "worker",
    "analysis": "analysis",
    "api": "api",
    "supervisor": "serve",
}
SENDERS = (by_storescu, by_storescu, by_storescu, by_ours)
SIDES = (64, 128, 256, 512, 900)  # of films, in pixels: 8 KB to 1.6 MB
FINISH_SECONDS = 180.0
KINDS = ("lost", "altered", "duplicated", "open", "litter")

SETTINGS: dict[str, dict[str, object]] = {
    "storage": {"soft_free_fraction": 0.0, "hard_free_fraction": 0.0},
    # Dead workers' films return soon, and nobody gives up for being killed often: that is not tested here.
    "worker": {"lease_s": 5, "retry_first_delay_s": 0.2, "retry_longest_delay_s": 1, "max_attempts": 50},
    "supervisor": {"deaths_per_minute": 1000, "drain_s": 5},
}


@dataclass(slots=True, kw_only=True)
class Run:
    """What happened so far."""

    rounds: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    mid_send: int = 0  # kills after which a sender was left without SUCCESS for some of its films
    sent: dict[str, str] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    usual_seconds: float = 0.5  # of a sender's first attempt


def main() -> None:
    """Run the bench and print it."""
    options = _options()
    clean_up_when_told_to_end()
    work = Path(tempfile.mkdtemp(prefix="radrouter-kill-"))
    try:
        run, found, counts = rounds(work, options)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    kinds = Counter(fault.kind for fault in found)
    row = {"database": options.database, "rounds": run.rounds}
    row |= {"kills": sum(run.kills.values()), "mid_send": run.mid_send, "sent": len(run.sent)}
    row |= {"acknowledged": len(run.acknowledged)} | counts | {kind: kinds[kind] for kind in KINDS}
    kills = ", ".join(f"{part} {run.kills[part]}" for part in (*PARTS, *DATABASE_PARTS) if run.kills[part])
    show(
        "kill",
        [row],
        notes=[
            f"seed {options.seed}; kills: {kills}",
            *(f"{f.kind}: {f.what}: {f.reason}" for f in found[:20]),
        ],
    )
    sys.exit(1 if found else 0)


def rounds(work: Path, options: argparse.Namespace) -> tuple[Run, list[Fault], dict[str, int]]:
    """All rounds, then the look at what is left: what happened, every fault, and counts worth telling."""
    chance, run = random.Random(options.seed), Run()
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster()) if options.database == "postgresql" else None
        settings = SETTINGS | ({"database": {"url": cluster.url}} if cluster else {})
        house = House(work / "house", settings, code=options.code)
        database = cluster.url if cluster else str(house.data / "radrouter.db")
        if cluster:
            _migrate(cluster.url)
        stack.enter_context(house)
        parts: list[str] = []
        end = time.monotonic() + 60 * options.minutes
        for number in range(options.rounds):
            if time.monotonic() > end:
                break
            run.rounds += 1
            if not parts:
                parts = chance.sample(PARTS + (DATABASE_PARTS if cluster else ()), k=6 + 2 * bool(cluster))
            _round(number, parts.pop(), house, cluster, chance, run)
            if number % 20 == 19:
                _say(number + 1, run)
        house.kill()
        house.start()
        _finish(database)
        evidence = look(house.objects, database)
    counts = {
        "done": sum(row.state == "done" for row in evidence.rows),
        "failed": sum(row.state == "failed" for row in evidence.rows),
        "orphans": len(orphans(evidence)),
    }
    return run, faults(Ledger(sent=run.sent, acknowledged=run.acknowledged), evidence), counts


def _round(
    number: int, part: str, house: House, cluster: Cluster | None, chance: random.Random, run: Run
) -> None:
    films = house.folder / "films"
    deliveries = [
        Delivery(
            films=_films(films / f"{number}-{sender}", chance, run),
            send=send,
            port=lambda: house.listener_port,
            stubborn=chance.random() < 0.5,
            acknowledged=run.acknowledged,
        )
        for sender, send in enumerate(SENDERS)
    ]
    threads = [delivery.start() for delivery in deliveries]
    time.sleep(chance.uniform(0, 1.1 * run.usual_seconds))
    if _kill(part, house, cluster, chance):
        run.kills[part] += 1
    for thread in threads:
        thread.join()
    shutil.rmtree(films)
    run.mid_send += any(delivery.unanswered for delivery in deliveries)
    took = sorted(delivery.first_seconds for delivery in deliveries)[len(deliveries) // 2]
    run.usual_seconds += 0.2 * (min(took, 3.0) - run.usual_seconds)


def _films(folder: Path, chance: random.Random, run: Run) -> Sequence[Radiograph]:
    films = [
        write_radiograph(folder / f"{number}.dcm", chance, side=chance.choice(SIDES))
        for number in range(chance.randint(3, 8))
    ]
    run.sent |= {film.sop_instance_uid: digest(film.data_set) for film in films}
    return films


def _kill(part: str, house: House, cluster: Cluster | None, chance: random.Random) -> bool:
    """End one part and see to it that it comes back; False when it was not alive."""
    if part == "everything":
        house.kill()
        house.launch()
        return True
    if part == "database" and cluster is not None:
        killed = cluster.kill()
        time.sleep(chance.uniform(0, 0.5))
        cluster.start()
        return killed > 0
    if part == "backend" and cluster is not None:
        return cluster.kill_backend(chance.randrange(1000))
    pids = house.running(CHILDREN[part])
    killed = bool(pids) and kill(chance.choice(pids))
    if part == "supervisor":  # its children notice and finish what they have in hand, beside the new ones
        house.launch()
    return killed


def _migrate(url: str) -> None:
    from db.engine import migrate

    migrate(url)


def _finish(database: str) -> None:
    end = time.monotonic() + FINISH_SECONDS
    while ledger.waiting(database) and time.monotonic() < end:
        time.sleep(0.5)


def _say(number: int, run: Run) -> None:
    done = f"{number} rounds, {sum(run.kills.values())} kills, {run.mid_send} while a sender waited"
    print(f"{done}, {len(run.acknowledged)} of {len(run.sent)} acknowledged", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=90.0, help="no further round after this long")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--code", type=Path, default=CHECKOUT, help="another checkout to run, e.g. one with a planted fault"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
