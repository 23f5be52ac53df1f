"""What the pages say about this installation: who may send, what runs, and how it was set."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from router.errors import OutOfResources
from service.access import callers_of
from service.database import sqlite_file
from service.heartbeat import Beat, beats
from service.kinds import is_loopback
from service.roster import Kept, rosters
from service.settings import Settings
from service.settings_shown import Shown, hidden, shown

Revision = Callable[[], tuple[str | None, str | None]]
SOFTWARE = ("radrouter", "pydicom", "openvino", "opencv-python-headless", "sqlalchemy", "fastapi")


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomDoor:
    """Where senders reach us, and whom the settings let in."""

    ae_title: str
    host: str
    port: int
    tls: bool
    checks_called_ae_title: bool
    open_to_all: bool  # on loopback, as long as the settings name nobody
    callers: tuple[tuple[str, str], ...]  # calling AE title and network of the settings, "*" for any


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The disk that holds the objects, in bytes, and the watermarks in bytes of free space."""

    folder: Path
    total: int
    free: int
    soft: float
    hard: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """The database: kind and place, its size in bytes where it is a file, and its revision."""

    kind: str
    place: str
    size: int | None
    revision: str | None
    head: str | None
    doubt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """One installation; what changes is a function."""

    door: DicomDoor
    settings_file: Path | None
    settings: tuple[Shown, ...]
    versions: Mapping[str, str]
    disk: Callable[[], Disk | None]
    database: Callable[[], DatabaseFacts]
    workers: Callable[[], Sequence[Beat]]
    supervisors: Callable[[], Mapping[str, Sequence[Kept]]]


def about(settings: Settings, *, revision: Revision, doubt: Callable[[], str | None]) -> About:
    """This process's installation; ``revision`` and ``doubt`` are those of ``service.database.Database``."""
    return About(
        door=_door(settings),
        settings_file=settings.file,
        settings=shown(settings),
        versions=_versions(),
        disk=lambda: _disk(settings),
        database=lambda: _database(settings, *revision(), doubt()),
        workers=lambda: beats(settings.heartbeats_folder),
        supervisors=lambda: rosters(settings.rosters_folder),
    )


def _door(settings: Settings) -> DicomDoor:
    listener, callers = settings.listener, callers_of(settings.listener)
    return DicomDoor(
        ae_title=listener.ae_title,
        host=listener.host,
        port=listener.port,
        tls=listener.tls_certificate is not None,
        checks_called_ae_title=listener.check_called_ae_title,
        open_to_all=not callers and is_loopback(listener.host),
        callers=tuple((caller.calling_ae_title, caller.network) for caller in callers),
    )


def _versions() -> dict[str, str]:
    found = {name: version(name) for name in SOFTWARE}
    return found | {"Python": platform.python_version(), "system": platform.platform(terse=True)}


def _disk(settings: Settings) -> Disk | None:
    try:
        usage = shutil.disk_usage(settings.objects_folder)
    except OSError:
        return None
    storage = settings.storage
    return Disk(
        folder=settings.objects_folder,
        total=usage.total,
        free=usage.free,
        soft=usage.total * storage.soft_free_fraction,
        hard=usage.total * storage.hard_free_fraction,
    )


def _database(settings: Settings, revision: str | None, head: str | None, doubt: str | None) -> DatabaseFacts:
    """Raises OutOfResources when its file is away."""
    file = sqlite_file(settings)
    try:
        size = file.stat().st_size if file else None
    except OSError as error:
        raise OutOfResources(f"the database file cannot be read: {error.strerror}") from error
    return DatabaseFacts(
        kind="SQLite" if file else "PostgreSQL",
        place=str(file) if file else str(hidden(settings.database.url)),
        size=size,
        revision=revision,
        head=head,
        doubt=doubt,
    )
