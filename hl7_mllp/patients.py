"""The patient of a PID as DICOM writes it: Patient ID and Patient's Name."""

from __future__ import annotations

from hl7_mllp.fields import Segment

_IDENTIFIERS, _EARLY_IDENTIFIER, _NAMES = 3, 2, 5
_FAMILY, _GIVEN, _MIDDLE, _SUFFIX, _PREFIX = 1, 2, 3, 4, 5  # of an XPN (v2.5.1 section 2.A.88)


def patient_id(pid: Segment, assigning_authority: str) -> str | None:
    """The identifier of an authority (PID-3.4, its name or its universal ID), or without one the first."""
    for repetition in pid.repetitions(_IDENTIFIERS):
        authority = [pid.text(_IDENTIFIERS, 4, repetition=repetition, subcomponent=part) for part in (1, 2)]
        if not assigning_authority or assigning_authority in authority:
            found = pid.text(_IDENTIFIERS, repetition=repetition)
            if found is not None:
                return found
    return None if assigning_authority else pid.text(_EARLY_IDENTIFIER)


def patient_name(pid: Segment) -> str | None:
    """Family^Given^Middle^Prefix^Suffix (PS3.5 section 6.2.1), of the first of the names."""
    parts = [pid.text(_NAMES, part) for part in (_FAMILY, _GIVEN, _MIDDLE, _PREFIX, _SUFFIX)]
    return "^".join((part or "").replace("^", " ") for part in parts).rstrip("^") or None
