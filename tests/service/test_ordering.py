"""Orders by HL7 and films by storescu through a running service, to the verdict over REST."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hl7
import pytest
from hl7.client import MLLPClient

pytestmark = pytest.mark.timeout(400)

DEMO = Path(__file__).parents[2] / "service" / "demo"
WRIST = ("2_wrist_ap.dcm", "3_wrist_lateral.dcm")
STUDY = "1.2.826.0.1.3680043.8.498.74675021787253654215074167452218674024"
SETTINGS = "[orders]\nquiet_s = 1\npoll_s = 0.1\n"
API = "/api/v1"


def message(number: str, *, procedure: str, control: str = "NW", kind: str = "ORM^O01") -> str:
    return "\r".join([
        rf"MSH|^~\&|RIS|CENTRAL|RADROUTER|RAD|20260102101500||{kind}|{number}|P|2.3.1",
        "PID|1||DEMO-0001^^^HOSP^MR||SENTINEL^PATIENT",
        f"ORC|{control}|PL1|FI1",
        f"OBR|1|PL1|FI1|^{procedure}||||||||||||||DEMO-ACC-1",
    ])  # fmt: skip


def port_of(house: Any) -> int:
    found = house.wait_for(lambda: re.search(r"^HL7 .*:(\d+)", house.text(), re.MULTILINE), "the HL7 port")
    return int(found[1])


def answered(port: int, text: str) -> str:
    """What a message is answered: its MSA-1."""
    with MLLPClient("127.0.0.1", port) as client:
        answer = client.send_message(text).strip(b"\x0b\x1c\r").decode()
    return str(hl7.parse(answer)["MSA"][0][1])


def verdict(house: Any, kinds: set[str]) -> Any:
    def look() -> Any:
        found = house.get(f"{API}/studies/{STUDY}/verdict")
        return found if found and set(found["kinds"]) == kinds else None

    return house.wait_for(look, f"a verdict {kinds}")


@pytest.mark.skipif(not (DEMO / WRIST[0]).is_file(), reason="no demonstration study is bundled")
def test_an_order_by_hl7_and_films_by_storescu_end_in_a_verdict(house: Any, peer: Callable[..., str]) -> None:
    running = house(SETTINGS)
    port = port_of(running)
    running.wait_for(lambda: "hl7 listener up" in running.text(), "the HL7 listener")
    assert answered(port, message("M1", procedure="XR wrist 2 views")) == "AA"

    def store(name: str) -> None:
        program = [peer("storescu"), "-aec", "RADROUTER", "127.0.0.1", str(running.port), str(DEMO / name)]
        subprocess.run(program, check=True, capture_output=True, timeout=60)

    store(WRIST[0])
    first = verdict(running, {"missing_view"})
    assert first["remarks"][0]["expected"] == "wrist_lateral"
    store(WRIST[1])  # a late film
    assert verdict(running, {"complete"})["expectations"][0]["source"] == "hl7"
    assert answered(port, message("M2", procedure="Chest PA and lateral", control="XO")) == "AA"
    running.wait_for(
        lambda: "wrong_region" in (running.get(f"{API}/studies/{STUDY}/verdict") or {})["kinds"], "the change"
    )
    assert answered(port, message("M3", procedure="", control="CA")) == "AA"
    running.wait_for(
        lambda: "no_order" in (running.get(f"{API}/studies/{STUDY}/verdict") or {})["kinds"], "the cancelling"
    )
    history = running.get(f"{API}/studies/{STUDY}/verdict/history")["verdicts"]
    assert len(history) == 4
    (order,) = running.get(f"{API}/orders")["orders"]
    assert order["cancelled"]

    assert answered(port, message("M4", procedure="x", kind="ADT^A08")) == "AR"
    (kept,) = (running.folder / "var" / "hl7" / "refused").glob("*.hl7")
    assert b"ADT^A08" in kept.read_bytes()
    assert kept.stat().st_mode & 0o077 == 0
    assert "SENTINEL" not in running.text() and "DEMO-0001" not in running.text()


@pytest.mark.skipif(not (DEMO / WRIST[0]).is_file(), reason="no demonstration study is bundled")
def test_a_worklist_is_asked_and_asked_again_when_it_was_down(
    house: Any, peer: Callable[..., str], wlmscpfs: Callable[..., int]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    source = f'host = "127.0.0.1", port = {port}, ae_title = "WORKLIST"'
    running = house(f"{SETTINGS}[worklist]\nagain_first_s = 1\nsources = [{{{source}}}]\n")
    program = [peer("storescu"), "-aec", "RADROUTER", "127.0.0.1", str(running.port)]
    subprocess.run([*program, *(str(DEMO / name) for name in WRIST)], check=True, timeout=60)

    def kinds() -> Any:
        return (running.get(f"{API}/studies/{STUDY}/verdict") or {"kinds": []})["kinds"]

    running.wait_for(lambda: "no_order" in kinds(), "a verdict without an order")
    (remark,) = [
        each
        for each in running.get(f"{API}/studies/{STUDY}/verdict")["remarks"]
        if each["kind"] == "no_order"
    ]
    assert "The worklist WORKLIST did not answer and is asked again." in remark["sentence"]
    judge = running.wait_for(lambda: running.get("/readyz"), "its readiness")["checks"]["judge"]
    assert judge["ok"] and "worklist WORKLIST: no connection" in judge["reason"]
    wlmscpfs({"accession": "DEMO-ACC-1", "patient": "DEMO-0001", "study": STUDY}, at=port)
    found = verdict(running, {"complete"})
    assert found["expectations"][0]["source"] == "worklist"
    running.wait_for(lambda: running.get("/readyz")["checks"]["judge"]["reason"] is None, "its readiness")


def test_a_listener_killed_between_commit_and_answer_leaves_one_order(house: Any) -> None:
    running = house(SETTINGS)
    port = port_of(running)
    running.wait_for(lambda: "hl7 listener up" in running.text(), "the HL7 listener")
    text = message("M1", procedure="XR wrist 2 views")
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"\x0b" + text.encode() + b"\x1c\r")
        running.wait_for(lambda: running.get(f"{API}/orders")["orders"], "the commit", seconds=30)
        os.kill(running.pids("hl7")[-1], signal.SIGKILL)
    running.wait_for(lambda: len(running.pids("hl7")) == 2, "another HL7 listener")
    running.wait_for(lambda: running.text().count("hl7 listener up") == 2, "another HL7 listener")
    assert answered(port, text) == "AA"  # the sender had no answer that it kept: it sends again
    (order,) = running.get(f"{API}/orders")["orders"]
    messages = running.get(f"{API}/orders/{order['id']}")["messages"]
    assert [each["outcome"] for each in messages] == ["new", "duplicate"]


def test_a_judge_that_is_killed_comes_back(house: Any) -> None:
    running = house(SETTINGS)
    running.wait_for(lambda: "judge up" in running.text(), "the judge")
    os.kill(running.pids("judge")[-1], signal.SIGKILL)
    running.wait_for(lambda: running.text().count("judge up") == 2, "another judge")
    running.stop()
    assert "judge down" in running.text()
