"""OpenVINO tells nobody that it is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
LEDGER = CHECKOUT / "tests" / "ledger"  # what a process speaks to, written down
PROGRAM = """
import sys
from classifiers.openvino_engine import OpenVinoNetwork
import openvino.tools.ovc.convert_impl
assert "openvino" in sys.modules
assert not [name for name in sys.modules if name.startswith("openvino_telemetry.")]
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there the package that sends keeps its number elsewhere")
def test_openvino_tells_nobody_that_it_was_imported(tmp_path: Path) -> None:
    """What would send leaves a number in the home folder first. On machines of CI it is silent by itself."""
    ledger, home = tmp_path / "ledger.txt", tmp_path / "home"
    home.mkdir()
    outside = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD")}
    here = {"HOME": str(home), "LEDGER": str(ledger), "PYTHONPATH": f"{LEDGER}{os.pathsep}{CHECKOUT}"}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=outside | here,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert not list(home.iterdir())
    assert not ledger.exists(), ledger.read_text()
