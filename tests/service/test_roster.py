"""A supervisor tells which processes it keeps alive, as long as it lives."""

from __future__ import annotations

import os
import time
from pathlib import Path

from service.roster import Kept, Roster, rosters

CHILD = Kept(name="api", pid=7, starts=1, since="2026-01-02T03:04:05+00:00")


def test_what_is_told_is_read_until_the_supervisor_goes(tmp_path: Path) -> None:
    folder = tmp_path / "supervisors"
    assert rosters(folder) == {}
    with Roster(folder) as roster:
        roster.tell([CHILD])
        ((host, children),) = rosters(folder).items()
        assert host.endswith(f"-{os.getpid()}") and children == (CHILD,)
    assert rosters(folder) == {}


def test_a_supervisor_that_was_killed_is_forgotten_and_nonsense_passed_over(tmp_path: Path) -> None:
    with Roster(tmp_path) as roster:
        roster.tell([CHILD])
        (file,) = tmp_path.glob("*.json")
        (tmp_path / "other.json").write_text('[{"of": "another version"}]')
        assert len(rosters(tmp_path)) == 1
        long_ago = time.time() - 60
        os.utime(file, (long_ago, long_ago))
        assert rosters(tmp_path) == {}


def test_a_full_disk_ends_nobody(tmp_path: Path) -> None:
    with Roster(tmp_path / "gone") as roster:
        (tmp_path / "gone").rmdir()
        roster.tell([CHILD])
