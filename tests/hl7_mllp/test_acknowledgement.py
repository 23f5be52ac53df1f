"""What goes back: original and enhanced mode, the reason where its version wants it."""

from __future__ import annotations

from datetime import UTC, datetime

import hl7
import pytest

from hl7_mllp.acknowledgement import answers
from hl7_mllp.complaints import Complaint, Condition
from hl7_mllp.messages import Header

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HEADER = Header(
    sending=("RIS", "CENTRAL"),
    receiving=("RADROUTER", "RAD"),
    message_type="ORM",
    event="O01",
    control_id="MSG1",
    version="2.5.1",
)
MISSING = Complaint(Condition.REQUIRED_FIELD, "ORC-1", "an order needs its control code")
WRONG_TYPE = Complaint(Condition.MESSAGE_TYPE, "MSH-9", "no")


def of(complaint=None, **changes):
    header = Header(**{name: getattr(HEADER, name) for name in HEADER.__dataclass_fields__} | changes)
    return [hl7.parse(answer.decode()) for answer in answers(header, complaint, now=NOW)]


def codes(messages) -> list[str]:
    return [str(message["MSA"][0][1]) for message in messages]


@pytest.mark.parametrize(
    ("complaint", "accept", "application", "expected"),
    [
        (None, "", "", ["AA"]),
        (MISSING, "", "", ["AE"]),
        (WRONG_TYPE, "", "", ["AR"]),
        (None, "AL", "NE", ["CA"]),
        (MISSING, "AL", "NE", ["CE"]),
        (WRONG_TYPE, "AL", "", ["CR"]),
        (None, "NE", "AL", ["AA"]),
        (None, "AL", "AL", ["CA", "AA"]),
        (None, "ER", "NE", []),
        (MISSING, "ER", "NE", ["CE"]),
        (None, "SU", "NE", ["CA"]),
        (MISSING, "SU", "NE", []),
        (None, "NE", "NE", []),
    ],
)
def test_the_mode_decides_what_is_answered(complaint, accept, application, expected) -> None:
    asked = {"accept_acknowledgement": accept, "application_acknowledgement": application}
    assert codes(of(complaint, **asked)) == expected


def test_an_answer_names_the_message_and_turns_sender_and_receiver_round() -> None:
    (answer,) = of()
    msh = answer["MSH"][0]
    assert [str(msh[each]) for each in (3, 4, 5, 6)] == ["RADROUTER", "RAD", "RIS", "CENTRAL"]
    assert str(msh[7]) == "20260102030405+0000"
    assert str(msh[9]) == "ACK^O01^ACK"
    assert str(answer["MSA"][0][2]) == "MSG1"


def test_the_reason_is_told_in_the_way_of_its_version() -> None:
    (new,) = of(MISSING)
    err = new["ERR"][0]
    assert [str(err[each]) for each in (1, 2, 3, 4)] == [
        "",
        "ORC^1^1",
        "101^Required field missing^HL70357",
        "E",
    ]
    assert str(err[8]) == "ORC-1: an order needs its control code"
    (old,) = of(MISSING, version="2.3.1")
    assert str(old["ERR"][0][1]) == "ORC^1^1^101&Required field missing&HL70357"
    assert "control code" in str(old["MSA"][0][3])


def test_what_is_repeated_is_escaped_with_the_senders_separators() -> None:
    (answer,) = of(control_id="a|b\rMSA|AA")
    assert str(answer["MSA"][0][1]) == "AA"
    assert "a\\F\\b" in str(answer["MSA"][0][2])
    (answer,) = of(separators="!*@%$")
    assert str(answer["MSA"][0][2]) == "MSG1"
