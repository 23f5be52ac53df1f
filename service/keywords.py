"""The DICOM keywords that rules may use: a misspelt one would otherwise match nothing, for ever."""

from __future__ import annotations

from functools import cache


@cache
def known_keywords() -> frozenset[str]:
    """Every keyword of the data dictionary (PS3.6 chapter 6), e.g. ``BodyPartExamined``."""
    from pydicom.datadict import keyword_dict

    return frozenset(keyword_dict)
