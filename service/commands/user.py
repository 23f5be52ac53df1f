"""``radrouter user``: who may sign in to the pages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from router.errors import SettingsError
from service.commands.shell import invocation, out, who

if TYPE_CHECKING:
    from service.database import Database

app = typer.Typer(no_args_is_help=True, help="Who may sign in to the pages.")

Role = Literal["reader", "reviewer", "admin"]
Name = Annotated[str, typer.Argument(help="the user's name")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="read the password from standard input, one line")
]


@app.command()
def add(
    context: typer.Context,
    name: Name,
    role: Annotated[Role, typer.Option(help="what they may do")] = "reader",
    password_stdin: FromStdin = False,
) -> None:
    """Make an account, with a password that is asked for.

    Example:  radrouter user add ann --role admin
    """
    from service.web.names import objection_to_name, tidy

    tidied = tidy(name)
    if said := objection_to_name(tidied):
        raise SettingsError(said)
    with _people(context) as database:
        taken = database.users.find(tidied) is not None
        if taken or not database.users.add(tidied, role, _hashed(tidied, password_stdin), by=who()):
            raise SettingsError(f"there is a user {tidied} already")
        database.actions.note(who(), "user added", {"user": tidied, "role": role})
    out.print(f"{tidied} may sign in as {role}", highlight=False)


@app.command("list")
def list_users(context: typer.Context) -> None:
    """Show who may sign in."""
    with _people(context) as database:
        users = database.users.list()
    table = Table("name", "role", "signs in by", "last signed in", "state")
    for user in users:
        last = f"{user.signed_in_at:%Y-%m-%d %H:%M} UTC" if user.signed_in_at else "never"
        state = "disabled" if user.disabled_at else "enabled"
        table.add_row(user.name, user.role, user.issuer or "password", last, state)
    out.print(table if users else "nobody yet: radrouter user add NAME --role admin")


@app.command("role")
def change_role(context: typer.Context, name: Name, role: Annotated[Role, typer.Argument()]) -> None:
    """Change what somebody may do; at once, for open sessions too."""
    with _people(context) as database:
        known = _known(database, name)
        if not database.users.set_role(known, role):
            raise SettingsError(f"{known} is the last administrator: make another one first")
        database.actions.note(who(), "role changed", {"user": known, "role": role})
    out.print(f"{known} is {role} now", highlight=False)


@app.command("password")
def change_password(context: typer.Context, name: Name, password_stdin: FromStdin = False) -> None:
    """Set a new password; it ends all sessions of that user."""
    with _people(context) as database:
        known = _known(database, name)
        database.users.set_password(known, _hashed(known, password_stdin))
        database.actions.note(who(), "password changed", {"user": known})
    out.print(f"the password of {known} is changed", highlight=False)


@app.command()
def disable(context: typer.Context, name: Name) -> None:
    """Let somebody in no more, and end their sessions; what they did stays."""
    with _people(context) as database:
        known = _known(database, name)
        if not database.users.disable(known):
            raise SettingsError(f"{known} is the last administrator: make another one first")
        database.actions.note(who(), "user disabled", {"user": known})
    out.print(f"{known} may sign in no more", highlight=False)


@app.command()
def enable(context: typer.Context, name: Name) -> None:
    """Let somebody in again who was disabled."""
    with _people(context) as database:
        known = _known(database, name)
        database.users.enable(known)
        database.actions.note(who(), "user enabled", {"user": known})
    out.print(f"{known} may sign in again", highlight=False)


@contextmanager
def _people(context: typer.Context) -> Iterator[Database]:
    from service.database import migrate, open_database, require_schema
    from service.wiring import make_folders

    settings = invocation(context).settings()
    if not settings.database.url:  # the embedded database is ours to make, also before the first start
        make_folders(settings)
        migrate(settings)
    require_schema(settings)
    with open_database(settings) as database:
        yield database


def _known(database: Database, name: str) -> str:
    from service.web.names import tidy

    user = database.users.find(tidy(name))
    if user is None:
        raise SettingsError(f"there is no user {tidy(name)}; radrouter user list shows them")
    return user.name


def _hashed(name: str, from_stdin: bool) -> str:
    from service.web.passwords import Passwords, objection

    password = sys.stdin.readline().rstrip("\r\n") if from_stdin else _typed()
    if said := objection(password, name):
        raise SettingsError(said)
    return Passwords().hash(password)


def _typed() -> str:
    return str(typer.prompt("password", hide_input=True, confirmation_prompt="password again", err=True))
