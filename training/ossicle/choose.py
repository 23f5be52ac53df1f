"""Choose probabilities and thresholds: simulated feet that were not learnt from, and the few real films that
may choose something."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from training.detect.network import trained
from training.ossicle.calibrate import fitted, keep, looked, measured, sensitivity, thresholds
from training.ossicle.evaluate import answered, real_feet
from training.ossicle.films import LABELS, SIDE, SITE_OF, simulated_feet
from training.ossicle.ship import shipped, write

SEED: Final = 5
MOST: Final = 240  # held-out films


def choose(shared: Path, work: Path, bones: Collection[tuple[str, str]]) -> dict[str, Any]:
    """Write ``work``/network/chosen.json; returns what it does on held-out simulated films.

    ``bones``: (file name, label) of real films where an eye saw the bone; all else that is seen on the real
    films that may train must stay unstated. Raises FileNotFoundError.
    """
    model = trained(work / "network" / "model.weights.h5", len(LABELS), side=SIDE)
    held = looked(model, list(simulated_feet(work / "feet", held_out=True))[:MOST], seed=SEED)
    found = fitted(held)
    items = measured(held, found)
    said = shipped(found, dict.fromkeys(SITE_OF, 0.5))
    draft = write(model, work / "feet", work / "draft" / "ossicle" / "1", said)
    real = _wrong(shared, draft.folder, bones)
    chosen = thresholds(items, real)
    told = sensitivity(items, chosen)
    keep(work / "network" / "chosen.json", found, chosen, told)
    return {"thresholds": chosen, "real": real, "simulated": told, "bias": list(found.bias)}


def _wrong(shared: Path, pack: Path, bones: Collection[tuple[str, str]]) -> dict[str, list[float]]:
    """Highest probabilities on the real films that may choose, where no eye saw a bone."""
    found: dict[str, list[float]] = {}
    for one in answered(pack, real_feet(shared, ("train", "calibrate"))):
        for finding in one.found:
            if finding.box is not None and (one.film.path.name, finding.label) not in bones:
                found.setdefault(finding.label, []).append(round(finding.probability, 3))
    return {label: sorted(values, reverse=True)[:5] for label, values in found.items()}
