"""A Modality Worklist SCU: asks a RIS what was ordered, by accession number or patient (PS3.4 Annex K)."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO

from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from dicom_scp import command, pdus
from dicom_scp.link import Address, Link, Unreachable
from dicom_scp.pdus import ProtocolError
from dicom_scp.requesting import Accepted, Offer
from dicom_scp.status import NOT_SPECIFIED, PENDING, SUCCESS
from dicom_scp.wire import ConnectionEnded
from dicom_scp.worklist_items import Item, item_of, orders_of
from router.orders import Order

MODALITY_WORKLIST = "1.2.840.10008.5.1.4.31"  # PS3.4 Table K.5-1: Modality Worklist Information Model - FIND
_EXPLICIT, _IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
_OFFERS = tuple(
    Offer(abstract_syntax=MODALITY_WORKLIST, transfer_syntax=each) for each in (_EXPLICIT, _IMPLICIT)
)
_MESSAGE_ID = 1
LONGEST_ANSWER = 1 << 20  # bytes
LONGEST_S = 60.0  # for all answers together: the judge waits for them
MOST_ANSWERS = 2000  # of a worklist that ignores what it was asked for
_WILD = frozenset("*?\\")  # a key with one of these would mean another thing (PS3.4 section C.2.2.2.4)


def ask(
    address: Address, *, accession_number: str | None = None, patient_id: str | None = None
) -> tuple[Order, ...]:
    """What a worklist has for an accession number, else for a patient; nothing for neither.

    What it answers beside the question is left out: some worklists ignore the keys they do not support.
    Raises Unreachable, which says why; the association is over then.
    """
    key, asked = ("AccessionNumber", accession_number) if accession_number else ("PatientID", patient_id)
    if not asked or _WILD & set(asked):
        return ()

    def is_meant(item: Item) -> bool:
        return asked == (item.accession_number if accession_number else item.patient_id)

    with address.connect() as link:
        accepted = link.associate(_OFFERS)
        offer = next((each for each in _OFFERS if each in accepted.contexts), None)
        if offer is None:
            raise Unreachable(f"{address.called_ae_title} does not serve a modality worklist")
        try:
            found = _find(link, accepted, offer, _identifier(key, asked), is_meant)
        except (ConnectionEnded, ProtocolError, OSError) as error:
            raise Unreachable(f"no answer from the worklist {address.called_ae_title}: {error}") from error
        link.wire.last_word(pdus.release_rq())
    return orders_of(found, origin=address.called_ae_title)


def _find(
    link: Link, accepted: Accepted, offer: Offer, identifier: Dataset, is_meant: Callable[[Item], bool]
) -> list[Item]:
    context, is_implicit = accepted.contexts[offer], offer.transfer_syntax == _IMPLICIT
    request = command.encode_find(_MESSAGE_ID, sop_class_uid=MODALITY_WORKLIST)
    for part, is_command in ((request, True), (_encoded(identifier, is_implicit=is_implicit), False)):
        for pdu in pdus.data_pdus(context, part, is_command=is_command, longest=accepted.longest_pdu):
            link.wire.send(pdu)
    found: list[Item] = []
    end = time.monotonic() + LONGEST_S
    for number in range(MOST_ANSWERS + 1):
        if time.monotonic() > end:
            raise Unreachable(f"it was not done answering within {LONGEST_S:.0f} s")
        response, data = link.response(longest_data_set=LONGEST_ANSWER)
        if response.status not in PENDING:
            break
        if number < MOST_ANSWERS and is_meant(item := item_of(_decoded(data, is_implicit=is_implicit))):
            found.append(item)
    else:
        raise Unreachable(f"it answered more than {MOST_ANSWERS} times, whatever was asked")
    if response.status != SUCCESS:
        said = f"0x{response.status:04X} {response.error_comment}".strip()
        raise Unreachable(f"the worklist answered with status {said}")
    return found


def _identifier(key: str, value: str) -> Dataset:
    """What we want to know (PS3.4 Table K.6-1): matched by one key, the others returned."""
    step = Dataset()
    for keyword in ("Modality", "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime"):
        setattr(step, keyword, "")
    step.ScheduledProcedureStepDescription, step.ScheduledProcedureStepID = "", ""
    step.ScheduledProtocolCodeSequence = Sequence()
    wanted = Dataset()
    if not value.isascii():
        wanted.SpecificCharacterSet = "ISO_IR 192"
    wanted.ScheduledProcedureStepSequence = Sequence([step])
    wanted.RequestedProcedureCodeSequence = Sequence()
    for keyword in (
        *("AccessionNumber", "PatientName", "PatientID", "StudyInstanceUID", "RequestedProcedureID"),
        *("RequestedProcedureDescription", "PlacerOrderNumberImagingServiceRequest"),
        "FillerOrderNumberImagingServiceRequest",
    ):
        setattr(wanted, keyword, "")
    # Unchecked: an accession number may be longer than it should, and a complaint would quote it in the log.
    wanted[key] = DataElement(key, wanted[key].VR, value, validation_mode=config.IGNORE)
    return wanted


def _encoded(data_set: Dataset, *, is_implicit: bool) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, is_implicit
    write_dataset(buffer, data_set)
    return bytes(buffer.getvalue())


def _decoded(data: bytes, *, is_implicit: bool) -> Dataset:
    """An answer's identifier. Raises ProtocolError for what is no data set."""
    try:
        return read_dataset(BytesIO(data), is_implicit, True)
    except Exception as error:  # pydicom names no family of errors for bytes that are no data set
        raise ProtocolError(
            f"an answer is no data set ({type(error).__name__})", reason=NOT_SPECIFIED
        ) from error
