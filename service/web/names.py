"""What somebody may be called here."""

from __future__ import annotations

import re

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
NAME_RULE = "a name has letters, digits and . _ @ + - in it, 64 at most, and begins with a letter or digit"


def tidy(name: str) -> str:
    """A user's name as it is kept: people do not remember how they wrote it."""
    return name.strip().lower()


def objection_to_name(name: str) -> str | None:
    """Why a tidy name cannot be had; None when it can."""
    return None if NAME.fullmatch(name) else NAME_RULE
