from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.dimse_messages import C_ECHO_RQ, C_STORE_RQ, C_STORE_RSP
from pynetdicom.dimse_primitives import C_ECHO, C_STORE
from pynetdicom.dsutils import decode as pynetdicom_decode
from pynetdicom.dsutils import encode as pynetdicom_encode

from dicom_scp import command
from dicom_scp.pdus import ProtocolError

CR = "1.2.840.10008.5.1.4.1.1.1"


def test_a_store_request_of_pynetdicom_is_read() -> None:
    primitive = C_STORE()
    primitive.MessageID, primitive.AffectedSOPClassUID, primitive.AffectedSOPInstanceUID = 7, CR, "1.2.3"
    primitive.Priority, primitive.DataSet = 2, io.BytesIO(b"data")
    message = C_STORE_RQ()
    message.primitive_to_message(primitive)
    read = command.decode(pynetdicom_encode(message.command_set, True, True))
    assert read == command.Command(
        field=command.C_STORE_RQ, message_id=7, has_data_set=True, sop_class_uid=CR, sop_instance_uid="1.2.3"
    )


def test_an_echo_request_of_pynetdicom_is_read() -> None:
    primitive = C_ECHO()
    primitive.MessageID, primitive.AffectedSOPClassUID = 65535, "1.2.840.10008.1.1"
    message = C_ECHO_RQ()
    message.primitive_to_message(primitive)
    read = command.decode(pynetdicom_encode(message.command_set, True, True))
    assert (read.field, read.message_id, read.has_data_set) == (command.C_ECHO_RQ, 65535, False)


def test_pynetdicom_reads_our_response_as_we_meant_it() -> None:
    request = command.Command(
        field=1, message_id=9, has_data_set=True, sop_class_uid=CR, sop_instance_uid="1.2.3"
    )
    encoded = command.encode_response(request, status=0xC001, error_comment="odd")
    message = C_STORE_RSP()
    message.command_set = pynetdicom_decode(io.BytesIO(encoded), True, True)
    response = message.command_set
    assert response.CommandField == 0x8001 and response.MessageIDBeingRespondedTo == 9
    assert (response.Status, response.ErrorComment) == (0xC001, "odd")
    assert (response.AffectedSOPClassUID, response.AffectedSOPInstanceUID) == (CR, "1.2.3")
    assert response.CommandGroupLength == len(encoded) - 12


def test_our_own_requests_are_read_back() -> None:
    read = command.decode(command.encode_store(3, sop_class_uid=CR, sop_instance_uid="1.2.3.4"))
    assert (read.field, read.message_id, read.sop_instance_uid) == (command.C_STORE_RQ, 3, "1.2.3.4")
    assert read.is_request and read.has_data_set


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 7, b"\0\0\0\1\2\0\0\0\1", b"\x08\0\0\0\0\0\0\0", b"\0\0\0\1\3\0\0\0\1\0\0"]
)
def test_bytes_that_are_no_command_set_are_a_protocol_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        command.decode(data)


@given(st.binary(max_size=200))
def test_random_bytes_never_crash_it(data: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        command.decode(data)
