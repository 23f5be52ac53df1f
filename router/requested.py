"""What a film's own header says was requested: procedures by code and by description, as sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from router.orders import Procedure
from router.views import Code

# Sequences of coded procedures, by the dotted keywords under which the header is kept (PS3.3 C.7.2.1, C.4.10,
# 10.6 Request Attributes Macro, 10.12 Performed procedures).
CODED = (
    "RequestAttributesSequence.RequestedProcedureCodeSequence",
    "RequestAttributesSequence.ScheduledProtocolCodeSequence",
    "RequestedProcedureCodeSequence",
    "ProcedureCodeSequence",
    "PerformedProtocolCodeSequence",
)
DESCRIBED = (
    "RequestAttributesSequence.RequestedProcedureDescription",
    "RequestAttributesSequence.ScheduledProcedureStepDescription",
    "RequestedProcedureDescription",
)


def requested_procedures(attributes: Mapping[str, tuple[str, ...]]) -> tuple[Procedure, ...]:
    """Each procedure that a header names, once; codes before descriptions."""
    return tuple(dict.fromkeys([*_coded(attributes), *_described(attributes)]))


def _coded(attributes: Mapping[str, tuple[str, ...]]) -> Iterator[Procedure]:
    for sequence in CODED:
        values = attributes.get(f"{sequence}.CodeValue", ())
        schemes = attributes.get(f"{sequence}.CodingSchemeDesignator", ())
        meanings = attributes.get(f"{sequence}.CodeMeaning", ())
        for number, value in enumerate(values):
            scheme = schemes[number] if number < len(schemes) else ""
            meaning = meanings[number] if number < len(meanings) else ""
            if value:
                code = Code(value=value, scheme=scheme, meaning=meaning)
                yield Procedure(code=code, description=meaning or None)


def _described(attributes: Mapping[str, tuple[str, ...]]) -> Iterator[Procedure]:
    for keyword in DESCRIBED:
        for text in attributes.get(keyword, ()):
            if text:
                yield Procedure(code=None, description=text)
