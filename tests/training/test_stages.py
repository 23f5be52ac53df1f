"""dvc.yaml and dvc.lock: every shipped pack's weights name the data they came from."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
STAGES: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())
LOCKED: dict[str, Any] = yaml.safe_load((ROOT / "dvc.lock").read_text())["stages"]
PACKS = {"view": 10, "lung": 5, "fracture": 4, "ossicle": 3}
SETTINGS = {name: value for each in STAGES["vars"] for name, value in each.items()}


def spelled(text: str) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: str(SETTINGS[found[1]]), text)


def sources(stage: str) -> set[str]:
    """The data that a stage's results came from, through all stages before it."""
    found: set[str] = set()
    for path in (each["path"] for each in LOCKED[stage]["deps"]):
        makers = [
            name
            for name, one in LOCKED.items()
            if any(path == out["path"] or path.startswith(f"{out['path']}/") for out in one["outs"])
        ]
        found |= {path} if not makers else set().union(*(sources(maker) for maker in makers))
    return found


@pytest.mark.parametrize("name", PACKS)
def test_the_shipped_weights_are_those_that_the_last_stage_wrote(name: str) -> None:
    outs = {out["path"]: out["md5"] for out in LOCKED[f"{name}-pack"]["outs"]}
    written = {path: md5 for path, md5 in outs.items() if path.startswith("classifiers/packs/")}
    folder = ROOT / f"classifiers/packs/{name}/{PACKS[name]}"
    files = [*folder.glob("*.xml"), *folder.glob("*.bin")]
    assert {file.relative_to(ROOT).as_posix() for file in files} == written.keys()
    for file in files:
        found = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
        assert found == written[file.relative_to(ROOT).as_posix()]


@pytest.mark.parametrize("name", PACKS)
def test_the_weights_name_the_data_they_came_from(name: str) -> None:
    data = {path for path in sources(f"{name}-pack") if path.startswith("../shared/")}
    assert (
        data
        == {
            "view": {"../shared/anatomy", "../shared/films", "../shared/chest"},
            "lung": {"../shared/chest"},
            # both began with the view pack's backbone
            "fracture": {"../shared/anatomy", "../shared/films", "../shared/chest"},
            "ossicle": {"../shared/anatomy", "../shared/films", "../shared/chest"},
        }[name]
    )


@pytest.mark.parametrize("stage", LOCKED)
def test_what_was_run_is_what_would_be_run(stage: str) -> None:
    wanted, locked = STAGES["stages"][stage]["cmd"], LOCKED[stage]["cmd"]
    commands = [wanted] if isinstance(wanted, str) else wanted
    done = [locked] if isinstance(locked, str) else locked
    assert [spelled(command) for command in commands] == [" ".join(command.split()) for command in done]


def test_the_answers_behind_the_lung_figures_are_those_of_the_folds() -> None:
    kept = {out["path"]: out["md5"] for stage in LOCKED.values() for out in stage["outs"]}
    path = "training/lung/answers.npz"
    found = hashlib.md5((ROOT / path).read_bytes(), usedforsecurity=False).hexdigest()
    assert found == kept[path] == kept["training-work/lung/answers.npz"]
