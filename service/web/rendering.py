"""From a template to an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from service.web import review_words
from service.web.assets import edition
from service.web.visitor import Visitor

HERE = Path(__file__).parent
# 'data:' and 'blob:' for pictures that our own scripts draw; no inline script, no inline style.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# With 'no-referrer' browsers would send our own forms with the origin 'null', which the door refuses.
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
# path, name, key that leads there after "g" on the keyboard; in the order of the navigation
PAGES = (
    ("/", "Now", "n"),
    ("/studies", "Studies", "s"),
    ("/order-check", "Order check", "o"),
    ("/look", "Look at a file", "l"),
    ("/rules", "Rules", "r"),
    ("/models", "Models", "m"),
    ("/senders", "Senders", "d"),
    ("/system", "System", "y"),
)


def environment() -> Environment:
    """The templates, escaped always; a name nobody gave is an error, not an empty string."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"pages": PAGES, "version": version("radrouter"), "edition": edition()}
    made.filters |= {
        "moment": moment,
        "percent": percent,
        "words": words,
        "sentence": sentence,
        "duration": duration,
        "bytes": size,
    }
    made.filters |= review_words.FILTERS
    return made


def render(
    request: Request,
    template: str,
    who: Visitor | None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    **values: Any,
) -> HTMLResponse:
    """A page, or a part of one, for ``who``; None where nobody is signed in."""
    templates: Environment = request.app.state.templates
    text = templates.get_template(template).render(
        request=request, who=who, path=request.url.path, is_part="hx-request" in request.headers, **values
    )
    return HTMLResponse(text, status, headers=HEADERS)


def moment(at: datetime | None) -> str:
    """A time as people read it, in UTC; empty for None."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def percent(score: float | None) -> str:
    """A score as people read it; never 100 % unless it is."""
    if score is None:
        return ""
    shown = min(score, 0.999) if score < 1 else score
    return f"{shown:.1%}" if shown > 0.99 else f"{shown:.0%}"


def words(name: str | None) -> str:
    """One of our names as words: ``wrist_lateral`` is "wrist lateral"."""
    return (name or "").replace("_", " ")


def sentence(text: str) -> str:
    """One of our messages, which begin small and end open, as a sentence."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def duration(seconds: float | None) -> str:
    """A time span as people read it: ``0.84 s``, ``3.2 s``, ``12 s``, ``3 min``, ``5 h``; empty for None."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{max(0.0, seconds):.{2 if seconds < 1 else 1}f} s"
    for unit, size, most in (("s", 1, 100), ("min", 60, 100), ("h", 3600, 72)):
        if seconds / size < most:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} days"


def size(count: float) -> str:
    """Bytes as people read them, by thousands as disks are sold."""
    shown, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if shown < 999.5:
            break
        shown, unit = shown / 1000, larger
    return f"{shown:.0f} {unit}" if shown >= 10 or unit == "bytes" else f"{shown:.1f} {unit}"
