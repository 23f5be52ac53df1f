"""Write the lung pack's card from its evaluation, so that every figure on it is the one that was measured."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.detect.calibrate import PROFILES
from training.detect.measures import PER_FILM
from training.lung.films import LABELS
from training.lung.gained import ALL
from training.lung.published import LI_IOU, WANG_AFP, WANG_AUC, WANG_IOBB, WANG_IOU
from training.lung.said import LEAST

TEXT = Path(__file__).with_name("card.md")
Found = Mapping[str, Any]


def write_card(work: Path, pack: Path) -> Path:
    """Write CARD.md of ``pack`` from WORK. Raises FileNotFoundError where the evaluation is not there."""
    found = json.loads((work / "evaluation" / "figures.json").read_text())
    chosen = json.loads((work / "calibration.json").read_text())
    thresholds = chosen["thresholds"]
    speed = work / "evaluation" / "speed.txt"
    text = TEXT.read_text()
    for mark, part in {
        "films": _films(found["films"]),
        "afp": ", ".join(f"{label} {value:g}" for label, value in zip(LABELS, WANG_AFP, strict=True)),
        "localisation": _localisation(found["localisation"], WANG_IOU, LI_IOU),
        "below": "\n".join(below(found["localisation"])),
        "sizes": _sizes(chosen["box_size"]),
        "sized": _gained(found["sized"]),
        "gained": _gained(found.get("gained")),
        "one_box": _table(
            ("finding", "T .1", "T .3", "T .5", "T .7"),
            lambda label: [_told(found["one_box"][label][t]) for t in ("0.1", "0.3", "0.5", "0.7")],
        ),
        "everywhere": _localisation(found["localisation_everywhere"], WANG_IOU, {}),
        "iobb": _localisation(found["localisation_iobb"], WANG_IOBB, {}),
        "froc": _froc(found),
        "auc": _auc(found["auc"]),
        "default": f"{PROFILES['default']}, but nothing less probable than {LEAST:g}",
        "profiles": "\n\n".join(_profile(found, thresholds, kind) for kind in PROFILES),
        "normal": str(found["films"]["normal"]),
        "on_normal": "; ".join(_normal(kind, found["normal"][kind]) for kind in PROFILES),
        "ece_boxes": f"{found['calibration_error']['boxes']:.3f}",
        "ece_films": f"{found['calibration_error']['films']:.3f}",
        "speed": speed.read_text().strip() if speed.is_file() else "Not measured.",
    }.items():
        text = text.replace("{" + mark + "}", part)
    (pack / "CARD.md").write_text(text)
    return pack / "CARD.md"


def _films(counts: Mapping[str, int]) -> str:
    boxes = ", ".join(f"{counts[f'boxes of {label}']} {label}" for label in LABELS)
    return (
        f"{counts['boxed']} films with boxes ({boxes}), {counts['films'] - counts['boxed']} more films of "
        f"the same {counts['patients']} patients and 2,150 of 1,329 other patients with labels alone"
    )


def _sizes(sizes: Sequence[float]) -> str:
    return ", ".join(f"{label} {size:g}" for label, size in zip(LABELS, sizes, strict=True))


def _short(value: float) -> str:
    return f"{value:.2f}".removeprefix("0") if value < 1 else f"{value:.2f}"


def _told(figure: Sequence[float]) -> str:
    return f"{_short(figure[0])} ({_short(figure[1])}–{_short(figure[2])})"


def _table(head: Sequence[str], row: Callable[[str], Sequence[str]], labels: Sequence[str] = LABELS) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    lines += ["| " + " | ".join([label, *row(label)]) + " |" for label in labels]
    return "\n".join(lines)


def _localisation(
    found: Found, wang: Mapping[float, Sequence[float]], li: Mapping[float, Sequence[float]]
) -> str:
    def row(label: str) -> list[str]:
        k = LABELS.index(label)
        return [
            f"{_told(found[f'{t:g}'][label]['accuracy'])} W {_short(wang[t][k])}"
            + (f" L {_short(li[t][k])}" if t in li else "")
            for t in wang
        ]

    return _table(["finding", *(f"T {t:g}".replace("0.", ".") for t in wang)], row)


def below(found: Found) -> list[str]:
    """A line for each published row: the cells in which ours is lower, and by how much."""
    lines = []
    for name, published in (("Wang", WANG_IOU), ("Li", LI_IOU)):
        cells, count = [], 0
        for threshold, row in published.items():
            for label, value in zip(LABELS, row, strict=True):
                count += 1
                ours = found[f"{threshold:g}"][label]["accuracy"][0]
                if ours < value:
                    cells.append(f"{label} T {threshold:g} by {value - ours:.3f}")
        told = "; ".join(cells) if cells else "none"
        lines.append(f"* {name}, {len(cells)} of {count} cells: {told}.")
    return lines


def _gained(found: Found | None) -> str:
    """Each cell: before, now, and what was gained."""
    if found is None:
        return "Not measured."

    def row(label: str) -> list[str]:
        return [
            f"{_short(before)}, {_short(now)}: {gain:+.2f} ({low:+.2f} to {high:+.2f})"
            for before, now, gain, low, high in (found[kind][label] for kind in ("froc", "ap", "auc"))
        ]

    head = ("finding", "found, mean of 1/8 to 8 false boxes per film", "AP .3", "AUC of the film")
    return _table(head, row, [*LABELS, ALL])


def _froc(found: Found) -> str:
    head = ["finding", *(f"{budget:g}" for budget in PER_FILM), "mean", "AP .3", "AP .5"]

    def row(label: str) -> list[str]:
        curve, precision = found["froc"][label], found["ap"][label]
        points = [_told(curve[f"{budget:g}"]) for budget in PER_FILM]
        return [*points, _told(curve["mean"]), _told(precision["0.3"]), _told(precision["0.5"])]

    mean = {t: sum(found["ap"][label][t][0] for label in LABELS) / len(LABELS) for t in ("0.3", "0.5")}
    told = f"Mean AP over the eight: {mean['0.3']:.3f} at T .3, {mean['0.5']:.3f} at T .5."
    return f"{_table(head, row)}\n\n{told}"


def _auc(found: Found) -> str:
    def row(label: str) -> list[str]:
        k = LABELS.index(label)
        cells = [
            f"{_told(found[label][kind])}, {found[label][kind][3]} of {found[label][kind][4]}"
            if kind in found[label]
            else ""
            for kind in ("boxed", "others", "adjudicated")
        ]
        return [*cells, _short(WANG_AUC[k])]

    return _table(("finding", "boxed", "others", "adjudicated", "Wang"), row)


def _profile(found: Found, thresholds: Found, kind: str) -> str:
    stated = found["stated"][kind]

    def row(label: str) -> list[str]:
        figures = [_told(stated[label][name]) for name in ("precision", "recall", "false_per_film")]
        return [f"{thresholds[kind][label]:.3f}", *figures]

    table = _table(("finding", "threshold", "precision", "recall", "false boxes per film"), row)
    wanted = ", ".join(f"{label} = {thresholds[kind][label]:g}" for label in LABELS)
    setting = "" if kind == "default" else f"\n\n```toml\n[models.thresholds]\nlung = {{ {wanted} }}\n```"
    return f"**{kind}**: {PROFILES[kind]}\n\n{table}{setting}"


def _normal(kind: str, figures: Found) -> str:
    share, boxes = figures["films_with_a_box"], figures["boxes"]
    return f"{kind}: a box on {_told(share)} of them, {_told(boxes)} boxes per film"
