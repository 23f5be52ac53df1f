"""Rays drawn by OpenGL, in a process of their own.

TensorFlow and Mesa each bring an LLVM, and in one process one of them takes the other's symbols and crashes.
Other tests load TensorFlow.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from training.simulate.raster_gpu import NoOpenGLError, OpenGLRaster

TESTS = Path(__file__).with_name("opengl_rays.py")


@pytest.mark.timeout(600)  # with the anatomy, on a busy machine
def test_opengl_draws_what_the_processor_traces() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", str(TESTS)]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=alone)
    assert ran.returncode == 0, ran.stdout[-4000:]
    if "no OpenGL 4.3" in ran.stdout:
        pytest.skip("no OpenGL 4.3 without a screen")


def test_beside_tensorflow_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    with pytest.raises(NoOpenGLError, match="TensorFlow"):
        OpenGLRaster()
