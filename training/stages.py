"""A model's training as sub-commands, one per stage: what all of them have in common."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parent.parent
PACKS: Final = CHECKOUT / "classifiers" / "packs"
Stage = Callable[[argparse.Namespace], None]


class Stages:
    """``python -m training [MODEL] STAGE``."""

    def __init__(self, model: str, summary: str | None, *, work: Path, data: str) -> None:
        """``model`` is "" for the view classifier; ``data`` says which folders of ``--data`` it needs."""
        self._name = f"training {model}".rstrip()
        self._parser = argparse.ArgumentParser(prog=f"python -m {self._name}", description=summary)
        self._stages = self._parser.add_subparsers(dest="step", required=True)
        self._work, self._data = work, data

    def add(self, name: str, run: Stage, summary: str) -> argparse.ArgumentParser:
        """A stage; options of its own are added to what this returns."""
        one = self._stages.add_parser(name, help=summary, description=summary)
        shared = Path(os.environ.get("RADROUTER_SHARED", CHECKOUT.parent / "shared"))
        one.add_argument("--data", type=Path, default=shared, help=f"folder with {self._data}")
        one.add_argument("--work", type=Path, default=self._work, help="where this stage's files go")
        one.set_defaults(stage=run)
        return one

    def run(self, arguments: Sequence[str] | None) -> int:
        """Run the stage that ``arguments`` name; returns the exit status. What is missing or wrong is said in
        one line."""
        options = self._parser.parse_args(arguments)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        try:
            options.stage(options)
        except (FileNotFoundError, ValueError) as error:
            print(f"{self._name} {options.step}: {error}", file=sys.stderr)
            return 2
        return 0


def add_threads(stage: argparse.ArgumentParser) -> None:
    """The option ``--threads`` of a training."""
    stage.add_argument("--threads", type=int, default=os.cpu_count() or 1)


def add_processes(stage: argparse.ArgumentParser) -> None:
    """The option ``--processes`` of a rendering."""
    stage.add_argument("--processes", type=int, default=os.cpu_count() or 1)


def use_threads(options: argparse.Namespace) -> None:
    """Let TensorFlow use as many as ``--threads`` says."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
