"""Why a message is not taken in: HL7 table 0357, where, and one sentence that quotes none of its values."""

from __future__ import annotations

from enum import Enum

from router.errors import RefusedMessage


class Condition(Enum):
    """Message error conditions (HL7 v2.5.1 table 0357)."""

    SEGMENT_SEQUENCE = (100, "Segment sequence error")
    REQUIRED_FIELD = (101, "Required field missing")
    DATA_TYPE = (102, "Data type error")
    TABLE_VALUE = (103, "Table value not found")
    MESSAGE_TYPE = (200, "Unsupported message type")
    EVENT_CODE = (201, "Unsupported event code")
    PROCESSING_ID = (202, "Unsupported processing id")
    VERSION_ID = (203, "Unsupported version id")
    INTERNAL = (207, "Application internal error")

    @property
    def number(self) -> int:
        """Its code."""
        return self.value[0]

    @property
    def text(self) -> str:
        """Its text in the table."""
        return self.value[1]

    @property
    def rejects(self) -> bool:
        """Whether the answer is AR (type, processing ID, version, or no fault of the message) and not AE.

        HL7 v2.5.1 section 2.9.2.2.
        """
        return self.number >= Condition.MESSAGE_TYPE.number


class Complaint(RefusedMessage):
    """One message cannot be taken in. ``where`` is a field such as ``OBR-4``, or empty."""

    def __init__(self, condition: Condition, where: str, sentence: str) -> None:
        super().__init__(f"{where}: {sentence}" if where else sentence)
        self.condition = condition
        self.where = where
