"""The table ``[detect]`` of pack.toml and those within it, read and written. ``docs/packs.md`` describes
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from classifiers.detectmanifest import Closer, Detect, OneName
from classifiers.manifest import Classes, Output
from classifiers.strict import Table

MOST_BOXES = 100  # of one label on one film; more is a mistake, not a finding
WIDEST = 10.0  # times a site's longer side; more is not a closer look
LARGEST_FILM = 8192  # pixels of a film's long side
SMALLEST, LARGEST = 0.25, 4.0  # times a box's width and height; beyond that it is another box


def read_detect(table: Table, outputs: Mapping[str, Output]) -> Detect:
    """The table ``[detect]``, held against the pack's heads. Raises PackError."""
    head = outputs["detect"]
    if strange := sorted({*outputs} - {"detect", "classify"}):
        raise table.error(f"knows no head {strange[0]!r}: only detect and classify")
    if any(output.classes is not Classes.INDEPENDENT for output in outputs.values()):
        raise table.error("needs heads with classes = 'independent'")
    detect = Detect(
        boxes=table.text("boxes"),
        overlap=table.number("overlap", low=0, high=1),
        most=table.whole("most", low=1, high=MOST_BOXES),
        image_weight=table.numbers("image_weight", counts=[len(head.labels)])
        if "image_weight" in table
        else None,
        box_size=table.numbers("box_size", counts=[len(head.labels)], low=SMALLEST, high=LARGEST)
        if "box_size" in table
        else None,
        heat=table.text("heat") if "heat" in table else None,
        closer=_closer(table.table("closer"), head) if "closer" in table else None,
        one_name=_one_name(table.table("one_name"), head) if "one_name" in table else None,
    )
    table.end()
    if detect.image_weight is not None:
        known = outputs["classify"].labels if "classify" in outputs else ()
        weighed = (
            label for label, weight in zip(head.labels, detect.image_weight, strict=True) if weight != 0
        )
        if strange := [label for label in weighed if label not in known]:
            raise table.error(f"image_weight weighs {strange[0]!r}, which [output.classify] does not know")
    return detect


def _closer(table: Table, head: Output) -> Closer:
    named = table.table("sites")
    sites = {site: named.names(site) for site in named.left()}
    closer = Closer(
        sites=MappingProxyType(sites),
        context=table.number("context", low=1, high=WIDEST),
        threshold=table.number("threshold", low=0, high=1),
        long_side=table.whole("long_side", low=8, high=LARGEST_FILM) if "long_side" in table else 2048,
        everywhere=table.names("everywhere") if "everywhere" in table else (),
    )
    table.end()
    if not sites:
        raise named.error("names no site")
    found = {label for labels in sites.values() for label in labels}
    if strange := sorted({*sites, *found} - {*head.labels}):
        raise named.error(f"names {strange[0]!r}, which is not one of the labels")
    if both := sorted({*sites} & found):
        raise named.error(f"names {both[0]!r} both as a site and as what is found at one")
    if strange := sorted({*closer.everywhere} - found):
        raise table.error(f"looks everywhere for {strange[0]!r}, which is looked for at no site")
    if stated := sorted({*sites} & {*head.thresholds}):
        raise named.error(f"names {stated[0]!r}, which has a threshold: a site is never stated")
    return closer


def _one_name(table: Table, head: Output) -> OneName:
    found = OneName(labels=table.names("labels"), overlap=table.number("overlap", low=0, high=1))
    table.end()
    if strange := sorted({*found.labels} - {*head.thresholds}):
        raise table.error(f"names {strange[0]!r}, which has no threshold: it is never stated")
    if len(found.labels) < 2:
        raise table.error("names one label: at least two can name one thing")
    return found


def detect_tables(detect: Detect) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """The tables of pack.toml with their titles, in order."""
    own: dict[str, Any] = {"boxes": detect.boxes, "overlap": detect.overlap, "most": detect.most}
    if detect.image_weight is not None:
        own["image_weight"] = detect.image_weight
    if detect.box_size is not None:
        own["box_size"] = detect.box_size
    if detect.heat is not None:
        own["heat"] = detect.heat
    tables: list[tuple[str, Mapping[str, Any]]] = [("[detect]", own)]
    if detect.closer is not None:
        tables += _closer_tables(detect.closer)
    if detect.one_name is not None:
        names = {"labels": detect.one_name.labels, "overlap": detect.one_name.overlap}
        tables.append(("[detect.one_name]", names))
    return tuple(tables)


def _closer_tables(closer: Closer) -> list[tuple[str, Mapping[str, Any]]]:
    how: dict[str, Any] = {
        "context": closer.context,
        "threshold": closer.threshold,
        "long_side": closer.long_side,
    }
    if closer.everywhere:
        how["everywhere"] = closer.everywhere
    return [("[detect.closer]", how), ("[detect.closer.sites]", closer.sites)]
