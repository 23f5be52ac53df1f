"""A small disk that may be filled: a tmpfs of its own, with ballast to throw off."""

from __future__ import annotations

import errno
import os
import subprocess
import time
from pathlib import Path
from types import TracebackType

MIB = 1 << 20


class CannotMountError(RuntimeError):
    """This user or machine may not mount a tmpfs."""


class SmallDisk:
    """A mounted tmpfs of ``size_mib``; use it as a context."""

    def __init__(self, folder: Path, *, size_mib: int) -> None:
        self.folder = folder
        self._size_mib = size_mib
        self._ballast = folder / "ballast"

    def __enter__(self) -> SmallDisk:
        """Raises CannotMountError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        options = f"size={self._size_mib}m,mode=0755"
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if mounted.returncode:
            raise CannotMountError(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in range(50):  # a process that was just killed may still have a file of it open
            if subprocess.run(["umount", str(self.folder)], capture_output=True, check=False).returncode == 0:
                return
            time.sleep(0.1)
        subprocess.run(["umount", "--lazy", str(self.folder)], capture_output=True, check=False)

    def free_fraction(self) -> float:
        """The free part in [0, 1]."""
        disk = os.statvfs(self.folder)
        return disk.f_bavail / disk.f_blocks

    def fill_up(self, *, but_bytes: int) -> None:
        """Take all room but ``but_bytes`` with ballast."""
        with self._ballast.open("ab") as file:
            while (take := self._free_bytes() - but_bytes) > 0:
                try:
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), take)
                    return
                except OSError as error:  # others write here too: what was free a moment ago was taken
                    if error.errno != errno.ENOSPC:
                        raise

    def _free_bytes(self) -> int:
        disk = os.statvfs(self.folder)
        return disk.f_bavail * disk.f_frsize

    def throw_ballast_off(self) -> None:
        """Make room, as an administrator would: nothing of the service is touched."""
        self._ballast.unlink()
