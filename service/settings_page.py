"""The tables of ``docs/settings.md``, made from the settings themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from service.sections import Token
from service.sections_orders import SHIPPED_PROCEDURES, WorklistSource
from service.sections_webhooks import Webhook
from service.settings import Settings

# Lists of tables: what one entry has
ENTRIES: dict[str, dict[str, Any]] = {
    "api": {"tokens": Token},
    "worklist": {"sources": WorklistSource},
    "webhooks": {"targets": Webhook},
}


def tables() -> str:
    """One Markdown table per section: setting, default, meaning."""
    return "\n\n".join(_table(name, _section(name)) for name in Settings.model_fields) + "\n"


def _section(name: str) -> Any:
    return Settings.model_fields[name].annotation


def _table(name: str, section: Any) -> str:
    lines = [
        f"## {name}",
        "",
        str(section.__doc__).strip(),
        "",
        "| setting | default | meaning |",
        "|---|---|---|",
    ]
    lines += [_row(f"{name}.{key}", info) for key, info in section.model_fields.items()]
    for key, entry in ENTRIES.get(name, {}).items():
        lines += [_row(f"{name}.{key}[].{word}", info) for word, info in entry.model_fields.items()]
    return "\n".join(lines)


def _row(key: str, info: Any) -> str:
    default = "" if info.default is PydanticUndefined else f"`{_written(info.default)}`"
    return f"| `{key}` | {default} | {info.description} |"


def _written(value: Any) -> str:
    """A default as TOML writes it."""
    if value is None:
        return "(none)"
    if isinstance(value, SecretStr):
        return '""'
    if value == SHIPPED_PROCEDURES:
        return "(shipped)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | Path):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{each}"' for each in value) + "]"
    return str(value)


if __name__ == "__main__":
    print(tables(), end="")
