from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from db.backup import backup
from db.engine import connect, migrate, sessions
from db.queries import Queries
from router.errors import SettingsError
from router.types import Outcome

Receive = Callable[..., Outcome]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_backup_taken_while_films_come_in_is_whole(url: str, receive: Receive, tmp_path: Path) -> None:
    receive(0)
    stop = threading.Event()

    def send() -> None:
        number = 0
        while not stop.is_set():
            receive(number := number + 1)

    sender = threading.Thread(target=send)
    sender.start()
    backup(url, tmp_path / "copy.sqlite")
    stop.set()
    sender.join()
    restored = f"sqlite:///{tmp_path}/copy.sqlite"
    migrate(restored)
    engine = connect(restored)
    counts = Queries(sessions(engine)).counts()
    engine.dispose()
    assert counts.states["received"] == counts.audit_id >= 1


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_backup_never_overwrites(url: str, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite"
    target.write_text("precious")
    with pytest.raises(FileExistsError, match="never overwrites"):
        backup(url, target)
    assert target.read_text() == "precious"


def test_nothing_cannot_be_backed_up(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no database"):
        backup(f"sqlite:///{tmp_path}/absent.sqlite", tmp_path / "copy.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_postgresql_has_its_own_way(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="pg_dump"):
        backup("postgresql://host/name", tmp_path / "copy")
