"""``radrouter notify`` and ``radrouter webhooks``: telling others what happens."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated

import typer

from router.errors import SettingsError
from service.commands.shell import hold_lifeline, invocation, out, stop_event

app = typer.Typer(help="Addresses that are told when a film or a study has its answer.", no_args_is_help=True)


def notify(
    context: typer.Context,
    lifeline: Annotated[
        bool, typer.Option("--lifeline", hidden=True, help="end when standard input closes")
    ] = False,
) -> None:
    """Run the webhooks alone: tell every address of [cyan]webhooks.targets[/cyan] what happens.

    One host is enough; more do no harm.
    """
    from service.database import open_database
    from service.webhooks import tell_all

    told = invocation(context)
    settings = told.settings()
    told.log()
    if lifeline:
        hold_lifeline()
    stop = stop_event()
    if not settings.webhooks.targets:
        raise SettingsError("webhooks.targets names no address: there is nobody to tell")
    with open_database(settings) as database:
        tell_all(settings.webhooks, database.deliveries, database.newsroom, stop)


@app.command()
def test(context: typer.Context, name: Annotated[str, typer.Argument(help="of one of the targets")]) -> None:
    """Send a ping to one address, signed as everything else is, and say whether it arrived.

    Example:  radrouter webhooks test viewer
    """
    from service.webhooks import PING, send

    webhooks = invocation(context).settings().webhooks
    target = next((one for one in webhooks.targets if one.name == name), None)
    if target is None:
        names = ", ".join(one.name for one in webhooks.targets) or "there are none"
        raise SettingsError(f"webhooks.targets names no {name!r} ({names})")
    key = f"{PING}.{secrets.token_hex(8)}"
    body = {"event_id": key, "event": PING, "at": datetime.now(UTC).isoformat()}
    send(target, key, PING, body, timeout_s=webhooks.timeout_s)
    out.print(f"{name} answered: it got the ping", highlight=False)
