"""A listener in a thread, and DICOM objects to send to it."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from dicom_scp.access import AccessPolicy, policy_for
from dicom_scp.inbox import Inbox
from dicom_scp.listener import ListenerSettings, open_socket, serve
from dicom_scp.wire import Timeouts
from router.types import Arrival, Instance, Outcome, Refusal, StoredObject


@dataclass
class Running:
    """A listener's port, and everything it told its house."""

    port: int
    inbox: Inbox
    stop: threading.Event
    thread: threading.Thread | None = None
    recorded: list[tuple[Instance, Arrival, StoredObject]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    policy: AccessPolicy = field(default_factory=lambda: policy_for("127.0.0.1", ()))

    @property
    def folder(self) -> Path:
        return self.inbox.folder

    def stored(self) -> list[Path]:
        """Every file that has its final name."""
        return sorted(self.folder.glob("[0-9a-f][0-9a-f]/*/*.dcm"))

    def partial(self) -> list[Path]:
        """Every file still aside."""
        return sorted((self.folder / "incoming").glob("*/*.part"))

    def halt(self) -> None:
        self.stop.set()
        assert self.thread is not None
        self.thread.join(timeout=30)
        assert not self.thread.is_alive()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start a listener: ``listener(record=..., hard=..., policy=..., most_associations=..., tls=...)``."""
    running: list[Running] = []

    def start(
        *,
        record: Callable[[Running, Instance, Arrival, StoredObject], Outcome] | None = None,
        hard: float = 0.0,
        policy: AccessPolicy | None = None,
        **settings: Any,
    ) -> Running:
        listening = open_socket("127.0.0.1", 0)
        inbox = Inbox(tmp_path / f"storage{len(running)}", hard=hard)
        house = Running(port=listening.getsockname()[1], inbox=inbox, stop=threading.Event())
        house.policy = policy or house.policy

        def recording(instance: Instance, arrival: Arrival, stored: StoredObject) -> Outcome:
            outcome = record(house, instance, arrival, stored) if record else Outcome.NEW
            house.recorded.append((instance, arrival, stored))
            return outcome

        settings.setdefault("timeouts", Timeouts(negotiation=5.0, stalled=5.0, idle=20.0))
        house.thread = threading.Thread(
            target=_serve_and_close,
            args=(ListenerSettings(**settings), listening),
            kwargs={
                "record": recording,
                "refuse": house.refused.append,
                "policy": lambda: house.policy,
                "inbox": inbox,
                "stop": house.stop,
            },
        )
        house.thread.start()
        running.append(house)
        return house

    yield start
    for house in running:
        house.halt()
        house.inbox.close()


def _serve_and_close(settings: ListenerSettings, listening: Any, **house: Any) -> None:
    with listening:
        serve(settings, listening=listening, **house)


def make_film(**changes: Any) -> Dataset:
    """A small valid CR film; ``changes`` are keywords to set, or with None to remove."""
    film = Dataset()
    film.SOPClassUID, film.SOPInstanceUID = ComputedRadiographyImageStorage, generate_uid()
    film.StudyInstanceUID, film.SeriesInstanceUID = generate_uid(), generate_uid()
    film.Modality, film.BodyPartExamined, film.ViewPosition = "CR", "CHEST", "PA"
    film.PatientID, film.PatientName, film.AccessionNumber, film.StudyDate = (
        "P1",
        "Doe^Jane",
        "A1",
        "20260101",
    )
    film.Rows, film.Columns, film.SamplesPerPixel, film.PixelRepresentation = 4, 4, 1, 0
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PhotometricInterpretation = (
        16,
        12,
        11,
        "MONOCHROME2",
    )
    film.PixelData = bytes(range(32))
    film["PixelData"].VR = "OW"
    for keyword, value in changes.items():
        if value is None:
            delattr(film, keyword)
        else:
            setattr(film, keyword, value)
    return film


def encode_film(film: Dataset, transfer_syntax: str = ExplicitVRLittleEndian) -> bytes:
    """``film`` as the bytes of a DICOM file."""
    film.file_meta = FileMetaDataset()
    film.file_meta.TransferSyntaxUID = transfer_syntax
    film.file_meta.MediaStorageSOPClassUID = film.get("SOPClassUID", ComputedRadiographyImageStorage)
    film.file_meta.MediaStorageSOPInstanceUID = film.get("SOPInstanceUID", "1.2.3")
    buffer = io.BytesIO()
    film.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@dataclass(frozen=True)
class Films:
    """Makes DICOM files in a folder of the test's own."""

    folder: Path

    def write(
        self, name: str = "film.dcm", *, transfer_syntax: str = ExplicitVRLittleEndian, **changes: Any
    ) -> Path:
        return self.keep(name, encode_film(make_film(**changes), transfer_syntax))

    def keep(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path


@pytest.fixture
def films(tmp_path: Path) -> Films:
    folder = tmp_path / "films"
    folder.mkdir()
    return Films(folder)


@pytest.fixture
def data_set() -> Callable[[Path], bytes]:
    """The bytes of a DICOM file's data set, behind its File Meta Information."""

    def read(path: Path) -> bytes:
        data = path.read_bytes()
        if data[128:132] != b"DICM":
            return data
        length = int.from_bytes(data[140:144], "little")
        return data[144 + length :]

    return read


@pytest.fixture
def here() -> dict[str, str]:
    """Who we are, to whom, for the sender."""
    return {"host": "127.0.0.1", "calling_ae_title": "SENDER", "called_ae_title": "RADROUTER"}
