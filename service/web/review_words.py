"""Verdicts and reviews in words, for the templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from router.orders import Side
from router.verdicts import NO_FAULT, Kind, Review, ReviewAction
from router.views import VIEWS

SIDES: Mapping[Side, str] = {
    Side.RIGHT: "right",
    Side.LEFT: "left",
    Side.BOTH: "both sides",
    Side.UNPAIRED: "unpaired",
}
# our names in a sentence; what stands in quotation marks is a header's or an order's, as sent
NAMED = re.compile(rf'(?<!["\w])({"|".join(VIEWS)})(?!["\w])')


def side(found: Side | None) -> str:
    """A side as people say it; empty for None."""
    return "" if found is None else SIDES[found]


def weight(kind: Kind) -> str:
    """The style of a kind's chip."""
    if kind is Kind.COMPLETE:
        return "good"
    return "warn" if kind in NO_FAULT else "bad"


def day(study_date: str | None) -> str:
    """A DICOM date (YYYYMMDD, PS3.5 section 6.2) as people read it; anything else as it was sent."""
    text = study_date or ""
    if len(text) == 8 and text.isdigit():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text


def spoken(said: Review) -> str:
    """One word as a sentence: who says what."""
    about = f" ({_words((said.about or '').replace(':', ' '))})" if said.about else ""
    if said.action is ReviewAction.DISMISS:
        return f"{said.reviewer}: no fault{about}, {said.reason}"
    if said.view is None:
        return f"{said.reviewer}: confirmed{about}"
    named = f"{_words(said.view)}{', ' + side(said.side) if said.side else ''}"
    verb = "confirmed" if said.action is ReviewAction.CONFIRM else "it is"
    return f"{said.reviewer}: {verb} {named}"


def plainly(sentence: str) -> str:
    """A remark's sentence with views in words."""
    return NAMED.sub(lambda found: _words(found[0]), sentence)


def _words(name: str) -> str:
    return name.replace("_", " ")


FILTERS: Mapping[str, Callable[..., str]] = {
    "side": side,
    "weight": weight,
    "day": day,
    "spoken": spoken,
    "plainly": plainly,
}
