"""Pictures of stored objects: few at a time, because decoding takes a processor and memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from classifiers.values import FilmValues
from db.read import InstanceDetail
from router.errors import OutOfResources
from router.types import Box
from service.api.out_models import ModelOut
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
        otherwise: Window,
        boxes: Boxes,
    ) -> bytes:
        """The picture: ``long_side`` in pixels, ``window`` as (center, width), ``boxes`` in stored pixels.

        ``otherwise`` is the window of an object whose header has none.

        Raises:
            FilmError: there is no picture in this object, or no decoder reads it.
        """


class ValuesOf(Protocol):
    """Reads a picture for a browser that windows it, as ``classifiers.viewing.read_any_values`` does."""

    def __call__(self, path: Path, /, *, long_side: int, otherwise: Window = None) -> FilmValues:
        """The picture's values, at most ``long_side`` pixels long; ``otherwise`` as of :class:`Preview`.

        Raises:
            FilmError: there is no picture in this object, or no decoder reads it.
        """


def looked_through(models: Iterable[ModelOut], detail: InstanceDetail) -> Window:
    """The window of the first model with one of its own that looked at this object; None where none did."""
    windows = {(model.name, model.version): model.window for model in models if model.window is not None}
    ran = ((model.name, model.version) for model in detail.models_run)
    return next((windows[ref] for ref in ran if ref in windows), None)


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
