"""HL7 v2 messages as orders: ORM^O01, OMI^O23, OMG^O19. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from hl7_mllp.characters import UTF_8
from hl7_mllp.complaints import Complaint, Condition
from hl7_mllp.fields import Segment
from hl7_mllp.patients import patient_id, patient_name
from hl7_mllp.procedures import procedure, side
from hl7_mllp.times import moment, offset
from router.orders import Order, OrderControl, OrderSource, Procedure

EVENTS = {"ORM": ("O01", ""), "OMI": ("O23",), "OMG": ("O19",)}  # early ORMs name no event
# HL7 table 0119. A replacement's old order (RP, RQ, RU) ends as a cancelled one does.
CONTROLS = {
    **dict.fromkeys(["NW", "RO", "PA", "CH", "SN"], OrderControl.NEW),
    **dict.fromkeys(["XO", "XX", "XR", "SC", "SR", "SS"], OrderControl.CHANGE),
    **dict.fromkeys(["HD", "HR", "OH", "RL", "OE", "OR", "RE", "NA", "OK", "PR"], OrderControl.CHANGE),
    **dict.fromkeys(["CA", "OC", "CR", "DC", "OD", "DR", "RP", "RQ", "RU"], OrderControl.CANCEL),
}
SAYS_NOTHING = frozenset({"UA", "UC", "UD", "UF", "UH", "UM", "UN", "UR", "UX", "DE", "DF", "AF", "LI"})
_ENDED = frozenset({"CA", "DC", "RP"})  # ORC-5, HL7 table 0038
_ORDER_OF_CONTROLS = (OrderControl.NEW, OrderControl.CHANGE)  # of several steps the first counts
_STUDY_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_LONGEST_UID = 64  # PS3.5 section 9.1
Place = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a site's messages are to be read."""

    accession_number: tuple[Place, ...] = (("IPC", 1), ("OBR", 18), ("ORC", 3), ("OBR", 3))  # first filled
    assigning_authority: str = ""  # of the patient ID to take (PID-3.4); empty: the first
    processing_ids: tuple[str, ...] = ("P", "T", "D")
    zone: tzinfo | None = None  # of times without one; None: this machine's


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What an answer needs of a message's MSH."""

    separators: str = "|^~\\&"
    sending: tuple[str, str] = ("", "")  # MSH-3, MSH-4
    receiving: tuple[str, str] = ("", "")
    time: str = ""
    message_type: str = ""
    event: str = ""
    control_id: str = ""
    processing_id: str = "P"
    version: str = "2.5.1"
    accept_acknowledgement: str = ""  # MSH-15
    application_acknowledgement: str = ""  # MSH-16
    character_set: str = ""
    encoding: str = UTF_8


@dataclass(slots=True, kw_only=True)
class _Step:
    """An ORC with one OBR and what follows it."""

    orc: Segment
    obr: Segment | None = None
    ipcs: list[Segment] = field(default_factory=list)
    tq1: Segment | None = None


def read_header(msh: Segment) -> Header:
    """The header, whatever is wrong with it. Raises Complaint for an endless value."""
    return Header(
        separators="".join((msh.text(1) or "|", msh.text(2) or "^~\\&")),
        sending=(msh.text(3) or "", msh.text(4) or ""),
        receiving=(msh.text(5) or "", msh.text(6) or ""),
        time=msh.text(7) or "",
        message_type=(msh.text(9) or "").upper(),
        event=(msh.text(9, 2) or "").upper(),
        control_id=msh.text(10) or "",
        processing_id=(msh.text(11) or "P").upper(),
        version=msh.text(12) or "2.5.1",
        accept_acknowledgement=(msh.text(15) or "").upper(),
        application_acknowledgement=(msh.text(16) or "").upper(),
        character_set=msh.text(18) or "",
    )


def read_orders(header: Header, segments: Sequence[Segment], reading: Reading) -> tuple[Order, ...]:
    """The orders that a message states, one per order number; none for one that changes none.

    Raises Complaint.
    """
    _check(header, reading)
    steps = _steps(segments)
    by_number: dict[str, list[tuple[OrderControl, _Step]]] = {}
    for step in steps:
        control = _control(step)
        if control is not None:
            by_number.setdefault(_order_number(step, reading), []).append((control, step))
    pid = next((segment for segment in segments if segment.name == "PID"), None)
    study = _study_instance_uid(segments)
    return tuple(_order(number, stated, pid, study, header, reading) for number, stated in by_number.items())


def _check(header: Header, reading: Reading) -> None:
    if not header.control_id:
        raise Complaint(Condition.REQUIRED_FIELD, "MSH-10", "a message needs a control ID")
    if header.message_type not in EVENTS:
        known = ", ".join(f"{kind}^{events[0]}" for kind, events in EVENTS.items())
        raise Complaint(Condition.MESSAGE_TYPE, "MSH-9", f"only {known} are taken in here")
    if header.event not in EVENTS[header.message_type]:
        raise Complaint(Condition.EVENT_CODE, "MSH-9", f"{header.message_type} is taken in for orders alone")
    if header.processing_id not in reading.processing_ids:
        raise Complaint(Condition.PROCESSING_ID, "MSH-11", "messages of this kind are not taken in here")
    if not header.version.startswith("2."):
        raise Complaint(Condition.VERSION_ID, "MSH-12", "only HL7 version 2 is understood")


def _steps(segments: Iterable[Segment]) -> list[_Step]:
    steps: list[_Step] = []
    for segment in segments:
        if segment.name == "ORC":
            steps.append(_Step(orc=segment))
        elif segment.name in {"OBR", "IPC", "TQ1"} and not steps:
            raise Complaint(Condition.SEGMENT_SEQUENCE, segment.name, "there is no ORC before it")
        elif segment.name == "OBR" and steps[-1].obr is None:
            steps[-1].obr = segment
        elif segment.name == "OBR":  # one ORC for several
            steps.append(_Step(orc=steps[-1].orc, obr=segment, tq1=steps[-1].tq1))
        elif segment.name == "IPC":
            steps[-1].ipcs.append(segment)
        elif segment.name == "TQ1":
            steps[-1].tq1 = steps[-1].tq1 or segment
    if not steps:
        raise Complaint(Condition.SEGMENT_SEQUENCE, "ORC", "the message has no order")
    return steps


def _control(step: _Step) -> OrderControl | None:
    """What is done to the order; None when nothing is. Raises Complaint."""
    written = (step.orc.text(1) or "").upper()
    if not written:
        raise Complaint(Condition.REQUIRED_FIELD, "ORC-1", "an order needs its control code")
    if written in SAYS_NOTHING:
        return None
    if written not in CONTROLS:
        raise Complaint(Condition.TABLE_VALUE, "ORC-1", "this control code is not in HL7 table 0119")
    control = CONTROLS[written]
    ended = control is OrderControl.CHANGE and (step.orc.text(5) or "").upper() in _ENDED
    if ended or control is OrderControl.CANCEL:
        return OrderControl.CANCEL
    if step.obr is None and control is OrderControl.NEW:
        raise Complaint(Condition.SEGMENT_SEQUENCE, "OBR", "a new order needs what is ordered")
    return control if step.obr is not None else None  # a status alone changes nothing that is compared


def _order_number(step: _Step, reading: Reading) -> str:
    """The filler's number, else the placer's, else the accession number. Raises Complaint."""
    for number in (3, 2):
        for segment in (step.orc, step.obr):
            if segment is not None and (text := segment.text(number)):
                return text
    if text := _accession_number([step], reading):
        return text
    raise Complaint(
        Condition.REQUIRED_FIELD, "ORC-3", "an order needs a number: the filler's or the placer's"
    )


def _order(
    number: str,
    stated: Sequence[tuple[OrderControl, _Step]],
    pid: Segment | None,
    study: str | None,
    header: Header,
    reading: Reading,
) -> Order:
    """One order of its steps: what is not cancelled, or that all is."""
    live = [(control, step) for control, step in stated if control is not OrderControl.CANCEL]
    steps = [step for _, step in live or stated]
    zone = offset(header.time) or reading.zone
    obrs = [step.obr for step in steps if step.obr is not None]
    return Order(
        order_number=number,
        source=OrderSource.HL7,
        origin="|".join(header.sending),
        control=min(
            (control for control, _ in live), key=_ORDER_OF_CONTROLS.index, default=OrderControl.CANCEL
        ),
        accession_number=_accession_number(steps, reading),
        study_instance_uid=study,
        patient_id=patient_id(pid, reading.assigning_authority) if pid else None,
        patient_name=patient_name(pid) if pid else None,
        procedures=_procedures(steps),
        side=side(obrs),
        scheduled_at=next((at for step in steps if (at := _scheduled(step, zone))), None),
    )


def _procedures(steps: Iterable[_Step]) -> tuple[Procedure, ...]:
    found = [procedure(step.obr, step.ipcs) for step in steps if step.obr is not None]
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _accession_number(steps: Iterable[_Step], reading: Reading) -> str | None:
    """The first that is filled of the places that the site names."""
    steps = list(steps)
    for name, number in reading.accession_number:
        for step in steps:
            there = [step.orc, *([step.obr] if step.obr else []), *step.ipcs]
            found = [text for each in there if each.name == name and (text := each.text(number))]
            if found:
                return found[0]
    return None


def _scheduled(step: _Step, zone: tzinfo | None) -> datetime | None:
    """When it is planned: TQ1-7, else the timing in ORC-7 or OBR-27, else OBR-36; None for none of these."""
    places = [(step.tq1, 7, 1), (step.orc, 7, 4), (step.obr, 27, 4), (step.obr, 36, 1)]
    stated = (segment.text(number, part) for segment, number, part in places if segment is not None)
    return next((at for text in stated if (at := moment(text, zone)) is not None), None)


def _study_instance_uid(segments: Iterable[Segment]) -> str | None:
    """IPC-3, or ZDS-1 as IHE RAD-4 has it. Raises Complaint for what is no UID."""
    places = {"IPC": 3, "ZDS": 1}
    for segment in segments:
        number = places.get(segment.name)
        text = segment.text(number) if number else None
        if text and (len(text) > _LONGEST_UID or not _STUDY_UID.fullmatch(text)):
            raise Complaint(Condition.DATA_TYPE, f"{segment.name}-{number}", "this is no UID")
        if text:
            return text
    return None
