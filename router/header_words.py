"""What a film's header claims, in the words that claims are read from, as sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.requested import requested_procedures
from router.types import Instance


def header_words(instance: Instance) -> dict[str, Any]:
    """The fields of ``router.verdicts.FilmFacts`` that come from the header."""
    attributes = instance.attributes
    return {
        "image_laterality": instance.image_laterality,
        "modality": instance.modality,
        "body_part_examined": instance.body_part_examined,
        "view_position": instance.view_position,
        "series_description": instance.series_description,
        "study_description": instance.study_description,
        "protocol_name": _first(attributes, "ProtocolName"),
        "anatomic_region_code": _first(attributes, "AnatomicRegionSequence.CodeValue"),
        "view_code": _first(attributes, "ViewCodeSequence.CodeValue"),
        "procedures": requested_procedures(attributes),
    }


def _first(attributes: Mapping[str, tuple[str, ...]], keyword: str) -> str | None:
    return next((value for value in attributes.get(keyword, ()) if value), None)
