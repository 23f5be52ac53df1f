"""No container engine runs in the tests: the compose file and the Dockerfile are checked by their own tools,
and the image's one build step is run as it stands.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
COMPOSE = CHECKOUT / "docker-compose.yml"
DOCKERFILE = CHECKOUT / "docker" / "Dockerfile"
TOKEN = {"name": "admin", "role": "admin", "sha256": "0" * 64}
ENVIRONMENT = {"POSTGRES_PASSWORD": "secret", "RADROUTER_API__TOKENS": json.dumps([TOKEN])}


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(command, capture_output=True, text=True, env=kept | environment, check=False)


def test_the_compose_file_is_valid(peer: Callable[..., str]) -> None:
    told = run(peer("docker-compose"), "-f", COMPOSE, "config", "--services", **ENVIRONMENT)
    assert told.returncode == 0, told.stderr
    ours = {"listener", "worker", "api", "hl7", "judge"}
    assert set(told.stdout.split()) >= {"database", "migrate", *ours}


@pytest.mark.parametrize("missing", sorted(ENVIRONMENT))
def test_compose_refuses_to_start_without(missing: str, peer: Callable[..., str]) -> None:
    rest = {name: value for name, value in ENVIRONMENT.items() if name != missing}
    told = run(peer("docker-compose"), "-f", COMPOSE, "config", "--quiet", **rest)
    assert told.returncode != 0
    assert missing in told.stderr


def test_no_container_runs_as_root_and_each_has_limits_and_a_health_check(peer: Callable[..., str]) -> None:
    told = run(peer("docker-compose"), "-f", COMPOSE, "config", **ENVIRONMENT)
    services = re.split(r"\n  (?=\w+:\n)", told.stdout.partition("services:")[2].partition("\nvolumes:")[0])
    for service in services[1:]:
        name = service.partition(":")[0].strip()
        assert "limits:" in service, name
        if name != "database":
            assert "user: '10001'" in service, name
        if name != "migrate":
            assert "healthcheck:" in service, name


def test_the_dockerfile_passes_its_linter() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    told = run(linter, DOCKERFILE)
    assert told.returncode == 0, told.stdout


@pytest.mark.timeout(600)
def test_what_the_image_installs_runs_outside_the_checkout(tmp_path: Path) -> None:
    """The Dockerfile's one build step, then the settings every container starts with."""
    assert "docker/install.sh /opt/radrouter" in DOCKERFILE.read_text()
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    told = run(CHECKOUT / "docker" / "install.sh", tmp_path / "venv", **pip)
    assert told.returncode == 0, told.stderr

    radrouter, folder = tmp_path / "venv" / "bin" / "radrouter", tmp_path / "data"
    settings = {
        "RADROUTER_STORAGE__FOLDER": str(folder),
        "RADROUTER_LISTENER__PORT": "0",
        "RADROUTER_API__PORT": "0",
        "RADROUTER_HL7__PORT": "0",
    }
    assert run(radrouter, "migrate", **settings).returncode == 0
    told = run(radrouter, "check", "--json", **settings)
    assert told.returncode == 0, told.stdout + told.stderr
