"""The shipped pack on real feet and ankles: what it states there, and on how many films.

No labelled set of accessory bones is open, so that only false alarms can be bounded: every finding counts as
one, though some are true (about one foot in five has such a bone: Coskun et al. 2009). Findings on films that
may be looked at are pictured, to be judged by eye; ``final`` is only counted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.baseline import baseline_of_findings
from classifiers.packs import add_baseline, load_pack
from classifiers.runtimes import load
from classifiers.specialists import Specialist
from router.types import Finding
from training.detect.measures import interval
from training.films import RealFilm, film_of, read, real_films

FOLDERS: Final = ("foot_ap", "foot_oblique", "other_foot_lateral", "ankle_ap", "ankle_lateral")
SPLITS: Final = ("train", "calibrate", "look", "final")
SHOWN: Final = 96  # pixels of a picture of a finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A real film and all that was seen on it."""

    film: RealFilm
    found: tuple[Finding, ...]

    @property
    def stated(self) -> list[Finding]:
        """What reaches its threshold."""
        return [one for one in self.found if one.box is not None and one.probability >= one.threshold]


def real_feet(shared: Path, splits: Sequence[str] = SPLITS) -> list[RealFilm]:
    """The real films of feet and ankles of some splits. Raises FileNotFoundError."""
    return [one for one in real_films(shared) if one.folder in FOLDERS and one.split in splits]


def answered(pack: Path, films: Sequence[RealFilm]) -> list[Answered]:
    """Every candidate of a pack on the films, through the class that the service runs."""
    loaded = load_pack(pack)
    specialist = Specialist(loaded, load(loaded, threads=1))
    return [Answered(film=one, found=specialist.candidates([film_of(read(one.path))])[0]) for one in films]


def places(pack: Path, films: Sequence[RealFilm]) -> list[tuple[Finding, ...]]:
    """The sites that the first look finds on each film, which the pack itself never states."""
    loaded = load_pack(pack)
    manifest, detect = loaded.manifest, loaded.manifest.detect
    if detect is None or detect.closer is None:
        raise ValueError(f"{pack} does not look closer")
    stated = dict.fromkeys(detect.closer.sites, detect.closer.threshold)
    head = replace(manifest.outputs["detect"], thresholds=MappingProxyType(stated))
    first = replace(
        manifest,
        outputs=MappingProxyType(dict(manifest.outputs) | {"detect": head}),
        detect=replace(detect, closer=None),
    )
    specialist = Specialist(replace(loaded, manifest=first), load(loaded, threads=1))
    return [specialist.predict([film_of(read(one.path))])[0] for one in films]


def counted(answers: Sequence[Answered]) -> dict[str, Any]:
    """Findings per film by split, view and label, with 95 % intervals over groups."""
    told: dict[str, Any] = {}
    for split in SPLITS:
        mine = [one for one in answers if one.film.split == split]
        if not mine:
            continue
        told[split] = _row(mine) | {
            "views": {
                folder: _row([one for one in mine if one.film.folder == folder])
                for folder in FOLDERS
                if any(one.film.folder == folder for one in mine)
            }
        }
    return told


def _row(answers: Sequence[Answered]) -> dict[str, Any]:
    groups = np.array([one.film.group for one in answers])
    per_film = np.array([len(one.stated) for one in answers], dtype=np.float64)
    labels: dict[str, int] = {}
    for one in answers:
        for finding in one.stated:
            labels[finding.label] = labels.get(finding.label, 0) + 1
    return {
        "films": len(answers),
        "groups": len(set(groups)),
        "findings": int(per_film.sum()),
        "films_with": int((per_film > 0).sum()),
        "findings_per_film": _rounded(groups, per_film),
        "share_of_films_with": _rounded(groups, (per_film > 0).astype(np.float64)),
        "labels": labels,
    }


def _rounded(groups: NDArray[np.str_], values: NDArray[np.float64]) -> list[float]:
    """The mean over films and its interval."""

    def mean(weights: NDArray[np.float64]) -> float:
        return float((weights * values).sum() / max(weights.sum(), 1e-9))

    return [round(value, 3) for value in interval(groups, mean)]


def looked_at(answers: Sequence[Answered], folder: Path) -> list[dict[str, Any]]:
    """Pictures of every finding on films that may be looked at, and a list of them to be judged by eye."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for one in answers:
        if one.film.split == "final":
            continue
        pixels = read(one.film.path)
        for finding in one.stated:
            name = f"{one.film.path.stem[:40]}-{finding.label}-{len(rows)}.png"
            cv2.imwrite(str(folder / name), picture(pixels, finding))
            rows.append({"picture": name, "film": one.film.path.name, "split": one.film.split,
                         "view": one.film.folder, "label": finding.label,
                         "probability": round(finding.probability, 3)})  # fmt: skip
    return rows


def picture(pixels: NDArray[np.uint8], finding: Finding) -> NDArray[np.uint8]:
    """The surroundings of a finding, twice, with and without its box: uint8 (4 SHOWN, 8 SHOWN, 3)."""
    box = finding.box
    assert box is not None
    reach = int(max(box.width, box.height) * 2.2)
    x, y = int(box.x + box.width / 2), int(box.y + box.height / 2)
    padded = cv2.copyMakeBorder(pixels, reach, reach, reach, reach, cv2.BORDER_CONSTANT)
    part = cv2.resize(padded[y : y + 2 * reach, x : x + 2 * reach], (4 * SHOWN, 4 * SHOWN))
    plain = cv2.cvtColor(part, cv2.COLOR_GRAY2BGR)
    boxed, zoom = plain.copy(), 4 * SHOWN / (2 * reach)
    left, top = int((box.x - x + reach) * zoom), int((box.y - y + reach) * zoom)
    across, down = int(box.width * zoom), int(box.height * zoom)
    cv2.rectangle(boxed, (left, top), (left + across, top + down), (60, 140, 255), 1)
    cv2.putText(boxed, f"{finding.label} {finding.probability:.2f}", (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4,
                (60, 140, 255), 1)  # fmt: skip
    return np.concatenate([plain, boxed], axis=1)


def speed(pack: Path, films: Sequence[RealFilm], *, rounds: int = 3) -> dict[str, float]:
    """Milliseconds per film after decoding, one thread: median and 95th percentile."""
    loaded = load_pack(pack)
    specialist = Specialist(loaded, load(loaded, threads=1))
    ready = [film_of(read(one.path)) for one in films]
    specialist.candidates(ready[:1])
    spent = []
    for film in ready * rounds:
        start = time.perf_counter()
        specialist.candidates([film])
        spent.append(1000 * (time.perf_counter() - start))
    return {
        "median_ms": round(float(np.median(spent)), 1),
        "p95_ms": round(float(np.percentile(spent, 95)), 1),
    }


def _sites(pack: Path, films: Sequence[RealFilm]) -> dict[str, float]:
    """Sites found per film, by view."""
    counts: dict[str, list[int]] = {}
    for found, one in zip(places(pack, films), films, strict=True):
        counts.setdefault(one.folder, []).append(len(found))
    return {folder: round(float(np.mean(each)), 2) for folder, each in sorted(counts.items())}


def evaluate(pack: Path, shared: Path, out: Path) -> Mapping[str, Any]:
    """Measure and write ``out``/real.json, ``out``/findings.json and pictures; and into ``pack`` the baseline
    that later scores are held against. Raises FileNotFoundError."""
    films = real_feet(shared)
    answers = answered(pack, films)
    told = counted(answers) | {
        "sites": _sites(pack, films),
        "speed": speed(pack, [one for one in films if one.split != "final"][:20]),
    }
    unseen = [one.stated for one in answers if one.film.split in ("look", "final")]
    measured = f"{len(unseen)} real films of feet and ankles that never trained"
    add_baseline(pack, baseline_of_findings(unseen, measured=measured))
    out.mkdir(parents=True, exist_ok=True)
    (out / "real.json").write_text(json.dumps(told, indent=1))
    (out / "findings.json").write_text(json.dumps(looked_at(answers, out / "findings"), indent=1))
    return told
