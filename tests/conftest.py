"""What every test may ask for: the real films beside the checkout, and peers nobody here wrote."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import psycopg
import pytest

from classifiers.detectmanifest import Detect
from classifiers.manifest import (
    Classes,
    Engine,
    Fit,
    Format,
    Input,
    Layout,
    Manifest,
    Output,
    Polarity,
    Task,
    Values,
    Weights,
)
from classifiers.packs import Pack, write_pack

CHECKOUT = Path(__file__).resolve().parent.parent
POSTGRESQL = os.environ.get("RADROUTER_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")

# An entry of a modality worklist, as dump2dcm reads it, and what a test does not say of it
WORKLIST_ENTRY = """\
(0008,0005) CS [{charset}]
(0008,0050) SH [{accession}]
(0008,0090) PN [Referrer]
(0010,0010) PN [{name}]
(0010,0020) LO [{patient}]
(0010,0030) DA [19700101]
(0010,0040) CS [F]
(0020,000d) UI [{study}]
(0032,1060) LO [{description}]
(0032,1064) SQ
(fffe,e000) -
(0008,0100) SH [{code}]
(0008,0102) SH [LN]
(0008,0104) LO [{description}]
(fffe,e00d) -
(fffe,e0dd) -
(0040,1001) SH [RP1]
(0040,2016) LO [PL1]
(0040,2017) LO [{number}]
(0040,0100) SQ
(fffe,e000) -
(0008,0060) CS [DX]
(0040,0001) AE [DX1]
(0040,0002) DA [20260102]
(0040,0003) TM [1030]
(0040,0006) PN [Performer]
(0040,0007) LO [step]
(0040,0009) SH [{step}]
(fffe,e00d) -
(fffe,e0dd) -
"""
WORKLIST_DEFAULTS = {
    "charset": "ISO_IR 100",
    "accession": "A100",
    "name": "Doe^Jane",
    "patient": "4711",
    "study": "1.2.3.4",
    "description": "XR wrist 2 views",
    "code": "37925-5",
    "number": "FI1",
    "step": "SPS1",
}

LONG_SECONDS = 300  # a test that is allowed as much as this


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with a long test go first, so that no worker is left alone with one at the end."""
    long = {item.path for item in items if _allowed_seconds(item) >= LONG_SECONDS}
    items.sort(key=lambda item: item.path not in long)


def _allowed_seconds(item: pytest.Item) -> float:
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark is not None else 0.0


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real films and DICOM files; the test is skipped where it is absent."""
    folder = Path(os.environ.get("RADROUTER_SHARED", CHECKOUT.parent / "shared"))
    if not (folder / "dicom" / "manifest.csv").is_file():
        pytest.skip(f"the real films are not here ({folder.name}/ is absent; set RADROUTER_SHARED)")
    return folder


@pytest.fixture(scope="session")
def peer() -> Callable[..., str]:
    """Find a program of a peer; absent it skips the test, or fails it where CI promises the peer."""

    def find(name: str) -> str:
        program = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
        if program is None and os.environ.get("CI"):
            pytest.fail(f"{name} is not installed, and CI promises it")
        if program is None:
            pytest.skip(f"{name} is not installed")
        return program

    return find


@pytest.fixture(scope="session")
def new_postgresql() -> Iterator[Callable[[], AbstractContextManager[str]]]:
    """Make a PostgreSQL database without any table: ``with new_postgresql() as url``."""
    try:
        server = psycopg.connect(POSTGRESQL, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        if os.environ.get("CI"):
            pytest.fail(f"PostgreSQL is not reachable, and CI promises it: {error}")
        pytest.skip("PostgreSQL is not reachable (set RADROUTER_TEST_POSTGRESQL)")

    @contextmanager
    def database() -> Iterator[str]:
        name = f"radrouter_test_{secrets.token_hex(6)}"
        server.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
        try:
            yield POSTGRESQL.rpartition("/")[0] + "/" + name
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[call-overload]

    with server:
        yield database


@pytest.fixture
def wlmscpfs(peer: Callable[..., str], tmp_path: Path) -> Iterator[Callable[..., int]]:
    """DCMTK's worklist with these entries, at this port or a free one; gives its port."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*entries: dict[str, str], at: int = 0) -> int:
        folder = tmp_path / "WORKLIST"
        folder.mkdir()
        (folder / "lockfile").touch()
        for number, entry in enumerate(entries):
            text = WORKLIST_ENTRY.format(**(WORKLIST_DEFAULTS | entry))
            encoding = "latin-1" if entry.get("charset", "ISO_IR 100") == "ISO_IR 100" else "utf-8"
            dump = tmp_path / f"{number}.dump"
            dump.write_bytes(text.encode(encoding))
            target = folder / f"{number}.wl"
            subprocess.run([peer("dump2dcm"), dump, target], check=True, capture_output=True)
        with socket.create_server(("127.0.0.1", at)) as probe:
            port = int(probe.getsockname()[1])
        program = [peer("wlmscpfs"), "--keep-char-set", "--data-files-path", str(tmp_path), str(port)]
        running.append(subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return port
            except OSError:
                time.sleep(0.05)
        raise AssertionError("wlmscpfs did not start")

    yield start
    for process in running:
        process.terminate()
        process.wait(10)


SPOT_SIDE, SPOT_CELLS = 32, 4  # pixels of its square input; cells along a side


@pytest.fixture(scope="session")
def spot_pack() -> Callable[..., Pack]:
    """Write a pack that draws a box round each bright sixteenth of a film, and shows where it looked.

    A real network without training: the logit of ``spot`` is 20 times a cell's mean grey less 0.6, that of
    ``shade`` its negative. Keywords replace fields of the manifest; ``heat=False`` leaves the heat out.
    """

    def write(folder: Path, *, heat: bool = True, **changes: object) -> Pack:
        manifest = Manifest(**{**_spot_fields(heat=heat), **changes})  # type: ignore[arg-type]
        place = folder / manifest.name / manifest.version
        place.mkdir(parents=True)
        _save_spot_network(place / "model.xml")
        (place / "CARD.md").write_text("# A card\n\nIt finds bright spots.\n")
        return write_pack(place, manifest)

    return write


def _spot_fields(*, heat: bool) -> dict[str, object]:
    return {
        "name": "spots",
        "version": "1",
        "task": Task.DETECT,
        "runtime": Engine.OPENVINO,
        "licence": "CC0-1.0",
        "training_data": "none",
        "weights": Weights(format=Format.OPENVINO_IR, path="model.xml", sha256="0" * 64),
        "input": Input(
            name="image",
            height=SPOT_SIDE,
            width=SPOT_SIDE,
            channels=1,
            layout=Layout.NHWC,
            fit=Fit.STRETCH,
            polarity=Polarity.BONE_BRIGHT,
            range=(0.0, 1.0),
        ),
        "outputs": {
            "detect": Output(
                name="scores",
                values=Values.LOGITS,
                classes=Classes.INDEPENDENT,
                labels=("spot", "shade"),
                thresholds={"spot": 0.5},
                bias=(0.5, 0.0),
            )
        },
        "detect": Detect(boxes="boxes", overlap=0.5, most=5, heat="heat" if heat else None),
    }


def _save_spot_network(path: Path) -> None:
    """float32 (N, 32, 32, 1) -> scores (N, 16, 2), boxes (N, 16, 4), heat (N, 4, 4, 2)."""
    from classifiers.vino import ops, ov

    cell = SPOT_SIDE // SPOT_CELLS
    film = ops.parameter([-1, SPOT_SIDE, SPOT_SIDE, 1], np.float32, name="image")
    by_channel = ops.transpose(film, np.array([0, 3, 1, 2]))
    means = ops.avg_pool(by_channel, [cell, cell], [0, 0], [0, 0], [cell, cell], exclude_pad=True)
    spot = (ops.transpose(means, np.array([0, 2, 3, 1])) - np.array(0.6, np.float32)) * np.array(
        20, np.float32
    )
    heat = ops.concat([spot, spot * np.array(-1, np.float32)], 3)
    left, top = np.meshgrid(np.arange(SPOT_CELLS) * cell, np.arange(SPOT_CELLS) * cell)
    corners = np.stack([left, top, left + cell, top + cell], -1).reshape(1, -1, 4).astype(np.float32)
    scores = ops.reshape(heat, np.array([-1, SPOT_CELLS**2, 2]), special_zero=False)
    boxes = ops.reduce_sum(scores * np.array(0, np.float32), np.array([2]), keep_dims=True) + corners
    for node, name in ((scores, "scores"), (boxes, "boxes"), (heat, "heat")):
        node.output(0).get_tensor().set_names({name})
    ov.save_model(ov.Model([scores, boxes, heat], [film]), path, compress_to_fp16=False)
