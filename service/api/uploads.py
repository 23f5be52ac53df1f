"""A stranger's file, on disk for as long as somebody looks at it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from router.errors import OutOfResources
from service.api.ports import Needs
from service.api.problems import RETRY_AFTER_S, Problem
from service.explainer import Explained

PREFIX = "radrouter-upload-"


@contextmanager
def laid_down(file: BinaryIO) -> Iterator[Path]:
    """A path with the upload's bytes, in a folder of its own, which is removed whatever happens."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as target:
            shutil.copyfileobj(file, target, 1 << 20)
        yield path


def explained(needs: Needs, path: Path) -> Explained:
    """What the file is; raises InvalidObject for what is neither DICOM nor a picture.

    Raises:
        Problem: 503, others are being looked at, or the analysis took too long; with its own words.
    """
    try:
        return needs.analyse(path)
    except OutOfResources as error:
        headers = {"Retry-After": RETRY_AFTER_S}
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers=headers) from error
