"""The real service in a folder of its own, on free loopback ports: ``radrouter serve`` as its user runs it.

Its processes are found by their working folder, so that whatever is killed, none is left behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import urlopen

CHECKOUT = Path(__file__).resolve().parent.parent
AE_TITLE = "RADROUTER"
START_SECONDS = 90.0
STOP_SECONDS = 40.0

Found = TypeVar("Found")


class HouseError(RuntimeError):
    """The service did not do what a bench waited for; the message holds the end of its log."""


class House:
    """One service. ``start`` and ``kill`` any number of times; as a context it is gone at the end."""

    def __init__(
        self, folder: Path, sections: Mapping[str, Mapping[str, object]], *, code: Path = CHECKOUT
    ) -> None:
        """``sections`` are settings; ports are ours to choose. ``code`` is the checkout that is run."""
        self.folder = folder
        self.data = folder / "data"
        self.objects = self.data / "objects"
        self.log = folder / "serve.log"
        self.listener_port = 0
        self.api = ""
        self._code = code
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "bench.toml").write_text(_toml(self._settings(sections)))

    def __enter__(self) -> House:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it says its ports and answers over REST."""
        self.launch()
        self.wait_for(lambda: self.get("/healthz"), "the API")

    def launch(self) -> None:
        """Start it, and wait until it says its ports: from then on senders wait in the backlog."""
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self.launch_alone("serve")
        self.listener_port = int(self.wait_for(lambda: self.said(r"DICOM .*:(\d+)"), "the listener's port"))
        self.api = self.wait_for(lambda: self.said(r"REST +(http://[^/\s]+)/"), "the API's port")

    def run(self, *words: str) -> None:
        """Run another of our commands with the same settings to its end; raises HouseError."""
        ended = subprocess.run(
            self.command(*words), cwd=self.folder, env=self._surroundings(), capture_output=True, check=False
        )
        if ended.returncode:
            said = (ended.stdout + ended.stderr).decode(errors="replace")
            raise HouseError(f"{' '.join(words)} ended with {ended.returncode}: {said[-3000:]}")

    def launch_alone(self, *words: str) -> None:
        """Start another of our commands in place of ``serve``; ``stop`` ends it."""
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.command(*words),
                cwd=self.folder,
                env=self._surroundings(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def command(self, *words: str) -> list[str]:
        """The command line of one of our commands."""
        return [sys.executable, "-m", "service.cli", "--config", str(self.folder / "bench.toml"), *words]

    def stop(self) -> float:
        """Ask it to stop, end by force what does not; the seconds that took."""
        start = time.monotonic()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()
        return time.monotonic() - start

    def kill(self) -> None:
        """SIGKILL to every process of it, until none is left."""
        while pids := self.processes():
            for pid in pids:
                kill(pid)
            time.sleep(0.01)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def processes(self) -> list[int]:
        """Every living process of this service, whoever started it."""
        return processes_in(self.folder)

    def running(self, kind: str) -> list[int]:
        """The living processes of a kind: serve, scp, worker, api, or analysis."""
        mark = "multiprocessing.spawn" if kind == "analysis" else kind
        return [pid for pid in self.processes() if mark in _arguments(pid)]

    def get(self, path: str) -> Any:
        """What REST answers; None for no answer or a refusal."""
        answer = self.ask(path)
        return answer[1] if answer is not None and answer[0] < 400 else None

    def ask(self, path: str) -> tuple[int, Any] | None:
        """REST's status and what it says, also when it refuses; None when there is no answer."""
        try:
            with urlopen(self.api + path, timeout=5) as answer:
                return int(answer.status), json.load(answer)
        except HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)
        except (OSError, ValueError):
            return None

    def said(self, pattern: str) -> str | None:
        """What the service said since its last start that matches ``pattern``: the first group."""
        if not self.log.exists():
            return None
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            found = re.search(pattern, log.read().decode(errors="replace"))
        return found[1] if found else None

    def wait_for(self, look: Callable[[], Found | None], what: str, seconds: float = START_SECONDS) -> Found:
        """What ``look`` finds in the end; raises HouseError when time is over or the service is gone."""
        end = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            gone = self._process is not None and self._process.poll() is not None
            if gone or time.monotonic() > end:
                words = self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""
                why = "the service ended" if gone else f"not within {seconds:.0f} s"
                raise HouseError(f"waited for {what}: {why}; its log ends with\n{words}")
            time.sleep(0.02)

    def _settings(self, sections: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
        settings: dict[str, dict[str, object]] = {
            "storage": {"folder": str(self.data)},
            "listener": {"port": 0, "ae_title": AE_TITLE},
            "api": {"port": 0},
            "hl7": {"port": 0},
        }
        for name, values in sections.items():
            settings.setdefault(name, {}).update(values)
        return settings

    def _surroundings(self) -> dict[str, str]:
        """The environment without settings of whoever runs the bench, and our code first."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RADROUTER_")}
        return kept | {"PYTHONPATH": str(self._code), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}


def processes_in(folder: Path) -> list[int]:
    """Every living process whose working folder this is."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _working_folder(pid) == folder.resolve()]


def kill(pid: int) -> bool:
    """SIGKILL; False when it is gone already."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def memory_kib(pid: int) -> int:
    """The resident memory of a process in KiB; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)
    return int(found[1]) if found else 0


def descriptors(pid: int) -> int:
    """How many files and sockets a process has open; 0 when it is gone."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


def _working_folder(pid: int) -> Path | None:
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def _arguments(pid: int) -> str:
    """The command line's words between spaces, the last one too; the spawned child's start included."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    words = raw.decode(errors="replace").split("\0")
    return " ".join(word for word in words if word in _KINDS or "multiprocessing.spawn" in word)


_KINDS = frozenset({"serve", "scp", "worker", "api", "hl7", "judge"})


def _toml(sections: Mapping[str, Mapping[str, object]]) -> str:
    """Strings, numbers, booleans and lists are written in TOML as in JSON."""
    lines: list[str] = []
    for name, values in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"
