"""How every bench speaks: one JSON line for machines, one table for people, the machine named on both."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

Row = Mapping[str, object]


def machine() -> dict[str, object]:
    """Name what the figures were measured on: processor, cores, memory in GiB, system, Python."""
    return {
        "processor": _first(Path("/proc/cpuinfo"), "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def show(bench: str, rows: Sequence[Row], *, notes: Sequence[str] = ()) -> None:
    """Print ``rows`` (all with the same keys) as one JSON line and as a table."""
    print(json.dumps({"bench": bench, "machine": machine(), "rows": list(rows), "notes": list(notes)}))
    table = Table(title=f"{bench} on {machine()['processor']}, {machine()['cores']} cores")
    for key in rows[0] if rows else ():
        table.add_column(key.replace("_", " "), justify="right" if _is_number(rows[0][key]) else "left")
    for row in rows:
        table.add_row(*(_text(value) for value in row.values()))
    console = Console(width=140)
    console.print(table)
    for note in notes:
        console.print(f"· {note}")


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of ``values``; ``percent`` in (0, 100]. Raises ValueError when empty."""
    if not values:
        raise ValueError("no values to take a percentile of")
    ranked = sorted(values)
    return ranked[max(0, -(-int(percent * len(ranked)) // 100) - 1)]


def _first(path: Path, key: str) -> str | None:
    if not path.is_file():
        return None
    for line in path.read_text().splitlines():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
