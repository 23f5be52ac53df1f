"""What an OBR asks for: its procedure in every code it carries, and the side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hl7_mllp.fields import Segment
from router.orders import Procedure, Side
from router.views import Code

# HL7 tables 0411 and 0340 (CPT modifiers), SNOMED CT, SNOMED RT as DICOM wrote it, and the words themselves
_RIGHT = ("R", "RT", "RGH", "RIGHT", "24028007", "G-A100", "RE", "RECHTS", "DERECHA", "DERECHO", "DROIT")
_LEFT = ("L", "LT", "LFT", "LEFT", "7771000", "G-A101", "LI", "LINKS", "IZQUIERDA", "IZQUIERDO", "GAUCHE")
_BOTH = ("B", "BI", "BLT", "BIL", "BILATERAL", "BOTH", "50", "51440002", "G-A102", "BEIDSEITS", "BDS", "R+L")
SIDES = {
    **dict.fromkeys((*_RIGHT, "DROITE", "DIREITO", "DIREITA"), Side.RIGHT),
    **dict.fromkeys((*_LEFT, "ESQUERDO", "ESQUERDA"), Side.LEFT),
    **dict.fromkeys(_BOTH, Side.BOTH),
}
_UNIVERSAL_SERVICE, _SPECIMEN_SOURCE, _PROCEDURE_CODE = 4, 15, 44
_MODIFIERS = (45, 46, 47)  # Procedure Code Modifier, placer's and filler's supplements
_SITE_MODIFIER = 5  # of Specimen Source: where IHE RAD-4 puts the laterality (TF-2 section 4.4.4.1.2)
_PROTOCOL_CODE = 6  # of IPC


def procedure(obr: Segment, ipcs: Sequence[Segment]) -> Procedure | None:
    """The procedure of one OBR; None when it names none.

    The first code is OBR-4's, the others (its alternative triplet, OBR-44, IPC-6) are alternatives to it.
    """
    places = [(obr, _UNIVERSAL_SERVICE), (obr, _PROCEDURE_CODE), *((ipc, _PROTOCOL_CODE) for ipc in ipcs)]
    codes, texts = [], []
    for segment, field in places:
        for first in (1, 4):
            value, text = segment.text(field, first), segment.text(field, first + 1)
            if value:
                codes.append(
                    Code(value=value, scheme=segment.text(field, first + 2) or "", meaning=text or "")
                )
            if text:
                texts.append(text)
    codes = list(dict.fromkeys(codes))
    if not codes and not texts:
        return None
    return Procedure(
        code=codes[0] if codes else None,
        description=texts[0] if texts else None,
        alternatives=tuple(codes[1:]),
    )


def side(obrs: Iterable[Segment]) -> Side | None:
    """The side that OBRs state apart from their procedures; right and left are both."""
    found = {SIDES[word] for obr in obrs for word in _words(obr) if word in SIDES}
    if not found:
        return None
    return found.pop() if len(found) == 1 else Side.BOTH


def _words(obr: Segment) -> Iterator[str]:
    places = [(_SPECIMEN_SOURCE, _SITE_MODIFIER, each) for each in (1, 2)]
    for field, component, subcomponent in places:
        yield (obr.text(field, component, subcomponent=subcomponent) or "").upper()
    for field in _MODIFIERS:
        for repetition in obr.repetitions(field):
            yield from ((obr.text(field, each, repetition=repetition) or "").upper() for each in (1, 2))
