"""The snippets of docs/hanging.md, run against a server as a reader would run them."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import io
import os
import re
import subprocess
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.sections_webhooks import Webhooks

PAGE = Path(__file__).parents[3] / "docs" / "hanging.md"
STUDY = "1.2.826.0.1.3680043.8.498.1.0"
STATED = "http://127.0.0.1:8080"


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture
def served(house) -> tuple[str, str]:
    """The address of a service with one analysed film, and the film."""
    uid = house.receive(1)
    house.analyse()
    return str(house.client().base_url).rstrip("/"), uid


@pytest.mark.parametrize("number", range(len(snippets("bash"))))
def test_the_shell_snippets_run(
    served: tuple[str, str], number: int, tmp_path: Path, peer: Callable[[str], str]
) -> None:
    peer("curl")
    base, film = served
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", snippets("bash")[number].replace(STATED, base)],
        cwd=tmp_path,
        env={**os.environ, "STUDY": STUDY, "FILM": film, "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert film in done.stdout or done.stdout.strip().endswith("304") or STUDY in done.stdout


def test_the_python_snippet_reads_a_study(served: tuple[str, str]) -> None:
    (reading, _) = snippets("python")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(reading.replace(STATED, served[0]), {"STUDY": STUDY})
    assert said.getvalue() == "chest_pa_ap ai U turn 0 degrees clockwise\n"


def test_the_python_snippet_knows_a_genuine_message() -> None:
    (_, checking) = snippets("python")
    names: dict[str, Any] = {}
    exec(checking, names)
    now, body = str(int(time.time())), b'{"event":"answered"}'
    signed = hmac.new(b"secret", now.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"Radrouter-Timestamp": now, "Radrouter-Signature": f"v1={signed}"}
    assert names["is_genuine"](headers, body, "secret")
    assert not names["is_genuine"](headers, body + b" ", "secret")
    assert not names["is_genuine"](headers, body, "other")
    assert not names["is_genuine"](headers | {"Radrouter-Timestamp": "1"}, body, "secret")


def test_the_settings_snippet_is_valid() -> None:
    (written,) = snippets("toml")
    webhooks = Webhooks(**tomllib.loads(written)["webhooks"])
    assert webhooks.targets[0].calling_ae_titles == ("DX1", "DX2")


def test_the_page_names_every_key_and_the_protocol_file() -> None:
    from service.api.dicom_asking import KEYS
    from service.api.out_hanging import HungFilmOut

    page = PAGE.read_text(encoding="utf-8")
    plain = {"sop_instance_uid", "series_instance_uid", "study_instance_uid", "sop_class_uid"}
    plain |= {"instance_number", "modality", "reason"}
    assert not [key for key in HungFilmOut.model_fields if f"`{key}`" not in page and key not in plain
                and not key.endswith("_source")]  # fmt: skip
    assert all(key in page for key in KEYS)
    assert (PAGE.parent / "ohif" / "radrouter-hanging.mjs").is_file()
