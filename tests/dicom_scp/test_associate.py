"""Our association PDUs against pynetdicom's, in both directions."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID
from pynetdicom import AE
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ
from pynetdicom.sop_class import Verification

from dicom_scp import associate, negotiation
from dicom_scp.associate import Acceptance, ContextResult, Proposal, ProposedContext
from dicom_scp.pdus import ProtocolError
from dicom_scp.status import LOCAL_LIMIT_EXCEEDED, reason_of

CR = "1.2.840.10008.5.1.4.1.1.1"
PROPOSAL = Proposal(
    calling_ae_title="MODALITY",
    called_ae_title="RADROUTER",
    contexts=(
        ProposedContext(
            context_id=1, abstract_syntax=CR, transfer_syntaxes=("1.2.840.10008.1.2.4.70", "1.2")
        ),
        ProposedContext(context_id=3, abstract_syntax="1.2.3", transfer_syntaxes=("1.2.3.4",)),
        ProposedContext(
            context_id=5, abstract_syntax="1.2.840.10008.5.1.4.1.2.1.1", transfer_syntaxes=("1.2",)
        ),
        ProposedContext(context_id=7, abstract_syntax=CR, transfer_syntaxes=()),
    ),
    longest_pdu=16384,
)


def test_pynetdicom_reads_our_request() -> None:
    pdu = A_ASSOCIATE_RQ()
    pdu.decode(associate.encode_request(PROPOSAL))
    read = pdu.to_primitive()
    assert (read.calling_ae_title.strip(), read.called_ae_title.strip()) == ("MODALITY", "RADROUTER")
    assert read.application_context_name == UID("1.2.840.10008.3.1.1.1")
    assert read.maximum_length_received == 16384
    contexts = read.presentation_context_definition_list
    assert [(cx.context_id, cx.abstract_syntax, tuple(cx.transfer_syntax)) for cx in contexts][:2] == [
        (cx.context_id, cx.abstract_syntax, cx.transfer_syntaxes) for cx in PROPOSAL.contexts[:2]
    ]


def test_we_read_our_own_request_back() -> None:
    read = associate.decode_request(associate.encode_request(PROPOSAL))
    assert read.contexts == PROPOSAL.contexts and read.protocol_version == 1
    assert (read.calling_ae_title, read.called_ae_title, read.longest_pdu) == ("MODALITY", "RADROUTER", 16384)


def test_pynetdicom_reads_our_acceptance_with_each_context_s_result() -> None:
    proposal = associate.decode_request(associate.encode_request(PROPOSAL))
    acceptance = negotiation.answer(proposal, longest_pdu=1 << 20)
    encoded = associate.encode_acceptance(proposal, acceptance)
    pdu = A_ASSOCIATE_AC()
    pdu.decode(encoded)
    read = pdu.to_primitive()
    results = read.presentation_context_definition_results_list
    assert [(cx.context_id, cx.result) for cx in results] == [(1, 0), (3, 0), (5, 3), (7, 4)]
    assert results[0].transfer_syntax == ["1.2.840.10008.1.2.4.70"]
    assert read.maximum_length_received == 1 << 20
    assert associate.decode_acceptance(encoded) == acceptance


def test_pynetdicom_reads_our_rejection() -> None:
    encoded = associate.encode_rejection(LOCAL_LIMIT_EXCEEDED)
    pdu = A_ASSOCIATE_RJ()
    pdu.decode(encoded)
    assert (pdu.result, pdu.source, pdu.reason_diagnostic) == (2, 3, 2)
    assert reason_of(associate.decode_rejection(encoded)) == "rejected for now: local limit exceeded"


def test_a_pynetdicom_peer_with_roles_and_extras_associates_echoes_and_stores(
    listener: Any, films: Any
) -> None:
    from pydicom import dcmread
    from pynetdicom import build_role

    house = listener()
    ae = AE("PYNETDICOM")
    ae.add_requested_context(Verification)
    ae.add_requested_context(CR, "1.2.840.10008.1.2.1")
    ae.maximum_pdu_size = 0
    association = ae.associate(
        "127.0.0.1", house.port, ext_neg=[build_role(CR, scu_role=True, scp_role=True)], ae_title="RADROUTER"
    )
    assert association.is_established
    assert association.send_c_echo().Status == 0
    assert association.send_c_store(dcmread(films.write())).Status == 0
    association.release()
    assert association.is_released and len(house.stored()) == 1


@pytest.mark.parametrize(
    ("uid", "stored"),
    [
        (CR, True),
        ("1.2.840.10008.5.1.4.1.1.1.1", True),  # for presentation
        ("1.2.840.10008.5.1.4.1.1.5", True),  # retired
        ("1.2.840.10008.5.1.4.1.1.88.67", True),  # X-ray radiation dose SR
        ("1.2.840.10008.5.1.4.34.7", True),  # RT beams delivery instruction
        ("1.3.6.1.4.1.9.9", True),  # private
        ("not a UID", False),
        ("", False),
        ("1.2.840.10008.1.1", False),  # verification
        ("1.2.840.10008.1.20.1", False),  # storage commitment
        ("1.2.840.10008.1.3.10", False),  # DICOMDIR
        ("1.2.840.10008.5.1.4.38.1", False),  # hanging protocols
        ("1.2.840.10008.5.1.4.1.2.2.1", False),  # study root query
    ],
)
def test_every_storage_sop_class_is_taken_and_nothing_else(uid: str, stored: bool) -> None:
    assert negotiation.is_storage(uid) == stored


@given(data=st.binary(max_size=300), place=st.integers(0, 500), value=st.integers(0, 255))
def test_damaged_requests_are_read_or_refused_but_never_crash(data: bytes, place: int, value: int) -> None:
    damaged = bytearray(associate.encode_request(PROPOSAL))
    damaged[place % len(damaged)] = value
    for request in (data, bytes(damaged), bytes(damaged[: place or None])):
        with contextlib.suppress(ProtocolError):
            proposal = associate.decode_request(request)
            associate.encode_acceptance(proposal, negotiation.answer(proposal, longest_pdu=0))
        with contextlib.suppress(ProtocolError):
            associate.decode_acceptance(request)


def test_an_answer_names_only_what_was_asked() -> None:
    results = (ContextResult(context_id=9, result=0, transfer_syntax="1.2"),)
    data = associate.encode_acceptance(PROPOSAL, Acceptance(results=results, longest_pdu=0))
    assert associate.decode_acceptance(data).results == results
