"""Write the pack's card from its evaluation, so that every figure on it is one that was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

TEXT: Final = Path(__file__).with_name("card.md")
FAILURES: Final = Path(__file__).with_name("failures.md")  # what was seen on films that may be looked at
Found = Mapping[str, Any]


def write_card(pack: Path, home: Path) -> Path:
    """Write CARD.md of ``pack`` from ``home``. Raises FileNotFoundError where the evaluation is not there."""
    found = json.loads((home / "evaluation" / "metrics.json").read_text())
    choice = json.loads((home / "choice.json").read_text())
    every = list(found["rows"].values())
    text = TEXT.read_text()
    for mark, part in {
        "simulated": f"{found['learnt']['simulated']:,}",
        "train": str(found["learnt"]["arms"]),
        "other": str(found["learnt"]["other"]),
        "chosen": str(choice["real"]),
        "rows": _table("films", found["rows"]),
        "sources": _table("source", found["sources"]),
        "per_film": f"{sum(_false(one) for one in every) / max(sum(one['whole'] for one in every), 1):.2f}",
        "named": _said(_added([one["named"] for one in every])) or "nothing",
        "broken": str(sum(one["broken"] for one in every)),
        "lines": _lines(found["broken"]),
        "rival": _said(_added([one["rival"] for one in every])),
        "sure": str(sum(one["rival_sure"] for one in every)),
        "whole": str(sum(one["whole"] for one in every)),
        "failures": FAILURES.read_text().strip(),
        "speed": f"{found['milliseconds']['median']:.0f}",
        "p95": f"{found['milliseconds']['p95']:.0f}",
    }.items():
        text = text.replace("{" + mark + "}", part)
    (pack / "CARD.md").write_text(text)
    return pack / "CARD.md"


def _false(row: Found) -> float:
    return float(row["boxes_per_film"]) * int(row["whole"])


def _table(first: str, rows: Mapping[str, Found]) -> str:
    lines = [f"| {first} | films (groups) | whole | silent | broken | found | doubtful (stated) |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, row in rows.items():
        cells = [name, f"{row['films']} ({row['groups']})", row["whole"], _told(row["silent"]), row["broken"],
                 _told(row["hit"]), f"{row['doubtful']} ({row['doubtful_stated']})"]  # fmt: skip
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


def _told(value: Sequence[float] | None) -> str:
    if value is None:
        return "none"
    middle, low, high = value
    return f"{middle:.0%} ({low:.0%} to {high:.0%})"


def _added(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            total[name] = total.get(name, 0) + count
    return total


def _said(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count} times" for name, count in sorted(counts.items(), key=lambda x: -x[1]))


def _lines(rows: Sequence[Found]) -> str:
    lines = ["| film | split | known | stated | most probable | RadLens |", "|---|---|---|---|---|---|"]
    for row in rows:
        stated, best = (", ".join(row[key]) or "nothing" for key in ("stated", "best"))
        cells = [f"{row['view']} {row['film'][:6]}", row["split"], row["what"] or "whole", stated, best]
        lines.append("| " + " | ".join([*cells, row["radlens"]]) + " |")
    return "\n".join(lines)
