"""A ``Manifest`` as the text of pack.toml."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from classifiers.baseline import baseline_tables
from classifiers.detectfile import detect_tables
from classifiers.manifest import Manifest, Output, RejectByClass, RejectByEnergy, RejectByHead


def render(manifest: Manifest) -> str:
    """The text of pack.toml for a manifest; ``classifiers.packfile.parse`` gives the same manifest back."""
    return "\n".join(_lines(manifest)) + "\n"


def _lines(manifest: Manifest) -> Iterator[str]:
    for key in ("name", "version", "task", "mode", "runtime", "licence", "training_data"):
        yield _line(key, getattr(manifest, key))
    for key in ("weights", "input", "gate"):
        yield from _section(f"[{key}]", _fields(getattr(manifest, key)))
    if manifest.detect:
        for title, values in detect_tables(manifest.detect):
            yield from _section(title, values)
    for head, output in manifest.outputs.items():
        yield from _head(f"output.{_key(head)}", output)
    rules = {RejectByClass: "class", RejectByEnergy: "energy", RejectByHead: "head"}
    for reject in manifest.reject:
        yield from _section("[[reject]]", {"rule": rules[type(reject)], **_fields(reject)})
    if manifest.metrics:
        yield from _section("[metrics]", manifest.metrics)
    if manifest.baseline:
        for title, values in baseline_tables(manifest.baseline):
            yield from _section(title, values)


def _head(title: str, output: Output) -> Iterator[str]:
    named = _fields(output)
    thresholds = named.pop("thresholds")
    yield from _section(f"[{title}]", named)
    if thresholds:
        yield from _section(f"[{title}.thresholds]", thresholds)


def _fields(value: object) -> dict[str, Any]:
    named = {name: getattr(value, name) for name in value.__slots__}  # type: ignore[attr-defined]
    return {name: field for name, field in named.items() if field is not None}


def _section(title: str, values: Mapping[str, object]) -> Iterator[str]:
    yield ""
    yield title
    yield from (_line(key, value) for key, value in values.items())


def _line(key: str, value: object) -> str:
    return f"{_key(key)} = {_value(value)}"


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _value(key)


def _value(value: object) -> str:
    """TOML's strings, numbers, booleans and lists are written as JSON writes them, but for DEL."""
    if isinstance(value, tuple):
        value = list(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("\x7f", "\\u007f")
