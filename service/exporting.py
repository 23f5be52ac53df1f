"""Reviewed films as a training set: pictures by view, and a manifest that ``python -m training`` reads.

Nothing of a header leaves: names of files and groups are keyed hashes, and the key stays in the data folder.
What is burned into the pixels does leave.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import os
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from db.read_reviews import ReviewedFilm
from router.errors import FilmError, SettingsError

MANIFEST, MARK, FILMS = "manifest.csv", "radrouter-export.json", "films"
COLUMNS = ("path", "view", "group", "use", "licence", "source_repo", "side", "label_basis")
TRAIN = "train or evaluate"
NO_LABEL = "evaluate only (the view model has no such label)"
MADE, THERE = "made", "there"
SHORT = 16  # hex digits: 64 bits, no collision in any hospital
KEY_BYTES = 32

Picture = Callable[[Path], bytes]  # PNG of a stored object; raises FilmError


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the manifest says of every film."""

    licence: str
    labels: frozenset[str]  # of the view model: only these may train


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export did."""

    views: Mapping[str, int]  # films in the set now, by view
    groups: int
    made: int
    there: int  # made by an earlier run
    gone: int  # of an earlier run; reviewers see them otherwise since
    left_out: Mapping[str, int]  # by reason


def export_key(file: Path, *, make: bool) -> bytes:
    """The site's key; only its owner reads it. Where there is none: a new one, kept if ``make``.

    Raises:
        SettingsError: the file holds no key.
    """
    if not file.is_file():
        if not make:
            return secrets.token_bytes(KEY_BYTES)
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(".new")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_hex(KEY_BYTES) + "\n")
        aside.replace(file)
    try:
        return bytes.fromhex(file.read_text().strip())
    except ValueError as error:
        raise SettingsError(
            f"{file} holds no key: restore it, or export to a new folder without it"
        ) from error


def pseudonym(key: bytes, kind: str, value: str) -> str:
    """A name that only who has the key can find again (HMAC-SHA256, RFC 2104)."""
    return hmac.new(key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[
        :SHORT
    ]


class TrainingSet:
    """One folder of exported films."""

    def __init__(self, folder: Path, key: bytes, terms: Terms) -> None:
        """Take an empty or new folder, or one that this site's earlier export left.

        Raises:
            SettingsError: it holds something else.
        """
        self.folder = folder
        self._films = folder / FILMS
        self._mark = folder / MARK
        self._key = key
        self._terms = terms
        self._signature = pseudonym(key, "export", "")
        if folder.exists() and not folder.is_dir():
            raise SettingsError(f"{folder} is not a folder")
        if folder.is_dir() and any(folder.iterdir()) and not self._is_ours():
            raise SettingsError(f"{folder} holds files that no export of this site made: name a new folder")
        self._before = {row["path"]: row for row in self._rows()}

    def plan(self, films: Sequence[ReviewedFilm], *, adds_only: bool) -> Exported:
        """What :meth:`write` would do; nothing is written."""
        paths = {self._path(film): film for film in films}
        there = sum((self._films / path).is_file() for path in paths)
        gone = () if adds_only else self._before.keys() - paths.keys()
        return Exported(
            views=Counter(film.view for film in films),
            groups=len({self._group(film) for film in films}),
            made=len(paths) - there,
            there=there,
            gone=len(gone),
            left_out={},
        )

    def write(
        self,
        films: Iterable[ReviewedFilm],
        storage: Path,
        picture: Picture,
        *,
        adds_only: bool,
        progress: Callable[[], None],
    ) -> Exported:
        """Make the films that are not there yet, and the manifest last.

        ``adds_only``: films of earlier runs stay though they are not among ``films``.
        """
        self._films.mkdir(parents=True, exist_ok=True)
        told = {"made_by": "radrouter export reviews", "key": self._signature}
        _write(self._mark, json.dumps(told).encode())
        rows: dict[str, dict[str, str]] = {}
        met: Counter[str] = Counter()
        for film in films:
            path = self._path(film)
            met[self._make(path, storage / film.path, picture)] += 1
            if (self._films / path).is_file():
                rows[path] = self._row(path, film)
            progress()
        gone = self._forget(rows, adds_only=adds_only)
        return Exported(
            views=Counter(row["view"] for row in rows.values()),
            groups=len({row["group"] for row in rows.values()}),
            made=met.pop(MADE, 0),
            there=met.pop(THERE, 0),
            gone=gone,
            left_out=met,
        )

    def _make(self, path: str, stored: Path, picture: Picture) -> str:
        """Make one picture unless it is there; gives what became of it, or why there is none."""
        if (self._films / path).is_file():
            return THERE
        try:
            _write(self._films / path, picture(stored))
        except FileNotFoundError:
            return "its file is gone"
        except FilmError as error:
            return str(error)
        return MADE

    def _forget(self, rows: dict[str, dict[str, str]], *, adds_only: bool) -> int:
        """Write the manifest, then remove what it no longer names; gives how many films that are."""
        names = {Path(path).name for path in rows}
        kept = self._before if adds_only else {}
        # a film that moved to another view's folder has the same name there
        kept = {path: row for path, row in kept.items() if Path(path).name not in names}
        rows.update(kept)
        self._write_manifest(rows.values())
        gone = self._before.keys() - rows.keys()
        for path in gone:
            (self._films / path).unlink(missing_ok=True)
        return len(gone)

    def _is_ours(self) -> bool:
        try:
            return bool(json.loads(self._mark.read_text())["key"] == self._signature)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def _rows(self) -> list[dict[str, str]]:
        file = self._films / MANIFEST
        if not file.is_file():
            return []
        with file.open(newline="", encoding="utf-8") as lines:
            return [dict(row) for row in csv.DictReader(lines) if _is_inside(row["path"])]

    def _write_manifest(self, rows: Collection[Mapping[str, str]]) -> None:
        aside = self._films / f"{MANIFEST}.new"
        with aside.open("w", newline="", encoding="utf-8") as out:
            table = csv.DictWriter(out, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows(sorted(rows, key=lambda row: row["path"]))
        aside.replace(self._films / MANIFEST)

    def _path(self, film: ReviewedFilm) -> str:
        return f"{film.view}/{pseudonym(self._key, 'film', f'{film.sop_instance_uid} {film.sha256}')}.png"

    def _group(self, film: ReviewedFilm) -> str:
        """All films of a patient in one group; without a patient ID, those of the study."""
        if film.patient_id:
            return pseudonym(self._key, "patient", film.patient_id)
        return pseudonym(self._key, "study", film.study_instance_uid)

    def _row(self, path: str, film: ReviewedFilm) -> dict[str, str]:
        number = len(film.reviewers)
        return {
            "path": path,
            "view": film.view,
            "group": self._group(film),
            "use": TRAIN if film.view in self._terms.labels else NO_LABEL,
            "licence": self._terms.licence,
            "source_repo": "site",
            "side": film.side or "",
            "label_basis": f"{number} reviewer{'s' if number != 1 else ''}",
        }


def _write(file: Path, content: bytes) -> None:
    """All of it or nothing: a run that is cut short leaves no half picture under its name."""
    file.parent.mkdir(exist_ok=True)
    aside = file.with_name(f"{file.name}.new")
    aside.write_bytes(content)
    aside.replace(file)


def _is_inside(path: str) -> bool:
    """Whether a manifest's path is one of ours: ``view/name.png``."""
    parts = Path(path).parts
    return len(parts) == 2 and ".." not in parts and not Path(path).is_absolute()
