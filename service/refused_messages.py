"""Messages that were refused, as they came: ``radrouter orders test FILE`` says what was wrong with one."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)

SUFFIX = ".hl7"


def keeper(folder: Path, most: int) -> Callable[[bytes, Exception], None]:
    """A function that keeps a message in ``folder``, of which it keeps the latest ``most``.

    The sender has the message still, and has been told: a disk that takes nothing more loses none.
    """

    def keep(raw: bytes, _complaint: Exception) -> None:
        try:
            _write(folder, raw)
            for old in sorted(folder.glob(f"*{SUFFIX}"))[:-most] if most else folder.glob(f"*{SUFFIX}"):
                old.unlink(missing_ok=True)
        except OSError as error:
            log.error("a refused message could not be kept: %s", error.strerror)

    return keep


def _write(folder: Path, raw: bytes) -> None:
    """Readable by its owner alone: it names a patient."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    path = folder / f"{stamp}-{hashlib.sha256(raw).hexdigest()[:8]}{SUFFIX}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123  a Path opens no descriptor
        file.write(raw)
