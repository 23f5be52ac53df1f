"""``radrouter demo``: everything at once, with a small study of its own, to see what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from service.commands.shell import err, invocation, out, stop_event

if TYPE_CHECKING:
    from threading import Event

    from service.demonstration import Demonstration


def demo(
    context: typer.Context,
    stay: Annotated[bool, typer.Option(help="keep serving until Ctrl-C")] = True,
) -> None:
    """Start everything, send a small study over a real association, show the answers.

    The study is rendered: there is no patient in it. Data goes to the settings' data folder
    ([cyan]./var[/cyan]); what the service logs goes to [cyan]serve.log[/cyan] there.
    """
    from service.commands.running import FIRST_ACCOUNT
    from service.database import nobody_yet
    from service.demonstration import Demonstration, Stopped, in_background
    from service.serving import Part, Service

    told = invocation(context)
    settings = told.settings()
    stop = stop_event()
    with Service(settings, told.again) as service:
        demonstration = Demonstration(settings, service.port(Part.LISTENER), service.port(Part.API))
        with demonstration.log() as say, in_background(lambda: service.run(stop, say=say), stop):
            try:
                _show(demonstration, stop)
            except Stopped:
                return
            if stay:
                if nobody_yet(settings):
                    out.print(f"\npages: {FIRST_ACCOUNT}")
                out.print("\nserving; [bold]Ctrl-C[/bold] ends it")
                stop.wait()
    out.print("stopped")


def _show(demonstration: Demonstration, stop: Event) -> None:
    films = demonstration.films()
    with err.status("starting listener, worker and API"):
        demonstration.wait_until_up(stop)
    if films:
        with err.status(f"sending {len(films)} films over an association"):
            demonstration.send()
        with err.status("waiting for the answers"):
            answers = list(demonstration.answers(stop))
        table = Table("film", "view", "score", "rule", "findings", title="what REST says about the study")
        for answer in answers:
            table.add_row(answer.film, *_cells(answer.body))
        out.print(table)
    else:
        out.print("no demonstration study is bundled; send one: radrouter send FOLDER")
    for name, url in demonstration.urls(films):
        out.print(f"{name:<8} {url}", highlight=False, soft_wrap=True)
    out.print("\nnot a medical device: for research and for organising images only", style="dim")


def _cells(body: dict[str, Any]) -> tuple[str, str, str, str]:
    """View, score, rule and findings of one film, as REST tells them."""
    from service.web.rendering import percent

    if body["state"] == "failed":
        return ("[red]failed[/red]", "", "", str(body["reason"]))
    view, decision = body["view"], body["decision"] or {"outcomes": []}
    rules = [outcome["rule"] for outcome in decision["outcomes"] if outcome["matched"]]
    findings = [
        f"{each['label']} {percent(each['probability'])}"
        for each in body["findings"]
        if each["mode"] == "active"
    ]
    absent = [f"({name}: no active pack)" for name in body["models_absent"]]
    return (
        view["view"] if view else f"none: {body['reason']}",
        percent(view["score"]) if view else "",
        ", ".join(rules) or "-",
        ", ".join(findings + absent) or "-",
    )
