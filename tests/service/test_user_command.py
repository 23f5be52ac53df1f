"""``radrouter user``: accounts from the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PASSWORD = "four small green lamps\n"


def user(folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service.cli", "user", *arguments],
        cwd=folder,
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_account_from_the_first_day_to_the_last(tmp_path: Path) -> None:
    assert "nobody yet" in user(tmp_path, "list").stdout
    made = user(tmp_path, "add", "Ann", "--role", "admin", "--password-stdin", typed=PASSWORD)
    assert made.stdout == "ann may sign in as admin\n", made.stderr
    assert "already" in user(tmp_path, "add", "ann", "--password-stdin", typed=PASSWORD).stderr
    assert "at least 12" in user(tmp_path, "password", "ann", "--password-stdin", typed="short\n").stderr
    assert "last administrator" in user(tmp_path, "disable", "ann").stderr
    assert "last administrator" in user(tmp_path, "role", "ann", "reader").stderr
    assert user(tmp_path, "add", "bob", "--role", "admin", "--password-stdin", typed=PASSWORD).returncode == 0
    assert "may sign in no more" in user(tmp_path, "disable", "bob").stdout
    assert "may sign in again" in user(tmp_path, "enable", "bob").stdout
    assert "is reviewer now" in user(tmp_path, "role", "bob", "reviewer").stdout
    assert user(tmp_path, "password", "bob", "--password-stdin", typed=PASSWORD).returncode == 0
    nobody = user(tmp_path, "role", "eve", "admin")
    assert nobody.returncode == 1 and "there is no user eve" in nobody.stderr
    listed = user(tmp_path, "list").stdout
    assert "reviewer" in listed and "argon2" not in listed
