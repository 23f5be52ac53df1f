"""Findings as the pages show them: where to look a name up, and where the model looked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from db.read import InstanceDetail
from router.types import Finding, Mode
from service.api.heatmaps import makers_of, shows
from service.api.ports import Needs
from service.api.problems import Problem
from service.api.reference_links import ReferenceLink, reference_links
from service.web.rendering import percent, words

LONG_SIDE = 1024  # pixels of a heat map: they are smooth


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCard:
    """One finding that counts; the first of its label has what is the same for all of them."""

    finding: Finding
    links: tuple[ReferenceLink, ...] = ()
    heat: str = ""  # the heat map's address
    no_heat: str = ""  # why there can be none any more


def counting(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What counts: what a shadow or an ensemble's member says is never shown as the answer."""
    return tuple(each for each in findings if each.mode is Mode.ACTIVE)


def plain_cards(needs: Needs, findings: Iterable[Finding]) -> tuple[FindingCard, ...]:
    """The findings that count of a film that is not kept: without heat maps."""
    return tuple(
        FindingCard(finding=finding, links=_links(needs, finding) if is_first else ())
        for finding, is_first in _with_firsts(findings)
    )


def finding_cards(needs: Needs, detail: InstanceDetail) -> tuple[FindingCard, ...]:
    """The findings that count of a stored film."""
    cards = []
    for finding, is_first in _with_firsts(detail.findings):
        heat, no_heat = _heat(needs, detail, finding) if is_first else ("", "")
        links = _links(needs, finding) if is_first else ()
        cards.append(FindingCard(finding=finding, links=links, heat=heat, no_heat=no_heat))
    return tuple(cards)


def _with_firsts(findings: Iterable[Finding]) -> Iterator[tuple[Finding, bool]]:
    """What counts, each with whether it is the first of its model's label."""
    seen: set[tuple[str, str]] = set()
    for finding in counting(findings):
        of = (finding.model.name, finding.label)
        yield finding, of not in seen
        seen.add(of)


def boxes_of(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The findings' boxes, each with its label, for the viewer."""
    return [
        {
            "label": f"{words(each.label)} {percent(each.probability)}",
            "x": each.box.x,
            "y": each.box.y,
            "width": each.box.width,
            "height": each.box.height,
        }
        for each in findings
        if each.box is not None
    ]


def _links(needs: Needs, finding: Finding) -> tuple[ReferenceLink, ...]:
    return reference_links(finding.label) if needs.reference_links else ()


def _heat(needs: Needs, detail: InstanceDetail, finding: Finding) -> tuple[str, str]:
    """The heat map's address, or why there can be none; neither where the model never makes any."""
    try:
        makers = makers_of(needs, detail, finding.model.name)
    except Problem as problem:
        return "", str(problem.detail)
    if not shows(makers, finding.label):
        return "", ""
    asked = urlencode({"label": finding.label, "long_side": LONG_SIDE}, errors="replace")
    film, model = detail.instance.sop_instance_uid, quote(finding.model.name, safe="+")
    return f"/films/{film}/heatmap/{model}.png?{asked}", ""
