"""The whole service as its user runs it: real processes, a real sender, answers over REST."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import CTImageStorage

pytestmark = pytest.mark.timeout(300)  # a test starts the whole service

SENTINEL = "SENTINEL"
LEDGER = Path(__file__).parents[1] / "ledger"  # what a process speaks to, written down
Film = Callable[..., str]
Peer = Callable[..., str]


def store(peer: Peer, house: Any, *paths: Path) -> None:
    program = peer("storescu")
    subprocess.run(
        [program, "-aet", "DX1", "-aec", "RADROUTER", "127.0.0.1", str(house.port), *map(str, paths)],
        check=True,
        capture_output=True,
        timeout=60,
    )


def test_a_film_sent_by_storescu_is_answered_over_rest(
    running: Any, peer: Peer, film: Film, tmp_path: Path
) -> None:
    uid = film(tmp_path / "film.dcm")
    store(peer, running, tmp_path / "film.dcm")
    answer = running.answer(uid)
    assert answer["state"] == "done"
    assert answer["arrival"]["calling_ae_title"] == "DX1"
    assert answer["decision"]["outcomes"]
    stored = running.folder / "var" / "objects" / answer["stored"]["path"]
    assert stored.is_file()


def test_nothing_and_nobody_beyond_this_machine_is_spoken_to(
    house: Callable[..., Any], peer: Peer, film: Film, tmp_path: Path
) -> None:
    """No library may tell anyone that it runs here; on machines of CI some are silent by themselves."""
    ledger, home = tmp_path / "ledger.txt", tmp_path / "home"
    ledger.touch()
    home.mkdir()
    one = house(CI="", HOME=str(home), PYTHONPATH=str(LEDGER), LEDGER=str(ledger))
    uid = film(tmp_path / "film.dcm")
    store(peer, one, tmp_path / "film.dcm")
    assert one.answer(uid)["state"] == "done"
    one.stop()
    spoken = ledger.read_text().splitlines()
    assert not [
        line for line in spoken if not re.match(r"(connect \('|look up ')(127\.|localhost|::1)", line)
    ]
    assert not list(home.iterdir())


def test_a_ct_slice_is_stored_and_done_without_a_view(
    running: Any, peer: Peer, film: Film, tmp_path: Path
) -> None:
    uid = film(tmp_path / "slice.dcm", sop_class=CTImageStorage)
    store(peer, running, tmp_path / "slice.dcm")
    answer = running.answer(uid)
    assert (answer["state"], answer["view"]) == ("done", None)
    assert answer["reason"]


def test_pixels_that_nothing_decodes_fail_with_the_reason(
    running: Any, peer: Peer, film: Film, tmp_path: Path
) -> None:
    uid = film(tmp_path / "short.dcm", PixelData=b"\0" * 100)
    store(peer, running, tmp_path / "short.dcm")
    answer = running.answer(uid)
    assert answer["state"] == "failed"
    assert answer["reason"]


@pytest.mark.parametrize("child", ["listener-1", "listener-2", "worker-1", "api"])
def test_a_killed_child_is_started_again(
    running: Any, peer: Peer, film: Film, tmp_path: Path, child: str
) -> None:
    victim = running.pids(child)[-1]
    os.kill(victim, signal.SIGKILL)
    uid = film(tmp_path / "after.dcm")
    store(peer, running, tmp_path / "after.dcm")
    running.wait_for(lambda: running.pids(child)[-1] != victim, f"another {child}")
    assert running.answer(uid)["state"] == "done"


def test_no_log_line_names_a_patient(running: Any, peer: Peer, film: Film, tmp_path: Path) -> None:
    uid = film(tmp_path / "named.dcm", PatientComments=SENTINEL, PixelData=b"SENTINEL")
    store(peer, running, tmp_path / "named.dcm")
    running.answer(uid)
    assert uid in running.text()
    assert SENTINEL not in running.text()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_leaves_nothing_behind(house: Any, peer: Peer, film: Film, tmp_path: Path, how: int) -> None:
    here = house()
    paths = [tmp_path / f"{number}.dcm" for number in range(10)]
    for path in paths:
        film(path)
    store(peer, here, *paths)
    assert here.stop(how) < 12
    assert here.process.returncode == 0
    assert here.left_over() == []
    assert len(list((here.folder / "var" / "objects").rglob("*.dcm"))) == 10


def test_children_end_when_the_supervisor_is_killed(house: Any) -> None:
    here = house()
    here.process.kill()
    here.process.wait()
    end = time.monotonic() + 20
    while here.left_over():
        assert time.monotonic() < end, here.left_over()
        time.sleep(0.1)


def test_rules_are_reloaded_and_broken_ones_refused(
    house: Any, peer: Peer, film: Film, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "first"\nwhen = { modality = ["CR"] }\ndestinations = ["ONE"]\n')
    here = house(f'[rules]\nfile = "{rules}"')
    rules.write_text('[[rule]]\nname = "broken"\nwhen = { modallity = ["CR"] }\n')
    problem = here.wait_for(lambda: here.get("/api/v1/rules")["problem"], "the problem")
    assert "broken" in problem
    here.wait_for(lambda: "worker-1   | " in here.text() and "not reloaded" in here.text(), "the log line")
    uid = film(tmp_path / "a.dcm")
    store(peer, here, tmp_path / "a.dcm")
    assert here.answer(uid)["decision"]["destinations"] == ["ONE"]
    rules.write_text('[[rule]]\nname = "second"\nwhen = { modality = ["CR"] }\ndestinations = ["TWO"]\n')
    here.wait_for(lambda: "rules reloaded" in here.text(), "the reload")
    here.wait_for(lambda: here.get("/api/v1/rules")["problem"] is None, "no problem")
    time.sleep(1.2)  # the worker looks once a second
    uid = film(tmp_path / "b.dcm")
    store(peer, here, tmp_path / "b.dcm")
    assert here.answer(uid)["decision"]["destinations"] == ["TWO"]


def test_a_pack_that_a_rule_names_before_it_is_installed_stops_no_film(
    house: Any, peer: Peer, command: Callable[..., Any], film: Film, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "skin"\nwhen = { modality = ["CR"] }\nanalyse = ["onemed_skin"]\n')
    settings = f'[rules]\nfile = "{rules}"'
    here = house(settings)
    sentence = 'rule "skin" asks for the model pack "onemed_skin", which is not installed or not active: run'
    install = "`radrouter models install onemed --from FOLDER`"
    here.wait_for(lambda: sentence in here.text() and install in here.text(), "the warning")
    (missing,) = here.get("/api/v1/rules")["missing"]
    assert sentence in missing and install in missing
    uid = film(tmp_path / "a.dcm")
    store(peer, here, tmp_path / "a.dcm")
    answer = here.answer(uid)
    assert (answer["state"], answer["models_absent"]) == ("done", ["onemed_skin"])
    assert answer["decision"]["analyse"] == ["onemed_skin"]
    report = json.loads(command("check", "--json", folder=here.folder).stdout)
    (look,) = [each for each in report["checks"] if each["name"] == "rules"]
    assert (look["verdict"], look["items"]) == ("warning", [missing])


def test_an_address_that_is_not_ours_is_said_in_one_sentence(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    assert command("migrate", folder=tmp_path).returncode == 0
    done = command("scp", folder=tmp_path, RADROUTER_LISTENER__HOST="256.0.0.1")
    assert done.returncode == 1
    assert "listener.port: 256.0.0.1:11112 cannot be had" in done.stderr
