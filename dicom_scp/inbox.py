"""Where objects are kept: written aside, fsynced, renamed, the folder fsynced. Nothing is deleted to make
room.

    ROOT/incoming/HOST-PID-RANDOM/N.part             being written; ``lock`` beside it is held by a living
    process ROOT/ab/STUDY_UID/SOP_UID.0123456789abcdef.dcm   ab: of the study UID's SHA-256; the end: of the
    bytes'

The name says what the bytes are, so that the same object twice is one file, other bytes under the same UID
are another, and two processes that store at the same moment cannot harm each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import logging
import os
import secrets
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from dicom_scp.part10 import Naming, file_meta
from router.errors import OutOfResources
from router.types import Instance, StoredObject

log = logging.getLogger(__name__)

INCOMING = "incoming"
_LOCK = "lock"
_MOST_FOLDERS_KNOWN = 10_000


class Inbox:
    """One process' way into the storage folder. Threads may share it.

    ``soft`` and ``hard`` are the watermarks: fractions of the disk (bytes or file nodes, whichever is
    scarcer) that must stay free for ``is_low`` and ``is_full`` to be False.
    """

    def __init__(self, folder: Path, *, soft: float = 0.10, hard: float = 0.05) -> None:
        self.folder = folder
        self.soft = soft
        self.hard = hard
        (folder / INCOMING).mkdir(parents=True, exist_ok=True)
        self._own, self._lock = _own_folder(folder / INCOMING)
        self._numbers = itertools.count()
        self._durable: set[Path] = set()  # folders whose own entries this process has fsynced
        self.sweep()

    def close(self) -> None:
        """Give up the folder for partial files; what is still being written is lost, and nobody was told
        SUCCESS.
        """
        shutil.rmtree(self._own, ignore_errors=True)
        os.close(self._lock)

    def free_fraction(self) -> float:
        """The free part of the disk in [0, 1], of bytes or of file nodes, whichever is less."""
        disk = os.statvfs(self.folder)
        nodes = disk.f_favail / disk.f_files if disk.f_files else 1.0
        return min(disk.f_bavail / disk.f_blocks if disk.f_blocks else 1.0, nodes)

    def is_low(self) -> bool:
        """The soft watermark: analysis pauses, somebody is told."""
        return self.free_fraction() < self.soft

    def is_full(self) -> bool:
        """The hard watermark: nothing more is taken in until there is room again."""
        return self.free_fraction() < self.hard

    def begin(self, naming: Naming) -> Writing:
        """Start a file aside. Raises OSError, or OutOfResources past the hard watermark."""
        if self.is_full():
            raise OutOfResources("the storage is full")
        return Writing(self._own / f"{next(self._numbers)}.part", naming, self._settle)

    def sweep(self) -> int:
        """Remove what processes that are gone left in ``incoming``, and return how many files that were.

        None of it was acknowledged: a file there has no SUCCESS. Folders of living processes are locked.
        """
        swept = 0
        for folder in (self.folder / INCOMING).iterdir():
            if folder != self._own:
                swept += _sweep_folder(folder)
        if swept:
            log.warning("removed %d partial files that a stopped process left behind", swept)
        return swept

    def orphans(self, known: Iterable[str]) -> Iterator[str]:
        """Paths of stored files, relative to the folder, that are not in ``known``: no row, so no SUCCESS."""
        rows = set(known)
        for path in sorted(self.folder.glob("[0-9a-f][0-9a-f]/*/*.dcm")):
            relative = path.relative_to(self.folder).as_posix()
            if relative not in rows:
                yield relative

    def _settle(self, part: Path, name: str) -> None:
        """Move a fsynced file to its final name, for good."""
        final = self.folder / name
        try:
            self._make_durable(final.parent)
            part.rename(final)
        except FileNotFoundError:  # somebody tidied the study's folder away since we last saw it
            self._durable.clear()
            self._make_durable(final.parent)
            part.rename(final)
        _fsync_folder(final.parent)

    def _make_durable(self, folder: Path) -> None:
        # A sibling may have made the folder a moment ago and not fsynced it yet: each process does so once
        # itself.
        if folder in self._durable:
            return
        folder.mkdir(parents=True, exist_ok=True)
        _fsync_folder(folder.parent)
        _fsync_folder(self.folder)
        if len(self._durable) >= _MOST_FOLDERS_KNOWN:
            self._durable.clear()
        self._durable.add(folder)


class Writing:
    """A file on its way in. Its bytes are hashed as they pass; ``keep`` or ``discard`` ends it."""

    def __init__(self, part: Path, naming: Naming, settle: Callable[[Path, str], None]) -> None:
        self.part = part
        self._settle = settle
        self._hash = hashlib.sha256()
        meta = file_meta(naming)
        self.size = len(meta)
        self._fd = os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o640)
        try:
            self._write(memoryview(meta))
        except OSError:
            self.discard()  # nobody holds this object yet: no one else would
            raise

    def write(self, data: memoryview) -> None:
        """Append bytes of the data set. Raises OSError."""
        self._write(data)
        self._hash.update(data)
        self.size += len(data)

    def keep(self, instance: Instance) -> StoredObject:
        """Make the file durable under its final name, of ``instance``'s checked UIDs. Raises OSError."""
        sha256 = self._hash.hexdigest()
        os.fsync(self._fd)
        name = stored_name(instance.study_instance_uid, instance.sop_instance_uid, sha256)
        self._settle(self.part, name)
        self._close()
        return StoredObject(path=name, size=self.size, sha256=sha256)

    def discard(self) -> None:
        """Remove the file; does nothing after ``keep``."""
        if self._fd >= 0:
            self._close()
            with suppress(OSError):
                self.part.unlink()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        os.close(fd)

    def _write(self, data: memoryview) -> None:
        while len(data):
            data = data[os.write(self._fd, data) :]


def stored_name(study_instance_uid: str, sop_instance_uid: str, sha256: str) -> str:
    """The path of an object relative to the storage folder; the UIDs were checked by ``header.read``."""
    spread = hashlib.sha256(study_instance_uid.encode("ascii")).hexdigest()[:2]
    return f"{spread}/{study_instance_uid}/{sop_instance_uid}.{sha256[:16]}.dcm"


def _own_folder(incoming: Path) -> tuple[Path, int]:
    """A folder that nobody else has, and the descriptor that locks it as long as this process lives."""
    while True:
        own = incoming / f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        own.mkdir()
        lock = os.open(own / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
        # Between mkdir and flock a sibling's sweep may take the folder for a dead one's: then try another.
        if _try_lock(lock) and os.fstat(lock).st_nlink:
            return own, lock
        os.close(lock)


def _sweep_folder(folder: Path) -> int:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return 0  # just being made, or being swept by somebody else
    try:
        if not _try_lock(lock):
            return 0
        parts = sum(1 for _ in folder.glob("*.part"))
        shutil.rmtree(folder, ignore_errors=True)
        return parts
    finally:
        os.close(lock)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
