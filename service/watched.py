"""A text file in force, and why a newer text is not: a broken file keeps what there was and says so."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from router.errors import ConfigurationError

log = logging.getLogger(__name__)

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[Read]):
    """What a file holds: its name in sentences, its parser, its version, and the error it is refused with."""

    name: str
    parse: Callable[[str], Read]
    version: Callable[[Read], str]
    error: type[ConfigurationError]


class Watched(Generic[Read]):
    """Holds what one file says and takes over a new text when it is valid.

    The constructor raises the kind's error, so that a service never starts on what it cannot read.
    """

    def __init__(self, path: Path, kind: Kind[Read], *, until_then: Path | None = None) -> None:
        """``until_then`` is the file that counts as long as there is none at ``path``."""
        self._own = path
        self._until_then = until_then
        self._kind = kind
        self._seen = self._look()
        self._digest, text = self._read()
        self._current = kind.parse(text)
        self._problem: str | None = None

    @property
    def current(self) -> Read:
        """What is in force."""
        return self._current

    @property
    def file(self) -> Path:
        """The file that counts now."""
        if self._until_then is not None and not self._own.exists():
            return self._until_then
        return self._own

    @property
    def problem(self) -> str | None:
        """Why the file's present text is not in force; None when it is."""
        return self._problem

    def refresh(self) -> bool:
        """Look at the file; True when it brought something else. Never raises for a broken file."""
        seen = self._look()
        if seen == self._seen and seen is not None:
            return False
        self._seen = seen
        try:
            digest, text = self._read()
            if digest == self._digest:
                self._problem = None
                return False
            current = self._kind.parse(text)
        except self._kind.error as error:
            self._refuse(str(error))
            return False
        self._digest, self._current, self._problem = digest, current, None
        log.info("%s reloaded version=%s", self._kind.name, self._version)
        return True

    @property
    def _version(self) -> str:
        return self._kind.version(self._current)[:12]

    def _refuse(self, reason: str) -> None:
        if reason != self._problem:
            name, version = self._kind.name, self._version
            log.error("%s not reloaded, version=%s stays in force: %s", name, version, reason)
        self._problem = reason

    def _look(self) -> tuple[int, int, int] | None:
        try:
            stat = self.file.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _read(self) -> tuple[str, str]:
        file = self.file
        where = f"the {self._kind.name} file {file}"
        try:
            data = file.read_bytes()
            return hashlib.sha256(data).hexdigest(), data.decode("utf-8")
        except OSError as error:
            raise self._kind.error(f"{where} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise self._kind.error(f"{where} is not UTF-8 text") from error
