"""``radrouter send`` and ``radrouter import``: files in, over the network or from an archive's folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from service.commands.shell import err, invocation, out

if TYPE_CHECKING:
    from dicom_scp.sender import Sent
    from dicom_scp.tls import TlsSettings
    from service.settings import Settings
    from service.taking_in import Taken

MOST_REFUSED = 20


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, transient=True)


def send(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="DICOM files, or folders of them", exists=True)],
    host: Annotated[str, typer.Option(help="where to")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="default: listener.port of the settings")] = 0,
    called: Annotated[str, typer.Option(help="called AE title; default: listener.ae_title")] = "",
    calling: Annotated[str, typer.Option(help="calling AE title")] = "RADROUTER_SEND",
    tls: Annotated[bool, typer.Option("--tls", help="use TLS")] = False,
    ca: Annotated[Path | None, typer.Option(help="with --tls: PEM certificates to trust")] = None,
    certificate: Annotated[Path | None, typer.Option(help="with --tls: our PEM certificate")] = None,
    key: Annotated[Path | None, typer.Option(help="with --tls: our PEM key")] = None,
) -> None:
    """Send files by C-STORE, as a modality would.

    Example:  radrouter send study/ --host pacs.example.org --port 104 --called PACS

    Exit code 0 when every file was answered with success, else 1.
    """
    from dicom_scp.tls import TlsSettings

    settings = invocation(context).settings()
    title = called or settings.listener.ae_title
    trust = TlsSettings(certificate=certificate, key=key, authorities=ca) if tls else None
    files = _files(paths)
    sent = _send(files, (host, port or settings.listener.port), (calling, title), trust)
    failed = [(each.path, each.reason) for each in sent if not each.is_stored]
    out.print(f"{len(sent) - len(failed)} of {len(files)} files stored by {title}")
    _print_refused(failed)
    raise typer.Exit(1 if failed else 0)


def _send(
    files: Sequence[Path], address: tuple[str, int], titles: tuple[str, str], tls: TlsSettings | None
) -> list[Sent]:
    from dicom_scp.sender import send as send_files

    with _progress() as progress:
        task = progress.add_task("sending", total=len(files))
        return send_files(
            files,
            host=address[0],
            port=address[1],
            calling_ae_title=titles[0],
            called_ae_title=titles[1],
            tls=tls,
            progress=lambda _sent: progress.advance(task),
        )


def _files(paths: Iterable[Path]) -> list[Path]:
    from service.taking_in import files_below

    return [file for path in paths for file in (files_below(path) if path.is_dir() else [path])]


def import_folder(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="an archive's folder", exists=True, file_okay=False)],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only say what would be refused, and why")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, max=64, help="files at a time")] = min(
        8, 2 * (os.cpu_count() or 1)
    ),
) -> None:
    """Take a folder of DICOM files in, with all folders below it.

    The files are copied, checked as those that arrive by C-STORE, and analysed after whatever modalities
    send. What is there already is skipped by its digest, so a broken import is simply run again.

    Example:  radrouter import /mnt/archive/2019 --dry-run
    """
    from service.taking_in import files_below, look_at

    settings = invocation(context).settings()
    outcomes: Counter[str] = Counter()
    refused: list[tuple[Path, str]] = []
    with _progress() as progress:
        counting = progress.add_task("counting", total=None)
        partial_files = settings.objects_folder / "incoming"
        total = sum(1 for _ in progress.track(files_below(folder, besides=partial_files), task_id=counting))
        progress.update(counting, description="looking" if dry_run else "importing", total=total, completed=0)
        paths = files_below(folder, besides=partial_files)
        results = look_at(paths, threads=threads) if dry_run else _import(settings, folder, paths, threads)
        for taken in results:
            outcomes[taken.outcome or "refused"] += 1
            if taken.refused:
                refused.append((taken.path, taken.refused))
            progress.advance(counting)
    _print_summary(outcomes, dry_run)
    _print_refused(refused)


def _import(settings: Settings, folder: Path, paths: Iterable[Path], threads: int) -> Iterable[Taken]:
    from service import wiring
    from service.database import open_database, require_schema
    from service.taking_in import Door, take_in

    wiring.make_folders(settings)
    require_schema(settings)
    with open_database(settings) as database, wiring.open_inbox(settings) as inbox:
        record = partial(database.instances.record, on_conflict=settings.storage.on_conflict)
        door = Door(inbox=inbox, record=record, source=str(folder.resolve()))
        yield from take_in(paths, door, threads=threads)


MEANINGS = {
    "new": "taken in",
    "duplicate": "there already",
    "replaced": "took the place of other bytes under the same UID",
    "kept_first": "other bytes under a known UID, kept aside",
    "refused": "refused",
}


def _print_summary(outcomes: Counter[str], dry_run: bool) -> None:
    table = Table("files", "what became of them", title="dry run: nothing was written" if dry_run else None)
    for word, meaning in MEANINGS.items():
        if outcomes[word]:
            table.add_row(str(outcomes[word]), "sound DICOM" if dry_run and word == "new" else meaning)
    out.print(table)


def _print_refused(refused: Iterable[tuple[Path, str]]) -> None:
    """The refused, by reason: an archive's thousands of them have few reasons."""
    by_reason: dict[str, list[Path]] = {}
    for path, reason in refused:
        by_reason.setdefault(reason, []).append(path)
    for reason, paths in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        out.print(f"[yellow]{len(paths)}[/yellow] × {escape(reason)}", highlight=False, soft_wrap=True)
        for path in paths[:MOST_REFUSED]:
            out.print(f"    {path}", highlight=False, markup=False, soft_wrap=True)
        if len(paths) > MOST_REFUSED:
            out.print(f"    ... and {len(paths) - MOST_REFUSED} more")
