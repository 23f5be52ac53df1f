"""A film may kill, hang or break the analysis process: it alone is blamed, and the others are answered."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "programs" / "analyst_program.py"


def run(argument: str) -> list[dict[str, str]]:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), argument], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def analyse(folder: Path, *batches: list[str]) -> dict[str, tuple[str, str]]:
    """Films named f0, f1 ... over all batches; each one's kind of answer and what was said."""
    count, names = 0, []
    for batch in batches:
        names.append([])
        for text in batch:
            path = folder / f"f{count}"
            path.write_text(text)
            names[-1].append(str(path))
            count += 1
    answers = run(json.dumps(names))
    assert len(answers) == count, "each film is answered exactly once"
    return {answer["key"]: (answer["kind"], answer["said"]) for answer in answers}


def test_every_film_gets_its_own_answer(tmp_path: Path) -> None:
    answers = analyse(tmp_path, ["a", "b"], ["undecodable"], ["c", "d"])
    assert answers == {
        "f0": ("Analysis", "a"),
        "f1": ("Analysis", "b"),
        "f2": ("UndecodablePixels", "no decoder reads this"),
        "f3": ("Analysis", "c"),
        "f4": ("Analysis", "d"),
    }


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        ("kills", "ended by SIGSEGV"),
        ("hangs", "did not answer in time"),
        ("raises", "ValueError: a mistake of ours"),
    ],
)
def test_only_the_poison_film_is_blamed(tmp_path: Path, poison: str, reason: str) -> None:
    answers = analyse(tmp_path, ["a", poison, "b"], ["c", "d"])
    kind, said = answers.pop("f1")
    assert kind == "AnalysisCrashed"
    assert reason in said
    assert set(answers.values()) == {("Analysis", text) for text in "abcd"}


def test_models_that_cannot_be_loaded_are_said_in_one_sentence() -> None:
    assert run("refuse") == [{"kind": "PackError", "said": "pack view/1: the weights were changed"}]


def test_a_child_that_dies_while_loading_is_said() -> None:
    (answer,) = run("die")
    assert answer["kind"] == "AnalysisCrashed"
    assert "ended with code 3" in answer["said"]
