"""NNCPR's network is taken only when it is that network; without a connection the sentence says so."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from classifiers.importers import install_nncpr
from classifiers.importers.nncpr import GIT_BLOB, download, git_blob_hash
from classifiers.packs import load_pack
from classifiers.runtimes import load
from router.errors import PackError
from router.types import Mode
from router.views import NNCPR_VIEWS


@pytest.fixture(scope="module")
def network() -> bytes:
    """A frozen graph with NNCPR's tensors: "input" (N, 224, 224, 3) -> "final_result" (N, 30)."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    graph = tf.Graph()
    with graph.as_default():
        film = tf.compat.v1.placeholder(tf.float32, (None, 224, 224, 3), name="input")
        weights = np.random.default_rng(0).normal(0, 3, (3, 30)).astype(np.float32)
        tf.nn.softmax(tf.matmul(tf.reduce_mean(film, axis=(1, 2)), tf.constant(weights)), name="final_result")
    data: bytes = graph.as_graph_def().SerializeToString()
    return data


class Site(BaseHTTPRequestHandler):
    """A web server that breaks off, hides things, or answers."""

    def do_GET(self) -> None:
        if self.path == "/absent":
            self.send_error(404)
            return
        body = b"x" * 200_000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + (1000 if self.path == "/short" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_fetched_network_becomes_a_view_pack_in_shadow(tmp_path: Path, network: bytes) -> None:
    pack = install_nncpr(tmp_path, fetch=lambda _url, _progress: network, git_blob=git_blob_hash(network))
    assert load_pack(tmp_path / "view" / "nncpr-1") == pack
    assert pack.manifest.mode is Mode.SHADOW
    assert pack.manifest.outputs["view"].labels == NNCPR_VIEWS
    found = load(pack).infer(np.zeros((2, 224, 224, 3), np.float32))["view"]
    assert found == pytest.approx(1 / 30)
    assert "European Radiology" in (pack.folder / "CARD.md").read_text()
    with pytest.raises(PackError, match="is already in"):
        install_nncpr(tmp_path, fetch=lambda _url, _progress: network)


def test_any_other_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=f"has the git blob hash [0-9a-f]{{40}}, not {GIT_BLOB}"):
        install_nncpr(tmp_path / "packs", fetch=lambda _url, _progress: b"\x00 not a graph")
    assert not (tmp_path / "packs").exists()


def test_a_blob_hash_is_gits(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"some\0bytes")
    printed = subprocess.run(
        ["git", "hash-object", "file"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert git_blob_hash(b"some\0bytes") == printed.stdout.strip()


def test_a_download_reports_its_progress(site: str) -> None:
    told: list[tuple[int, int | None]] = []
    assert len(download(f"{site}/network.pb", lambda done, of: told.append((done, of)))) == 200_000
    assert told[-1] == (200_000, 200_000)
    assert len(told) > 1


@pytest.mark.parametrize("path", ["absent", "short"])
def test_a_download_that_fails_says_why_in_a_sentence(site: str, path: str) -> None:
    with pytest.raises(PackError, match=r"cannot be fetched|broke off after 200000 of 201000 bytes"):
        download(f"{site}/{path}", lambda _done, _of: None)


def test_without_a_network_the_sentence_says_so() -> None:
    with pytest.raises(PackError, match="is there a network"):
        download("http://127.0.0.1:1/network.pb", lambda _done, _of: None)
