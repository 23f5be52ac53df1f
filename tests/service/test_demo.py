"""The demonstration: from an empty folder to a table of answers, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.demonstration import STUDY

pytestmark = pytest.mark.timeout(300)
FREE = {f"RADROUTER_{name}__PORT": "0" for name in ("LISTENER", "API", "HL7")}


@pytest.mark.skipif(not list(STUDY.glob("*.dcm")), reason="no demonstration study is bundled")
def test_every_film_of_the_bundled_study_is_answered(command: Callable[..., Any], tmp_path: Path) -> None:
    done = command("demo", "--no-stay", folder=tmp_path, **FREE)
    assert done.returncode == 0, done.stderr
    for film in STUDY.glob("*.dcm"):
        assert film.stem in done.stdout
    assert "failed" not in done.stdout
    assert "http://127.0.0.1:" in done.stdout
    assert "worker down" in (tmp_path / "var" / "serve.log").read_text()
