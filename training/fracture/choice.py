"""What was chosen for a trained network, kept beside it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from training.detect.calibrate import Calibration

FILE: Final = "choice.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen. ``reached`` is per label what the thresholds find on simulated films: for the record
    of the training, not a measure of accuracy."""

    calibration: Calibration
    thresholds: dict[str, float]
    reached: dict[str, float]
    simulated: int  # looks
    real: int  # films


def keep(home: Path, chosen: Choice) -> Path:
    """Write it into ``home``; returns the file."""
    path = home / FILE
    path.write_text(json.dumps(asdict(chosen), indent=1))
    return path


def stored_choice(home: Path) -> Choice:
    """What ``keep`` wrote. Raises FileNotFoundError."""
    stored = json.loads((home / FILE).read_text())
    numbers = {name: tuple(values) for name, values in stored["calibration"].items()}
    return Choice(calibration=Calibration(**numbers), thresholds=stored["thresholds"],
                  reached=stored["reached"], simulated=stored["simulated"], real=stored["real"])  # fmt: skip
