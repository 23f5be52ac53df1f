"""Taking an archive folder in through the same door as C-STORE: header, storage, row.

Nothing is kept about how far an import came: a file that was taken in before is known by its digest, at the
cost of one read, so a broken import is simply run again.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from dicom_scp import header
from dicom_scp.inbox import Inbox, Writing, stored_name
from dicom_scp.part10 import Naming
from router.errors import OutOfResources, RefusedObject
from router.types import Arrival, Instance, Outcome, StoredObject

CHUNK = 1 << 20
AHEAD = 4  # files per thread that wait their turn, so that a folder of millions is never listed whole
CALLED = "IMPORT"

Record = Callable[[Instance, Arrival, StoredObject], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one file: ``outcome``, or the reason why it was not taken in."""

    path: Path
    outcome: Outcome | None
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where files go in. ``record`` commits; both may be used by several threads."""

    inbox: Inbox
    record: Record
    source: str  # said to have sent them: the folder, or who uploaded it


def files_below(folder: Path, *, besides: Path | None = None) -> Iterator[Path]:
    """Every regular file, in a fixed order, links not followed; what cannot be listed raises OSError.

    ``besides``: a folder to leave out, such as our own storage's partial files.
    """
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            if Path(entry.path).absolute() != besides:
                yield from files_below(Path(entry.path), besides=besides)
        elif stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            yield Path(entry.path)


def take_in(paths: Iterable[Path], door: Door, *, threads: int) -> Iterator[Taken]:
    """Take files in, several at a time: most of the time goes by waiting for the disk.

    Raises OutOfResources when the storage is full or the database away; run it again later.
    """
    return _spread(paths, lambda path: take_one_in(path, door), threads)


def look_at(paths: Iterable[Path], *, threads: int) -> Iterator[Taken]:
    """What :func:`take_in` would refuse, and why; nothing is written and the database is not asked."""
    return _spread(paths, _look, threads)


def _spread(paths: Iterable[Path], act: Callable[[Path], Taken], threads: int) -> Iterator[Taken]:
    with ThreadPoolExecutor(threads, thread_name_prefix="import") as pool:
        waiting: set[Future[Taken]] = set()
        rest = iter(paths)
        try:
            while True:
                waiting |= {pool.submit(act, path) for path in islice(rest, threads * AHEAD - len(waiting))}
                if not waiting:
                    return
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for each in done:
                    yield each.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _look(path: Path) -> Taken:
    try:
        header.read(path)
    except (RefusedObject, OSError) as error:
        return Taken(path=path, outcome=None, refused=_reason(error))
    return Taken(path=path, outcome=Outcome.NEW)


def take_one_in(path: Path, door: Door) -> Taken:
    """Take one file in; raises OutOfResources as :func:`take_in` does."""
    try:
        instance = header.read(path)
        with path.open("rb") as file:
            return Taken(path=path, outcome=_store(file, instance, door))
    except RefusedObject as error:
        return Taken(path=path, outcome=None, refused=_reason(error))
    except OSError as error:
        if error.filename is not None and Path(error.filename) == path:
            return Taken(path=path, outcome=None, refused=_reason(error))
        raise OutOfResources(f"the storage failed: {error.strerror}") from error


def _reason(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)


def _store(file: BinaryIO, instance: Instance, door: Door) -> Outcome:
    arrival = Arrival(
        calling_ae_title=CALLED,
        called_ae_title=CALLED,
        address=door.source,
        via="import",
        received_at=datetime.now(UTC),
    )
    naming = Naming(
        sop_class_uid=instance.sop_class_uid,
        sop_instance_uid=instance.sop_instance_uid,
        transfer_syntax_uid=instance.transfer_syntax_uid,
    )
    start = header.read_file_meta(file).data_set_start
    known = _known(file, start, instance, door.inbox.folder)
    if known is not None:
        return door.record(instance, arrival, known)
    writing = door.inbox.begin(naming)
    try:
        _copy(file, start, writing)
        return door.record(instance, arrival, writing.keep(instance))
    finally:
        writing.discard()


def _known(file: BinaryIO, start: int, instance: Instance, objects: Path) -> StoredObject | None:
    """The stored file with the same bytes: imported or sent earlier, or an orphan that gets its row."""
    digest = hashlib.sha256()
    file.seek(start)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    sha256 = digest.hexdigest()
    name = stored_name(instance.study_instance_uid, instance.sop_instance_uid, sha256)
    if not (objects / name).is_file():
        return None
    return StoredObject(path=name, size=(objects / name).stat().st_size, sha256=sha256)


def _copy(file: BinaryIO, start: int, writing: Writing) -> None:
    file.seek(start)
    while chunk := file.read(CHUNK):
        writing.write(memoryview(chunk))
