"""The receivers to compare, each started in an empty folder and stopped again; any free port will do."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

from db.engine import connect, migrate, sessions
from db.instances import Instances
from dicom_scp.access import policy_for
from dicom_scp.inbox import Inbox
from dicom_scp.link import Unreachable
from dicom_scp.listener import ListenerSettings, open_socket, serve
from dicom_scp.sender import echo
from router.types import Arrival, Instance, Outcome, Refusal, StoredObject

AE_TITLE = "BENCH"
_START_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A receiver that answers C-ECHO."""

    port: int
    stored: Callable[[], int]


Receiver = Callable[[Path, int], AbstractContextManager[Running]]


@contextmanager
def ours(folder: Path, processes: int) -> Iterator[Running]:
    """``processes`` listeners on one socket, committing to SQLite."""
    url = f"sqlite:///{folder}/radrouter.sqlite"
    with _empty(folder), open_socket("127.0.0.1", 0) as listening:
        migrate(url)
        context = multiprocessing.get_context("spawn")
        stop = context.Event()
        children = [
            context.Process(target=_listen, args=(listening, folder, url, stop)) for _ in range(processes)
        ]
        for child in children:
            child.start()
        port = listening.getsockname()[1]
        try:
            _wait(port)
            time.sleep(1.0)  # for the other processes, which an echo cannot tell from the first
            yield Running(port=port, stored=lambda: sum(1 for _ in folder.glob("*/*/*.dcm")))
        finally:
            stop.set()
            for child in children:
                child.join()


def _listen(listening: socket.socket, folder: Path, url: str, stop: Event) -> None:
    instances = Instances(sessions(connect(url)))

    def record(instance: Instance, arrival: Arrival, stored: StoredObject) -> Outcome:
        return instances.record(instance, arrival, stored, on_conflict="replace")

    serve(
        ListenerSettings(),
        record=record,
        refuse=_nobody,
        policy=lambda: policy_for("127.0.0.1", ()),
        inbox=Inbox(folder, hard=0.0),
        stop=stop,
        listening=listening,
    )


def _nobody(refusal: Refusal) -> None:
    raise RuntimeError(f"refused: {refusal.reason}")


@contextmanager
def storescp(folder: Path, _processes: int) -> Iterator[Running]:
    """DCMTK's, a process for each association, bytes as they come, without fsync."""
    port = _free_port()
    with (
        _empty(folder),
        _process(["storescp", "--fork", "+B", "-pdu", "131072", "-od", str(folder), str(port)]),
    ):
        _wait(port)
        yield Running(port=port, stored=lambda: sum(1 for path in folder.iterdir()))


@contextmanager
def orthanc(folder: Path, _processes: int) -> Iterator[Running]:
    """Orthanc with its SQLite index, fsync on as by default."""
    port = _free_port()
    settings = {
        "StorageDirectory": str(folder / "store"),
        "IndexDirectory": str(folder / "store"),
        "SyncStorageArea": True,
        "DicomPort": port,
        "DicomAet": AE_TITLE,
        "DicomAlwaysAllowStore": True,
        "HttpServerEnabled": False,
        "DicomThreadsCount": 8,
        "Plugins": [],
    }
    with _empty(folder):
        (folder / "orthanc.json").write_text(json.dumps(settings))
        program = shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin:/usr/bin") or "Orthanc"
        with _process([program, str(folder / "orthanc.json")]):
            _wait(port)
            yield Running(port=port, stored=lambda: _attachments(folder / "store"))


RECEIVERS: dict[str, Receiver] = {"ours": ours, "storescp": storescp, "orthanc": orthanc}


def _attachments(store: Path) -> int:
    """Orthanc keeps an object and its header apart; the header of a small file is no file of its own."""
    large = [path for path in store.glob("*/*/*") if path.stat().st_size > 100_000]
    return len(large)


@contextmanager
def _empty(folder: Path) -> Iterator[None]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _process(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            echo(host="127.0.0.1", port=port, calling_ae_title=AE_TITLE, called_ae_title=AE_TITLE)
            return
        except Unreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
