"""``python -m training lung prepare|train|calibrate|evaluate|export|card``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from training.stages import PACKS, Stages, add_threads, use_threads


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one stage; returns the exit status."""
    stages = Stages("lung", __doc__, work=Path("training-work/lung"), data="chest/")
    stages.add("prepare", _prepare, "count the films and say who may teach what")
    learn = "labels, features, five folds, the shipped network; goes on where it stopped"
    _plan_options(stages.add("train", _train, learn))
    choose = stages.add("calibrate", _calibrate, "probabilities and thresholds from what the folds said")
    another = choose.add_mutually_exclusive_group()
    another.add_argument("--others", type=Path, help="answers.npz of another version, beside these")
    another.add_argument("--only", type=Path, help="answers.npz of another version, calibrated anew")
    measure = stages.add("evaluate", _evaluate, "measure what the folds said, with intervals and pictures")
    measure.add_argument(
        "--against", type=Path, help="answers.npz of another version: what was gained over it"
    )
    write = stages.add("export", _export, "write the pack and check it against Keras")
    another = write.add_mutually_exclusive_group()
    another.add_argument("--others", type=Path, help="pack of another version, beside this one")
    another.add_argument("--only", type=Path, help="pack of another version, whose network this one takes")
    for one in (
        measure,
        write,
        stages.add("card", _card, "write the pack's card and metrics from the evaluation"),
    ):
        one.add_argument("--pack", type=Path, default=PACKS / "lung" / "5")
    return stages.run(arguments)


def _plan_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--backbone", type=Path, help="ImageNet weights (default: the installed package's)")
    for option, minutes, part in (
        ("--minutes", 45.0, "of the whole network"),
        ("--upper-minutes", 12.0, "of the upper half, from kept features"),
        ("--fold-minutes", 5.0, "of each fold"),
        ("--again-minutes", 1.0, "of each fold once more, gently"),
    ):
        parser.add_argument(option, type=float, default=minutes, help=f"{part} (default {minutes:g})")
    parser.add_argument(
        "--folds", nargs="*", help="only these: 0 1 2 3 4 all (several processes can share them)"
    )
    parser.add_argument("--seed", type=int, default=1)
    add_threads(parser)


def _prepare(options: argparse.Namespace) -> None:
    from training.lung.films import summary

    print("\n".join(summary(options.data)))


def _train(options: argparse.Namespace) -> None:
    from training.lung.plan import Plan
    from training.lung.train import train

    use_threads(options)
    plan = Plan(
        minutes=options.minutes,
        upper_minutes=options.upper_minutes,
        fold_minutes=options.fold_minutes,
        again_minutes=options.again_minutes,
        seed=options.seed,
    )
    made = train(
        shared=options.data,
        work=options.work,
        plan=plan,
        backbone=options.backbone,
        folds=None if options.folds is None else [None if x == "all" else int(x) for x in options.folds],
        report=lambda line: print(line, flush=True),
    )
    print("\n".join(map(str, made)))


def _calibrate(options: argparse.Namespace) -> None:
    from training.lung.evaluate import calibrate

    print(calibrate(options.data, options.work, others=options.others, only=options.only))


def _evaluate(options: argparse.Namespace) -> None:
    from training.lung.evaluate import evaluate

    print(evaluate(options.data, options.work, options.pack, against=options.against))


def _export(options: argparse.Namespace) -> None:
    from training.lung.pack import write

    print(write(options.data, options.work, options.pack, others=options.others, only=options.only))


def _card(options: argparse.Namespace) -> None:
    from training.lung.card import write_card

    print(write_card(options.work, options.pack))
