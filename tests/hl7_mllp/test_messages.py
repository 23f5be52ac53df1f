"""Messages of a RIS as orders: what is read from where, what is refused and why."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hl7_mllp.messages import Reading
from hl7_mllp.receiving import read
from router.orders import OrderControl, OrderSource, Procedure, Side
from router.views import Code

BERLIN = Reading(zone=ZoneInfo("Europe/Berlin"))


def raw(lines, encoding="utf-8") -> bytes:
    return ("\r".join(lines) + "\r").encode(encoding)


def orders(lines, reading=BERLIN):
    found = read(raw(lines), reading)
    assert found.complaint is None, found.complaint
    return found.orders


def complaint(lines, reading=BERLIN):
    found = read(raw(lines), reading)
    assert found.complaint is not None
    assert not found.orders
    return found.complaint


def changed(lines, name, number, text):
    """The message with one field of its first segment of that name changed."""
    done, new = False, []
    for line in lines:
        fields = line.split("|")
        at = number - 1 if name == "MSH" else number
        if fields[0] == name and not done:
            fields += [""] * (at + 1 - len(fields))
            fields[at] = text
            done = True
        new.append("|".join(fields))
    return new


def test_an_orm_of_ihe_rad_4_is_read_whole(orm) -> None:
    (order,) = orders(orm)
    assert (order.source, order.origin, order.control) == (OrderSource.HL7, "RIS|CENTRAL", OrderControl.NEW)
    assert (order.order_number, order.accession_number) == ("FI1", "A100")
    assert order.study_instance_uid == "1.2.3.4"
    assert (order.patient_id, order.patient_name) == ("4711", "Doe^Jane^Q^Dr^III")
    assert order.side is Side.RIGHT
    # 10:30 at MSH-7's +01:00
    assert order.scheduled_at == datetime(2026, 1, 2, 9, 30, tzinfo=UTC)
    assert order.procedures == (
        Procedure(
            code=Code(value="37925-5", scheme="LN", meaning="XR wrist 2 views"),
            description="XR wrist 2 views",
            alternatives=(Code(value="WR2", scheme="99LOC", meaning="Handgelenk 2 Ebenen"),),
        ),
    )


def test_an_omi_of_ihe_swf_b_is_read_whole(omi) -> None:
    (order,) = orders(omi, Reading(zone=ZoneInfo("Europe/Berlin"), assigning_authority="HOSP"))
    assert (order.order_number, order.accession_number) == ("FI2", "A200")
    assert order.study_instance_uid == "1.2.3.5"
    assert order.patient_id == "4711"
    assert order.patient_name == "M ller^Jörg"  # an escaped ^ cannot stand in a DICOM name
    assert order.side is Side.LEFT
    assert order.scheduled_at == datetime(2026, 1, 2, 8, 30, tzinfo=UTC)
    (procedure,) = order.procedures
    assert procedure.code == Code(value="36643-5", scheme="LN", meaning="Chest 2 views")
    assert procedure.alternatives == (Code(value="CH2", scheme="99LOC", meaning="Chest PA and lateral"),)


def test_an_omg_is_read_too(omi) -> None:
    (order,) = orders(changed(omi, "MSH", 9, "OMG^O19^OMG_O19"))
    assert order.order_number == "FI2"


@pytest.mark.parametrize(
    ("written", "status", "control"),
    [
        ("NW", "", OrderControl.NEW),
        ("XO", "", OrderControl.CHANGE),
        ("SC", "IP", OrderControl.CHANGE),
        ("SC", "CA", OrderControl.CANCEL),
        ("SC", "DC", OrderControl.CANCEL),
        ("CA", "", OrderControl.CANCEL),
        ("OC", "", OrderControl.CANCEL),
        ("DC", "", OrderControl.CANCEL),
        ("RP", "", OrderControl.CANCEL),
        ("RO", "", OrderControl.NEW),
        ("nw", "", OrderControl.NEW),
    ],
)
def test_the_control_code_says_what_becomes_of_the_order(orm, written, status, control) -> None:
    (order,) = orders(changed(changed(orm, "ORC", 1, written), "ORC", 5, status))
    assert order.control is control


def test_a_refused_cancel_or_a_bare_status_changes_nothing(orm) -> None:
    assert orders(changed(orm, "ORC", 1, "UC")) == ()
    bare = [line for line in changed(orm, "ORC", 1, "SC") if not line.startswith("OBR")]
    assert orders(bare) == ()


def test_a_cancel_needs_no_obr(orm) -> None:
    bare = [line for line in changed(orm, "ORC", 1, "CA") if not line.startswith("OBR")]
    (order,) = orders(bare)
    assert (order.control, order.order_number) == (OrderControl.CANCEL, "FI1")


def test_several_obrs_of_one_number_are_one_order_with_several_procedures(orm) -> None:
    second = "OBR|2|PL1|FI1|HAND2^Hand 2 views^99LOC|||||||||||^^^HAND^LT|||A100"
    (order,) = orders([*orm[:5], second, orm[5]])
    assert [each.description for each in order.procedures] == ["XR wrist 2 views", "Hand 2 views"]
    assert order.side is Side.BOTH


def test_several_numbers_are_several_orders(orm) -> None:
    more = ["ORC|NW|PL9|FI9", "OBR|2|PL9|FI9|HAND2^Hand 2 views^99LOC||||||||||||||A900"]
    first, second = orders([*orm, *more])
    assert (first.accession_number, second.accession_number) == ("A100", "A900")
    assert second.side is None


def test_of_several_steps_the_cancelled_one_is_left_out(orm) -> None:
    more = ["ORC|CA|PL1|FI1", "OBR|2|PL1|FI1|HAND2^Hand 2 views^99LOC||||||||||||||A100"]
    (order,) = orders([*orm, *more])
    assert order.control is OrderControl.NEW
    assert [each.description for each in order.procedures] == ["XR wrist 2 views"]


def test_where_the_accession_number_stands_is_a_setting(orm) -> None:
    without = changed(orm, "OBR", 18, "")
    assert orders(without)[0].accession_number == "FI1"
    assert orders(orm, Reading(accession_number=(("OBR", 19),)))[0].accession_number == "RP1"
    assert orders(orm, Reading(accession_number=()))[0].accession_number is None


@pytest.mark.parametrize(
    ("field", "text", "side"),
    [
        (15, "^^^HAND&Hand^L&Left", Side.LEFT),
        (15, "^^^HAND^RIGHT", Side.RIGHT),
        (45, "RT", Side.RIGHT),
        (45, "50", Side.BOTH),
        (46, "RGH^Right^HL70411", Side.RIGHT),
        (46, "POS~LFT", Side.LEFT),
        (46, "^links", Side.LEFT),
        (46, "MED^Medial", None),
    ],
)
def test_a_side_is_found_where_messages_put_it(orm, field, text, side) -> None:
    assert orders(changed(changed(orm, "OBR", 15, ""), "OBR", field, text))[0].side is side


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        (r"Doe\T\Son", "Doe&Son"),
        (r"a\F\b\R\c\E\d", r"a|b~c\d"),
        (r"\H\Wrist\N\ 2\.br\views", "Wrist 2 views"),
        (r"M\XC3BC\ller", "Müller"),
        (r"x\.sp99999999999\y", "x y"),
        (r"x\X00\y", "x y"),
        (r"50\60", r"50\60"),
        (r"x\C2842\y", "x\N{REPLACEMENT CHARACTER}y"),
        ("a\\", "a\\"),
    ],
)
def test_escape_sequences_are_resolved(orm, text, read_as) -> None:
    (order,) = orders(changed(orm, "OBR", 4, f"^{text}"))
    assert order.procedures[0].description == read_as


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("8859/1", "latin-1"),
        ("8859/15", "iso8859_15"),
        ("UNICODE UTF-8", "utf-8"),
        ("", "utf-8"),
        ("", "latin-1"),
        ("~ISO IR87", "iso2022_jp"),
        ("GB 18030-2000", "gb18030"),
    ],
)
def test_the_declared_character_set_is_used(orm, declared, encoding) -> None:
    name = "Müller^Jörg" if encoding not in ("iso2022_jp", "gb18030") else "山田^太郎"
    lines = changed(changed(orm, "MSH", 18, declared), "PID", 5, name)
    found = read(raw(lines, encoding), BERLIN)
    assert [order.patient_name for order in found.orders] == [name]


# what is wrong | its code | where
WRONG = [
    (("MSH", 10, ""), 101, "MSH-10"),
    (("MSH", 9, "ADT^A08"), 200, "MSH-9"),
    (("MSH", 9, "ORM^O02"), 201, "MSH-9"),
    (("MSH", 11, "X"), 202, "MSH-11"),
    (("MSH", 12, "3.0"), 203, "MSH-12"),
    (("MSH", 18, "KLINGON"), 103, "MSH-18"),
    (("ORC", 1, ""), 101, "ORC-1"),
    (("ORC", 1, "QQ"), 103, "ORC-1"),
    (("ZDS", 1, "not a uid"), 102, "ZDS-1"),
    (("ZDS", 1, "1." * 40 + "1"), 102, "ZDS-1"),
    (("PID", 3, "4" * 300), 102, "PID-3"),
]


@pytest.mark.parametrize(("change", "number", "where"), WRONG)
def test_what_is_wrong_is_said_by_code_and_place(orm, change, number, where) -> None:
    found = complaint(changed(orm, *change))
    assert (found.condition.number, found.where) == (number, where)


def test_an_order_without_any_number_is_refused(orm) -> None:
    nameless = orm
    for name, number in [("ORC", 2), ("ORC", 3), ("OBR", 2), ("OBR", 3), ("OBR", 18)]:
        nameless = changed(nameless, name, number, "")
    assert complaint(nameless).condition.number == 101


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["garbage"],
        ["MSH"],
        ["MSH|"],
        ["MSH|^^^^|A"],
        ["MSH|^&|RIS|C|||20260101||ORM^O01|1|P|2.3"],
        ["MSH|~^|RIS|C|||20260101||ORM~O01|1|P|2.3", "PID|1||4711~~~HOSP"],
        ["MSH|&~|RIS|C|||20260101||ORM&O01|1|P|2.3"],
        [r"MSH^^~\&^RIS^C^^^20260101^^ORM^O01"],
        ["MSH|^~\\&|A\rMSH|^~\\&|B"],
        ["PID|1||4711", r"MSH|^~\&|RIS"],
        [r"MSH|^~\&|RIS|C|||20260101||ORM^O01|1|P|2.3"],
        [r"MSH|^~\&|RIS|C|||20260101||ORM^O01|1|P|2.3", "OBR|1|2|3|A^B^C"],
        [r"MSH|^~\&|RIS|C|||20260101||ORM^O01|1|P|2.3", "ORC|NW|1"],
    ],
)
def test_what_is_no_order_message_is_refused(lines) -> None:
    complaint(lines)


def test_line_feeds_between_segments_are_taken_too(orm) -> None:
    for end in ("\n", "\r\n"):
        assert len(read(end.join(orm).encode(), BERLIN).orders) == 1


def test_other_separators_are_taken(orm) -> None:
    table = str.maketrans("|^~\\&", "!*@%$")
    (order,) = orders([line.translate(table) for line in orm])
    assert order.procedures[0].alternatives[0].value == "WR2"


def test_what_a_complaint_says_never_quotes_the_message(orm) -> None:
    for change, _, _ in WRONG:
        said = str(complaint(changed(orm, *change)))
        assert "Doe" not in said and "4711" not in said and "KLINGON" not in said


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data) -> None:
    read(data, BERLIN)
    read(b"MSH|^~\\&|A|B|||20260101||ORM^O01|1|P|2.3\r" + data, BERLIN)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_damaged_message_is_read_or_refused(orm, omi, data) -> None:
    whole = bytearray(raw(data.draw(st.sampled_from([orm, omi]))))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole) - 1))
        how = data.draw(st.sampled_from(["change", "cut", "double", "insert"]))
        if how == "change":
            whole[at] = data.draw(st.integers(0, 255))
        elif how == "cut" and len(whole) > 20:
            del whole[at : at + data.draw(st.integers(1, 30))]
        elif how == "double":
            whole[at:at] = whole[max(0, at - 30) : at]
        else:
            whole[at:at] = data.draw(st.sampled_from([b"|", b"^", b"~", b"\\", b"&", b"\r", b'""', b"\\X"]))
        if not whole:
            whole = bytearray(b"MSH")
    found = read(bytes(whole), BERLIN)
    assert found.complaint is None or not found.orders
    for order in found.orders:
        assert order.order_number and "\0" not in repr(order)
