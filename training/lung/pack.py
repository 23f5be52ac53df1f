"""Write the lung pack."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from shutil import copyfile
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.packs import Pack, load_pack
from classifiers.runtimes import load
from classifiers.specialists import Specialist
from classifiers.vino import ov
from training.detect.calibrate import Calibration
from training.detect.example import fitted
from training.detect.export import OUTPUTS, Shipped, converted, parity, said_by, written
from training.films import film_of, read
from training.lung.features import SIDE
from training.lung.figures import SHOWN
from training.lung.films import LABELS, chest_films, example
from training.lung.joint import joint, said_jointly
from training.lung.said import ANSWERS, OVERLAP
from training.lung.train import shipped
from training.quick import compiled

LICENCE: Final = "CC-BY-4.0"
TRAINED_ON: Final = (
    "NIH ChestX-ray14 (NIH Clinical Center; Wang et al., CVPR 2017): labels from reports, boxes of "
    "radiologists; opacity boxes of the RSNA Pneumonia Challenge on the same films; simulated signs laid on "
    "further ones; ImageNet before that. No adjudicated label."
)
TIMED: Final = 40  # films
Floats = NDArray[np.float32]
PROBES: Final = 12  # films that Keras and OpenVINO must agree on


def write(
    shared: Path, work: Path, folder: Path, *, others: Path | None = None, only: Path | None = None
) -> str:
    """Export the network with its calibration; returns a line about parity and size. ``others`` is a pack of
    another version's network, which then speaks beside it, ``only`` one whose network is taken instead.
    Raises FileNotFoundError without a trained or calibrated network, ValueError when the runtimes differ."""
    stored = json.loads((work / "calibration.json").read_text())
    calibration = Calibration(**{name: tuple(values) for name, values in stored["calibration"].items()})
    probes = np.stack(
        [fitted(example(film), side=SIDE).pixels for film in chest_films(shared)[::300][:PROBES]]
    )[..., None]
    images = (probes / np.float32(255)).astype(np.float32)
    network, expected = _networks(work, images, others, only=only)
    pack = written(
        network,
        Shipped(
            labels=LABELS,
            side=SIDE,
            calibration=calibration,
            thresholds=stored["thresholds"]["default"],
            licence=LICENCE,
            training_data=TRAINED_ON,
            overlap=OVERLAP,
            most=SHOWN,
            box_size=tuple(stored["box_size"]),
            metrics=_metrics(work),
        ),
        folder,
        probes=images,
        expected=expected,
    )
    (work / "evaluation").mkdir(exist_ok=True)
    (work / "evaluation" / "speed.txt").write_text(speed(pack, shared) + "\n")
    _pictures(work / "evaluation" / "pictures", folder / "pictures")
    copyfile(work / ANSWERS.name, ANSWERS)
    apart = parity(expected, pack.folder / "model.xml", images)
    told = ", ".join(f"{name} {value:.4f}" for name, value in apart.items())
    size = (folder / "model.bin").stat().st_size / 1e6
    return f"{pack.ref}: {size:.1f} MB; what was expected and what it says differ by at most: {told}"


def _networks(
    work: Path, images: Floats, others: Path | None, *, only: Path | None
) -> tuple[ov.Model | Path, dict[str, Floats]]:
    """The network, both as one, or the file of the ``only`` one, and what it should say of ``images``."""
    if only is not None:
        path = load_pack(only).weights
        return path, _said_by_file(path, images)
    trained = shipped(work)
    own, said = converted(trained, images), said_by(trained, images)
    if others is None:
        return own, said
    path = load_pack(others).weights
    return joint(ov.Core().read_model(path), own), said_jointly(_said_by_file(path, images), said)


def _said_by_file(path: Path, images: Floats) -> dict[str, Floats]:
    answers = compiled(path)(images)
    return {name: np.asarray(answers[name]) for name in OUTPUTS}


def speed(pack: Pack, shared: Path) -> str:
    """A sentence on what a film takes of one core after decoding, whole: fitted, seen, boxes chosen. It is
    processor time, which says less of what else the machine has to do."""
    specialist = Specialist(pack, load(pack, threads=1))
    boxed = [film for film in chest_films(shared) if film.boxes][:TIMED]
    films = [film_of(read(one.path)) for one in boxed]
    specialist.predict(films[:2])
    times = []
    for film in films:
        begun = time.process_time()
        specialist.predict([film])
        times.append((time.process_time() - begun) * 1000)
    return (
        f"OpenVINO, films of 512 pixels after decoding, whole, in processor time of one core: median "
        f"{np.median(times):.0f} ms, fastest {min(times):.0f}, slowest {max(times):.0f}, of {len(times)} "
        f"films; the two-core machine had a load of {os.getloadavg()[0]:.1f}. The aim is 120 ms."
    )


def _metrics(work: Path) -> dict[str, str | int | float | bool]:
    """A few figures for the page Models, once they are measured."""
    path = work / "evaluation" / "figures.json"
    if not path.is_file():
        return {}
    found = json.loads(path.read_text())
    told: dict[str, str | int | float | bool] = {"note": "out of fold, patients split; NIH films only"}
    told |= {"boxed_films": found["films"]["boxed"], "films": found["films"]["films"]}
    for label in LABELS:
        told[f"ap_iou_0_3_{label.lower()}"] = round(found["ap"][label]["0.3"][0], 3)
        told[f"found_at_1_false_per_film_{label.lower()}"] = round(found["froc"][label]["1"][0], 3)
    return told


def _pictures(source: Path, out: Path) -> None:
    """Small copies of the evaluation's pictures."""
    if not source.is_dir():
        return
    out.mkdir(exist_ok=True)
    for path in sorted(source.iterdir()):
        picture = cv2.imread(str(path))
        if picture is not None:
            cv2.imwrite(str(out / path.name), picture, [cv2.IMWRITE_JPEG_QUALITY, 80])
