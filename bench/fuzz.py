"""Damaged DICOM files by the thousand: each is refused, or stored and done or failed with a reason.

    python -m bench.fuzz [--cases 10000] [--wire 400] [--seed 1] [--shared FOLDER]

    door      header.read, then a C-STORE of the bytes up to the committed row (SQLite), in this process
    pixels    what the door let in, decoded in a child process: a crash, a hang or an error without a name of
              ours is a fault
    service   some of them over a real association to the real service, until each is done or failed

Exit code 1 when anything crashed, hung, leaked, was left in incoming/, or ended without a reason.
"""

from __future__ import annotations

import argparse
import logging
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.decoding import NAMED, Decoder
from bench.doors import Door
from bench.ending import clean_up_when_told_to_end
from bench.house import CHECKOUT
from bench.mutations import mutate
from bench.report import show
from bench.specimens import Specimen, specimens
from bench.wire_fuzz import over_the_wire

SLOW_SECONDS = 5.0  # of the processor: longer than this for a small file is as good as a hang
MOST_GROWTH_MIB = 64.0  # of this process, once it is warm


@dataclass(slots=True)
class Pixels:
    """What the decoders did."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0


def main() -> None:
    """Run the bench and print it."""
    options = _options()
    clean_up_when_told_to_end()
    logging.disable(logging.CRITICAL)  # each refusal is a log line
    work = Path(tempfile.mkdtemp(prefix="radrouter-fuzz-"))
    try:
        rows, notes = fuzz(work, options)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    show("fuzz", rows, notes=notes)
    sys.exit(1 if any(row["faults"] for row in rows) else 0)


def fuzz(work: Path, options: argparse.Namespace) -> tuple[list[dict[str, object]], list[str]]:
    """All three phases: a row each, and every kind of fault with its count."""
    sound = specimens(options.shared, work / "own")
    with Door(work / "door") as door, Decoder() as decoder:
        pixels = Pixels()
        for number, (specimen, raw) in enumerate(_cases(sound, options.cases, options.seed)):
            if door.take(specimen, raw) and number % options.pixels_every == 0:
                _decode(decoder, specimen, raw, pixels)
            if number == options.cases // 5:
                door.remember_size()
        left = door.left_over()
        slow = door.slowest > SLOW_SECONDS
        leaks = door.grown_mib() > MOST_GROWTH_MIB or door.grown_descriptors() > 0
        faults = door.faults.total() + slow + leaks + len(left)
    rows: list[dict[str, object]] = [
        _row("door", options.cases, door.outcomes, faults, door.slowest),
        _row("pixels", pixels.outcomes.total(), pixels.outcomes, pixels.faults.total(), pixels.slowest),
    ]
    notes = [
        f"{len(sound)} sound files, seed {options.seed}; this process grew by {door.grown_mib():.0f} MiB and "
        f"{door.grown_descriptors()} descriptors after the first fifth; largest decoder "
        f"{decoder.largest_kib / 1024:.0f} MiB",
        *(f"door: {what} × {count}" for what, count in door.faults.most_common(20)),
        *(f"pixels: {what} × {count}" for what, count in pixels.faults.most_common(20)),
    ]
    if options.wire:
        raws = [raw for _, raw in _cases(sound, options.wire, options.seed + 1)]
        row, said = over_the_wire(work / "service", raws)
        return [*rows, row], notes + said
    return rows, notes


def _cases(sound: Sequence[Specimen], count: int, seed: int) -> Iterator[tuple[Specimen, bytes]]:
    chance = random.Random(seed)
    for number in range(count):
        specimen = chance.choice(sound)
        yield specimen, mutate(specimen, chance, number=number)


def _decode(decoder: Decoder, specimen: Specimen, raw: bytes, pixels: Pixels) -> None:
    decoded = decoder.decode(raw)
    pixels.outcomes[decoded.outcome] += 1
    pixels.slowest = max(pixels.slowest, decoded.seconds)
    if decoded.outcome not in NAMED or decoded.seconds > SLOW_SECONDS:
        what = f"{decoded.outcome} {decoded.said[:120]} of {specimen.name} ({specimen.transfer_syntax_uid})"
        pixels.faults[what] += 1
        _keep(raw, len(pixels.faults))


def _keep(raw: bytes, number: int) -> None:
    """The file that did it, to be looked at."""
    folder = Path(tempfile.gettempdir()) / "radrouter-fuzz-faults"
    folder.mkdir(exist_ok=True)
    (folder / f"{time.strftime('%H%M%S')}-{number}.dcm").write_bytes(raw)


def _row(phase: str, cases: int, outcomes: Counter[str], faults: int, slowest: float) -> dict[str, object]:
    told = ", ".join(f"{what} {count}" for what, count in outcomes.most_common(8))
    return {
        "phase": phase,
        "cases": cases,
        "outcomes": told,
        "slowest_ms": round(slowest * 1000),
        "faults": faults,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--wire", type=int, default=400, help="of them over a real association; 0: none")
    parser.add_argument("--pixels-every", type=int, default=1, help="decode every n-th only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--shared", type=Path, default=CHECKOUT.parent / "shared", help="the folder of real films, if there"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
