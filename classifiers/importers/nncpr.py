"""NNCPR (Dratsch et al. 2021): the published network for 30 views, fetched from its repository, never shipped
with us.
"""

from __future__ import annotations

import hashlib
import http.client
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

from classifiers import runtimes
from classifiers.manifest import (
    Engine,
    Fit,
    Format,
    Gate,
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
from router.errors import PackError
from router.types import Mode
from router.views import NNCPR_VIEWS

COMMIT = "d2d24ba2903b2f3856ffde48a70b36d07971cbab"
URL = f"https://raw.githubusercontent.com/healthcAIr/NNCPR/{COMMIT}/network.pb"
GIT_BLOB = "e9a7faea3b7c454146a5f392891f843ea3426264"
LARGEST = 64 << 20  # bytes; the network is a MobileNet of a few MB
TIMEOUT = 20.0  # seconds without a byte
CHUNK = 1 << 16

Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all where the server says so
Fetch = Callable[[str, Progress], bytes]

CARD = f"""# view {{version}}: NNCPR

The network of T. Dratsch et al., "Practical applications of deep learning: classifying the most common
categories of plain radiographs in a PACS using a neural network", European Radiology 2021, doi
10.1007/s00330-020-07241-6.

- From {URL}, git blob {GIT_BLOB}; licence Apache-2.0; used as it is.
- MobileNet v1, 30 views, no class for anything else: about 18 % of a hospital's films are none of its views,
and it will
  still name one. The gate's margin was not tuned.
- Published accuracy: 90.3 % on the hospital it was trained at, 94.0 % on another.
"""


def install_nncpr(
    target: Path,
    *,
    fetch: Fetch | None = None,
    progress: Progress = lambda _done, _of: None,
    version: str = "nncpr-1",
    mode: Mode = Mode.SHADOW,
    git_blob: str = GIT_BLOB,
) -> Pack:
    """Fetch NNCPR's ``network.pb`` and make it the pack ``target/view/VERSION``.

    ``fetch(url, progress)`` gets the file's bytes; None downloads it. Nothing is parsed before its git blob
    hash is ``git_blob``. In ``shadow`` it runs beside the active view pack; the settings' ``active`` makes it
    answer. Raises PackError in one sentence: no network, another file, already installed, not runnable.
    """
    final = target / "view" / version
    if final.exists():
        raise PackError(f"pack view/{version}: is already in {target}")
    data = (fetch or download)(URL, progress)
    if (found := git_blob_hash(data)) != git_blob:
        raise PackError(
            f"pack view/{version}: what came from {URL} has the git blob hash {found}, not {git_blob}"
        )
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".importing-", dir=target) as scratch:
        folder = Path(scratch) / "view" / version
        folder.mkdir(parents=True)
        (folder / "network.pb").write_bytes(data)
        (folder / "CARD.md").write_text(CARD.format(version=version), encoding="utf-8")
        pack = write_pack(folder, _manifest(version, mode))
        runtimes.load(pack)
        final.parent.mkdir(exist_ok=True)
        folder.rename(final)
    return Pack(folder=final, manifest=pack.manifest)


def git_blob_hash(data: bytes) -> str:
    """The hash git gives a file of these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def download(url: str, progress: Progress) -> bytes:
    """The bytes at ``url``. Raises PackError in one sentence when they cannot be had."""
    parts: list[bytes] = []
    done = 0
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:  # the scheme and host are ours
            length = response.headers.get("Content-Length", "")
            expected = int(length) if length.isdecimal() else None
            while part := response.read(CHUNK):
                parts.append(part)
                done += len(part)
                progress(done, expected)
                if done > LARGEST:
                    raise PackError(f"{url} is larger than {LARGEST >> 20} MiB, so it is not the network")
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise PackError(
            f"{url} cannot be fetched ({reason}): is there a network? The file can also be fetched elsewhere"
            " and imported here"
        ) from error
    if expected is not None and done != expected:
        raise PackError(f"{url} broke off after {done} of {expected} bytes")
    return b"".join(parts)


def _manifest(version: str, mode: Mode) -> Manifest:
    return Manifest(
        name="view",
        version=version,
        task=Task.VIEW,
        mode=mode,
        runtime=Engine.OPENVINO,
        licence="Apache-2.0",
        training_data="71,274 radiographs of one hospital, 2017 (Dratsch et al. 2021)",
        weights=Weights(format=Format.FROZEN_GRAPH, path="network.pb", sha256="0" * 64),
        input=Input(
            name="input",
            height=224,
            width=224,
            channels=3,
            layout=Layout.NHWC,
            fit=Fit.STRETCH,
            polarity=Polarity.BONE_BRIGHT,
            range=(0.0, 255.0),
            mean=(128.0,),
            scale=(128.0,),
        ),
        outputs=MappingProxyType(
            {"view": Output(name="final_result", values=Values.PROBABILITIES, labels=NNCPR_VIEWS)}
        ),
        gate=Gate(margin=0.3),
        metrics=MappingProxyType({"published_internal_accuracy": 0.903, "published_external_accuracy": 0.94}),
    )
