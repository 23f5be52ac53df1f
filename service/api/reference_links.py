"""Where a reader may look a finding's name up: pictures of it, and articles about it.

The addresses are made from the label alone. Nothing of a patient, a study or a film is in them, so whoever
answers there learns that somebody looked for a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

LONGEST = 80  # characters of a label that are searched for


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceLink:
    """One search: what it is called, and its address."""

    name: str
    url: str


def reference_links(label: str) -> tuple[ReferenceLink, ...]:
    """The searches for a finding's name; () for a label without a word in it."""
    name = " ".join(label.replace("_", " ").split())[:LONGEST]
    if not any(letter.isalnum() for letter in name):
        return ()
    pictures = urlencode({"q": f"{name} x-ray", "iax": "images", "ia": "images"}, errors="replace")
    articles = urlencode({"q": name, "scope": "articles"}, errors="replace")
    return (
        ReferenceLink(name="Pictures", url=f"https://duckduckgo.com/?{pictures}"),
        ReferenceLink(name="Radiopaedia", url=f"https://radiopaedia.org/search?{articles}"),
    )
