"""Damaged files over a real association to the real service, until each is done or failed."""

from __future__ import annotations

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.house import AE_TITLE, House, descriptors, memory_kib
from dicom_scp.link import Unreachable
from dicom_scp.sender import Sent, send

AT_ONCE = 10
FINISH_SECONDS = 240.0
MOST_GROWTH_MIB = 250.0  # the listeners' and the worker's, from idle to having seen everything
PARENTS = ("serve", "scp", "worker", "api")
SETTINGS: dict[str, dict[str, object]] = {
    "storage": {"soft_free_fraction": 0.0, "hard_free_fraction": 0.0},
    "worker": {
        "retry_first_delay_s": 0.2,
        "retry_longest_delay_s": 1,
        "max_attempts": 2,
        "film_timeout_s": 20,
    },
}


def over_the_wire(folder: Path, raws: Sequence[bytes]) -> tuple[dict[str, object], list[str]]:
    """Send, wait, look: a row, and notes on every fault."""
    films = folder / "films"
    films.mkdir(parents=True)
    paths = [films / f"{number}.dcm" for number in range(len(raws))]
    for path, raw in zip(paths, raws, strict=True):
        path.write_bytes(raw)
    with House(folder / "house", SETTINGS) as house:
        house.wait_for(lambda: house.said(r"(worker up)"), "the worker")
        send(
            paths[:1],
            host="127.0.0.1",
            port=house.listener_port,
            calling_ae_title="WARM",
            called_ae_title=AE_TITLE,
        )
        before = _sizes(house)
        start = time.monotonic()
        outcomes, slowest = _send(paths, house.listener_port)
        states = _finish(house)
        seconds = time.monotonic() - start
        faults = [*_grown(before, _sizes(house)), *_unexplained(house)]
        left = list(house.objects.glob("incoming/*/*.part"))
    log = house.log.read_text(errors="replace")
    lost = len(re.findall("analysis process lost", log))
    faults += [f"{len(left)} partial files left"] if left else []
    faults += [f"analysis process lost × {lost}"] if lost else []
    faults += [f"Traceback in the log × {log.count('Traceback')}"] if "Traceback" in log else []
    told = ", ".join(f"{what} {count}" for what, count in (outcomes + states).most_common(8))
    row: dict[str, object] = {"phase": "service", "cases": len(raws), "outcomes": told}
    row |= {"slowest_ms": round(slowest * 1000), "faults": len(faults)}
    return row, [f"service: all ended after {seconds:.0f} s", *(f"service: {fault}" for fault in faults)]


def _send(paths: Sequence[Path], port: int) -> tuple[Counter[str], float]:
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for start in range(0, len(paths), AT_ONCE):
        told: list[Sent] = []
        try:
            send(
                paths[start : start + AT_ONCE],
                host="127.0.0.1",
                port=port,
                calling_ae_title="FUZZ",
                called_ae_title=AE_TITLE,
                progress=told.append,
            )
        except Unreachable as error:
            outcomes[f"unreachable: {error}"] += 1
        for each in told:
            slowest = max(slowest, each.response_seconds)
            outcomes["unsendable" if each.status is None else f"0x{each.status:04X}"] += 1
    return outcomes, slowest


def _finish(house: House) -> Counter[str]:
    end = time.monotonic() + FINISH_SECONDS
    while True:
        states = Counter(dict(_query(house, "select state, count(*) from instance group by state")))
        if time.monotonic() > end or not (states["received"] or states["processing"]):
            return states
        time.sleep(0.3)


def _unexplained(house: House) -> list[str]:
    """Instances that did not end, or failed without a reason."""
    wrong = "state not in ('done', 'failed') or (state = 'failed' and coalesce(reason, '') = '')"
    found = _query(house, f"select sop_instance_uid, state from instance where {wrong}")
    return [f"{uid} is {state} without a reason" for uid, state in found]


def _query(house: House, sql: str) -> list[tuple[str, int]]:
    connection = sqlite3.connect(f"file:{house.data / 'radrouter.db'}?mode=ro", uri=True, timeout=20)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def _sizes(house: House) -> dict[tuple[str, int], tuple[int, int]]:
    """Memory in KiB and descriptors of each long-lived process."""
    time.sleep(1.0)  # let associations end
    return {
        (kind, pid): (memory_kib(pid), descriptors(pid)) for kind in PARENTS for pid in house.running(kind)
    }


def _grown(
    before: dict[tuple[str, int], tuple[int, int]], after: dict[tuple[str, int], tuple[int, int]]
) -> list[str]:
    faults = [f"{kind} {pid} died" for kind, pid in before if (kind, pid) not in after]
    for key in before.keys() & after.keys():
        memory = (after[key][0] - before[key][0]) / 1024
        files = after[key][1] - before[key][1]
        if memory > MOST_GROWTH_MIB or files > 4:
            faults.append(f"{key[0]} grew by {memory:.0f} MiB and {files} descriptors")
    return faults
