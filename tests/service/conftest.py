"""Films made here, a service run as its user runs it, and the processes it is made of."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, CTImageStorage, ExplicitVRLittleEndian, generate_uid

SENTINEL = "SENTINEL^PATIENT"
START_S = 60.0


def write_film(path: Path, *, sop_class: str = ComputedRadiographyImageStorage, **elements: Any) -> str:
    """A small sound object, of a patient whose name must never be logged; returns its SOP Instance UID."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    film.SOPClassUID, film.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    film.StudyInstanceUID, film.SeriesInstanceUID = generate_uid(), generate_uid()
    film.PatientName, film.PatientID = SENTINEL, "SENTINEL-ID"
    film.Modality = "CT" if sop_class == CTImageStorage else "CR"
    film.BodyPartExamined = "CHEST"
    film.Rows = film.Columns = 64
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.BitsAllocated = film.BitsStored = 16
    film.HighBit, film.PixelRepresentation = 15, 0
    pixels = np.random.default_rng(1).integers(0, 4096, (64, 64), dtype=np.uint16)
    film.PixelData = pixels.tobytes()
    for keyword, value in elements.items():
        setattr(film, keyword, value)
    film.save_as(path, enforce_file_format=True)
    return str(film.SOPInstanceUID)


@pytest.fixture(scope="session")
def film() -> Callable[..., str]:
    """Write a film to a path; keyword arguments set or replace elements."""
    return write_film


def radrouter(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run our command line in ``folder`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        cwd=folder,
        env=surroundings(**environment),
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )


def surroundings(**more: str) -> dict[str, str]:
    """The environment without settings of whoever runs the tests, and wide enough for whole sentences."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RADROUTER_")}
    return kept | {"COLUMNS": "200", "PYTHONUNBUFFERED": "1"} | more


@pytest.fixture(scope="session")
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run our command line: ``command("check", folder=..., RADROUTER_...=...)``."""
    return radrouter


class House:
    """``radrouter serve`` in a folder of its own, on free ports."""

    def __init__(self, folder: Path, settings: str = "", **environment: str) -> None:
        self.folder = folder
        ports = {f"RADROUTER_{name}__PORT": "0" for name in ("LISTENER", "API", "HL7")}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "radrouter.toml").write_text(f"{settings}\n[supervisor]\ndrain_s = 10\n")
        self.log = folder / "serve.txt"
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "serve"],
                cwd=folder,
                env=surroundings(**ports | environment),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.port = int(self._said(r"^DICOM .*:(\d+)"))
        self.api = self._said(r"^REST +(http://[^/]+)/")
        self.wait_for(lambda: self.get("/healthz"), "the API's health")
        self.wait_for(lambda: "worker up" in self.text(), "the worker")

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def _said(self, pattern: str) -> str:
        def look() -> re.Match[str] | None:
            assert self.process.poll() is None, self.text()
            return re.search(pattern, self.text(), re.MULTILINE)

        found = self.wait_for(look, pattern)
        return str(found[1])

    def wait_for(self, look: Callable[[], Any], what: str, seconds: float = START_S) -> Any:
        end = time.monotonic() + seconds
        while True:
            if found := look():
                return found
            assert time.monotonic() < end, f"{what} did not come within {seconds} s:\n{self.text()}"
            time.sleep(0.02)

    def get(self, path: str) -> Any:
        """What REST answers; None for no answer or a refusal."""
        try:
            with urlopen(self.api + path, timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return None

    def answer(self, sop_instance_uid: str, seconds: float = START_S) -> Any:
        """The film once it is done or failed."""

        def look() -> Any:
            body = self.get(f"/api/v1/instances/{sop_instance_uid}")
            return body if body and body["state"] in ("done", "failed") else None

        return self.wait_for(look, sop_instance_uid, seconds)

    def pids(self, name: str) -> list[int]:
        """The process IDs that a child has had, the living one last."""
        return [int(pid) for pid in re.findall(rf"started {name} pid=(\d+)", self.text())]

    def stop(self, how: int = signal.SIGTERM) -> float:
        """Ask it to stop; the seconds that took."""
        start = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(40)
        return time.monotonic() - start

    def left_over(self) -> list[int]:
        """Processes of this house that still run."""
        mark = f"{self.folder}\0".encode()
        return [pid for pid in processes() if mark in working_folder(pid)]


def processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def working_folder(pid: int) -> bytes:
    """A process' working folder, ended by a null byte; empty for one that is gone or a zombie."""
    try:
        return os.fsencode(Path(f"/proc/{pid}/cwd").readlink()) + b"\0"
    except OSError:
        return b""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Start a service with these settings and variables; it is stopped at the end, whatever happened."""
    started: list[House] = []

    def start(settings: str = "", **environment: str) -> House:
        started.append(House(tmp_path / f"house{len(started)}", settings, **environment))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()


@pytest.fixture(scope="session")
def house_of() -> type[House]:
    """What starts a service in a folder, for modules that share one of their own."""
    return House


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One service for the tests of a module that leave it running."""
    each = House(tmp_path_factory.mktemp("running"))
    yield each
    each.stop()
