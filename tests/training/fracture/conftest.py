"""The arm, rigged once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.simulate.fracture.film import BrokenStudio


@pytest.fixture(scope="session")
def arm_studio(shared: Path, kept: Path) -> BrokenStudio:
    return BrokenStudio(shared / "anatomy", kept, pixels=192)
