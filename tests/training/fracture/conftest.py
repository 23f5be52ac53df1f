"""The arm, rigged once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.simulate.fracture.film import BrokenStudio


@pytest.fixture(scope="session")
def arm_studio(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> BrokenStudio:
    return BrokenStudio(shared / "anatomy", tmp_path_factory.mktemp("anatomy"), pixels=192)
