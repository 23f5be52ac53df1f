"""The settings as this process has them, for the page System: where each came from, and no secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from service.settings import Settings

HIDDEN = "(hidden)"
SECRET = re.compile(r"secret|password|sha256|credential", re.IGNORECASE)
PASSWORD_IN_URL = re.compile(r"(://[^/@:\s]*):[^/@\s]*@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One setting."""

    name: str  # section.key
    value: str
    source: str  # environment, file or default
    meaning: str


def shown(settings: Settings) -> tuple[Shown, ...]:
    """All settings in the order of docs/settings.md."""
    return tuple(
        Shown(
            name=f"{section}.{key}",
            value=_text(hidden(getattr(getattr(settings, section), key), key)),
            source=settings.source(section, key),
            meaning=info.description or "",
        )
        for section in type(settings).model_fields
        for key, info in type(getattr(settings, section)).model_fields.items()
    )


def hidden(value: Any, name: str = "") -> Any:
    """A value with everything taken out that opens a door; paths to keys are only paths."""
    if isinstance(value, SecretStr) or (SECRET.search(name) and value and not isinstance(value, Path)):
        return HIDDEN if value else ""
    if isinstance(value, BaseModel):
        return {key: hidden(getattr(value, key), key) for key in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): hidden(each, str(key)) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [hidden(each, name) for each in value]
    if isinstance(value, str):
        return PASSWORD_IN_URL.sub(r"\1:***@", value)
    return value


def _text(value: Any) -> str:
    """A value as TOML or JSON would have it, short."""
    if value is None:
        return "(none)"
    return json.dumps(value, ensure_ascii=False, default=str)
