"""OpenVINO, silent: whoever needs it imports it from here, and nowhere else.

As published, importing it tells a web analytics service that it was imported, with a number of its own for
the machine, in a process that it starts for this, unless somebody has forbidden it in their home folder. A
hospital's server tells nobody anything. Where the package that sends is not to be had, OpenVINO goes without.
"""

from __future__ import annotations

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # "cannot be imported"

import openvino as ov  # noqa: E402
from openvino import opset13 as ops  # noqa: E402

__all__ = ["ops", "ov"]
