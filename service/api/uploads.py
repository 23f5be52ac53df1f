"""A stranger's file, on disk for as long as somebody looks at it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PREFIX = "radrouter-upload-"


@contextmanager
def laid_down(file: BinaryIO) -> Iterator[Path]:
    """A path with the upload's bytes, in a folder of its own, which is removed whatever happens."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as target:
            shutil.copyfileobj(file, target, 1 << 20)
        yield path
