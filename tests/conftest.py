"""What every test may ask for: the real films beside the checkout, and peers nobody here wrote."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real films and DICOM files; the test is skipped where it is absent."""
    folder = Path(os.environ.get("RADROUTER_SHARED", CHECKOUT.parent / "shared"))
    if not (folder / "dicom" / "manifest.csv").is_file():
        pytest.skip(f"the real films are not here ({folder.name}/ is absent; set RADROUTER_SHARED)")
    return folder


@pytest.fixture(scope="session")
def peer() -> Callable[..., str]:
    """Find a program of a peer; absent it skips the test, or fails it where CI promises the peer."""

    def find(name: str) -> str:
        program = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
        if program is None and os.environ.get("CI"):
            pytest.fail(f"{name} is not installed, and CI promises it")
        if program is None:
            pytest.skip(f"{name} is not installed")
        return program

    return find
