"""The door in this process: header, inbox and row, as a C-STORE and an import use them."""

from __future__ import annotations

import os
import time
from collections import Counter
from functools import partial
from pathlib import Path
from types import TracebackType

from bench.house import descriptors, memory_kib
from bench.specimens import Specimen
from db.engine import connect, migrate, sessions
from db.instances import Instances
from dicom_scp import header
from dicom_scp.command import C_STORE_RQ, Command
from dicom_scp.inbox import INCOMING, Inbox
from dicom_scp.status import STORED
from dicom_scp.storing import Context, Peer, Storing
from router.errors import RefusedObject

PEER = Peer(calling_ae_title="FUZZ", called_ae_title="RADROUTER", address="127.0.0.1")


class Door:
    """Takes damaged files and remembers what became of them; use it as a context."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        url = f"sqlite:///{folder}/door.db"
        migrate(url)
        self.outcomes: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.slowest = 0.0
        self._engine = connect(url)
        instances = Instances(sessions(self._engine))
        self._record = partial(instances.record, on_conflict="replace")
        self._inbox = Inbox(folder / "objects", soft=0.0, hard=0.0)
        self._case = folder / "case.dcm"
        self._size = (0, 0)

    def __enter__(self) -> Door:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inbox.close()
        self._engine.dispose()

    def take(self, specimen: Specimen, raw: bytes) -> bool:
        """Read the file as an import does, then store its data set as announced by the sound one's UIDs.

        True when a file of these bytes would be let in.
        """
        start = time.process_time()
        try:
            outcome, sop_class_uid, sop_instance_uid = self._look(specimen, raw)
            self._store(specimen, raw, sop_class_uid, sop_instance_uid)
        except Exception as error:  # the outermost frame: an error without a name of ours is what we look for
            self.faults[f"{type(error).__name__}: {str(error)[:120]} of {specimen.name}"] += 1
            return False
        self.slowest = max(self.slowest, time.process_time() - start)
        return outcome

    def remember_size(self) -> None:
        """From now on memory and descriptors should stay."""
        self._size = (memory_kib(os.getpid()), descriptors(os.getpid()))

    def grown_mib(self) -> float:
        """Resident memory since ``remember_size``, in MiB."""
        return (memory_kib(os.getpid()) - self._size[0]) / 1024

    def grown_descriptors(self) -> int:
        """Open files since ``remember_size``."""
        return descriptors(os.getpid()) - self._size[1]

    def left_over(self) -> list[Path]:
        """Partial files."""
        return list((self._inbox.folder / INCOMING).glob("*/*.part"))

    def _look(self, specimen: Specimen, raw: bytes) -> tuple[bool, str, str]:
        self._case.write_bytes(raw)
        try:
            instance = header.read(self._case)
        except RefusedObject:
            self.outcomes["import refused"] += 1
            return False, specimen.sop_class_uid, specimen.sop_instance_uid
        self.outcomes["import taken"] += 1
        return True, instance.sop_class_uid, instance.sop_instance_uid

    def _store(self, specimen: Specimen, raw: bytes, sop_class_uid: str, sop_instance_uid: str) -> None:
        storing = Storing(
            Command(
                field=C_STORE_RQ,
                has_data_set=True,
                sop_class_uid=sop_class_uid,
                sop_instance_uid=sop_instance_uid,
            ),
            Context(abstract_syntax=sop_class_uid, transfer_syntax=specimen.transfer_syntax_uid),
            peer=PEER,
            inbox=self._inbox,
            record=self._record,
        )
        storing.write(memoryview(raw)[specimen.data_set_start :])
        status = storing.finish()
        self.outcomes["stored" if status == STORED else f"0x{status.code:04X}"] += 1
        if status != STORED and status.code >> 8 not in (0xA7, 0xA9, 0xC0, 0x01):
            self.faults[f"status 0x{status.code:04X} {status.comment}"] += 1
