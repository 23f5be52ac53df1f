"""DCMTK's ``storescu`` as a sender that knows, file by file, what got SUCCESS."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

_SENDING = re.compile(r"Sending file: (.*)")
_ANSWERED = re.compile(r"Received Store Response \((.*)\)")
SECONDS = 60.0  # a sender that takes longer hangs


def storescu(paths: Sequence[Path], port: int, *, calling: str = "STORESCU") -> dict[Path, str]:
    """Send files in one association; what the response to each said, "Success" among others.

    A file without a response is not in it. Raises subprocess.TimeoutExpired for a sender that hangs.
    """
    command = ["storescu", "-v", "--no-halt", "-to", "10", "-ta", "20", "-td", "20", "-aet", calling]
    command += ["-aec", "RADROUTER", "127.0.0.1", str(port), *map(str, paths)]
    ended = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
    )
    return dict(_answers(ended.stdout + ended.stderr))


def _answers(text: str) -> Iterator[tuple[Path, str]]:
    sending: Path | None = None
    for line in text.splitlines():
        if found := _SENDING.search(line):
            sending = Path(found[1])
        elif (found := _ANSWERED.search(line)) and sending is not None:
            yield sending, found[1]
            sending = None
