"""Pixels decoded in a child process that may crash or hang without harm, and is then replaced."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
import warnings
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType

from bench.house import memory_kib

HANGS_AFTER_SECONDS = 120.0  # of the clock: the machine may have other things to do
NAMED = frozenset(
    {"film", "no film, decoded", "NotAFilm", "UndecodablePixels"}
)  # the answers that the pipeline expects


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What became of one file: "film", an exception's name, "crash" or "hang"; and what was said."""

    outcome: str
    said: str = ""
    seconds: float = 0.0  # of the processor


@dataclass(slots=True)
class Decoder:
    """One child after the other; use it as a context."""

    largest_kib: int = 0  # resident memory of a child, at its most after an answer
    _process: SpawnProcess | None = field(default=None, repr=False)
    _pipe: Connection | None = field(default=None, repr=False)

    def __enter__(self) -> Decoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def decode(self, raw: bytes) -> Decoded:
        """Decode a whole file's bytes to a film of 512 pixels."""
        pipe, process = self._child()
        try:
            pipe.send_bytes(raw)
            if not pipe.poll(HANGS_AFTER_SECONDS):
                self._end()
                return Decoded(outcome="hang", seconds=HANGS_AFTER_SECONDS)
            outcome, said, seconds = pipe.recv()
        except (EOFError, OSError):
            process.join(5)
            code = process.exitcode or 0
            self._end()
            cause = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            return Decoded(outcome="crash", said=cause)
        self.largest_kib = max(self.largest_kib, memory_kib(process.pid or 0))
        return Decoded(outcome=outcome, said=said, seconds=seconds)

    def _child(self) -> tuple[Connection, SpawnProcess]:
        if self._process is None or self._pipe is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
            self._pipe.recv()  # it has imported what it needs
        return self._pipe, self._process

    def _end(self) -> None:
        if self._process is not None and self._pipe is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
        self._process = self._pipe = None


def _serve(pipe: Connection) -> None:
    from router.errors import FilmError

    warnings.simplefilter("ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # some decoders complain there
    pipe.send("ready")
    with contextlib.suppress(EOFError):
        while True:
            raw = pipe.recv_bytes()
            start = time.process_time()
            try:
                outcome = _decode(raw)
            except FilmError as error:
                outcome = (type(error).__name__, str(error))
            except Exception as error:  # the outermost frame: what has no name of ours is what we look for
                outcome = (type(error).__name__, repr(error))
            pipe.send((*outcome, time.process_time() - start))


def _decode(raw: bytes) -> tuple[str, str]:
    """To a film; what is none, to its stored pixels, so that its decoder is tried all the same."""
    from classifiers.pixels import read_film, read_stored
    from router.errors import NotAFilm

    try:
        film = read_film(raw, long_side=512)
    except NotAFilm:
        read_stored(raw)
        return "no film, decoded", ""
    return "film", f"{film.stored_rows} x {film.stored_columns}"
