"""What ``radrouter check`` looks at: each look is a function that returns what it saw and what to do."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from router.errors import RadrouterError
from service.settings import Settings

Verdict = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look saw."""

    name: str
    verdict: Verdict
    says: str
    do: str | None = None
    items: tuple[str, ...] = ()


def guarded(name: str, do: str, look: Callable[[], Look]) -> Look:
    """The look, or the error of ours that it ran into."""
    try:
        return look()
    except RadrouterError as error:
        return Look(name=name, verdict="error", says=str(error), do=do)


def rules(settings: Settings) -> Look:
    """The rules file can be read, every word in it is known, and every pack that it names is here."""
    from service.wiring import installed_names, rules_watch

    watch = rules_watch(settings, installed_names(settings))
    found, missing = watch.current, watch.missing
    return Look(
        name="rules",
        verdict="warning" if missing else "ok",
        says=f"{len(found.rules)} rules in {settings.rules_in_use}, version {found.version[:12]}",
        do="install what the rules ask for, or take it out of them" if missing else None,
        items=missing,
    )


def procedures(settings: Settings) -> Look:
    """The procedure map can be read."""
    from service.procedures_watch import procedures_watch

    found = procedures_watch(settings.orders.procedures).current
    says = f"{len(found.entries)} procedures in {settings.orders.procedures}, version {found.digest[:12]}"
    return Look(name="procedures", verdict="ok", says=says)


def worklists(settings: Settings) -> Iterator[Look]:
    """Each worklist answers C-ECHO; one that does not is asked again later, so it is no error."""
    from service.wiring import why_no_worklist

    for source in settings.worklist.sources:
        silence = why_no_worklist(settings, source)
        yield Look(
            name=f"worklist {source.ae_title}",
            verdict="warning" if silence else "ok",
            says=silence or f"{source.host}:{source.port} answers",
            do="studies without an order are judged without it and asked for again later"
            if silence
            else None,
        )


def packs(settings: Settings) -> Look:
    """Every pack's weights have the digest that its manifest names; a view pack answers."""
    from service.wiring import running_packs

    running = running_packs(settings)
    said = ", ".join(f"{pack.ref} ({pack.manifest.mode})" for pack in running) or "none"
    if not any(pack.manifest.task == "view" and pack.manifest.mode == "active" for pack in running):
        return Look(
            name="models",
            verdict="warning",
            says=f"no active view pack is installed; packs: {said}",
            do="films are stored and get no view; install a pack with `radrouter models import`",
        )
    return Look(name="models", verdict="ok", says=said)


def database(settings: Settings) -> Look:
    """The database answers, has this version's schema, and keeps what it commits."""
    from service.database import open_database, sqlite_file

    file = sqlite_file(settings)
    if file is not None and not file.exists():
        return Look(
            name="database",
            verdict="warning",
            says="the SQLite database does not exist yet",
            do="`radrouter migrate` makes it; so does `radrouter serve`",
        )
    with open_database(settings) as database:
        current, head = database.revision()
        doubt = database.doubt()
    if current != head:
        return Look(
            name="database",
            verdict="error",
            says=f"the schema is at revision {current or 'none'}, this version needs {head}",
            do="make a backup, then run `radrouter migrate`",
        )
    if doubt:
        return Look(name="database", verdict="warning", says=doubt, do="see docs/operating.md")
    return Look(name="database", verdict="ok", says=f"revision {current}")


def storage(settings: Settings) -> Look:
    """The folder can be written, fsync works there, and the disk has room."""
    from service.wiring import open_inbox

    folder = settings.objects_folder
    do = "give the service a folder it may write, see [storage] in docs/settings.md"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_and_sync(folder)
        with open_inbox(settings) as inbox:
            free = inbox.free_fraction()
    except OSError as error:
        return Look(name="storage", verdict="error", says=f"{folder}: {error.strerror}", do=do)
    says = f"{folder} is writable, fsync works, {free:.0%} of the disk is free"
    if free < settings.storage.hard_free_fraction:
        return Look(name="storage", verdict="error", says=f"{says}: C-STORE is refused", do="make room")
    if free < settings.storage.soft_free_fraction:
        return Look(name="storage", verdict="warning", says=f"{says}: analysis pauses", do="make room")
    return Look(name="storage", verdict="ok", says=says)


def _write_and_sync(folder: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".check-") as file:
        file.write(b"radrouter check")
        file.flush()
        os.fsync(file.fileno())
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def port(name: str, host: str, number: int, why_silent: Callable[[], str | None]) -> Look:
    """The port is free, or one of ours already answers there; ``why_silent`` gives None for an answer."""
    where = f"{host}:{number}"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
            return Look(name=name, verdict="ok", says=f"{where} is free")
        except OSError as error:
            reason = error.strerror or str(error)
            is_taken = error.errno == errno.EADDRINUSE
    silence = why_silent() if is_taken else None
    if is_taken and silence is None:
        return Look(name=name, verdict="ok", says=f"{where} is taken and answers: the service seems to run")
    return Look(
        name=name,
        verdict="warning" if is_taken else "error",
        says=f"{where} cannot be had: {silence or reason}",
        do=f"if that is not radrouter itself, stop what listens there, or choose another {name}.port",
    )


def files(settings: Settings, known: Iterable[str]) -> Iterator[Look]:
    """Files without a row, and rows without a file."""
    from service.wiring import open_inbox

    wanted = tuple(known)
    with open_inbox(settings) as inbox:
        orphans = tuple(inbox.orphans(wanted))
    missing = tuple(sorted(path for path in wanted if not (settings.objects_folder / path).is_file()))
    yield Look(
        name="orphans",
        verdict="warning" if orphans else "ok",
        says=f"{len(orphans)} files in storage have no row: their sender had no SUCCESS and sends again",
        do="take them in with `radrouter import`, or move them away; nothing here deletes them"
        if orphans
        else None,
        items=orphans,
    )
    yield Look(
        name="missing",
        verdict="error" if missing else "ok",
        says=f"{len(missing)} rows have no file",
        do="restore the files from the backup, or have the sender send them again" if missing else None,
        items=missing,
    )
