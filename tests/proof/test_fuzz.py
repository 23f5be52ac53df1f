"""Damaged files: refused, or stored and ended with a reason; and the damage itself comes from the seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.doors import Door
from bench.mutations import mutate
from bench.specimens import Specimen, specimens

Bench = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> list[Specimen]:
    return specimens(None, tmp_path_factory.mktemp("sound"))


@pytest.mark.timeout(300)
def test_damaged_files_are_refused_or_end_with_a_reason(bench: Bench) -> None:
    code, rows, said = bench("fuzz", "--cases", 300, "--wire", 60)
    assert code == 0, said
    assert [row["phase"] for row in rows] == ["door", "pixels", "service"]
    assert [row["faults"] for row in rows] == [0, 0, 0]


def test_the_sound_files_are_let_in(sound: list[Specimen], tmp_path: Path) -> None:
    with Door(tmp_path / "door") as door:
        assert all(door.take(specimen, specimen.raw) for specimen in sound)
        assert door.outcomes == {"import taken": len(sound), "stored": len(sound)}


def test_one_seed_gives_one_damage(sound: list[Specimen]) -> None:
    def all_of(seed: int) -> list[bytes]:
        chance = random.Random(seed)
        return [mutate(sound[0], chance, number=number) for number in range(50)]

    assert all_of(5) == all_of(5)
    assert all_of(5) != all_of(6)
    assert sum(raw != sound[0].raw for raw in all_of(5)) > 40
