"""What was found as DICOM JSON (PS3.18 Annex F): the header's words as sent, and this service's answers.

The attributes in ``ANSWERED`` are always ours, never the header's; what is not known has no value.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from db.matching import FoundSeries, FoundStudy
from router.hanging import HungFilm
from router.types import Instance
from router.views import Code
from service.api.dicom_asking import ALL
from service.api.shape import showable

GROUP, CREATOR = 0x0071, "RADROUTER"
# What every search of a level answers with (PS3.18 tables 10.6.3-3 to 10.6.3-5), and what else belongs to it.
STUDY = frozenset(
    {
        *("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "TimezoneOffsetFromUTC"),
        *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID"),
    }
)
OF_STUDY = STUDY | {
    *("StudyDescription", "PatientAge", "PatientSize", "PatientWeight", "PatientComments"),
    *("AdmittingDiagnosesDescription", "NameOfPhysiciansReadingStudy", "Occupation"),
    *("AdditionalPatientHistory", "PatientBirthTime", "EthnicGroup"),
}
SERIES = frozenset(
    {
        *("Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber", "StudyInstanceUID"),
        *("PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime", "TimezoneOffsetFromUTC"),
    }
)
OF_SERIES = SERIES | {
    *("SeriesDate", "SeriesTime", "BodyPartExamined", "ProtocolName", "Manufacturer", "PatientPosition"),
    *("ManufacturerModelName", "StationName", "InstitutionName", "InstitutionalDepartmentName"),
    *("OperatorsName", "PerformingPhysicianName", "PerformedProcedureStepDescription", "SoftwareVersions"),
}
INSTANCE = frozenset(
    {
        *("SOPClassUID", "SOPInstanceUID", "InstanceNumber", "Rows", "Columns", "BitsAllocated"),
        *("NumberOfFrames", "TimezoneOffsetFromUTC", "StudyInstanceUID", "SeriesInstanceUID", "Modality"),
    }
)
FIELDS: Mapping[str, str] = {
    "SOPInstanceUID": "sop_instance_uid",
    "SOPClassUID": "sop_class_uid",
    "StudyInstanceUID": "study_instance_uid",
    "SeriesInstanceUID": "series_instance_uid",
    "Modality": "modality",
    "BodyPartExamined": "body_part_examined",
    "PatientID": "patient_id",
    "PatientName": "patient_name",
    "AccessionNumber": "accession_number",
    "StudyDate": "study_date",
    "StudyDescription": "study_description",
    "SeriesDescription": "series_description",
    "InstanceNumber": "instance_number",
    "Rows": "rows",
    "Columns": "columns",
    "NumberOfFrames": "number_of_frames",
}
ANSWERED = frozenset(
    {
        *("AnatomicRegionSequence", "ViewCodeSequence", "ProjectionEponymousNameCodeSequence"),
        *("ViewPosition", "ImageLaterality", "Laterality", "PatientOrientation"),
    }
)


def study_json(study: FoundStudy, fields: Collection[str]) -> Mapping[str, Any]:
    """A study in the words of its latest film."""
    wanted = STUDY | (OF_STUDY if ALL in fields else OF_STUDY & set(fields))
    found = _header(study.latest.instance, wanted)
    found.ModalitiesInStudy = list(study.summary.modalities)
    found.NumberOfStudyRelatedSeries = study.summary.series
    found.NumberOfStudyRelatedInstances = study.summary.instances
    return _document(found)


def series_json(series: FoundSeries, fields: Collection[str], *, with_study: bool) -> Mapping[str, Any]:
    """A series in the words of its latest film."""
    below = OF_STUDY | OF_SERIES
    wanted = SERIES | (STUDY if with_study else frozenset())
    found = _header(series.latest.instance, wanted | (below if ALL in fields else below & set(fields)))
    found.NumberOfSeriesRelatedInstances = series.instances
    return _document(found)


def instance_json(film: HungFilm, fields: Collection[str], *, with_study: bool) -> Mapping[str, Any]:
    """A film: its header as far as it was asked for, and what it is said to be."""
    wanted = INSTANCE | (STUDY | SERIES if with_study else frozenset()) | set(fields)
    if ALL in fields:
        wanted |= set(film.instance.attributes)
    found = _header(film.instance, wanted - ANSWERED)
    found.AnatomicRegionSequence = _items(film.shown.anatomic_region if film.shown else None)
    found.ViewCodeSequence = _items(film.view_code)
    for item in found.ViewCodeSequence:
        modifiers = film.shown.modifiers if film.shown else ()
        item.ViewModifierCodeSequence = Items(_item(code) for code in modifiers)
    found.ProjectionEponymousNameCodeSequence = _items(film.shown.eponym if film.shown else None)
    found.ViewPosition = film.view_position.value if film.view_position else None
    found.ImageLaterality = film.image_laterality.value if film.image_laterality else None
    found.PatientOrientation = list(film.patient_orientation) if film.patient_orientation else None
    _add_private(found, film)
    return _document(found)


def _document(found: Dataset) -> Mapping[str, Any]:
    document: Mapping[str, Any] = found.to_json_dict()
    return document


def _add_private(found: Dataset, film: HungFilm) -> None:
    """What DICOM has no attribute for; ``docs/hanging.md`` has the table."""
    said = film.prediction
    block = found.private_block(GROUP, CREATOR, create=True)
    block.add_new(0x01, "LO", film.view)
    block.add_new(0x02, "FD", film.score)
    block.add_new(0x03, "FD", said.margin if said else None)
    block.add_new(0x04, "CS", film.source.upper() if film.source else None)
    block.add_new(0x05, "LO", str(said.model) if said else None)
    block.add_new(0x06, "CS", film.state.upper())
    block.add_new(0x07, "US", film.rotation_to_upright)
    block.add_new(0x08, "CS", [conflict.attribute.upper()[:16] for conflict in film.conflicts] or None)


def _items(code: Code | None) -> Items:
    return Items([] if code is None else [_item(code)])


def _item(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme, code.meaning
    return item


def _header(instance: Instance, wanted: Iterable[str]) -> Dataset:
    """The header's elements of these keywords, those that can be told; what a header lacks has no value."""
    found = Dataset()
    found.SpecificCharacterSet = "ISO_IR 192"  # JSON is UTF-8 whatever the header was
    for keyword in wanted:
        tag = tag_for_keyword(keyword)
        if tag is None or tag in found:
            continue
        values = instance.attributes.get(keyword) or _validated(instance, keyword)
        element = _element(tag, [str(showable(one)) for one in values])
        if element is not None:
            found.add(element)
    return found


def _validated(instance: Instance, keyword: str) -> tuple[str, ...]:
    """What the door made of an element, where the header's own words are not kept."""
    value = getattr(instance, FIELDS[keyword]) if keyword in FIELDS else None
    return () if value is None else (str(value),)


def _element(tag: int, values: list[str]) -> DataElement | None:
    """One element; None where its VR depends on others, or a stranger's values do not fit it."""
    vr = dictionary_VR(tag)
    if " or " in vr or vr in ("SQ", "OB", "OW", "UN", "AT"):
        return None
    try:
        read: list[Any] = [_READ.get(vr, str)(value) for value in values if value]
        value = read[0] if len(read) == 1 else read or None
        strictness = config.RAISE if vr in STRICT else config.IGNORE
        element = DataElement(tag, vr, value, validation_mode=strictness)
        whole = Dataset()
        whole.add(element)
        json.dumps(whole.to_json_dict(), allow_nan=False)
    except (ValueError, OverflowError, TypeError):
        return None
    return element


# Read by programs: a value that breaks the rule is not told. A text that is too long is told all the same.
STRICT = frozenset({"AS", "DA", "DS", "DT", "IS", "TM", "UI"})
_READ: Mapping[str, type[int] | type[float]] = {
    **dict.fromkeys(("US", "SS", "UL", "SL", "UV", "SV"), int),
    **dict.fromkeys(("FL", "FD"), float),
}
