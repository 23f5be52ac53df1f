from __future__ import annotations

import pytest

from dicom_scp.status import InvalidUID, comment, status_of
from router.errors import ClassMismatch, InvalidObject, OutOfResources


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (OutOfResources("the storage is full"), 0xA700, "the storage is full"),
        (ClassMismatch("SOPClassUID differs"), 0xA900, "SOPClassUID differs"),
        (InvalidObject("ends inside (0010,0010)"), 0xC000, "ends inside (0010,0010)"),
        (InvalidUID("StudyInstanceUID is missing"), 0xC001, "StudyInstanceUID is missing"),
        (KeyError("Doe^Jane"), 0x0110, "internal error, see the log"),
    ],
)
def test_each_error_has_its_status_and_none_is_success(error: Exception, code: int, says: str) -> None:
    assert (status_of(error).code, status_of(error).comment) == (code, says)


def test_an_error_comment_fits_its_element() -> None:
    assert len(comment("x" * 200)) == 64
    assert comment("a\\b\nü") == "a?b??"
