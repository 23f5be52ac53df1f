"""Senders of ours that time each C-STORE, a process each."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dicom_scp.sender import send

SENDER_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTime:
    """Seconds of one C-STORE: to the response, from the data set's last byte and from the request's first."""

    response: float
    whole: float


def timed_sends(folders: Sequence[Path], port: int) -> list[StoreTime]:
    """Send each folder by a process of its own, all at once."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(len(folders)) as pool:
        waiting = pool.starmap_async(_send_folder, [(folder, port) for folder in folders], chunksize=1)
        return [time for times in waiting.get(timeout=SENDER_SECONDS) for time in times]


def _send_folder(folder: Path, port: int) -> list[StoreTime]:
    sent = send(
        sorted(folder.iterdir()),
        host="127.0.0.1",
        port=port,
        calling_ae_title="BENCH",
        called_ae_title="BENCH",
    )
    for file in sent:
        if not file.is_stored:
            raise RuntimeError(f"{file.path.name} was not stored: {file.reason}")
    return [StoreTime(response=file.response_seconds, whole=file.seconds) for file in sent]
