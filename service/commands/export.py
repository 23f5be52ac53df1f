"""``radrouter export``: what people found out, as files to work with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from service.commands.shell import err, invocation, out, who

if TYPE_CHECKING:
    from service.exporting import Exported, TrainingSet
    from service.settings import Settings

LONG_SIDE = 1024  # pixels of an exported film; the network sees fewer
OWN = "the site's own films: not to be passed on"

app = typer.Typer(no_args_is_help=True, help="What people found out, as files to work with.")


@app.command()
def reviews(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Option("--out", help="where to: new, empty, or of an earlier export", file_okay=False)
    ],
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="only films agreed on since, UTC"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be written")] = False,
    licence: Annotated[str, typer.Option(help="what the manifest says of every film")] = OWN,
) -> None:
    """Write films on whose view reviewers agree as a training set: FOLDER/films, by view, with a manifest.

    Names and groups are keyed hashes; the key, export.key, stays in the data folder. Headers are left behind,
    but text that is [bold]burned into the pixels is not removed[/bold]: look through the films before they
    leave the site. Run it again to go on where it stopped and to take over what was reviewed since.

    Example:  radrouter export reviews --out site-films --since 2026-01-01
    """
    from service.database import require_schema
    from service.exporting import Terms, TrainingSet, export_key

    settings = invocation(context).settings()
    require_schema(settings)
    terms = Terms(licence=licence, labels=_labels(settings))
    target = TrainingSet(folder, export_key(settings.export_key_file, make=not dry_run), terms)
    start = None if since is None else since.replace(tzinfo=UTC)
    _print(_export(settings, target, start, dry_run=dry_run), folder, dry_run=dry_run)


def _export(settings: Settings, target: TrainingSet, since: datetime | None, *, dry_run: bool) -> Exported:
    from service.database import open_database

    with open_database(settings) as database:
        films = list(database.reviews.export(since=since))
        if dry_run:
            return target.plan(films, adds_only=since is not None)
        with Progress(console=err, transient=True) as progress:
            task = progress.add_task("films", total=len(films))
            done = target.write(
                films,
                settings.objects_folder,
                _picture,
                adds_only=since is not None,
                progress=lambda: progress.advance(task),
            )
        counted = {"films": sum(done.views.values()), "made": done.made, "folder": str(target.folder)}
        database.actions.note(who(), "reviews exported", counted)
    return done


def _picture(file: Path) -> bytes:
    from classifiers.pixels import preview_png

    return preview_png(file, long_side=LONG_SIDE)


def _labels(settings: Settings) -> frozenset[str]:
    """What the active view model can say."""
    from classifiers.manifest import Task
    from router.types import Mode
    from service.wiring import running_packs

    return frozenset(
        label
        for pack in running_packs(settings)
        if pack.manifest.task is Task.VIEW and pack.manifest.mode is Mode.ACTIVE
        for label in pack.manifest.outputs["view"].labels
    )


def _print(done: Exported, folder: Path, *, dry_run: bool) -> None:
    table = Table("view", "films")
    table.columns[1].justify = "right"
    for view, number in sorted(done.views.items()):
        table.add_row(view, str(number))
    if done.views:
        out.print(table)
    verb = "would be made" if dry_run else "made"
    out.print(
        f"{done.made} films {verb}, {done.there} were there already, of {done.groups} patients: {folder}",
        highlight=False,
        soft_wrap=True,
    )
    if done.gone:
        out.print(
            f"{done.gone} of an earlier export {'would be ' if dry_run else ''}removed: seen otherwise since"
        )
    for reason, number in done.left_out.items():
        out.print(f"{number} left out: {reason}", highlight=False, markup=False, soft_wrap=True)
    if done.views:
        err.print(
            "Text burned into the pixels is still there: look through the films before they leave the site.",
            style="yellow",
            soft_wrap=True,
        )
