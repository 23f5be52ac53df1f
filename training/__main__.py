"""``python -m training simulate|sheet|train|quantise|calibrate|export|evaluate|card|demo``: from an anatomy
to a model pack. ``python -m training lung|fracture|ossicle STAGE`` does the same for a specialist."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import fields
from importlib import import_module
from pathlib import Path

from training.card import SPLITS
from training.stages import CHECKOUT, PACKS, Stages, add_processes, add_threads, use_threads

SPECIALISTS = ("lung", "fracture", "ossicle")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one stage; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in SPECIALISTS:  # a folder with its own commands
        return int(import_module(f"training.{given[0]}.commands").main(given[1:]))
    stages = Stages("", __doc__, work=Path("training-work"), data="anatomy/, films/, chest/ and models/")
    _film_stages(stages)
    _network_stages(stages)
    return stages.run(given)


def _film_stages(stages: Stages) -> None:
    simulate = stages.add("simulate", _simulate, "render films into WORK/films; goes on where it stopped")
    add_processes(simulate)
    add = simulate.add_argument
    add("--per-label", type=int, default=250, help="films of each label")
    add("--exposures", type=int, default=3, help="films of one positioned patient")
    add("--seed", type=int, default=1)
    add("--labels", nargs="*", help="only these")
    add("--gpu", action="store_true", help="draw rays with OpenGL instead of tracing them on the processor")
    add = stages.add("sheet", _sheet, "render a contact sheet of all views, or of all bodies").add_argument
    add("--bodies", action="store_true", help="children and worn joints instead of views")
    add("--out", type=Path, help="default docs/images/views.jpg, or bodies.jpg")
    add = stages.add("demo", _demo, "render the demonstration study as DICOM files").add_argument
    add("--out", type=Path, default=CHECKOUT / "service/demo")
    add("--pack", type=Path, help="draw again what this view pack does not name right")


def _network_stages(stages: Stages) -> None:
    folders = "folders of simulated films (default WORK/films)"
    train = stages.add("train", _train, "fine-tune the network; goes on from its last checkpoint")
    train.add_argument("--films", type=Path, nargs="*", help=folders)
    train.add_argument("--start", type=Path, help="view pack or weights to begin with instead of ImageNet's")
    train.add_argument(
        "--backbone", type=Path, help="ImageNet weights (default: those of the installed package)"
    )
    add_threads(train)
    _recipe_options(train)
    average = stages.add("average", _average, "mix trained networks, and the pack they began with, into one")
    average.add_argument("--of-start", type=float, default=0.0, help="how much of it (0 to 1, default 0)")
    average.add_argument(
        "--body", default="lite0", help="of no networks: which of the pack's (default lite0)"
    )
    weigh = stages.add("weigh", _weigh, "try several shares of the start on real films, final ones never")
    weigh.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.2, 0.35, 0.5, 0.7, 1.0])
    trained = "folders of trained networks (none: the start alone)"
    for one in (average, weigh):
        one.add_argument("--networks", type=Path, nargs="*", default=[], help=trained)
        one.add_argument("--start", type=Path, required=True, help="view pack that all of them began with")
        one.add_argument("--films", type=Path, nargs="*", help=f"{folders}; some set its normalisation")
    small = stages.add("quantise", _quantise, "bring WORK's network to eight bits, the form that ships")
    small.add_argument("--films", type=Path, nargs="*", help=folders)
    chosen = "choose temperature, gate and reject on films that may train"
    calibrate = stages.add("calibrate", _calibrate, chosen)
    calibrate.add_argument("--films", type=Path, nargs="*", help=folders)
    export = stages.add("export", _export, "write WORK's network as a model pack")
    asked_too = "folder of another trained network, asked too where WORK's is not sure"
    for one in (calibrate, export):
        one.add_argument("--further", type=Path, help=asked_too)
    evaluate = stages.add("evaluate", _evaluate, "measure a pack on real films, with intervals and pictures")
    every = "which films, each kind measured apart (default: all)"
    splits = tuple(SPLITS)
    evaluate.add_argument("--split", nargs="+", choices=splits, default=splits, help=every)
    evaluate.add_argument("--against", type=Path, help="another pack, measured on the same films beside it")
    card = stages.add("card", _card, "write a pack's card and metrics from its evaluations")
    card.add_argument("--log", nargs="*", default=[], help="rounds, each 'round | trained on | figure'")
    for one in (export, evaluate, card):
        one.add_argument("--pack", type=Path, default=PACKS / "view" / "10")


def _recipe_options(parser: ArgumentParser) -> None:
    from training.recipe import Recipe

    for field in fields(Recipe):
        kind = type(field.default)
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=kind,
            default=field.default,
            help=f"default {field.default}",
        )


def _simulate(options: Namespace) -> None:
    from training.simulate.render import Order, render
    from training.simulate.views import LABELS

    order = Order(
        anatomy=options.data / "anatomy",
        out=options.work / "films",
        seed=options.seed,
        per_label=options.per_label,
        exposures=options.exposures,
        labels=tuple(options.labels or LABELS),
        gpu=options.gpu,
    )
    if order.gpu:
        from training.simulate.raster_gpu import OpenGLRaster

        print(f"rays are drawn by {OpenGLRaster().device}", flush=True)
    for done, total in render(order, processes=options.processes):
        print(f"\r{done} of {total} shards", end="", flush=True)
    print()


def _sheet(options: Namespace) -> None:
    from training.simulate.sheet import bodies_sheet, contact_sheet

    out = options.out or CHECKOUT / "docs/images" / ("bodies.jpg" if options.bodies else "views.jpg")
    draw = bodies_sheet if options.bodies else contact_sheet
    draw(options.data / "anatomy", options.work / "films" / "cache", out)
    print(out)


def _folders(options: Namespace) -> list[Path]:
    return options.films or [options.work / "films"]


def _train(options: Namespace) -> None:
    from training.recipe import Recipe
    from training.train import train

    use_threads(options)
    recipe = Recipe(**{field.name: getattr(options, field.name) for field in fields(Recipe)})
    weights = train(
        shared=options.data,
        films=_folders(options),
        out=options.work / "network",
        recipe=recipe,
        start=options.start,
        backbone=options.backbone,
        report=lambda line: print(line, flush=True),
    )
    print(weights)


def _average(options: Namespace) -> None:
    from training.average import average
    from training.feed import settled_by

    written = average(
        options.networks,
        start=options.start,
        of_start=options.of_start,
        body=options.body,
        out=options.work / "network",
        settling=settled_by(options.data, _folders(options)),
    )
    print(written)


def _weigh(options: Namespace) -> None:
    from training.feed import settled_by
    from training.weigh import weigh

    rows = weigh(
        options.networks,
        start=options.start,
        shares=options.shares,
        shared=options.data,
        settling=settled_by(options.data, _folders(options)),
    )
    print("of start  films      top-1  log-loss  temperature")
    for row in rows:
        figures = f"{row.top_1:.3f}  {row.log_loss:8.3f}  {row.temperature:11.2f}"
        print(f"{row.of_start:8.2f}  {row.split:9}  {figures}", flush=True)


def _quantise(options: Namespace) -> None:
    from training.quantise import quantise

    print(quantise(shared=options.data, films=_folders(options), network=options.work / "network"))


def _calibrate(options: Namespace) -> None:
    from training.calibrate import calibrate

    chosen = calibrate(
        shared=options.data,
        films=_folders(options),
        network=options.work / "network",
        further=options.further,
    )
    print(chosen)


def _export(options: Namespace) -> None:
    from training.export import export

    print(export(network_folder=options.work / "network", pack=options.pack, further=options.further))


def _card(options: Namespace) -> None:
    from training.card import write_card

    print(write_card(options.pack, options.work / "evaluation", options.log))


def _evaluate(options: Namespace) -> None:
    from training.evaluate import evaluate

    for split in options.split:
        figures = evaluate(
            shared=options.data,
            pack=options.pack,
            out=options.work / "evaluation",
            split=split,
            against=options.against,
        )
        print(f"{split}: {figures}", flush=True)


def _demo(options: Namespace) -> None:
    from training.demo import demonstration, named_by

    says = None if options.pack is None else named_by(options.pack)
    cache = options.work / "films" / "cache"
    for path in demonstration(options.data / "anatomy", cache, options.out, says):
        print(path)


if __name__ == "__main__":
    sys.exit(main())
