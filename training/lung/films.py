"""NIH's chest films as a detector's examples, and who may be used for what.

Everything splits by patient. Films of patients of whom no film has a box teach in every fold; the patients
with boxes are dealt into folds. The adjudicated ``google_*`` columns only ever evaluate.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.detect.example import BoxedFilm
from training.films import read, share

LABELS: Final = (
    "Atelectasis",
    "Cardiomegaly",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumonia",
    "Pneumothorax",
)
EXTRA: Final = (
    "Consolidation",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Hernia",
    "Pleural_Thickening",
)  # NIH's other labels: they only help to learn
BOXED_AS: Final = {"Infiltrate": "Infiltration"}
OPAQUE: Final = ("Pneumonia", "Infiltration")  # labels of ours that RSNA's opacity boxes show
ORIGINAL: Final = 1024.0  # pixels of NIH's films, which boxes are given in
FOLDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChestFilm:
    """One row of the manifest. Boxes: label, left, top, right, bottom as parts of the film."""

    path: Path
    patient: str
    projection: str  # PA | AP
    labels: frozenset[str]
    boxes: tuple[tuple[str, float, float, float, float], ...]
    opacities: tuple[tuple[float, float, float, float], ...]  # RSNA's, likewise
    adjudicated: frozenset[str] | None  # evaluate only
    four_findings: str  # evaluate only
    fold: int | None  # None: the patient has no film with boxes


def chest_films(shared: Path) -> list[ChestFilm]:
    """The manifest of ``shared``/chest. Raises FileNotFoundError."""
    with (shared / "chest" / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    folds = dealt({row["patient_id"] for row in rows if row["nih_boxes_xywh_1024"]})
    return [_film(row, shared / "chest", folds.get(row["patient_id"])) for row in rows]


def dealt(patients: set[str]) -> dict[str, int]:
    """A fold for each patient, the same for ever, folds of one size."""
    ordered = sorted(patients, key=lambda name: share(name, "lung folds"))
    return {name: place % FOLDS for place, name in enumerate(ordered)}


def _film(row: dict[str, str], folder: Path, fold: int | None) -> ChestFilm:
    boxes = json.loads(row["nih_boxes_xywh_1024"] or "[]")
    adjudicated = row["google_adjudicated_14"]
    return ChestFilm(
        path=folder / row["path"],
        patient=row["patient_id"],
        projection=row["view_position"],
        labels=frozenset(row["nih_labels"].split("|")),
        boxes=tuple((BOXED_AS.get(name, name), *_edges(box)) for name, *box in boxes),
        opacities=tuple(_edges(box) for box in json.loads(row["rsna_opacity_boxes_xywh_1024"] or "[]")),
        adjudicated=frozenset(adjudicated.split("|")) if adjudicated else None,
        four_findings=row["google_four_findings"],
        fold=fold,
    )


def _edges(box: Sequence[float]) -> tuple[float, float, float, float]:
    left, top, width, height = (float(value) / ORIGINAL for value in box[-4:])
    return left, top, left + width, top + height


def example(film: ChestFilm, *, side: int | None = None, taught: bool = True) -> BoxedFilm:
    """A film to learn from, its pixels as stored or with a long side of ``side``.

    A label of the report without a box is somewhere unknown; a label that the report lacks counts as absent.
    ``taught`` adds RSNA's opacity boxes to what a report calls pneumonia or infiltration and nobody at NIH
    boxed.
    """
    pixels = _sized(read(film.path), side)
    boxes = list(film.boxes)
    if taught:
        for name in OPAQUE:
            if name in film.labels and name not in {one[0] for one in film.boxes}:
                boxes += [(name, *box) for box in film.opacities]
    boxed = {name for name, *_ in boxes}
    height, width = pixels.shape
    edges = np.array([box[1:] for box in boxes], dtype=np.float32).reshape(-1, 4)
    return BoxedFilm(
        pixels=pixels,
        boxes=edges * np.array([width, height, width, height], dtype=np.float32),
        labels=np.array([LABELS.index(box[0]) for box in boxes], dtype=np.int64),
        image=np.array([name in film.labels for name in LABELS + EXTRA], dtype=np.float32),
        known=np.array([name in boxed or name not in film.labels for name in LABELS], dtype=np.float32),
        group=film.patient,
    )


def _sized(pixels: NDArray[np.uint8], side: int | None) -> NDArray[np.uint8]:
    if side is None or max(pixels.shape) == side:
        return pixels
    scale = side / max(pixels.shape)
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=method), dtype=np.uint8)


def summary(shared: Path) -> list[str]:
    """Lines that say how many films of how many patients may teach what. Raises FileNotFoundError."""
    films = chest_films(shared)
    lines = []
    for name, some in (
        ("labels first (patients without a boxed film)", [f for f in films if f.fold is None]),
        *((f"fold {fold}", [f for f in films if f.fold == fold]) for fold in range(FOLDS)),
    ):
        boxed = sum(bool(film.boxes) for film in some)
        patients = len({film.patient for film in some})
        lines.append(f"{name}: {len(some)} films of {patients} patients, {boxed} with boxes")
    return lines
