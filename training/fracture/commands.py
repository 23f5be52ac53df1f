"""``python -m training fracture prepare|sheet|train|calibrate|export|evaluate|card|example``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

Stage = Callable[[argparse.Namespace], None]
CHECKOUT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str]) -> int:
    """Run one stage; returns the exit status."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        options.stage(options)
    except (FileNotFoundError, ValueError) as error:
        print(f"fracture {options.step}: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training fracture", description=__doc__)
    shared = Path(os.environ.get("RADROUTER_SHARED", CHECKOUT.parent / "shared"))
    stages = parser.add_subparsers(dest="step", required=True)

    def stage(name: str, run: Stage, summary: str) -> argparse.ArgumentParser:
        one = stages.add_parser(name, help=summary, description=summary)
        one.add_argument("--data", type=Path, default=shared, help="folder with anatomy/, films/, models/")
        one.add_argument("--work", type=Path, default=Path("training-work/fracture"), help="where files go")
        one.set_defaults(stage=run)
        return one

    _stages(stage)
    return parser


def _stages(stage: Callable[[str, Stage, str], argparse.ArgumentParser]) -> None:
    prepare = stage("prepare", _prepare, "render films into WORK/films; goes on where it stopped")
    prepare.add_argument("--films", type=int, default=2820)
    prepare.add_argument("--seed", type=int, default=1)
    sheet = stage("sheet", _sheet, "render a contact sheet of injuries with their boxes")
    sheet.add_argument("--out", type=Path, default=CHECKOUT / "docs/images/fractures.jpg")
    train = stage("train", _train, "train the detector; goes on from its last checkpoint")
    train.add_argument("--minutes", type=float, default=30.0)
    train.add_argument("--steps", type=int, default=2400)
    train.add_argument("--rate", type=float, default=1e-3)
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    stage("calibrate", _calibrate, "choose probabilities and thresholds on films that may train")
    shown = stage("example", _example, "render a Monteggia injury as a DICOM file for the tests")
    shown.add_argument("--out", type=Path, default=CHECKOUT / "tests/training/fracture/monteggia.dcm")
    shown.add_argument("--pack", type=Path, default=CHECKOUT / "classifiers/packs/fracture/1")
    for name, run, summary in (
        ("export", _export, "write WORK's network as a model pack"),
        ("evaluate", _evaluate, "measure the pack on every real elbow, forearm and wrist film"),
        ("card", _card, "write the pack's card from its evaluation"),
    ):
        one = stage(name, run, summary)
        one.add_argument("--pack", type=Path, default=CHECKOUT / "classifiers/packs/fracture/1")


def _example(options: argparse.Namespace) -> None:
    from training.fracture.example import example

    print(example(options.data / "anatomy", options.work / "cache", options.pack, options.out))


def _prepare(options: argparse.Namespace) -> None:
    from training.simulate.fracture.render import Order, render

    order = Order(anatomy=options.data / "anatomy", cache=options.work / "cache", out=options.work / "films",
                  seed=options.seed, films=options.films)  # fmt: skip
    for done, total in render(order):
        print(f"\r{done} of {total} shards", end="", flush=True)
    print()


def _sheet(options: argparse.Namespace) -> None:
    from training.simulate.fracture.sheet import contact_sheet

    contact_sheet(options.data / "anatomy", options.work / "cache", options.out)
    print(options.out)


def _train(options: argparse.Namespace) -> None:
    import tensorflow as tf

    from training.detect.loop import Recipe
    from training.fracture.train import train

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    recipe = Recipe(steps=options.steps, minutes=options.minutes, rate=options.rate, seed=options.seed)
    report = partial(print, flush=True)
    print(train(options.data, options.work / "films", options.work / "network", recipe, report))


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
