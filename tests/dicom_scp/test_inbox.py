from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pydicom
import pytest

from dicom_scp import header
from dicom_scp.inbox import Inbox, stored_name
from dicom_scp.part10 import Naming, file_meta
from router.errors import OutOfResources

NAMING = Naming(sop_class_uid="1.2", sop_instance_uid="1.2.3", transfer_syntax_uid="1.2.840.10008.1.2.1")


def put(inbox: Inbox, film: bytes) -> Any:
    """Store a DICOM file's data set; the stored object."""
    start = 144 + int.from_bytes(film[140:144], "little")
    writing = inbox.begin(NAMING)
    for at in range(start, len(film), 100):
        writing.write(memoryview(film)[at : at + 100])
    return writing.keep(header.read(writing.part))


def test_an_object_gets_a_name_that_says_what_it_is(tmp_path: Path, films: Any) -> None:
    inbox = Inbox(tmp_path / "storage")
    film = films.write()
    instance = header.read(film)
    stored = put(inbox, film.read_bytes())
    data_set = film.read_bytes()[144 + int.from_bytes(film.read_bytes()[140:144], "little") :]
    assert stored.sha256 == hashlib.sha256(data_set).hexdigest()
    assert stored.path == stored_name(instance.study_instance_uid, instance.sop_instance_uid, stored.sha256)
    spread, study, name = stored.path.split("/")
    assert len(spread) == 2 and study == instance.study_instance_uid
    assert name == f"{instance.sop_instance_uid}.{stored.sha256[:16]}.dcm"
    kept = (tmp_path / "storage" / stored.path).read_bytes()
    assert kept.endswith(data_set) and len(kept) == stored.size
    inbox.close()


def test_our_file_meta_information_is_what_part_10_asks_for(films: Any) -> None:
    naming = Naming(
        sop_class_uid="1.2.840.10008.5.1.4.1.1.1",
        sop_instance_uid="1.2.3",
        transfer_syntax_uid="1.2.840.10008.1.2.4.70",
        source_ae_title="MODALITY",
    )
    meta = pydicom.dcmread(films.keep("meta.dcm", file_meta(naming))).file_meta
    assert meta.FileMetaInformationVersion == b"\0\1"
    assert meta.FileMetaInformationGroupLength == len(file_meta(naming)) - 144
    assert meta.MediaStorageSOPInstanceUID == "1.2.3" and meta.TransferSyntaxUID.endswith(".4.70")
    assert meta.ImplementationClassUID.is_valid and meta.SourceApplicationEntityTitle == "MODALITY"


def test_the_same_bytes_twice_are_one_file_and_other_bytes_another(tmp_path: Path, films: Any) -> None:
    inbox = Inbox(tmp_path / "storage")
    one = films.write(SOPInstanceUID="1.2", StudyInstanceUID="1.1", SeriesInstanceUID="1.3").read_bytes()
    assert put(inbox, one) == put(inbox, one)
    put(inbox, one.replace(b"CHEST", b"SKULL"))
    assert len(list((tmp_path / "storage").glob("*/1.1/1.2.*.dcm"))) == 2
    inbox.close()


def test_past_the_hard_watermark_nothing_is_begun_and_nothing_deleted(tmp_path: Path, films: Any) -> None:
    inbox = Inbox(tmp_path / "storage")
    stored = put(inbox, films.write().read_bytes())
    inbox.hard = 1.0
    assert inbox.is_full()
    with pytest.raises(OutOfResources, match="full"):
        inbox.begin(NAMING)
    assert (inbox.folder / stored.path).exists()
    inbox.hard = 0.0
    inbox.begin(NAMING).discard()
    inbox.close()


def test_the_watermarks_are_of_the_disk_that_holds_the_folder(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "storage", soft=0.0, hard=0.0)
    disk = os.statvfs(tmp_path)
    assert 0 < inbox.free_fraction() <= disk.f_bavail / disk.f_blocks + 0.01
    assert not inbox.is_low() and not inbox.is_full()
    inbox.close()


def test_a_discarded_object_leaves_nothing(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "storage")
    writing = inbox.begin(NAMING)
    writing.write(memoryview(b"half"))
    writing.discard()
    writing.discard()
    assert not list((tmp_path / "storage").glob("incoming/*/*.part"))
    inbox.close()


def test_files_without_a_row_are_listed(tmp_path: Path, films: Any) -> None:
    inbox = Inbox(tmp_path / "storage")
    known, orphan = put(inbox, films.write().read_bytes()), put(inbox, films.write().read_bytes())
    assert list(inbox.orphans([known.path])) == [orphan.path]
    inbox.close()


def test_a_study_folder_tidied_away_is_made_again(tmp_path: Path, films: Any) -> None:
    inbox = Inbox(tmp_path / "storage")
    film = films.write().read_bytes()
    stored = put(inbox, film)
    path = inbox.folder / stored.path
    path.unlink()
    path.parent.rmdir()
    assert put(inbox, film) == stored and path.exists()
    inbox.close()


HALF = """
import pathlib, signal, sys
from dicom_scp.inbox import Inbox
from dicom_scp.part10 import Naming
writing = Inbox(pathlib.Path(sys.argv[1])).begin(
    Naming(sop_class_uid="1.2", sop_instance_uid="1.2.3", transfer_syntax_uid="1.2"))
writing.write(memoryview(b"half an object"))
print("ready", flush=True)
signal.pause()
"""


def test_what_a_killed_process_left_is_swept_but_not_a_living_sibling_s(tmp_path: Path) -> None:
    folder = tmp_path / "storage"
    command = [sys.executable, "-c", HALF, str(folder)]
    with subprocess.Popen(command, stdout=-1) as dead, subprocess.Popen(command, stdout=-1) as alive:
        for process in (dead, alive):
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        assert len(list(folder.glob("incoming/*/*.part"))) == 2
        dead.kill()
        dead.wait()
        inbox = Inbox(folder)
        [left] = folder.glob("incoming/*/*.part")
        assert f"-{alive.pid}-" in left.parent.name
        alive.kill()
        alive.wait()
        assert inbox.sweep() == 1
        inbox.close()


def test_a_disk_that_fills_up_at_the_very_first_byte_leaves_nothing_behind(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "storage")
    before, soft_hard = len(list(Path("/proc/self/fd").iterdir())), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, soft_hard[1]))
    try:
        with pytest.raises(OSError):
            inbox.begin(NAMING)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, soft_hard)
    assert not list((tmp_path / "storage").rglob("*.part"))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    inbox.close()
