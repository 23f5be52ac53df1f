"""``radrouter token``: a bearer token and the hash that goes into the settings."""

from __future__ import annotations

import hashlib
import secrets
from typing import Annotated, Literal

import typer

from service.commands.shell import out


def token(
    name: Annotated[str, typer.Argument(help="who will hold it, e.g. 'hanging protocols'")],
    role: Annotated[Literal["reader", "reviewer", "admin"], typer.Option(help="what it may do")] = "reader",
) -> None:
    """Make a token for the API and print what to write into the settings.

    The token itself is shown once and kept nowhere; the settings hold its SHA-256.

    Example:  radrouter token "hanging protocols" --role reader
    """
    made = secrets.token_urlsafe(32)
    digest = hashlib.sha256(made.encode()).hexdigest()
    out.print("[bold]the token, shown this once[/bold] (send it as [cyan]Authorization: Bearer ...[/cyan]):")
    print(made)
    out.print("\n[bold]in radrouter.toml[/bold]:")
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    print(f'[[api.tokens]]\nname = "{quoted}"\nrole = "{role}"\nsha256 = "{digest}"')
