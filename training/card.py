"""Write a pack's card from its measurements, so that every figure on it is the one that was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from classifiers.packs import load_pack, write_pack
from router.views import NNCPR_VIEWS, OTHER
from training.simulate.meshes import ATTRIBUTION
from training.simulate.views import LABELS

TEXT = Path(__file__).with_name("card.md")
AIMS: Sequence[tuple[str, str, str]] = (
    ("top1_30_views", "top-1 over the 30 views", "≥ .95"),
    ("macro_recall", "macro recall over the views present", "≥ .93"),
    ("top1_largest_source", "top-1, films of the largest source (UNIFESP)", ""),
    ("top1_other_sources", "top-1, films of all other sources", "≥ .85"),
    ("coverage_at_99", "coverage at 99 % accuracy", "≥ .90"),
    ("stated", "films of the 30 views for which a view is stated", ""),
    ("right_when_stated", "of those, right", ""),
    ("calibration_error_stated", "expected calibration error of stated views", "≤ .04"),
    ("other_auroc", "`other` against the 30 views, AUROC", "≥ .95"),
    ("other_detected_at_5_percent", "`other` found at 5 % false rejections", "≥ .80"),
    ("ap_or_pa", "chest AP or PA, NIH patients held out", "≥ .98"),
    ("nih_named_chest_pa_ap", "NIH chest films named chest_pa_ap, patients held out", ""),
    ("rotation", "quarter turns, views with an upright", "≥ .98"),
)
SPLITS: Mapping[str, str] = {
    "final": "never looked at",
    "look": "errors were looked at",
    "calibrate": "may train; gates set on them",
}

Metrics = Mapping[str, Any]


def write_card(pack: Path, evaluations: Path, log: Sequence[str]) -> Path:
    """Write CARD.md and the manifest's metrics from ``evaluations``/SPLIT/metrics.json; ``log`` is a line per
    round.

    Raises FileNotFoundError when the final figures are not there.
    """
    found = {
        split: json.loads((evaluations / split / "metrics.json").read_text())
        for split in SPLITS
        if (evaluations / split / "metrics.json").is_file()
    }
    if "final" not in found:
        raise FileNotFoundError(
            f"no figures in {evaluations}/final: run `python -m training evaluate --split final`"
        )
    text = TEXT.read_text()
    for mark, part in (
        ("{attribution}", ATTRIBUTION),
        ("{figures}", figures(found)),
        ("{beside}", beside(found["final"])),
        ("{recall}", recall(found)),
        ("{log}", "\n".join(f"| {line} |" for line in log)),
        ("{beyond}", str(len(set(LABELS) - {OTHER, *NNCPR_VIEWS}))),
        ("{speed}", _speed(found["final"])),
        ("{speed_beside}", _speed_beside(found["final"])),
    ):
        text = text.replace(mark, part)
    (pack / "CARD.md").write_text(text)
    manifest = load_pack(pack).manifest
    write_pack(pack, replace(manifest, metrics=MappingProxyType(_flat(found["final"]))))
    return pack / "CARD.md"


def figures(found: Mapping[str, Metrics]) -> str:
    """The table of aims and figures, a column per split."""
    head = "| figure | aim | " + " | ".join(f"{name}: {SPLITS[name]}" for name in found) + " |"
    rows = [head, "|---" * (2 + len(found)) + "|"]
    rows.append(
        "| films, groups | | " + " | ".join(f"{m['films']}, {m['groups']}" for m in found.values()) + " |"
    )
    for key, words, aim in AIMS:
        rows.append(
            f"| {words} | {aim} | " + " | ".join(_interval(m.get(key)) for m in found.values()) + " |"
        )
    weak = " | ".join(", ".join(_weak(m)) or "none" for m in found.values())
    rows.append(f"| views under 80 % recall with at least ten films | none | {weak} |")
    same = " | ".join(f"{m['same_as_dicom']:.3f}" for m in found.values())
    rows.append(f"| same answer as 12-bit MONOCHROME1 DICOM, every fourth film | 1 | {same} |")
    return "\n".join(rows)


def beside(metrics: Metrics) -> str:
    """The table of another pack's figures on the same films, and what was gained; a line when none was
    measured."""
    if "against" not in metrics:
        return "No other pack was measured on the same films."
    other = metrics["against"]
    rows = [f"| figure | {other['pack']} | this pack | gained |", "|---|---|---|---|"]
    for key, words, _ in AIMS:
        cells = (other["figures"].get(key), metrics.get(key), other["gained"].get(key))
        rows.append(f"| {words} | " + " | ".join(map(_interval, cells)) + " |")
    weak = (", ".join(_weak(m)) or "none" for m in (other["figures"], metrics))
    rows.append("| views under 80 % recall with at least ten films | " + " | ".join(weak) + " | |")
    return "\n".join(rows)


def recall(found: Mapping[str, Metrics]) -> str:
    """Right and all films of each view, a column per split, and one for the pack that is measured beside."""
    columns = dict(found)
    if "against" in found["final"]:
        other = found["final"]["against"]
        columns = {"final": found["final"], f"final, {other['pack']}": other["figures"]} | columns
    names = sorted({name for m in columns.values() for name in (*m["recall"], *m["extended_right"])})
    rows = ["| true view | " + " | ".join(columns) + " |", "|---" * (1 + len(columns)) + "|"]
    for name in names:
        cells = [m["recall"].get(name) or m["extended_right"].get(name) for m in columns.values()]
        rows.append(
            f"| {name} | " + " | ".join(f"{cell[0]} of {cell[1]}" if cell else "" for cell in cells) + " |"
        )
    return "\n".join(rows)


def _speed(metrics: Metrics) -> str:
    return f"{metrics['speed_ms']:.1f} ms (mean {metrics['speed_mean_ms']:.1f})"


def _speed_beside(metrics: Metrics) -> str:
    other = metrics.get("against")
    return f"{other['pack']}: {_speed(other['figures'])}" if other else "no other pack beside it"


def _weak(metrics: Metrics) -> list[str]:
    return [name for name, (right, films) in metrics["recall"].items() if films >= 10 and right < 0.8 * films]


def _interval(value: Sequence[float] | None) -> str:
    if not value:  # no such film in this split
        return ""
    return f"{value[0]:.3f} ({value[1]:.3f} to {value[2]:.3f})"


def _flat(metrics: Metrics) -> dict[str, str | int | float | bool]:
    flat: dict[str, str | int | float | bool] = {
        "real_films": metrics["films"],
        "patients_or_studies": metrics["groups"],
    }
    for key, _, _ in AIMS:
        if metrics.get(key):
            flat[key] = metrics[key][0]
            flat[f"{key}_interval"] = f"{metrics[key][1]} to {metrics[key][2]}"
    flat["note"] = "evaluate-only films that nobody looked at; 95 % intervals by bootstrap over groups"
    return flat
