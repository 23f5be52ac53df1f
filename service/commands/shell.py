"""What every command shares: where the settings are, where text goes, and how one is told to stop."""

from __future__ import annotations

import getpass
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import FrameType

import typer
from rich.console import Console

from service import logs
from service.settings import Settings, load

out = Console()
err = Console(stderr=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The options before the command's name."""

    config: Path | None
    verbose: bool

    def settings(self) -> Settings:
        """The settings of this run; raises SettingsError."""
        return load(self.config)

    def log(self) -> None:
        """Write log lines to standard error."""
        logs.set_up(verbose=self.verbose)

    def again(self, *arguments: str) -> tuple[str, ...]:
        """The command line that runs another command with the same options."""
        options = ["--config", str(self.config)] if self.config else []
        options += ["--verbose"] if self.verbose else []
        return (sys.executable, "-m", "service.cli", *options, *arguments)


def invocation(context: typer.Context) -> Invocation:
    """What the root command was told."""
    found = context.find_root().obj
    assert isinstance(found, Invocation)
    return found


def stop_event() -> Event:
    """An event that Ctrl-C and SIGTERM set; a second signal changes nothing: draining is under way."""
    stop = Event()

    def heard(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, heard)
    signal.signal(signal.SIGINT, heard)
    return stop


def hold_lifeline() -> None:
    """End with SIGTERM once standard input closes: whoever started us is gone, in whatever way."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, daemon=True, name="lifeline").start()


def who() -> str:
    """Who gives the command, for the audit."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user has a number, and often no name
        name = str(os.getuid())
    return f"command line ({name})"
