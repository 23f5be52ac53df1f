"""A model card as a page shows it: Markdown without raw HTML, and the pictures that it names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}
HEADINGS_BELOW = 2  # the card's own first heading stands below the page's


def card_html(card: str, folder: Path | None, address: str) -> Markup:
    """The card; its pictures are at ``address``/NAME, and one that is not there is only its words."""
    markdown = _reader()
    tokens = _without_title(markdown.parse(card))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + HEADINGS_BELOW - 1)}"
        elif "right" in str(token.attrs.pop("style", "")):  # our pages allow no style in an element
            token.attrs["class"] = "number"
    for number, image in enumerate(_images(tokens)):
        _point(image, folder, address, is_first=number == 0)
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))


def picture_file(card: str, folder: Path, name: str) -> tuple[Path, str] | None:
    """The file and media type of a picture that the card names; None for anything else."""
    named = {unquote(str(image.attrs.get("src", ""))) for image in _images(_reader().parse(card))}
    media_type = MEDIA_TYPES.get(Path(name).suffix.lower())
    if name not in named or media_type is None or Path(name).name != name or "\\" in name:
        return None
    file = folder / name
    is_inside = file.resolve().parent == folder.resolve()
    return (file, media_type) if is_inside and file.is_file() else None


def _reader() -> MarkdownIt:
    """CommonMark with tables; HTML in a card is shown as the text that it is."""
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _images(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from (child for child in token.children or () if child.type == "image")


def _point(image: Token, folder: Path | None, address: str, *, is_first: bool) -> None:
    """Let an image point to where we serve it, or make it its words."""
    name = unquote(str(image.attrs.get("src", "")))
    shown = folder is not None and picture_file(f"![]({quote(name)})", folder, name) is not None
    if not shown:
        image.type, image.tag = "text", ""
        image.content = image.content or name
        return
    image.attrs["src"] = f"{address}/{quote(name)}"
    image.attrs["loading"] = "eager" if is_first else "lazy"


def _without_title(tokens: list[Token]) -> list[Token]:
    """The page has a heading already: a card's first line that is one says the same."""
    is_title = bool(tokens) and tokens[0].type == "heading_open" and tokens[0].tag == "h1"
    return tokens[3:] if is_title else tokens
