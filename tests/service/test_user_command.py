"""``radrouter user``: accounts from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli import app

PASSWORD = "four small green lamps\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def user(*arguments: str, typed: str = "") -> str:
    """What the command prints, or the sentence it ends with."""
    done = CliRunner().invoke(app, ["user", *arguments], input=typed)
    return str(done.exception) if done.exception else done.stdout


def test_an_account_from_the_first_day_to_the_last() -> None:
    assert "nobody yet" in user("list")
    made = user("add", "Ann", "--role", "admin", "--password-stdin", typed=PASSWORD)
    assert made == "ann may sign in as admin\n"
    assert "already" in user("add", "ann", "--password-stdin", typed=PASSWORD)
    assert "at least 12" in user("password", "ann", "--password-stdin", typed="short\n")
    assert "last administrator" in user("disable", "ann")
    assert "last administrator" in user("role", "ann", "reader")
    assert "as admin" in user("add", "bob", "--role", "admin", "--password-stdin", typed=PASSWORD)
    assert "may sign in no more" in user("disable", "bob")
    assert "may sign in again" in user("enable", "bob")
    assert "is reviewer now" in user("role", "bob", "reviewer")
    assert "is changed" in user("password", "bob", "--password-stdin", typed=PASSWORD)
    assert "there is no user eve" in user("role", "eve", "admin")
    listed = user("list")
    assert "reviewer" in listed and "argon2" not in listed
