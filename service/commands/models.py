"""``radrouter models``: what is installed, and how more comes in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import Progress
from rich.table import Table

from classifiers.film import Accepts
from classifiers.manifest import Fit, Polarity, Task
from router.types import Mode
from service.commands.shell import err, invocation, out

if TYPE_CHECKING:
    from classifiers.importers.recipe import Recipe

MODES = {False: Mode.ACTIVE, True: Mode.SHADOW}  # by --shadow
POLARITIES = {False: Polarity.BONE_BRIGHT, True: Polarity.BONE_DARK}  # by --bone-dark

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
    answering = {pack.manifest.name for pack in packs if pack.manifest.mode is Mode.ACTIVE}
    absent = sorted({"lung", "fracture", "ossicle"} - answering)
    if absent:
        out.print(
            f"empty slots: {', '.join(absent)}. Rules may ask for them; the answer says that they are absent."
        )
    out.print(f"imported packs go to {settings.imported_packs_folder}", highlight=False, soft_wrap=True)


Source = Annotated[Path, typer.Argument(help="the model's file or folder", exists=True)]
Name = Annotated[str, typer.Option(help="the pack's name; rules ask for it by this name")]
Licence = Annotated[str, typer.Option(help="under which the weights may be used, e.g. Apache-2.0")]
Version = Annotated[str, typer.Option(help="the pack's version")]
TaskName = Annotated[Literal["view", "classify"], typer.Option(help="what it is for")]
Labels = Annotated[str, typer.Option(help="of the outputs in order, with commas; else from labels.txt")]
Margin = Annotated[float, typer.Option(min=0, max=1, help="lead an answer needs over the second label")]
Threshold = Annotated[float, typer.Option(min=0, max=1, help="score a finding needs")]
Stated = Annotated[str, typer.Option(help="the labels that are findings, with commas; else all of them")]
Otherwise = Annotated[str | None, typer.Option(help="what is said when no label leads by the margin")]
AcceptsWord = Annotated[Accepts, typer.Option(help="the objects that it may be shown")]
Colour = Annotated[bool, typer.Option("--colour", help="it looks at red, green and blue")]
Window = Annotated[str, typer.Option(help="centre and width in Hounsfield units, e.g. -600,1500")]
Shadow = Annotated[bool, typer.Option("--shadow", help="run it for comparison only")]
TrainingData = Annotated[str, typer.Option(help="what it was trained on")]
Filling = Annotated[Fit | None, typer.Option(help="how a film fills the input: film (ours), stretch, centre")]
Span = Annotated[str, typer.Option("--range", help="of the input's values, e.g. -1,1")]
BoneDark = Annotated[bool, typer.Option("--bone-dark", help="the network wants bone dark")]
Side = Annotated[int | None, typer.Option(min=1, help="of the input in pixels, where the file is silent")]
Tensor = Annotated[str | None, typer.Option(help="name of the graph's tensor, where the file is silent")]


@app.command("import")
def import_pack(
    context: typer.Context,
    source: Source,
    name: Name,
    licence: Licence,
    version: Version = "1",
    task: TaskName = "classify",
    labels: Labels = "",
    margin: Margin = 0.5,
    threshold: Threshold = 0.5,
    stated: Stated = "",
    otherwise: Otherwise = None,
    accepts: AcceptsWord = Accepts.RADIOGRAPH,
    colour: Colour = False,
    window: Window = "",
    shadow: Shadow = False,
    training_data: TrainingData = "",
    fit: Filling = None,
    span: Span = "",
    bone_dark: BoneDark = False,
    side: Side = None,
    input_name: Tensor = None,
    output_name: Tensor = None,
) -> None:
    """Make a foreign model a pack: Teachable Machine .h5, TensorFlow.js, Keras, SavedModel, frozen graph.

    The network is converted, compared with its source on probe films, and only then installed. Needs the
    [cyan]tensorflow[/cyan] extra. Restart the service to use it.

    Example:  radrouter models import model.h5 --name ossicle --licence "MIT" --labels "none,os peroneum"
    """
    from classifiers.importers.recipe import NOT_STATED, Recipe

    recipe = Recipe(name=name, version=version, licence=licence, task=Task(task), side=side, fit=fit)
    recipe = replace(recipe, training_data=training_data or NOT_STATED, margin=margin, threshold=threshold)
    recipe = replace(recipe, labels=_labels(labels), stated=_labels(stated), range=_pair("--range", span))
    recipe = replace(recipe, accepts=accepts, colour=colour, window=_pair("--window", window))
    recipe = replace(recipe, input_name=input_name, output_name=output_name, otherwise=otherwise)
    recipe = replace(recipe, mode=MODES[shadow], polarity=POLARITIES[bone_dark])
    _import(source, invocation(context).settings().imported_packs_folder, recipe)


def _labels(written: str) -> tuple[str, ...] | None:
    return tuple(label.strip() for label in written.split(",")) if written else None


def _pair(option: str, written: str) -> tuple[float, float] | None:
    """Two numbers with a comma, or None where nothing is written."""
    if not written:
        return None
    try:
        first, second = (float(number) for number in written.split(","))
    except ValueError as error:
        raise typer.BadParameter("two numbers with a comma, e.g. -1,1", param_hint=option) from error
    return first, second


def _import(source: Path, target: Path, recipe: Recipe) -> None:
    from classifiers.importers import import_model

    with err.status("importing") as status:
        done = import_model(source, target, recipe, progress=status.update)
    out.print(
        f"[green]installed[/green] {done.pack.ref}: {done.pack.folder}", highlight=False, soft_wrap=True
    )
    compared = f"{done.difference:.1e} apart from its source ({done.kind}) on {done.films} probe films"
    out.print(compared, highlight=False)


What = Annotated[
    Literal["nncpr", "onemed", "radlens"],
    typer.Argument(
        help="nncpr: healthcAIr/NNCPR's 30 views; onemed: OneMed's five; radlens: RadLens' fractures"
    ),
]
From = Annotated[
    Path | None, typer.Option("--from", help="a folder with the files of onemed or radlens", exists=True)
]


@app.command()
def install(context: typer.Context, what: What, source: From = None) -> None:
    """Install a published model as a pack, once its digest is verified.

    NNCPR is fetched from its repository. The others are made of files that you have: they are known by their
    digests, wherever they lie under the folder. Making packs needs the [cyan]tensorflow[/cyan] extra.

    Example:  radrouter models install onemed --from downloads/
    """
    target = invocation(context).settings().imported_packs_folder
    if what == "nncpr":
        if source is not None:
            raise typer.BadParameter("NNCPR is fetched from its repository", param_hint="--from")
        _fetch(target)
    elif source is None:
        raise typer.BadParameter(f"say where the files of {what} are", param_hint="--from")
    else:
        _install(what, source, target)


def _fetch(target: Path) -> None:
    from classifiers.importers import install_nncpr

    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("fetching nncpr", total=None)
        pack = install_nncpr(
            target, progress=lambda done, of: progress.update(task, completed=done, total=of)
        )
    out.print(f"[green]installed[/green] {pack.ref}: {pack.folder}", highlight=False, soft_wrap=True)


def _install(what: str, source: Path, target: Path) -> None:
    from classifiers.importers.published import install_published

    with err.status(f"looking for {what}") as status:
        done = install_published(
            what, source, target, progress=lambda name: status.update(f"importing {name}")
        )
    for one in done:
        if one.imported is None:
            out.print(f"[yellow]not installed[/yellow] {one.name}: {one.reason}", highlight=False)
            continue
        pack = one.imported.pack
        mode = " (in shadow)" if pack.manifest.mode is Mode.SHADOW else ""
        says = f"[green]installed[/green] {pack.ref}{mode}: {pack.folder}"
        out.print(says, highlight=False, soft_wrap=True)
