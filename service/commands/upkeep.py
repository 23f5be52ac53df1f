"""``radrouter check``, ``migrate``, ``backup`` and ``copy-database``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from service.checks import Look
from service.commands.shell import Invocation, err, invocation, out, who

MOST_ITEMS = 20
SIGNS = {
    "ok": "[green]ok[/green]",
    "warning": "[yellow]warning[/yellow]",
    "error": "[bold red]error[/bold red]",
}


def migrate(context: typer.Context) -> None:
    """Bring the database to this version's schema. Safe to run twice, and while others do.

    Make a backup first (radrouter backup FOLDER): there is no way back to an older schema.
    """
    from service.database import migrate as migrate_database

    settings = invocation(context).settings()
    before, after = migrate_database(settings)
    if before == after:
        out.print(f"the database is at revision {after}: nothing to do")
    else:
        out.print(f"the database went from revision {before or 'none'} to {after}")


def check(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
) -> None:
    """Look whether everything is in order, and say what to do where it is not.

    Settings, rules, model packs and their hashes, database, storage, ports; files without a row and rows
    without a file. Starts nothing. Exit code 0: in order, or warnings only; 1: something needs you.
    """
    looks = list(_looks(invocation(context)))
    is_well = all(look.verdict != "error" for look in looks)
    if as_json:
        print(json.dumps({"ok": is_well, "checks": [asdict(look) for look in looks]}, indent=2))
    else:
        for look in looks:
            _print(look)
    raise typer.Exit(0 if is_well else 1)


def _looks(told: Invocation) -> Iterator[Look]:
    """All looks; without settings there is nothing further to look at."""
    from router.errors import SettingsError
    from service import checks
    from service.database import stored_paths
    from service.wiring import why_no_api, why_no_hl7, why_no_listener

    try:
        settings = told.settings()
    except SettingsError as error:
        yield Look(name="settings", verdict="error", says=str(error), do="see docs/settings.md")
        return
    yield Look(
        name="settings", verdict="ok", says=str(told.config or "radrouter.toml if there, and the environment")
    )
    yield checks.guarded("rules", "see docs/rules.md", lambda: checks.rules(settings))
    yield checks.guarded("procedures", "see docs/orders.md", lambda: checks.procedures(settings))
    yield checks.guarded("models", "install the pack anew, see docs/packs.md", lambda: checks.packs(settings))
    database = checks.guarded(
        "database", "see [database] in docs/settings.md", lambda: checks.database(settings)
    )
    yield database
    yield checks.storage(settings)
    door, api = settings.listener, settings.api
    yield checks.port("listener", door.host, door.port, lambda: why_no_listener(settings))
    yield checks.port("api", api.host, api.port, lambda: why_no_api(settings))
    if settings.hl7.enabled:
        yield checks.port("hl7", settings.hl7.host, settings.hl7.port, lambda: why_no_hl7(settings))
    yield from checks.worklists(settings)
    if database.says.startswith("revision"):
        yield from checks.files(settings, stored_paths(settings))


def _print(look: Look) -> None:
    out.print(
        f"{SIGNS[look.verdict]:>7} [bold]{look.name}[/bold]: {look.says}", highlight=False, soft_wrap=True
    )
    for item in look.items[:MOST_ITEMS]:
        out.print(f"          {item}", highlight=False, markup=False, soft_wrap=True)
    if len(look.items) > MOST_ITEMS:
        out.print(f"          ... and {len(look.items) - MOST_ITEMS} more (all of them with --json)")
    if look.do:
        out.print(f"        → {look.do}", highlight=False, soft_wrap=True)


def backup(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(help="where to; kept and added to by the next backup", file_okay=False)
    ],
) -> None:
    """Copy the database, the objects, the rules and imported packs to FOLDER, while the service runs.

    The database is copied first, then the objects, so every row of the copy has its file. Objects already
    there are not copied again. PostgreSQL is dumped with pg_dump. How to restore: docs/operating.md.

    Example:  radrouter backup /mnt/backup/radrouter
    """
    from service.backup import Backup

    settings = invocation(context).settings()
    plan = Backup(settings, folder)
    err.print(f"database: {plan.copy_database()}", highlight=False)
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("objects", total=None)
        copied, kept = plan.copy_objects(lambda: progress.advance(task))
    plan.copy_configuration()
    out.print(f"{copied} objects copied, {kept} were there already: {folder}", highlight=False)


def copy_database(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FILE", help="the SQLite database; it is left as it is")],
) -> None:
    """Copy the SQLite database FILE, whole, into the empty PostgreSQL database of the settings.

    Stop the service first. All rows are written or none: answers, audit, orders, verdicts, reviews, accounts
    and all else, with the ids they had. The objects stay where they are. The steps: docs/operating.md.

    Example:  radrouter copy-database var/radrouter.db
    """
    from db.copying import LEFT_BEHIND
    from service.database import copy_from

    settings = invocation(context).settings()
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("rows", total=None)
        rows = copy_from(settings, source, who(), lambda count: progress.advance(task, count))
    for table, count in sorted(rows.items()):
        out.print(f"{count:>12}  {table}", highlight=False)
    for table, why in LEFT_BEHIND.items():
        out.print(f"{'left':>12}  {table}: {why}", highlight=False)
    out.print(f"{sum(rows.values())} rows copied and counted on both sides", highlight=False)
