"""The worklist SCU against DCMTK's wlmscpfs, and against one of pynetdicom's that misbehaves."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE, evt

from dicom_scp import worklist
from dicom_scp.link import Address, Unreachable
from dicom_scp.wire import Timeouts
from dicom_scp.worklist import MODALITY_WORKLIST, ask
from router.orders import OrderSource, Procedure
from router.views import Code


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def address(port: int, called: str = "WORKLIST", seconds: float = 5.0) -> Address:
    timeouts = Timeouts(negotiation=seconds, stalled=seconds, idle=seconds)
    return Address("127.0.0.1", port, "RADROUTER", called, None, timeouts)


def test_an_order_is_found_by_its_accession_number(wlmscpfs) -> None:
    port = wlmscpfs({}, {"accession": "A200", "number": "FI2", "study": "1.2.3.5"})
    (order,) = ask(address(port), accession_number="A100")
    assert (order.source, order.origin, order.order_number) == (OrderSource.WORKLIST, "WORKLIST", "FI1")
    assert (order.accession_number, order.study_instance_uid) == ("A100", "1.2.3.4")
    assert (order.patient_id, order.patient_name) == ("4711", "Doe^Jane")
    assert order.procedures == (
        Procedure(
            code=Code(value="37925-5", scheme="LN", meaning="XR wrist 2 views"),
            description="XR wrist 2 views",
        ),
    )
    assert order.scheduled_at == datetime(2026, 1, 2, 10, 30).astimezone(UTC)


def test_steps_of_one_order_are_put_together(wlmscpfs) -> None:
    port = wlmscpfs({}, {"step": "SPS2"}, {"step": "SPS3", "code": "36643-5", "description": "Chest 2 views"})
    (order,) = ask(address(port), accession_number="A100")
    assert {each.description for each in order.procedures} == {"XR wrist 2 views", "Chest 2 views"}


def test_without_an_accession_number_the_patient_is_asked_for(wlmscpfs) -> None:
    port = wlmscpfs({}, {"accession": "A200", "number": "FI2"}, {"patient": "9", "number": "FI3"})
    assert {order.order_number for order in ask(address(port), patient_id="4711")} == {"FI1", "FI2"}


def test_nothing_known_is_no_order(wlmscpfs) -> None:
    port = wlmscpfs({})
    assert ask(address(port), accession_number="A999") == ()
    assert ask(address(port), accession_number="A" * 30) == ()


@pytest.mark.parametrize("key", [{}, {"accession_number": "A*"}, {"patient_id": "47?1"}, {"patient_id": ""}])
def test_a_key_that_would_match_others_is_not_asked_for(key) -> None:
    assert ask(address(1), **key) == ()


@pytest.mark.parametrize("charset", ["ISO_IR 100", "ISO_IR 192"])
def test_names_come_in_the_worklists_character_set(wlmscpfs, charset) -> None:
    port = wlmscpfs({"charset": charset, "name": "Müller^Jörg", "description": "Handgelenk übersicht"})
    (order,) = ask(address(port), accession_number="A100")
    assert order.patient_name == "Müller^Jörg"
    assert order.procedures[0].description == "Handgelenk übersicht"


def test_nobody_there_is_said_in_one_sentence() -> None:
    with pytest.raises(Unreachable, match="no connection to"):
        ask(address(free_port()), accession_number="A100")


def test_a_worklist_that_does_not_know_us_is_said(wlmscpfs) -> None:
    port = wlmscpfs({})
    with pytest.raises(Unreachable, match="NOBODY"):
        ask(address(port, called="NOBODY"), accession_number="A100")


def test_a_listener_without_a_worklist_is_said(listener) -> None:
    with pytest.raises(Unreachable, match="does not serve a modality worklist"):
        ask(address(listener().port), accession_number="A100")


@pytest.fixture
def scp() -> Iterator[Callable[..., int]]:
    """A worklist of pynetdicom's that answers as this handler does."""
    servers = []

    def start(handler: Callable[..., Iterator[tuple[int, Dataset | None]]]) -> int:
        ae = AE(ae_title="WORKLIST")
        ae.add_supported_context(MODALITY_WORKLIST)
        server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, handler)])
        servers.append(server)
        return int(server.server_address[1])

    yield start
    for server in servers:
        server.shutdown()


def answer(**elements: object) -> Dataset:
    found = Dataset()
    found.AccessionNumber, found.PatientID = "A100", "4711"
    for keyword, value in elements.items():
        setattr(found, keyword, value)
    return found


def test_answers_beside_the_question_are_left_out(scp) -> None:
    def handler(_event: object) -> Iterator[tuple[int, Dataset | None]]:
        yield 0xFF00, answer(AccessionNumber="A999", FillerOrderNumberImagingServiceRequest="FI9")
        yield 0xFF01, answer(FillerOrderNumberImagingServiceRequest="FI1")
        yield 0xFF00, answer()

    orders = ask(address(scp(handler)), accession_number="A100")
    assert [order.order_number for order in orders] == ["FI1", "A100"]


def test_what_is_scheduled_stands_in_for_what_was_requested(scp) -> None:
    def handler(_event: object) -> Iterator[tuple[int, Dataset | None]]:
        code, step = Dataset(), Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "CH2", "99LOC", "Chest"
        step.ScheduledProtocolCodeSequence = Sequence([code])
        step.ScheduledProcedureStepStartDate = "20260230"  # no such day
        yield 0xFF00, answer(ScheduledProcedureStepSequence=Sequence([step]))

    (order,) = ask(address(scp(handler)), accession_number="A100")
    assert order.procedures == (
        Procedure(code=Code(value="CH2", scheme="99LOC", meaning="Chest"), description="Chest"),
    )
    assert order.scheduled_at is None


def test_a_status_that_is_no_success_is_said(scp) -> None:
    def handler(_event: object) -> Iterator[tuple[int, Dataset | None]]:
        yield 0xA700, None

    with pytest.raises(Unreachable, match="0xA700"):
        ask(address(scp(handler)), accession_number="A100")


def test_a_worklist_that_never_ends_is_left(scp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worklist, "MOST_ANSWERS", 3)

    def handler(_event: object) -> Iterator[tuple[int, Dataset | None]]:
        for _ in range(10):
            yield 0xFF00, answer()

    with pytest.raises(Unreachable, match="more than 3 times"):
        ask(address(scp(handler)), accession_number="A100")


def test_a_silent_worklist_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        with pytest.raises(Unreachable):
            ask(address(silent.getsockname()[1], seconds=0.5), accession_number="A100")
        assert time.monotonic() - start < 5
