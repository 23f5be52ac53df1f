"""``python -m training``: a stage per step, each with its help; what is missing is said in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.__main__ import main

STAGES = ("simulate", "sheet", "train", "calibrate", "export", "evaluate", "card", "demo")


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_explains_itself(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([stage, "--help"])
    assert end.value.code == 0
    assert "--work" in capsys.readouterr().out


def test_absent_data_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--data", str(tmp_path), "--work", str(tmp_path), "--per-label", "1"]) == 2
    assert "body.json" in capsys.readouterr().err


def test_a_card_is_not_written_without_final_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["card", "--work", str(tmp_path), "--pack", str(tmp_path)]) == 2
    assert "--split final" in capsys.readouterr().err
