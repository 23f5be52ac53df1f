"""The fine leg, made once for all tests of feet."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.simulate.ossicle_scene import FootStudio


@pytest.fixture(scope="session")
def studio(shared: Path, kept: Path) -> FootStudio:
    return FootStudio(shared / "anatomy", kept, pixels=400)
