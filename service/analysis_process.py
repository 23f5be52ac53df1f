"""The child's side of the analyst: warm models behind a pipe.

While one batch is in the network the next one is already being decoded: the decoders and the model runtime
let go of the interpreter lock, so threads are enough.
"""

from __future__ import annotations

import copyreg
import logging
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from types import MappingProxyType
from typing import Any, Protocol

from router.errors import RadrouterError
from router.types import Analysis
from service.heating import HeatJob, HeatPicture
from service.pipeline import Job

log = logging.getLogger(__name__)

Wanted = Job | HeatJob
Result = Analysis | HeatPicture | RadrouterError


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One batch, and the text of the rules that route it (checked by whoever sends it)."""

    jobs: tuple[Wanted, ...]
    rules_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The models are warm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReady:
    """The models cannot be loaded, in one sentence."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One result per job of the oldest request."""

    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The oldest request ran into a mistake of ours: nothing of it is answered."""

    reason: str


Reply = Ready | NotReady | Answers | Fault


class Engine(Protocol):
    """What the child runs; ``decode`` is called from several threads."""

    threads: int

    def decode(self, job: Wanted) -> Any:
        """The job's film, or the error in its place."""

    def analyse(self, request: Request, films: Sequence[Any]) -> Sequence[Result]:
        """One result per job: an Analysis of each Job, a HeatPicture for each HeatJob, or an error."""


def _reduce_mapping(proxy: MappingProxyType[str, Any]) -> tuple[Any, ...]:
    return _read_only, (dict(proxy),)


def _read_only(mapping: dict[str, Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType(mapping)


# An Instance's attributes are a read-only view of a dict, which pickle does not know.
copyreg.pickle(MappingProxyType, _reduce_mapping)


def serve(connection: Connection, build: Callable[[], Engine]) -> None:
    """Build the engine, say whether it is ready, then answer requests in order until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the worker's to handle: it still wants answers
    try:
        engine = build()
    except RadrouterError as error:
        connection.send(NotReady(reason=str(error)))
        return
    connection.send(Ready())
    waiting: SimpleQueue[tuple[Request, list[Future[Any]]]] = SimpleQueue()
    pool = ThreadPoolExecutor(engine.threads, thread_name_prefix="decode")
    Thread(target=_receive, args=(connection, engine, pool, waiting), daemon=True).start()
    while True:
        connection.send(_answer(engine, *waiting.get()))


def _receive(
    connection: Connection,
    engine: Engine,
    pool: ThreadPoolExecutor,
    waiting: SimpleQueue[tuple[Request, list[Future[Any]]]],
) -> None:
    """Start decoding a request the moment it arrives. The worker gone, this process has no reason to be."""
    while True:
        try:
            request: Request = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        waiting.put((request, [pool.submit(engine.decode, job) for job in request.jobs]))


def _answer(engine: Engine, request: Request, films: Sequence[Future[Any]]) -> Reply:
    try:
        results = engine.analyse(request, [film.result() for film in films])
        return Answers(results=tuple(results))
    except Exception as error:  # the outermost frame: the worker is told, and finds the film that did it
        log.exception("analysis fault")
        return Fault(reason=f"{type(error).__name__}: {error}")
