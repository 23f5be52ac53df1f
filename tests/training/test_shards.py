"""Shards rendered by several processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from training.simulate.shards import rendered

LONG = """
import time
from pathlib import Path
from training.simulate.shards import rendered
for _ in rendered([(1,), (600,), (600,)], path=lambda _: Path("/nowhere"), shard=time.sleep, processes=2):
    print(flush=True)
"""


def _children(parent: int) -> list[int]:
    said = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False)
    return [int(line) for line in said.stdout.split()]


def _alive(process: int) -> bool:
    state = Path(f"/proc/{process}/stat")
    return state.is_file() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.timeout(60)
def test_who_renders_ends_when_the_one_who_gives_out_shards_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", LONG], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        for _ in range(2):  # at the start, and when the first shard is done: all are at work
            parent.stdout.readline()
        workers = _children(parent.pid)
        assert len(workers) >= 2
        os.kill(parent.pid, signal.SIGKILL)
    ends = time.monotonic() + 20
    while any(_alive(worker) for worker in workers) and time.monotonic() < ends:
        time.sleep(0.1)
    assert not any(_alive(worker) for worker in workers)


def test_what_is_there_is_not_rendered_again(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.touch()
    jobs = [(there,), (tmp_path / "missing",)]  # making the first again would raise
    assert list(rendered(jobs, path=Path, shard=os.mknod, processes=1)) == [(1, 2), (2, 2)]
    assert (tmp_path / "missing").is_file()


def test_what_a_shard_raises_is_raised(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(rendered([(tmp_path / "none" / "here",)], path=Path, shard=os.mkdir, processes=1))
