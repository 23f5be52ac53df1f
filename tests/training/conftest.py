"""The anatomy, decimated and rigged once for all tests."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from training.simulate.rig import load_rig


@pytest.fixture(scope="session")
def kept(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the simulators keep what they made of the anatomy; all processes of a test run share it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "anatomy"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        load_rig(shared / "anatomy", folder)
    return folder
