"""``python -m training fracture prepare|sheet|train|calibrate|export|evaluate|card|example``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from training.stages import CHECKOUT, PACKS, Stages, add_processes, add_threads, use_threads


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one stage; returns the exit status."""
    folders = "anatomy/, films/, models/"
    stages = Stages("fracture", __doc__, work=Path("training-work/fracture"), data=folders)
    prepare = stages.add("prepare", _prepare, "render films into WORK/films; goes on where it stopped")
    prepare.add_argument("--films", type=int, default=7200)
    prepare.add_argument("--seed", type=int, default=1)
    add_processes(prepare)
    sheet = stages.add("sheet", _sheet, "render a contact sheet of injuries with their boxes")
    sheet.add_argument("--out", type=Path, default=CHECKOUT / "docs/images/fractures.jpg")
    train = stages.add("train", _train, "train the detector; goes on from its last checkpoint")
    train.add_argument("--minutes", type=float, default=30.0)
    train.add_argument("--steps", type=int, default=4000)
    train.add_argument("--rate", type=float, default=1e-3)
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--start", type=Path, help="fracture pack to go on from")
    add_threads(train)
    stages.add("calibrate", _calibrate, "choose probabilities and thresholds on films that may train")
    shown = stages.add("example", _example, "render a Monteggia injury as a DICOM file for the tests")
    shown.add_argument("--out", type=Path, default=CHECKOUT / "tests/training/fracture/monteggia.dcm")
    for one in (
        shown,
        stages.add("export", _export, "write WORK's network as a model pack"),
        stages.add("evaluate", _evaluate, "measure the pack on every real elbow, forearm and wrist film"),
        stages.add("card", _card, "write the pack's card from its evaluation"),
    ):
        one.add_argument("--pack", type=Path, default=PACKS / "fracture" / "4")
    return stages.run(arguments)


def _example(options: argparse.Namespace) -> None:
    from training.fracture.example import example

    print(example(options.data / "anatomy", options.work / "cache", options.pack, options.out))


def _prepare(options: argparse.Namespace) -> None:
    from training.simulate.fracture.render import Order, render

    order = Order(anatomy=options.data / "anatomy", cache=options.work / "cache", out=options.work / "films",
                  seed=options.seed, films=options.films)  # fmt: skip
    for done, total in render(order, processes=options.processes):
        print(f"\r{done} of {total} shards", end="", flush=True)
    print()


def _sheet(options: argparse.Namespace) -> None:
    from training.simulate.fracture.sheet import contact_sheet

    contact_sheet(options.data / "anatomy", options.work / "cache", options.out)
    print(options.out)


def _train(options: argparse.Namespace) -> None:
    from training.detect.loop import Recipe
    from training.fracture.train import train

    use_threads(options)
    recipe = Recipe(steps=options.steps, minutes=options.minutes, rate=options.rate, seed=options.seed)
    report = partial(print, flush=True)
    out = options.work / "network"
    print(train(options.data, options.work / "films", out, recipe, report, start=options.start))


def _calibrate(options: argparse.Namespace) -> None:
    from training.fracture.choose import choose

    print(choose(options.data, options.work))


def _export(options: argparse.Namespace) -> None:
    from training.fracture.ship import ship

    print(ship(options.work, options.pack).ref)


def _evaluate(options: argparse.Namespace) -> None:
    from training.fracture.evaluate import evaluate

    print(evaluate(options.data, options.pack, options.work))


def _card(options: argparse.Namespace) -> None:
    from training.fracture.card import write_card

    print(write_card(options.pack, options.work))
