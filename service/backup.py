"""A backup that may be made while the service runs.

The database first and the objects after it: an object's file is always written before its row, so every row
in the copy has its file in the copy. Files never change once they have their name.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from db.backup import backup
from db.engine import parse_url
from router.errors import OutOfResources, SettingsError
from service.settings import Settings


class Backup:
    """One backup of one service into one folder."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def copy_database(self) -> Path:
        """Copy the database as it stands at one moment; returns the copy.

        Raises:
            SettingsError: there is no database, or no pg_dump.
            OutOfResources: the copy could not be made.
        """
        url = parse_url(self._settings.database_url)
        if url.get_backend_name() == "sqlite":
            return self._copy_sqlite()
        return self._dump_postgresql(url.set(drivername="postgresql").render_as_string(hide_password=False))

    def _copy_sqlite(self) -> Path:
        fresh = self._folder / "radrouter.db.new"
        fresh.unlink(missing_ok=True)
        backup(self._settings.database_url, fresh)
        return fresh.replace(self._folder / "radrouter.db")

    def _dump_postgresql(self, url: str) -> Path:
        if shutil.which("pg_dump") is None:
            raise SettingsError("pg_dump is not installed here; run the backup where it is")
        target = self._folder / "radrouter.pgdump"
        aside = target.with_suffix(".part")
        command = ["pg_dump", "--format=custom", f"--file={aside}", f"--dbname={url}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OutOfResources(f"pg_dump: {done.stderr.strip().splitlines()[-1]}")
        return aside.replace(target)

    def copy_objects(self, progress: Callable[[], None]) -> tuple[int, int]:
        """Copy the objects that the backup lacks; returns how many were copied and how many were there."""
        source, target = self._settings.objects_folder, self._folder / "objects"
        copied = kept = 0
        for file in source.rglob("*.dcm"):
            name = file.relative_to(source)
            if name.parts[0] == "incoming":
                continue
            progress()
            if _is_there(file, target / name):
                kept += 1
            else:
                _copy(file, target / name)
                copied += 1
        return copied, kept

    def copy_configuration(self) -> None:
        """Copy the rules in use, the packs that were imported, and the key of exports."""
        shutil.copy2(self._settings.rules_in_use, self._folder / "rules.toml")
        key = self._settings.export_key_file
        if key.is_file():
            shutil.copy2(key, self._folder / key.name)  # its mode too
        packs = self._settings.imported_packs_folder
        if packs.is_dir():
            shutil.copytree(packs, self._folder / "packs", dirs_exist_ok=True)


def _is_there(file: Path, copy: Path) -> bool:
    """A name holds its data set's digest and is given once the file is whole, so name and size tell."""
    return copy.is_file() and copy.stat().st_size == file.stat().st_size


def _copy(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_suffix(".part")
    shutil.copy2(file, aside)
    aside.replace(target)
