"""``radrouter rules``: is a rules file valid, and what would it do with a film?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from service.commands.shell import Invocation, err, invocation, out

if TYPE_CHECKING:
    from router.types import Decision, RuleOutcome
    from service.explainer import Explained, Explainer
    from service.rules_watch import RulesWatch

app = typer.Typer(no_args_is_help=True, help="Check a rules file; explain what it does with a film.")

RulesFile = Annotated[
    Path | None, typer.Argument(help="a rules file; else the one in the settings", dir_okay=False)
]


@app.command()
def check(context: typer.Context, file: RulesFile = None) -> None:
    """Say whether a rules file is valid; if not, one sentence that names the rule.

    Example:  radrouter rules check my-rules.toml
    """
    watch = _watch(invocation(context), file)
    found = watch.parse(watch.current.sources)  # whoever asks is there to hear of a misspelt model
    out.print(
        f"[green]valid[/green]: {len(found.rules)} rules, mode {found.mode}, version {found.version[:12]}"
    )


@app.command()
def explain(
    context: typer.Context,
    film: Annotated[Path, typer.Argument(help="a DICOM, PNG or JPEG file", exists=True, dir_okay=False)],
    rules: Annotated[Path | None, typer.Option(help="a rules file; else the one in the settings")] = None,
) -> None:
    """Say which rules match a file's film, which do not and why, condition by condition.

    The file is analysed here, by the installed models; nothing is stored.

    Example:  radrouter rules explain film.dcm --rules my-rules.toml
    """
    from router.rules import decide
    from service.wiring import explainer_of

    told = invocation(context)
    watch = _watch(told, rules)
    explainer: Explainer = explainer_of(told.settings(), lambda: watch.current.sources, verbose=told.verbose)
    try:
        with err.status("looking at the film"):
            explained = explainer.explained(film)
    finally:
        explainer.close()
    _print(explained, decide(watch.current, explained.facts))


def _watch(told: Invocation, file: Path | None) -> RulesWatch:
    from service.wiring import installed_names, rules_watch

    settings = told.settings()
    if file is not None:
        changed = settings.rules.model_copy(update={"file": file.resolve()})
        settings = settings.model_copy(update={"rules": changed})
    return rules_watch(settings, installed_names(settings))


def _print(explained: Explained, decision: Decision) -> None:
    view = explained.facts.view
    said = f"{view.view} ({view.score:.0%})" if view else "none"
    out.print(f"view: [bold]{said}[/bold]", highlight=False)
    if explained.no_view_reason:
        out.print(f"why: {escape(explained.no_view_reason)}", highlight=False)
    for outcome in decision.outcomes:
        _print_outcome(outcome)
    out.print(f"analyse: {', '.join(decision.analyse) or 'nothing further'}", highlight=False)
    if decision.destinations:
        out.print(f"destinations: {', '.join(decision.destinations)}", highlight=False)


def _print_outcome(outcome: RuleOutcome) -> None:
    sign = "[green]matches[/green]" if outcome.matched else "[dim]does not match[/dim]"
    out.print(f"\n[bold]{escape(outcome.rule)}[/bold] {sign}: {escape(outcome.reason)}", highlight=False)
    for condition in outcome.conditions:
        mark = "[green]✓[/green]" if condition.holds else "[red]✗[/red]"
        out.print(f"  {mark} {escape(condition.word)}: {escape(condition.reason)}", highlight=False)
