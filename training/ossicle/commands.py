"""``python -m training ossicle prepare|train|calibrate|export|evaluate|card|sheet|example``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from training.stages import CHECKOUT, PACKS, Stages, add_processes, add_threads, use_threads

PEOPLE = (("", 1, 0.4), ("VHF", 2, 0.3), ("VHM", 3, 0.3))  # whose bones, seed, share of the films


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one stage; returns the exit status."""
    stages = Stages("ossicle", __doc__, work=Path("training-work"), data="anatomy/, films/")
    rendered = "render films of feet into WORK/ossicle/feet; goes on where it stopped"
    prepare = stages.add("prepare", _prepare, rendered)
    prepare.add_argument("--films", type=int, default=4000)
    add_processes(prepare)
    train = stages.add("train", _train, "teach the network; goes on from its last checkpoint")
    train.add_argument("--steps", type=int, default=8000)
    train.add_argument("--minutes", type=float, default=1e9, help="the schedule is shortened to end by then")
    train.add_argument("--rate", type=float, default=1e-3)
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--start", type=Path, help="ossicle pack to go on from")
    add_threads(train)
    calibrate = stages.add(
        "calibrate", _calibrate, "choose probabilities and thresholds on films that may choose"
    )
    calibrate.add_argument("--bones", type=Path, help="JSON list of [film, label]: seen by eye on real films")
    sheet = stages.add("sheet", _sheet, "render a contact sheet of accessory bones")
    sheet.add_argument("--out", type=Path, default=CHECKOUT / "docs/images/ossicles.jpg")
    shown = stages.add("example", _example, "render a foot with an os trigonum as a DICOM file for the tests")
    shown.add_argument("--out", type=Path, default=CHECKOUT / "tests/training/ossicle/os_trigonum.dcm")
    for one in (
        calibrate,
        shown,
        stages.add("export", _export, "write the network as a model pack"),
        stages.add("evaluate", _evaluate, "measure the pack on real feet and ankles"),
        stages.add("card", _card, "write the pack's card and metrics from what was measured"),
    ):
        one.add_argument("--pack", type=Path, default=PACKS / "ossicle" / "3")
    return stages.run(arguments)


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
        for done, total in render_feet(order, processes=options.processes):
            print(f"\r{person or 'body'}: {done} of {total} shards", end="", flush=True)
        print()


def _train(options: argparse.Namespace) -> None:
    from training.detect.loop import Recipe
    from training.ossicle.train import train

    use_threads(options)
    recipe = Recipe(steps=options.steps, minutes=options.minutes, rate=options.rate, seed=options.seed)
    out = options.work / "ossicle"
    weights = train(
        options.data,
        out / "feet",
        out / "network",
        recipe,
        lambda line: print(line, flush=True),
        start=options.start,
    )
    print(weights)


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
