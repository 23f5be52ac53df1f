"""A full disk: nothing half-stored, nothing acknowledged lost, and it goes on by itself once there is room.

    python -m bench.disk_full [--megabytes 184] [--seed 1]

A small tmpfs is the whole data folder, database included (it takes root to mount one). Two cases:

    watermarks   films are sent until they are refused: analysis pauses at the soft mark and says so at
                 /readyz and /metrics, C-STORE is refused at the hard one, in an association and before it
    no room      the watermarks are 0: the disk's end is met in the middle of objects and commits

Then ballast is thrown off the disk, and everything that was refused is sent again.
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
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from bench.disk import MIB, CannotMountError, SmallDisk
from bench.ending import clean_up_when_told_to_end
from bench.house import AE_TITLE, House
from bench.ledger import Fault, Ledger, digest, faults, look, orphans, waiting
from bench.radiographs import Radiograph, write_radiographs
from bench.report import show
from bench.storescu import storescu
from dicom_scp.link import Unreachable
from dicom_scp.sender import send

SIDE = 700  # pixels: films of 1 MB
WAIT_SECONDS = 60.0
NOTICE_SECONDS = 20.0
SOFT, HARD = 0.4, 0.25
MARKS: dict[str, dict[str, object]] = {
    "watermarks": {"soft_free_fraction": SOFT, "hard_free_fraction": HARD},
    "no room": {"soft_free_fraction": 0.0, "hard_free_fraction": 0.0},
}


@dataclass(slots=True, kw_only=True)
class Told:
    """What senders were told: the films that got SUCCESS, and every other answer, counted."""

    acknowledged: set[str] = field(default_factory=set)
    refusals: Counter[str] = field(default_factory=Counter)

    def send(self, films: Sequence[Radiograph], port: int) -> list[Radiograph]:
        """Send in one association; the films that got no SUCCESS."""
        by_path = {film.path: film for film in films}
        try:
            sent = send(
                [film.path for film in films],
                host="127.0.0.1",
                port=port,
                calling_ae_title="BENCH",
                called_ae_title=AE_TITLE,
            )
        except Unreachable as error:
            self.refusals[str(error)] += 1
            return list(films)
        self.acknowledged |= {by_path[each.path].sop_instance_uid for each in sent if each.is_stored}
        self.refusals.update(
            "no response" if each.status is None else f"0x{each.status:04X}"
            for each in sent
            if not each.is_stored
        )
        return [by_path[each.path] for each in sent if not each.is_stored]


def main() -> None:
    """Run both cases and print them."""
    options = _options()
    clean_up_when_told_to_end()
    rows: list[dict[str, object]] = []
    notes: list[str] = []
    for case in MARKS:
        work = Path(tempfile.mkdtemp(prefix="radrouter-disk-"))
        try:
            row, said, found = run_case(case, work, megabytes=options.megabytes, seed=options.seed)
        except CannotMountError as error:
            sys.exit(str(error))
        finally:
            shutil.rmtree(work, ignore_errors=True)
        rows.append(row)
        notes += [*said, *(f"{fault.kind}: {fault.what}: {fault.reason}" for fault in found[:20])]
    show("disk_full", rows, notes=notes)
    sys.exit(0 if all(row["verdict"] == "kept" for row in rows) else 1)


def run_case(
    case: str, work: Path, *, megabytes: int, seed: int
) -> tuple[dict[str, object], list[str], list[Fault]]:
    """One case on a disk of ``megabytes``: its row, what was said, and every promise broken."""
    # All films fit once half the disk, the ballast, is free again, and even leave the soft watermark dry.
    films = write_radiographs(work / "films", random.Random(seed), count=int(0.32 * megabytes), side=SIDE)
    told = Told()
    worker = {"lease_s": 5, "retry_first_delay_s": 0.2, "retry_longest_delay_s": 1}
    with (
        SmallDisk(work / "disk", size_mib=megabytes) as disk,
        House(
            work / "house", {"storage": MARKS[case] | {"folder": str(disk.folder)}, "worker": worker}
        ) as house,
    ):
        house.data, house.objects = disk.folder, disk.folder / "objects"
        house.wait_for(lambda: house.said(r"(worker up)"), "the worker")
        disk.fill_up(but_bytes=megabytes * MIB // 2)
        left, noticed = _fill(case, films, told, disk, house)
        partial = [str(path) for path in house.objects.glob("incoming/*/*.part")]
        disk.throw_ballast_off()
        start = time.monotonic()
        while left and time.monotonic() < start + WAIT_SECONDS:
            left = told.send(left[:8], house.listener_port) + left[8:]
            time.sleep(0.05)
        recovered = time.monotonic() - start
        _wait_until_finished(house, WAIT_SECONDS)
        evidence = look(house.objects, str(house.data / "radrouter.db"))
    ledger = Ledger(
        sent={film.sop_instance_uid: digest(film.data_set) for film in films}, acknowledged=told.acknowledged
    )
    found = faults(ledger, evidence)
    missing = [] if case != "watermarks" or all(noticed.values()) else [str(noticed)]
    row: dict[str, object] = {"case": case, "films": len(films), "acknowledged": len(told.acknowledged)}
    row |= {"refused": told.refusals.total(), "partial_while_full": len(partial)}
    row |= {"orphans": len(orphans(evidence)), "faults": len(found), "recovered_s": round(recovered, 2)}
    kept = not (found or partial or left or missing)
    said = [f"{case}: {answer} × {count}" for answer, count in told.refusals.most_common(6)]
    return row | {"verdict": "kept" if kept else "broken"}, said + missing, found


def _fill(
    case: str, films: Sequence[Radiograph], told: Told, disk: SmallDisk, house: House
) -> tuple[list[Radiograph], dict[str, bool]]:
    """Send until nothing more is taken in; the films left, and what the service was seen to say."""
    left = list(films)
    noticed = dict.fromkeys(("readyz", "metrics", "paused", "unready when full", "storescu refused"), False)
    refused_in_a_row = 0
    while refused_in_a_row < 3 and len(left) > 1:
        if case == "no room":  # end it inside this object, or in its commit
            disk.fill_up(but_bytes=random.Random(len(left)).randrange(200_000, 1_500_000))
        before = len(left)
        # Between the marks analysis pauses; then a sender runs into the hard one inside its association.
        at_once = 1 if case == "watermarks" and disk.free_fraction() > SOFT else 8
        left = told.send(left[:at_once], house.listener_port) + left[at_once:]
        refused_in_a_row = refused_in_a_row + 1 if len(left) == before else 0
        if case == "watermarks" and HARD < disk.free_fraction() < SOFT:
            _notice(noticed, house)
    ready = house.ask("/readyz")
    noticed["unready when full"] = ready is not None and not ready[1]["checks"]["disk"]["ok"]
    noticed["storescu refused"] = not storescu([left[0].path], house.listener_port)
    return left, noticed


def _notice(noticed: dict[str, bool], house: House) -> None:
    """Wait for each alert; the worker looks at the disk once a second."""
    end = time.monotonic() + NOTICE_SECONDS
    while time.monotonic() < end and not all(noticed[alert] for alert in ("readyz", "metrics", "paused")):
        ready = house.ask("/readyz")
        reason = str(ready[1]["checks"]["disk"]["reason"]) if ready is not None else ""
        noticed["readyz"] |= "analysis pauses" in reason
        noticed["metrics"] |= b"radrouter_disk_below_soft_watermark 1.0" in _metrics(house)
        noticed["paused"] |= "analysis paused" in house.log.read_text(errors="replace")
        time.sleep(0.2)


def _metrics(house: House) -> bytes:
    try:
        with urlopen(f"{house.api}/metrics", timeout=5) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


def _wait_until_finished(house: House, seconds: float) -> None:
    end = time.monotonic() + seconds
    while waiting(str(house.data / "radrouter.db")) and time.monotonic() < end:
        time.sleep(0.3)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=184, help="size of the disk")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
