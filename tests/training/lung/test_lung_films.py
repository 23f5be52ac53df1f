"""Who may teach the lung detector what, on a made-up manifest."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.lung.films import FOLDS, LABELS, chest_films, dealt, example
from training.lung.train import _fold_pools, held_out

COLUMNS = (
    "path",
    "patient_id",
    "view_position",
    "nih_labels",
    "nih_boxes_xywh_1024",
    "google_adjudicated_14",
    "google_four_findings",
    "rsna_opacity_boxes_xywh_1024",
)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """Forty patients: of every even one a film with a box and one without, of every odd one a film alone."""
    (tmp_path / "chest").mkdir()
    cv2.imwrite(str(tmp_path / "chest" / "film.png"), np.full((100, 80), 90, dtype=np.uint8))
    rows = []
    for patient in range(40):
        common = dict.fromkeys(COLUMNS, "") | {"path": "film.png", "patient_id": f"p{patient}"}
        plain = common | {"nih_labels": "No Finding", "google_adjudicated_14": "Effusion"}
        rows.append(plain)
        if patient % 2 == 0:
            boxes = [["Infiltrate", 512, 256, 128, 256]]
            rows.append(
                common
                | {"nih_labels": "Infiltration|Effusion|Pneumonia", "nih_boxes_xywh_1024": json.dumps(boxes)}
                | {"rsna_opacity_boxes_xywh_1024": json.dumps([[0, 0, 1024, 512]])}
            )
    with (tmp_path / "chest" / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path


def test_no_patient_is_in_two_folds_and_none_teaches_the_fold_that_looks_at_it(shared: Path) -> None:
    films = chest_films(shared)
    looked_at = [{films[place].patient for place in held_out(films, fold)} for fold in range(FOLDS)]
    assert sum(map(len, looked_at)) == len(set().union(*looked_at)) == 20
    for fold in range(FOLDS):
        teachers = {films[place].patient for pool, _ in _fold_pools(films, fold) for place in pool}
        assert not teachers & looked_at[fold] and len(teachers) == 40 - len(looked_at[fold])


def test_the_folds_are_of_one_size() -> None:
    names = [f"patient {number}" for number in range(100)]
    folds = dealt(set(names))
    assert [list(folds.values()).count(fold) for fold in range(FOLDS)] == [20] * FOLDS


def test_only_films_of_patients_without_boxes_teach_the_labels(shared: Path) -> None:
    first = [film for film in chest_films(shared) if film.fold is None]
    assert {int(film.patient.removeprefix("p")) % 2 for film in first} == {1}


def test_boxes_are_where_the_original_says_and_a_label_without_one_is_somewhere_unknown(shared: Path) -> None:
    film = next(film for film in chest_films(shared) if film.boxes)
    taught = example(film)
    assert [LABELS[label] for label in taught.labels] == ["Infiltration", "Pneumonia"]  # the second RSNA's
    np.testing.assert_allclose(taught.boxes, [[40, 25, 50, 50], [0, 0, 80, 50]])
    known = dict(zip(LABELS, taught.known.tolist(), strict=True))
    assert known["Infiltration"] and known["Pneumonia"] and known["Mass"] and not known["Effusion"]


def test_adjudicated_labels_teach_nothing(shared: Path) -> None:
    film = next(film for film in chest_films(shared) if film.adjudicated)
    taught = example(film)
    assert not np.nansum(taught.image) and not len(taught.boxes)
