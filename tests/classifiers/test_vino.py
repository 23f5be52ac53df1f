"""OpenVINO tells nobody that it is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
LEDGER = CHECKOUT / "tests" / "ledger"  # what a process speaks to, written down
IMPORTED = """
import sys
from classifiers.openvino_engine import OpenVinoNetwork
import openvino.tools.ovc.convert_impl
assert "openvino" in sys.modules
assert not [name for name in sys.modules if name.startswith("openvino_telemetry.")]
"""
QUANTISED = """
import numpy as np
from classifiers.vino import ops, ov
from training.quantise import in_eight_bits

film = ops.parameter([-1, 8, 8, 1], np.float32)
seen = ops.transpose(film, [0, 3, 1, 2])
for _ in range(5):
    kernel = ops.constant(np.ones((1, 1, 3, 3), np.float32))
    seen = ops.relu(ops.convolution(seen, kernel, [1, 1], [1, 1], [1, 1], [1, 1]))
head = ops.matmul(seen, ops.constant(np.ones((8, 1), np.float32)), False, False)
small = in_eight_bits(ov.Model([ops.result(head)], [film], "small"), [np.eye(8, dtype=np.float32)])
assert any(op.get_type_name() == "FakeQuantize" for op in small.get_ordered_ops())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there the package that sends keeps its number elsewhere")
@pytest.mark.parametrize(
    ("program", "left"),
    [(IMPORTED, set()), (QUANTISED, {".cache", ".config", ".keras"})],  # Keras's and Matplotlib's own
    ids=["imported", "quantised"],
)
def test_openvino_tells_nobody_that_it_is_used(tmp_path: Path, program: str, left: set[str]) -> None:
    """What would send leaves a number in the home folder first. On machines of CI it is silent by itself."""
    ledger, home = tmp_path / "ledger.txt", tmp_path / "home"
    home.mkdir()
    outside = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD")}
    here = {"HOME": str(home), "LEDGER": str(ledger), "PYTHONPATH": f"{LEDGER}{os.pathsep}{CHECKOUT}"}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=outside | here,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert {path.name for path in home.iterdir()} <= left
    assert not ledger.exists(), ledger.read_text()
