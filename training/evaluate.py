"""Measure a pack on real films, through the same classes the service runs."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.answers import calibrated, view_of
from classifiers.packs import Pack, load_pack
from classifiers.prepare import prepare
from classifiers.runtimes import Runtime, load
from training.films import ANY_WAY_ROUND, RealFilm, chest_films, read, real_films
from training.measures import Judged, grouped, measures
from training.simulate.film import floats
from training.wrapped import agreement

WRAPPED_EVERY = 4  # films, that are also sent as DICOM


def evaluate(*, shared: Path, pack: Path, out: Path, splits: Sequence[str]) -> str:
    """Measure, write metrics.json and pictures to ``out``, and return the table as text.

    ``out`` may hold pictures of real films, which are never committed; the pictures that show none also go to
    the pack.
    """
    from training import pictures

    loaded = load_pack(pack)
    runtime = load(loaded, threads=1)
    films = [film for film in real_films(shared) if film.split in splits]
    judged = judge(films, loaded, runtime)
    some = judged[::WRAPPED_EVERY]
    measured = measures(judged) | beam_and_turn(shared, films, loaded, runtime)
    measured["speed_ms"] = speed(films, loaded, runtime)
    measured["same_as_dicom"] = agreement(
        [read(item.film.path) for item in some], [item.stated for item in some], loaded, runtime
    )
    out = out / "+".join(splits)
    out.mkdir(parents=True, exist_ok=True)
    (out / "metrics.json").write_text(json.dumps(measured, indent=1))
    thirty = [item for item in judged if item.film.one_of_thirty]
    for folder in (out, pack) if list(splits) == ["final"] else (out,):
        pictures.confusion(thirty, folder / "confusion.png")
        pictures.risk_coverage(thirty, folder / "risk_coverage.png")
        pictures.reliability(thirty, folder / "reliability.png")
    pictures.worst(
        [item for item in judged if not item.right and item.film.split != "final"], out / "worst.png"
    )
    return json.dumps(measured, indent=1)


def judge(films: Sequence[RealFilm], pack: Pack, runtime: Runtime) -> list[Judged]:
    """What the pack says of each film."""
    head = pack.manifest.outputs["view"]
    found = []
    for film in films:
        raw = infer(runtime, [read(film.path)], pack)
        row = {name: values[0] for name, values in raw.items()}
        stated = view_of(row, pack.manifest, pack.ref).view
        found.append(
            Judged(film=film, scores=calibrated(row["view"], head), stated=stated, labels=head.labels)
        )
    return found


def infer(runtime: Runtime, films: Sequence[NDArray[np.uint8]], pack: Pack) -> dict[str, NDArray[np.float32]]:
    """Raw outputs for uint8 films (H, W), bone bright."""
    images = [prepare(floats(film), side=pack.manifest.input.height) for film in films]
    return runtime.infer(np.stack(images)[..., None])


def beam_and_turn(shared: Path, films: Sequence[RealFilm], pack: Pack, runtime: Runtime) -> dict[str, object]:
    """AP or PA on NIH patients held out; rotation on real films turned by quarter turns."""
    chests = chest_films(shared, "test")
    raw = [infer(runtime, [film.pixels], pack) for film in chests]
    beam = np.array([row["projection"][0].argmax() for row in raw]) == [film.projection for film in chests]
    labels = pack.manifest.outputs["view"].labels
    named = np.array([labels[int(row["view"][0].argmax())] == "chest_pa_ap" for row in raw])
    upright = [film for film in films if film.one_of_thirty and film.folder not in ANY_WAY_ROUND]
    turned = [
        np.mean([_turned(film, quarter, pack, runtime) == quarter for quarter in range(4)])
        for film in upright
    ]
    groups = [film.group for film in chests]
    return {
        "ap_or_pa": grouped(beam, groups),
        "nih_named_chest_pa_ap": grouped(named, groups),
        "rotation": grouped(np.array(turned), [film.group for film in upright]),
        "chest_films": len(chests),
    }


def _turned(film: RealFilm, quarter: int, pack: Pack, runtime: Runtime) -> int:
    """How many quarter turns the pack sees in a film that was turned by ``quarter``."""
    raw = infer(runtime, [np.rot90(read(film.path), quarter)], pack)["rotation"][0]
    return int(calibrated(raw, pack.manifest.outputs["rotation"]).argmax())


def speed(films: Sequence[RealFilm], pack: Pack, runtime: Runtime) -> float:
    """Milliseconds of one core for preparing and naming one decoded film, the median of thirty."""
    taken = []
    for film in films[:30]:
        pixels = read(film.path)
        start = time.perf_counter()
        infer(runtime, [pixels], pack)
        taken.append((time.perf_counter() - start) * 1000)
    return round(float(np.median(taken)), 2)
