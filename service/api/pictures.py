"""Preview pictures: few at a time, because decoding takes a processor and memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from classifiers.values import FilmValues
from router.errors import OutOfResources
from router.types import Box
from service.api.problems import Problem, not_found

AT_ONCE = 2
PATIENCE_S = 5.0


Window = tuple[float, float] | None
Boxes = Sequence[tuple[str, Box]]


class Preview(Protocol):
    """Makes a PNG of a stored object, as ``classifiers.pixels.preview_png`` does."""

    def __call__(
        self,
        path: Path,
        /,
        *,
        long_side: int,
        window: Window,
        boxes: Boxes,
    ) -> bytes:
        """The picture: ``long_side`` in pixels, ``window`` as (center, width), ``boxes`` in stored pixels.

        Raises:
            FilmError: there is no picture in this object, or no decoder reads it.
        """


class ValuesOf(Protocol):
    """Reads a file's film for a browser that windows it, as ``classifiers.viewing.read_any_values`` does."""

    def __call__(self, path: Path, /, *, long_side: int) -> FilmValues:
        """The film's values, at most ``long_side`` pixels long.

        Raises:
            FilmError: there is no picture in this object, or no decoder reads it.
        """


def inside(storage: Path, path: str) -> Path:
    """The file of a stored path; the database's word is not taken for staying inside the storage.

    Raises:
        Problem: 404, there is no such file.
    """
    file = (storage / path).resolve()
    if not file.is_relative_to(storage.resolve()) or not file.is_file():
        raise not_found("file in the storage; `radrouter check` lists what is missing")
    return file


class PictureTurns:
    """Lets ``AT_ONCE`` pictures be made at a time."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(AT_ONCE)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold a turn.

        Raises:
            Problem: 503, too many are being made already, or there is no memory for this one.
        """
        if not self._free.acquire(timeout=PATIENCE_S):
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too many pictures are being made",
                headers={"Retry-After": "2"},
            )
        try:
            yield
        except MemoryError as error:
            raise OutOfResources("not enough memory for a picture") from error
        finally:
            self._free.release()
