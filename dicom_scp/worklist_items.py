"""A worklist's answers as orders: Scheduled Procedure Steps put together by their order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from dicom_scp.characters import Characters
from dicom_scp.uids import is_uid
from router.orders import Order, OrderControl, OrderSource, Procedure
from router.views import Code

_CODES = (  # Code Value, Long Code Value, URN Code Value (PS3.3 Table 8.8-1)
    "CodeValue",
    "LongCodeValue",
    "URNCodeValue",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One answer: a step of a requested procedure."""

    order_number: str | None
    accession_number: str | None
    study_instance_uid: str | None
    patient_id: str | None
    patient_name: str | None
    procedure: Procedure | None
    scheduled_at: datetime | None


def item_of(answer: Dataset) -> Item:
    """An answer as we understand it; what cannot be read is not there."""
    characters = Characters(_Values(answer, Characters(())).several("SpecificCharacterSet"))
    values = _Values(answer, characters)
    steps = list(values.items("ScheduledProcedureStepSequence"))
    accession = values.one("AccessionNumber")
    uid = values.one("StudyInstanceUID")
    numbers = ("FillerOrderNumberImagingServiceRequest", "PlacerOrderNumberImagingServiceRequest")
    return Item(
        order_number=next((text for each in numbers if (text := values.one(each))), None)
        or accession
        or values.one("RequestedProcedureID"),
        accession_number=accession,
        study_instance_uid=uid if uid and is_uid(uid) else None,
        patient_id=values.one("PatientID"),
        patient_name=values.one("PatientName"),
        procedure=_procedure(values, steps),
        scheduled_at=next((at for step in steps if (at := _start(step))), None),
    )


def orders_of(items: Iterable[Item], *, origin: str) -> tuple[Order, ...]:
    """The orders behind the steps: one per order number and accession number, with every procedure."""
    groups: dict[tuple[str, str | None], list[Item]] = {}
    for item in items:
        if item.order_number is not None:
            groups.setdefault((item.order_number, item.accession_number), []).append(item)
    return tuple(_order(number, steps, origin) for (number, _), steps in groups.items())


def _order(number: str, steps: list[Item], origin: str) -> Order:
    first = steps[0]
    procedures = dict.fromkeys(step.procedure for step in steps if step.procedure is not None)
    return Order(
        order_number=number,
        source=OrderSource.WORKLIST,
        origin=origin,
        control=OrderControl.NEW,
        accession_number=first.accession_number,
        study_instance_uid=next((step.study_instance_uid for step in steps if step.study_instance_uid), None),
        patient_id=first.patient_id,
        patient_name=first.patient_name,
        procedures=tuple(procedures),
        scheduled_at=min((step.scheduled_at for step in steps if step.scheduled_at), default=None),
    )


class _Values:
    """Text of a data set's elements, straight from their bytes: pydicom's own checks are for writers."""

    def __init__(self, data_set: Dataset, characters: Characters) -> None:
        self._data_set = data_set
        self._characters = characters

    def several(self, keyword: str) -> tuple[str, ...]:
        tag = tag_for_keyword(keyword)
        element = self._data_set.get_item(tag) if tag is not None else None
        raw = getattr(element, "value", None)
        if not isinstance(raw, bytes):
            return (str(raw),) if isinstance(raw, str) and raw else ()
        return tuple(text.strip("\0 ") for text in self._characters.values(raw, one=False))

    def one(self, keyword: str) -> str | None:
        values = self.several(keyword)
        return (values[0] or None) if values else None

    def items(self, keyword: str) -> Iterator[_Values]:
        sequence = self._data_set.get(keyword)
        for item in sequence if isinstance(sequence, Iterable) and not isinstance(sequence, str) else ():
            yield _Values(item, self._characters)


def _procedure(values: _Values, steps: list[_Values]) -> Procedure | None:
    """The requested procedure; where the RIS names none, what is scheduled."""
    requested = _of(values, "RequestedProcedureCodeSequence", "RequestedProcedureDescription")
    if requested is not None:
        return requested
    scheduled = (
        _of(step, "ScheduledProtocolCodeSequence", "ScheduledProcedureStepDescription") for step in steps
    )
    return next((each for each in scheduled if each is not None), None)


def _of(values: _Values, sequence: str, description: str) -> Procedure | None:
    codes = [code for item in values.items(sequence) if (code := _code(item))]
    text = values.one(description) or next((code.meaning for code in codes if code.meaning), None)
    if not codes and text is None:
        return None
    return Procedure(code=codes[0] if codes else None, description=text, alternatives=tuple(codes[1:]))


def _code(item: _Values) -> Code | None:
    value = next((text for keyword in _CODES if (text := item.one(keyword))), None)
    if value is None:
        return None
    scheme, meaning = item.one("CodingSchemeDesignator"), item.one("CodeMeaning")
    return Code(value=value, scheme=scheme or "", meaning=meaning or "")


def _start(step: _Values) -> datetime | None:
    """When a step is planned: DA and TM in the time of this machine, as the RIS's offset is not sent."""
    day = step.one("ScheduledProcedureStepStartDate") or ""
    time = (step.one("ScheduledProcedureStepStartTime") or "").partition(".")[0].ljust(6, "0")
    try:
        return datetime.strptime(f"{day}{time}", "%Y%m%d%H%M%S").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
