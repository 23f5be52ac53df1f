"""``radrouter models``: what is installed, and how more comes in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import Progress
from rich.table import Table

from service.commands.shell import err, invocation, out

if TYPE_CHECKING:
    from classifiers.importers.recipe import Recipe

app = typer.Typer(no_args_is_help=True, help="List, import and install model packs.")


@app.command("list")
def list_packs(context: typer.Context) -> None:
    """List the packs that run: version, task, mode, and the hash of the weights."""
    from service.wiring import running_packs

    settings = invocation(context).settings()
    table = Table("pack", "version", "task", "mode", "runtime", "licence", "weights (SHA-256)")
    packs = running_packs(settings)
    for pack in packs:
        manifest = pack.manifest
        sha256 = manifest.weights.sha256[:12]
        table.add_row(
            manifest.name,
            manifest.version,
            manifest.task,
            manifest.mode,
            manifest.runtime,
            manifest.licence,
            sha256,
        )
    if packs:
        out.print(table)
    else:
        out.print("no pack is installed: films are stored and get no view")
    absent = sorted({"lung", "fracture", "ossicle"} - {pack.manifest.name for pack in packs})
    if absent:
        out.print(
            f"empty slots: {', '.join(absent)}. Rules may ask for them; the answer says that they are absent."
        )
    out.print(f"imported packs go to {settings.imported_packs_folder}", highlight=False, soft_wrap=True)


@app.command("import")
def import_pack(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="the model's file or folder", exists=True)],
    name: Annotated[str, typer.Option(help="the pack's name; rules ask for it by this name")],
    licence: Annotated[str, typer.Option(help="under which the weights may be used, e.g. Apache-2.0")],
    version: Annotated[str, typer.Option(help="the pack's version")] = "1",
    task: Annotated[Literal["view", "classify", "detect"], typer.Option(help="what it is for")] = "classify",
    labels: Annotated[
        str, typer.Option(help="the outputs' labels in order, with commas; else from labels.txt")
    ] = "",
    margin: Annotated[
        float, typer.Option(min=0, max=1, help="lead an answer needs over the second label")
    ] = 0.5,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="score a finding needs")] = 0.5,
    shadow: Annotated[bool, typer.Option("--shadow", help="run it for comparison only")] = False,
) -> None:
    """Make a foreign model a pack.

    Teachable Machine .h5, TensorFlow.js model.json, Keras, SavedModel, frozen graph .pb. The network is
    converted, compared with its source on probe films, and only then installed. Needs the
    [cyan]tensorflow[/cyan] extra. Restart the service to use it.

    Example:  radrouter models import model.h5 --name ossicle --licence "MIT" --labels "none,os peroneum"
    """
    from classifiers.importers.recipe import Recipe
    from classifiers.manifest import Task
    from router.types import Mode

    recipe = Recipe(
        name=name,
        version=version,
        licence=licence,
        task=Task(task),
        mode=Mode.SHADOW if shadow else Mode.ACTIVE,
        labels=tuple(label.strip() for label in labels.split(",")) if labels else None,
        margin=margin,
        threshold=threshold,
    )
    _import(source, invocation(context).settings().imported_packs_folder, recipe)


def _import(source: Path, target: Path, recipe: Recipe) -> None:
    from classifiers.importers.importing import import_model

    with err.status("importing") as status:
        done = import_model(source, target, recipe, progress=status.update)
    out.print(
        f"[green]installed[/green] {done.pack.ref}: {done.pack.folder}", highlight=False, soft_wrap=True
    )
    compared = f"{done.difference:.1e} apart from its source ({done.kind}) on {done.films} probe films"
    out.print(compared, highlight=False)


@app.command()
def install(
    context: typer.Context,
    what: Annotated[Literal["nncpr"], typer.Argument(help="nncpr: the 30-view network of healthcAIr/NNCPR")],
) -> None:
    """Fetch a published model, verify its digest and install it as a pack."""
    from classifiers.importers.nncpr import install_nncpr

    target = invocation(context).settings().imported_packs_folder
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task(f"fetching {what}", total=None)
        pack = install_nncpr(
            target, progress=lambda done, of: progress.update(task, completed=done, total=of)
        )
    out.print(f"[green]installed[/green] {pack.ref}: {pack.folder}", highlight=False, soft_wrap=True)
