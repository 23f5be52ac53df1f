"""``radrouter export reviews``: what leaves the site, and that training reads it."""

from __future__ import annotations

import csv
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from typer.testing import CliRunner

from classifiers.pixels import read_film
from dicom_scp import header
from router.types import Arrival, StoredObject
from router.verdicts import Review, ReviewAction
from service.cli import app
from service.database import Database, migrate, open_database
from service.demonstration import STUDY
from service.settings import load
from training.films import allowed, real_films
from training.simulate.views import LABELS

# demonstration's film, patient, what each reviewer says it shows
FILMS = [
    ("2_wrist_ap", "ANNE", {"anna": "wrist_ap"}),
    ("3_wrist_lateral", "ANNE", {"anna": "wrist_lateral", "ben": "wrist_lateral"}),
    ("4_foot_ap", "BILL", {"anna": "foot_ap"}),
    ("6_knee_ap", "CARL", {"anna": "sternum_lateral"}),  # a view that the model has no label for
    ("5_foot_oblique", "BILL", {"anna": "foot_oblique", "ben": "foot_ap"}),  # nobody's truth
    ("1_chest_pa_ap", "DORA", {}),
]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A site's database, with its reviewed films."""
    monkeypatch.chdir(tmp_path)
    settings = load(None)
    migrate(settings)
    with open_database(settings) as opened:
        for name, patient, words in FILMS:
            take_in(opened, settings.objects_folder, name, patient)
            for reviewer, view in words.items():
                say(opened, name, reviewer, view)
        yield opened


def take_in(database: Database, objects: Path, name: str, patient: str) -> None:
    film = pydicom.dcmread(STUDY / f"{name}.dcm")
    film.PatientID, film.PatientName = f"{patient}-SECRET", f"{patient}^SECRET"
    objects.mkdir(parents=True, exist_ok=True)
    film.save_as(objects / f"{name}.dcm")
    arrival = Arrival(
        calling_ae_title="XRAY1",
        called_ae_title="RADROUTER",
        address="10.1.2.3",
        via="C-STORE",
        received_at=datetime.now(UTC),
    )
    stored = StoredObject(path=f"{name}.dcm", size=1, sha256=f"{name:0>64}")
    database.instances.record(header.read(objects / f"{name}.dcm"), arrival, stored, on_conflict="replace")


def uid(name: str) -> str:
    return header.read(STUDY / f"{name}.dcm").sop_instance_uid


def say(database: Database, name: str, reviewer: str, view: str) -> None:
    database.reviews.add(
        Review(sop_instance_uid=uid(name), reviewer=reviewer, action=ReviewAction.CORRECT, view=view)
    )


def export(*arguments: str) -> str:
    """What the command prints, or the sentence it ends with."""
    done = CliRunner().invoke(app, ["export", "reviews", "--out", "site", *arguments])
    return str(done.exception) if done.exception else " ".join(done.output.split())


def manifest() -> list[dict[str, str]]:
    with Path("site/films/manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.usefixtures("database")
def test_training_reads_what_was_exported() -> None:
    said = export()
    assert "4 films made, 0 were there already, of 3 patients" in said
    assert "burned into the pixels" in said
    rows = manifest()
    assert {row["view"]: row["use"].split()[0] for row in rows} == {
        "wrist_ap": "train",
        "wrist_lateral": "train",
        "foot_ap": "train",
        "sternum_lateral": "evaluate",
    }
    films = real_films(Path("site"))
    assert {film.folder for film in films} == {row["view"] for row in rows}
    taught = [*allowed(Path("site"), "train"), *allowed(Path("site"), "calibrate")]
    assert {LABELS[example.view] for example in taught} == {"wrist_ap", "wrist_lateral", "foot_ap"}
    groups = {LABELS[example.view]: example.group for example in taught}
    assert groups["wrist_ap"] == groups["wrist_lateral"] != groups["foot_ap"]
    for example in taught:
        assert example.pixels.dtype == np.uint8
        assert max(example.pixels.shape) == 1024 or min(example.pixels.shape) > 100


@pytest.mark.usefixtures("database")
def test_pixels_are_those_that_the_network_is_shown() -> None:
    export()
    (row,) = (row for row in manifest() if row["view"] == "foot_ap")
    picture = cv2.imread(f"site/films/{row['path']}", cv2.IMREAD_UNCHANGED)
    film = read_film(STUDY / "4_foot_ap.dcm", long_side=1024)
    assert (picture.ndim, picture.dtype) == (2, np.uint8)
    assert np.array_equal(picture, np.rint(film.image * 255).astype(np.uint8))


def test_nothing_of_a_header_leaves(database: Database) -> None:
    export()
    secrets = [b"SECRET", b"ANNE", b"anna", b"XRAY1", *(uid(name).encode() for name, _, _ in FILMS)]
    for file in Path("site").rglob("*"):
        text = str(file).encode() + (file.read_bytes() if file.is_file() else b"")
        assert not [secret for secret in secrets if secret in text], file
    key = Path("var/export.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text().strip() not in Path("site/radrouter-export.json").read_text()
    (noted,) = (entry for entry in database.actions.page(10).items if entry.action == "reviews exported")
    assert noted.detail["films"] == 4


def test_a_second_run_goes_on_and_takes_over_what_changed(database: Database) -> None:
    export()
    half = next(Path("site/films/wrist_ap").iterdir())
    half.unlink()
    Path("site/films/manifest.csv").unlink()
    assert "1 films made, 3 were there already" in export()
    say(database, "4_foot_ap", "anna", "foot_oblique")
    say(database, "2_wrist_ap", "ben", "hand_ap")  # disputed now
    said = export()
    assert "1 films made, 2 were there already" in said
    assert "2 of an earlier export removed" in said
    assert not list(Path("site/films/foot_ap").iterdir())
    assert not list(Path("site/films/wrist_ap").iterdir())
    assert {row["view"] for row in manifest()} == {"wrist_lateral", "foot_oblique", "sternum_lateral"}


@pytest.mark.usefixtures("database")
def test_the_key_is_in_the_backup() -> None:
    export()
    settings = load(None)
    assert CliRunner().invoke(app, ["backup", "copy"]).exit_code == 0
    assert Path("copy/export.key").read_text() == settings.export_key_file.read_text()
    assert stat.S_IMODE(Path("copy/export.key").stat().st_mode) == 0o600


@pytest.mark.usefixtures("database")
def test_since_only_adds() -> None:
    export()
    said = export("--since", "2100-01-01")
    assert "0 films made, 0 were there already" in said
    assert len(manifest()) == 4


@pytest.mark.usefixtures("database")
def test_a_dry_run_writes_nothing() -> None:
    said = export("--dry-run")
    assert "4 films would be made" in said
    assert not Path("site").exists()
    assert not Path("var/export.key").exists()


@pytest.mark.usefixtures("database")
def test_what_is_not_ours_is_not_touched() -> None:
    Path("site").mkdir()
    Path("site/thesis.doc").write_text("mine")
    assert "holds files that no export of this site made" in export()
    shutil.rmtree("site")
    export()
    Path("var/export.key").unlink()  # another key: other names, two patients with one name
    assert "no export of this site made" in export()


@pytest.mark.usefixtures("database")
def test_a_film_whose_file_is_gone_is_counted_and_left_out() -> None:
    Path("var/objects/4_foot_ap.dcm").unlink()
    Path("var/objects/2_wrist_ap.dcm").write_bytes(b"no film")
    said = export()
    assert "2 films made" in said
    assert "1 left out: its file is gone" in said
    assert len(manifest()) == 2
