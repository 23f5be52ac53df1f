"""``python -m training ossicle prepare|train|calibrate|export|evaluate|card|sheet|example``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PEOPLE = (("", 1, 0.4), ("VHF", 2, 0.3), ("VHM", 3, 0.3))  # whose bones, seed, share of the films
Stage = Callable[[argparse.Namespace], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one stage; returns the exit status."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        options.stage(options)
    except (FileNotFoundError, ValueError) as error:
        print(f"ossicle {options.command}: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training ossicle", description=__doc__)
    stages = parser.add_subparsers(dest="command", required=True)
    shared = Path(os.environ.get("RADROUTER_SHARED", CHECKOUT.parent / "shared"))

    def stage(name: str, run: Stage, summary: str) -> argparse.ArgumentParser:
        one = stages.add_parser(name, help=summary, description=summary)
        one.add_argument("--data", type=Path, default=shared, help="folder with anatomy/ and films/")
        one.add_argument("--work", type=Path, default=Path("training-work"), help="where files go")
        one.add_argument("--pack", type=Path, default=CHECKOUT / "classifiers/packs/ossicle/1")
        one.set_defaults(stage=run)
        return one

    one = stage("prepare", _prepare, "render films of feet into WORK/ossicle/feet; goes on where it stopped")
    one.add_argument("--films", type=int, default=4000)
    one = stage("train", _train, "teach the network; goes on from its last checkpoint")
    one.add_argument("--steps", type=int, default=1200)
    one.add_argument("--minutes", type=float, default=1e9, help="the schedule is shortened to end by then")
    one.add_argument("--rate", type=float, default=1e-3)
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    one = stage("calibrate", _calibrate, "choose probabilities and thresholds on films that may choose them")
    one.add_argument("--bones", type=Path, help="JSON list of [film, label]: bones seen by eye on real films")
    stage("export", _export, "write the network as a model pack")
    stage("evaluate", _evaluate, "measure the pack on real feet and ankles")
    stage("card", _card, "write the pack's card and metrics from what was measured")
    one = stage("sheet", _sheet, "render a contact sheet of accessory bones")
    one.add_argument("--out", type=Path, default=CHECKOUT / "docs/images/ossicles.jpg")
    one = stage("example", _example, "render a foot with an os trigonum as a DICOM file for the tests")
    one.add_argument("--out", type=Path, default=CHECKOUT / "tests/training/ossicle/os_trigonum.dcm")
    return parser


def _prepare(options: argparse.Namespace) -> None:
    from training.simulate.ossicle import FootOrder, render_feet

    for person, seed, share in PEOPLE:
        order = FootOrder(
            anatomy=options.data / "anatomy",
            out=options.work / "ossicle" / "feet",
            kept=options.work / "films" / "cache",
            seed=seed,
            films=int(options.films * share),
            person=person,
        )
        for done, total in render_feet(order):
            print(f"\r{person or 'body'}: {done} of {total} shards", end="", flush=True)
        print()


def _train(options: argparse.Namespace) -> None:
    import tensorflow as tf

    from training.detect.loop import Recipe
    from training.ossicle.train import train

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    recipe = Recipe(steps=options.steps, minutes=options.minutes, rate=options.rate, seed=options.seed)
    out = options.work / "ossicle"
    print(train(out / "feet", out / "network", recipe, lambda line: print(line, flush=True)))


def _calibrate(options: argparse.Namespace) -> None:
    from training.ossicle.choose import choose

    seen = [] if options.bones is None else json.loads(options.bones.read_text())
    out = options.work / "ossicle"
    print(json.dumps(choose(options.data, out, {(film, label) for film, label in seen}), indent=1))


def _export(options: argparse.Namespace) -> None:
    from training.ossicle.ship import ship

    print(ship(options.work / "ossicle", options.pack).ref)


def _evaluate(options: argparse.Namespace) -> None:
    from training.ossicle.evaluate import evaluate

    out = options.work / "ossicle" / "evaluation"
    print(json.dumps(evaluate(options.pack, options.data, out), indent=1))


def _card(options: argparse.Namespace) -> None:
    from training.ossicle.card import write_card

    print(write_card(options.pack, options.work / "ossicle"))


def _sheet(options: argparse.Namespace) -> None:
    from training.simulate.ossicle_sheet import contact_sheet

    contact_sheet(options.data / "anatomy", options.work / "films" / "cache", options.out)
    print(options.out)


def _example(options: argparse.Namespace) -> None:
    from training.ossicle.example import example

    print(example(options.data / "anatomy", options.work / "films" / "cache", options.pack, options.out))
