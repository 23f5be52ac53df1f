"""Write the pack's card from what was measured."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import cv2
import matplotlib as mpl
import numpy as np

from classifiers.packs import load_pack, write_pack
from training.ossicle.calibrate import BUDGET, PEOPLE, kept
from training.ossicle.films import SIDE, simulated_feet
from training.simulate.meshes import ATTRIBUTION
from training.simulate.ossicle_sites import OSSICLES

mpl.use("Agg")
from matplotlib import pyplot as plt

TEXT: Final = Path(__file__).with_name("card.md")
SHEET: Final = Path(__file__).resolve().parents[2] / "docs/images/ossicles.jpg"
SPLITS: Final = {
    "final": "never looked at",
    "look": "errors were looked at",
    "calibrate": "thresholds set on them",
    "train": "thresholds set on them",
}
VERDICTS: Final = {
    "bone": "plausibly the accessory bone that was named",
    "other": "another true structure taken for it (sesamoid, process, fragment)",
    "not": "no bone of its own to be seen",
    "unclear": "not to be decided on one film",
}

COLOURS: Final = {"final": "#1f5a8a", "look": "#c46a1d"}

Told = Mapping[str, Any]


def write_card(pack: Path, work: Path) -> Path:
    """Write CARD.md, its pictures and the manifest's metrics. Raises FileNotFoundError when nothing was
    measured."""
    real = json.loads((work / "evaluation" / "real.json").read_text())
    _, thresholds, _ = kept(work / "network" / "chosen.json")
    pictures = pack / "pictures"
    pictures.mkdir(exist_ok=True)
    _shrunk(SHEET, pictures / "simulated.png")
    _bars(real, pictures / "findings_per_film.png")
    text = TEXT.read_text()
    for mark, part in _parts(work, real, thresholds).items():
        text = text.replace(f"{{{mark}}}", part)
    (pack / "CARD.md").write_text(text)
    write_pack(pack, replace(load_pack(pack).manifest, metrics=MappingProxyType(_metrics(real))))
    return pack / "CARD.md"


def _parts(work: Path, real: Told, thresholds: Mapping[str, float]) -> dict[str, str]:
    steps = json.loads((work / "network" / "recipe.json").read_text())["done"]
    films = sum(1 for held in (True, False) for _ in simulated_feet(work / "feet", held_out=held))
    return {
        "attribution": ATTRIBUTION,
        "films": f"{films:,}",
        "steps": f"{steps:,}",
        "side": str(SIDE),
        "people": ", ".join(f"{share:.1%} ({name})" for name, share in PEOPLE.items()),
        "budget": f"{BUDGET:g}",
        "choosing": str(sum(real[split]["films"] for split in ("train", "calibrate") if split in real)),
        "figures": _figures(real),
        "sites": ", ".join(
            f"{view.removeprefix('other_')} {mean:.1f}" for view, mean in real["sites"].items()
        ),
        "judged": _judged(work / "evaluation"),
        "labels": "\n".join(
            f"| {name} | {thresholds[name]:.2f} | {real['final']['labels'].get(name, 0)} "
            f"| {real['look']['labels'].get(name, 0)} |"
            for name in OSSICLES
        ),
        "speed": f"{real['speed']['median_ms']:.0f}",
        "p95": f"{real['speed']['p95_ms']:.0f}",
    }


def _figures(real: Told) -> str:
    rows = ["| films | films, groups | findings per film | films with a finding |", "|---|---|---|---|"]
    for split, words in SPLITS.items():
        if split in real:
            rows.append(_line(f"**{split}** ({words})", real[split]))
            rows += [_line(f"{split}: {view}", row) for view, row in real[split]["views"].items()]
    return "\n".join(rows)


def _line(name: str, row: Told) -> str:
    most = 1 - 0.025 ** (1 / row["groups"])  # of no event in so many groups: Clopper and Pearson 1934
    rate, share = (
        f"{value:.2f} ({low:.2f}-{high if row['findings'] else most:.2f})"
        for value, low, high in (row["findings_per_film"], row["share_of_films_with"])
    )
    return f"| {name} | {row['films']}, {row['groups']} | {rate} | {share} |"


def _judged(evaluation: Path) -> str:
    """What an eye made of the findings that may be looked at."""
    path = evaluation / "judged.json"
    if not path.is_file():
        return "The findings that may be looked at were not judged by eye."
    findings = {row["picture"] for row in json.loads((evaluation / "findings.json").read_text())}
    verdicts = {name: verdict for name, verdict in json.loads(path.read_text()).items() if name in findings}
    counts = Counter(verdicts.values())
    rows = "\n".join(f"| {words} | {counts[key]} |" for key, words in VERDICTS.items())
    missing = len(findings) - len(verdicts)
    told = f"The {len(verdicts)} findings on films that may be looked at (train, calibrate, look), by eye:"
    rest = f"\n\n{missing} were not judged." if missing else ""
    return f"{told}\n\n| verdict | findings |\n|---|---|\n{rows}{rest}"


def _metrics(real: Told) -> dict[str, str | int | float | bool]:
    final = real["final"]
    return {
        "real_films": final["films"],
        "findings_per_film": final["findings_per_film"][0],
        "findings_per_film_low": final["findings_per_film"][1],
        "findings_per_film_high": final["findings_per_film"][2],
        "films_with_a_finding": final["share_of_films_with"][0],
        "ms_per_film": real["speed"]["median_ms"],
        "note": "findings on real feet never looked at, true or false; sensitivity could not be measured",
    }


def _shrunk(source: Path, path: Path) -> None:
    """The sheet as a small grey PNG."""
    image = cv2.imread(str(source), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise FileNotFoundError(f"{source} is not there; python -m training ossicle sheet renders it")
    small = cv2.resize(image, (480, 480 * image.shape[0] // image.shape[1]), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), np.asarray(small // 8 * 8, dtype=np.uint8), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def _bars(real: Told, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(6, 3))
    rows = [(split, real[split]) for split in ("final", "look") if split in real]
    views = sorted({view for _, row in rows for view in row["views"]})
    for shift, (split, row) in zip((-0.17, 0.17), rows, strict=False):
        for place, view in enumerate(views):
            if view in row["views"]:
                value, low, high = row["views"][view]["findings_per_film"]
                spread = [[max(value - low, 0)], [max(high - value, 0)]]
                colour = COLOURS[split]
                axes.errorbar(place + shift, value, yerr=spread, fmt="o", color=colour, capsize=3)
        axes.plot([], [], "o", color=COLOURS[split], label=split)
    axes.set_xticks(range(len(views)), [view.removeprefix("other_") for view in views], fontsize=8)
    axes.set(ylabel="findings per film", ylim=(0, None))
    axes.grid(axis="y", linewidth=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)
