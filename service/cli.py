"""``radrouter``: one command line for everything an operator does."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from router.errors import RadrouterError
from service.commands import demo, dicom, export, models, orders, rules, running, upkeep, user, webhooks
from service.commands.shell import Invocation, err
from service.commands.token import token

HELP = """\
Stores plain radiographs that DICOM nodes send, names their view, routes them to specialist models,
answers over REST.

[bold]First steps[/bold]

    radrouter demo                     everything at once, with a small study of its own
    radrouter serve                    listener, worker and API, on this machine alone
    radrouter send FOLDER              send files to it, as a modality would
    radrouter check                    is everything in order, and if not, what to do

Settings come from radrouter.toml and RADROUTER_SECTION__KEY variables; see docs/settings.md.
[dim]Not a medical device: for research and for organising images only.[/dim]
"""

app = typer.Typer(
    name="radrouter",
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"radrouter {version('radrouter')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="settings file; else RADROUTER_CONFIG, else ./radrouter.toml"),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="log more")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Keep the options that come before the command's name."""
    context.obj = Invocation(config=config.resolve() if config else None, verbose=verbose)


RUN, FILES, UPKEEP = "Run", "Send and take in", "Upkeep"
app.command(rich_help_panel=RUN)(running.serve)
app.command(rich_help_panel=RUN)(demo.demo)
app.command(rich_help_panel=RUN)(running.scp)
app.command(rich_help_panel=RUN)(running.worker)
app.command(rich_help_panel=RUN)(running.api)
app.command(rich_help_panel=RUN)(running.hl7)
app.command(rich_help_panel=RUN)(running.judge)
app.command(rich_help_panel=RUN)(webhooks.notify)
app.command(rich_help_panel=FILES)(dicom.send)
app.command("import", rich_help_panel=FILES)(dicom.import_folder)
app.command(rich_help_panel=UPKEEP)(upkeep.check)
app.command(rich_help_panel=UPKEEP)(upkeep.migrate)
app.command(rich_help_panel=UPKEEP)(upkeep.backup)
app.command(rich_help_panel=UPKEEP)(upkeep.copy_database)
app.command(rich_help_panel=UPKEEP)(token)
app.add_typer(models.app, name="models", rich_help_panel=UPKEEP)
app.add_typer(rules.app, name="rules", rich_help_panel=UPKEEP)
app.add_typer(orders.app, name="orders", rich_help_panel=UPKEEP)
app.add_typer(user.app, name="user", rich_help_panel=UPKEEP)
app.add_typer(export.app, name="export", rich_help_panel=UPKEEP)
app.add_typer(webhooks.app, name="webhooks", rich_help_panel=UPKEEP)


def main() -> None:
    """Run a command; an error of ours is one sentence on standard error and exit code 1."""
    try:
        app(prog_name="radrouter")
    except RadrouterError as error:
        err.print(f"[bold red]radrouter:[/bold red] {_plain(error)}", highlight=False, soft_wrap=True)
        sys.exit(1)


def _plain(error: RadrouterError) -> str:
    """The sentence, its square brackets kept from being read as markup."""
    return str(error).replace("[", r"\[")


if __name__ == "__main__":
    main()
