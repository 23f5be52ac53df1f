from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dicom_scp import header
from dicom_scp.header import Announced
from dicom_scp.status import InvalidUID
from dicom_scp.uids import checked_uid
from router.errors import ClassMismatch, InvalidObject

SYNTAXES = [
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_same_facts_come_out_of_every_encoding(films: Any, syntax: str) -> None:
    nested = Dataset()
    nested.CodeValue, nested.PatientID = "x", "not the patient"
    instance = header.read(
        films.write(
            transfer_syntax=syntax,
            AnatomicRegionSequence=Sequence([nested]),
            ImageType=["ORIGINAL", "PRIMARY"],
            KVP="80.5",
            InstanceNumber="3",
            NumberOfFrames="2",
            ExposureInuAs=12,
            ImagerPixelSpacing=[0.1, 0.2],
        )
    )
    assert instance.transfer_syntax_uid == syntax
    assert (instance.modality, instance.body_part_examined, instance.view_position) == ("CR", "CHEST", "PA")
    assert (instance.rows, instance.columns, instance.number_of_frames, instance.instance_number) == (
        4,
        4,
        2,
        3,
    )
    assert (instance.patient_id, instance.patient_name, instance.study_date) == ("P1", "Doe^Jane", "20260101")
    assert instance.attributes["ImageType"] == ("ORIGINAL", "PRIMARY")
    assert instance.attributes["KVP"] == ("80.5",) and instance.attributes["BitsStored"] == ("12",)
    assert instance.attributes["ImagerPixelSpacing"] == ("0.1", "0.2")
    assert not {"PixelData", "AnatomicRegionSequence", "CodeValue"} & set(instance.attributes)


def code(value: str, scheme: str = "SCT", meaning: str | None = None, **more: Any) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = value, scheme
    if meaning is not None:
        item.CodeMeaning = meaning
    for keyword, inner in more.items():
        setattr(item, keyword, inner)
    return item


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_codes_of_region_view_and_procedures_are_kept_item_by_item(
    films: Any, syntax: str, undefined: bool
) -> None:
    asked = Dataset()
    asked.RequestedProcedureDescription = "Röntgen Thorax"
    asked.RequestedProcedureCodeSequence = Sequence([code("36643-5", "LN", "XR Chest 2 Views")])
    asked.ScheduledProcedureStepID = "not kept"
    given = {
        "AnatomicRegionSequence": Sequence([code("816094009", meaning="Chest")]),
        "ViewCodeSequence": Sequence(
            [code("399348003", ViewModifierCodeSequence=Sequence([code("399162004", meaning="caudad")]))]
        ),
        "ProcedureCodeSequence": Sequence([code("A", "L", "Thorax"), code("B", "L"), code("C", "L", "ap")]),
        "RequestAttributesSequence": Sequence([asked, Dataset()]),
        "AcquisitionContextSequence": Sequence([code("not kept")]),
    }
    for sequence in given.values():
        sequence.is_undefined_length = undefined
        for item in sequence:
            item.is_undefined_length_sequence_item = undefined
    instance = header.read(films.write(transfer_syntax=syntax, SpecificCharacterSet="ISO_IR 192", **given))
    coded = {keyword: values for keyword, values in instance.attributes.items() if "." in keyword}
    procedure = "RequestAttributesSequence.RequestedProcedureCodeSequence"
    assert coded == {
        "AnatomicRegionSequence.CodeValue": ("816094009",),
        "AnatomicRegionSequence.CodingSchemeDesignator": ("SCT",),
        "AnatomicRegionSequence.CodeMeaning": ("Chest",),
        "ViewCodeSequence.CodeValue": ("399348003",),
        "ViewCodeSequence.CodingSchemeDesignator": ("SCT",),
        "ViewCodeSequence.ViewModifierCodeSequence.CodeValue": ("399162004",),
        "ViewCodeSequence.ViewModifierCodeSequence.CodingSchemeDesignator": ("SCT",),
        "ViewCodeSequence.ViewModifierCodeSequence.CodeMeaning": ("caudad",),
        "ProcedureCodeSequence.CodeValue": ("A", "B", "C"),
        "ProcedureCodeSequence.CodingSchemeDesignator": ("L", "L", "L"),
        "ProcedureCodeSequence.CodeMeaning": ("Thorax", "", "ap"),
        "RequestAttributesSequence.RequestedProcedureDescription": ("Röntgen Thorax", ""),
        f"{procedure}.CodeValue": ("36643-5",),
        f"{procedure}.CodingSchemeDesignator": ("LN",),
        f"{procedure}.CodeMeaning": ("XR Chest 2 Views",),
    }


def test_codes_are_bounded_like_everything_a_stranger_sends(films: Any) -> None:
    many = Sequence([code(str(number)) for number in range(100)])
    huge = Sequence([code(str(number), meaning="x" * 64) for number in range(2000)])
    instance = header.read(films.write(ProcedureCodeSequence=many, ViewCodeSequence=huge))
    assert instance.attributes["ProcedureCodeSequence.CodeValue"] == tuple(str(n) for n in range(16))
    assert "ViewCodeSequence.CodeValue" not in instance.attributes


def test_a_code_sequence_that_cannot_be_understood_keeps_no_object_out(films: Any) -> None:
    data = films.write(ViewCodeSequence=Sequence([code("399348003")])).read_bytes()
    item = data.index(b"\x54\x00\x20\x02SQ") + 12
    instance = header.read(io.BytesIO(data[:item] + b"\xfe\xff\x01\xe0" + data[item + 4 :]))
    assert instance.modality == "CR" and "ViewCodeSequence.CodeValue" not in instance.attributes


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_attributes_are_those_that_pydicom_reads(shared: Path) -> None:
    """On every real file that pydicom understands, for the elements where both speak of text."""
    for path in sorted((shared / "dicom").glob("*/*.dcm")):
        try:
            instance = header.read(path)
        except InvalidObject:
            continue
        film = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        for keyword in ("SOPInstanceUID", "Modality", "PatientID", "Manufacturer", "StudyDate", "Rows"):
            value = film.get(keyword)
            theirs = "" if value is None else str(value).strip().replace("\0", "")
            assert "\\".join(instance.attributes.get(keyword, ("",))) == theirs, (path.name, keyword)


@pytest.mark.parametrize(
    "keyword", ["SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID"]
)
@pytest.mark.parametrize(
    "value", [None, "", "..", ".", "1..2", ".1", "1.", "1.2/../3", "a.b", "1" * 65, "1.2 .3"]
)
def test_a_uid_that_is_none_is_refused_by_name_and_not_by_value(
    films: Any, keyword: str, value: str | None
) -> None:
    data = films.write(**{keyword: None}).read_bytes()
    start = 144 + int.from_bytes(data[140:144], "little")
    tag = tag_for_keyword(keyword)
    assert tag is not None
    raw = (value or "").encode()
    element = struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, b"UI", len(raw)) + raw
    with pytest.raises(InvalidUID, match=keyword) as refused:
        header.read(io.BytesIO(data[:start] + (b"" if value is None else element) + data[start:]))
    assert not value or len(value) < 3 or value not in str(refused.value)


@pytest.mark.parametrize("uid", ["1", "1.2.840", "0.0", "1.02.3", "2." + "9" * 62])
def test_a_uid_of_digits_and_dots_is_taken(uid: str) -> None:
    assert checked_uid(uid, "SOPInstanceUID") == uid


@pytest.mark.parametrize("uid", ["1\n", "\N{ARABIC-INDIC DIGIT ONE}", "1.2\0", "-1", "1.2.840.", "CON"])
def test_no_other_uid_is(uid: str) -> None:
    with pytest.raises(InvalidUID):
        checked_uid(uid, "SOPInstanceUID")


def test_another_class_or_instance_than_announced_is_a_mismatch(films: Any) -> None:
    film = films.write(SOPInstanceUID="1.2.3")
    cr = "1.2.840.10008.5.1.4.1.1.1"
    assert header.read(film, announced=Announced(sop_class_uid=cr, sop_instance_uid="1.2.3"))
    with pytest.raises(ClassMismatch, match="SOPClassUID"):
        header.read(film, announced=Announced(sop_class_uid=cr + ".1", sop_instance_uid="1.2.3"))
    with pytest.raises(ClassMismatch, match="SOPInstanceUID"):
        header.read(film, announced=Announced(sop_class_uid=cr, sop_instance_uid="1.2.4"))


@pytest.mark.parametrize("syntax", SYNTAXES[:3])
def test_a_data_set_cut_off_inside_an_element_is_refused(films: Any, syntax: str) -> None:
    data = films.write(transfer_syntax=syntax, PatientComments="x" * 100).read_bytes()
    inside = [data.index(b"xxx") + 50, *range(len(data) - 39, len(data))]
    for length in inside:
        with pytest.raises(InvalidObject):
            header.read(io.BytesIO(data[:length]))


def test_encapsulated_pixels_cut_off_are_refused(films: Any) -> None:
    film = films.write().read_bytes()
    head = film[: film.index(b"\xe0\x7f\x10\x00")]
    fragments = struct.pack("<HHI", 0xFFFE, 0xE000, 0) + struct.pack("<HHI", 0xFFFE, 0xE000, 100) + bytes(100)
    pixels = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + fragments
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    assert header.read(io.BytesIO(head + pixels + end))
    for cut in (1, 50, 101):
        with pytest.raises(InvalidObject):
            header.read(io.BytesIO(head + pixels[:-cut]))


def test_text_in_other_alphabets_is_read(films: Any) -> None:
    japanese = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    film = films.write(SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName=japanese)
    assert header.read(film).patient_name == japanese
    film = films.write(SpecificCharacterSet="ISO_IR 192", StudyDescription="Röntgen Brustkorb ✓")
    assert header.read(film).study_description == "Röntgen Brustkorb ✓"


def test_text_that_breaks_its_character_set_is_kept_as_far_as_it_goes(films: Any) -> None:
    data = films.write(SpecificCharacterSet="ISO_IR 192", PatientID="AAAA").read_bytes()
    instance = header.read(io.BytesIO(data.replace(b"AAAA", b"A\xff\0A")))
    assert instance.patient_id == "A\N{REPLACEMENT CHARACTER}A"


def test_what_is_kept_of_a_stranger_is_bounded(films: Any) -> None:
    instance = header.read(
        films.write(
            ImageComments="x" * 9000,
            OtherPatientNames="\\".join("abc" for _ in range(200)),
            TextValue="t" * 100_000,
            PatientComments="y" * 9000,
        )
    )
    assert all(len(values) <= 64 for values in instance.attributes.values())
    assert all(len(value) <= 1024 for values in instance.attributes.values() for value in values)
    assert sum(len(v) for values in instance.attributes.values() for v in values) <= 32 * 1024
    assert "TextValue" not in instance.attributes


def test_a_hundred_megabytes_before_the_pixels_are_not_read(films: Any) -> None:
    film = films.write().read_bytes()
    at = film.index(b"\x28\x00\x02\x00")
    bulk = b"\x11\x00\x10\x10OB\0\0" + (100 << 20).to_bytes(4, "little") + bytes(100 << 20)
    large = films.keep("large.dcm", film[:at] + bulk + film[at:])
    tracemalloc.start()
    assert header.read(large).rows == 4
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_deflated_bomb_is_refused_with_little_memory(films: Any) -> None:
    deflate = zlib.compressobj(9, wbits=-15)
    head = b"\x08\0\x05\0CS\0\0" + b"\x09\0\x10\x10OB\0\0" + (2**31).to_bytes(4, "little")
    bomb = (
        deflate.compress(head)
        + b"".join(deflate.compress(bytes(1 << 20)) for _ in range(300))
        + deflate.flush()
    )
    film = films.write(transfer_syntax=DeflatedExplicitVRLittleEndian).read_bytes()
    start = 144 + int.from_bytes(film[140:144], "little")
    tracemalloc.start()
    with pytest.raises(InvalidObject, match="deflated"):
        header.read(films.keep("bomb.dcm", film[:start] + bomb))
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_a_bare_data_set_without_meta_information_is_understood(films: Any) -> None:
    film = films.write(transfer_syntax=ImplicitVRLittleEndian).read_bytes()
    bare = film[144 + int.from_bytes(film[140:144], "little") :]
    assert header.read(films.keep("bare.dcm", bare)).modality == "CR"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 3000),
)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_mutated_files_are_read_or_refused_but_never_crash(
    films: Any, syntax: str, flips: list[tuple[int, int]], cut: int
) -> None:
    nested = Dataset()
    nested.CodeValue = "x"
    data = bytearray(
        films.write(transfer_syntax=syntax, AnatomicRegionSequence=Sequence([nested])).read_bytes()
    )
    for place, value in flips:
        data[place % len(data)] = value
    try:
        header.read(io.BytesIO(bytes(data[: cut or None])))
    except (InvalidObject, ClassMismatch) as error:
        assert str(error)
