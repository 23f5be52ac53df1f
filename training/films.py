"""What the network learns from and is judged by, and who may be used for what.

Three kinds of film: simulated ones, NIH chest films (split by patient), and the real films of a manifest
whose ``use`` column says whether they may train. Splits go by group, by a hash of the group's name, so that
they never move:

* a film marked "evaluate only" is never trained on, nor used to choose anything that the card does not name;
* films that may train are split: ``train`` learns, ``calibrate`` sets temperature and gates;
* evaluate-only groups are split in ``look`` (errors may be looked at while the simulator is improved) and
  ``final`` (never looked at; each round that is measured on it and then acted upon spends it a little, and
  the card says which were).
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.film import Film
from router.views import NNCPR_VIEWS
from training.simulate.fracture.render import PREFIX as BROKEN_ARMS
from training.simulate.fracture.render import load_shard as broken_films
from training.simulate.render import load_shard
from training.simulate.views import LABELS

Grey = NDArray[np.uint8]
UNKNOWN: Final = -1
FOLDERS: Final = {
    "other_forearm": ("forearm_ap", "forearm_lateral"),
    "other_foot_lateral": ("foot_lateral",),
    "other_whole_spine_ap": ("whole_spine_ap",),
}
LARGEST_SOURCE: Final = "UNIFESP"
# lain on the plate any way round, so that a quarter turn means nothing
ANY_WAY_ROUND: Final = frozenset(
    (
        "elbow_ap",
        "elbow_lateral",
        "knee_lateral",
        "patella_axial",
        "lower_leg_ap",
        "lower_leg_lateral",
        "forearm_ap",
        "forearm_lateral",
        "humerus_ap",
        "other",
        "abdomen_left_lateral_decubitus",
        "wrist_ap",
        "wrist_lateral",
        "finger_ap",
        "finger_lateral",
        "femur_ap",
        "femur_lateral",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One film to learn from. ``pixels`` is uint8 (H, W), bone bright."""

    pixels: Grey
    view: int  # of LABELS
    projection: int = UNKNOWN  # of network.PROJECTIONS
    upside: int = UNKNOWN  # quarter turns it is already turned
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RealFilm:
    """One film of the manifest."""

    path: Path
    folder: str
    accepted: tuple[str, ...]  # labels that are right for it
    group: str
    split: str  # train | calibrate | look | final
    source: str

    @property
    def one_of_thirty(self) -> bool:
        """Whether it shows one of NNCPR's views."""
        return self.folder in NNCPR_VIEWS


def share(name: str, salt: str = "") -> float:
    """A number in [0, 1) that belongs to a group's name for ever."""
    return int.from_bytes(hashlib.sha256((salt + name).encode()).digest()[:8], "big") / 2**64


def _looked_at(group: str) -> bool:
    """Whether an evaluate-only group is one whose films and errors may be looked at.

    35 % were, from the first round on. The others were all measured, and none looked at, until view@1 was
    shipped; one in five of those joined the ones looked at after that, by a hash of its own.
    """
    first = int(hashlib.sha256(group.encode()).hexdigest(), 16) % 100 < 35
    return first or share(group, "after view@1") < 0.2


def real_films(shared: Path) -> list[RealFilm]:
    """The manifest of ``shared``/films. Raises FileNotFoundError."""
    films = []
    with (shared / "films" / "manifest.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            may_train = row["use"].startswith("train")
            if may_train:
                split = "train" if share(row["group"]) < 0.6 else "calibrate"
            else:
                split = "look" if _looked_at(row["group"]) else "final"
            films.append(
                RealFilm(
                    path=shared / "films" / row["path"],
                    folder=row["view"],
                    accepted=FOLDERS.get(row["view"], (row["view"],)),
                    group=row["group"],
                    split=split,
                    source=LARGEST_SOURCE if LARGEST_SOURCE in row["licence"] else row["source_repo"],
                )
            )
    return films


def films_that_teach(shared: Path) -> list[Grey]:
    """The pixels of all films of the manifest that networks learn from. Raises FileNotFoundError."""
    return [read(film.path) for film in real_films(shared) if film.split == "train"]


def read(path: Path) -> Grey:
    """A film's pixels, uint8 (H, W). Raises ValueError when it cannot be read."""
    pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise ValueError(f"{path} is not an image")
    return np.asarray(pixels, dtype=np.uint8)


def some(films: Sequence[Example], most: int) -> list[Example]:
    """At most so many of them, the same ones each time."""
    order = np.random.default_rng(0).permutation(len(films))[:most]
    return [films[index] for index in order]


def film_of(pixels: Grey) -> Film:
    """A film of stored pixels, uint8 (H, W), bone bright, as the service's reader would give it."""
    image = pixels.astype(np.float32) / 255.0
    return Film(image=image, stored_rows=image.shape[0], stored_columns=image.shape[1], scale=(1.0, 1.0))


def allowed(shared: Path, split: str) -> list[Example]:
    """The real films that may train, ``train`` or ``calibrate``. A forearm without a known projection is left
    out."""
    found = []
    for film in real_films(shared):
        if film.split == split and len(film.accepted) == 1:
            found.append(
                Example(pixels=read(film.path), view=LABELS.index(film.accepted[0]), group=film.group)
            )
    return found


def chest_films(shared: Path, split: str) -> list[Example]:
    """NIH chest films of the patients of a split: ``train`` 70 %, ``calibrate`` 10 %, ``test`` 20 %."""
    found = []
    with (shared / "chest" / "manifest.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            part = share(row["patient_id"], "nih")
            if split == ("train" if part < 0.7 else "calibrate" if part < 0.8 else "test"):
                found.append(
                    Example(
                        pixels=read(shared / "chest" / row["path"]),
                        view=LABELS.index("chest_pa_ap"),
                        projection=("AP", "PA").index(row["view_position"]),
                        upside=0,
                        group=row["patient_id"],
                    )
                )
    return found


def simulated(folders: Sequence[Path], *, held_out: bool) -> Iterator[Example]:
    """Simulated films, whatever stage rendered them; the last tenth of each shard, whole patients, is held
    out."""
    for folder in folders:
        for path in sorted(folder.glob("*-[0-9]*-[0-9]*.npz")):
            films = list(_broken_arms(path) if path.name.startswith(BROKEN_ARMS) else _shard(path))
            cut = len(films) - len(films) // 10
            yield from films[cut:] if held_out else films[:cut]


def _shard(path: Path) -> Iterator[Example]:
    for pixels, truth in zip(*load_shard(path), strict=True):
        label = str(truth["label"])
        upside = UNKNOWN if label in ANY_WAY_ROUND else int(str(truth["upside"]))
        yield Example(pixels=pixels, view=LABELS.index(label), upside=upside)


def _broken_arms(path: Path) -> Iterator[Example]:
    """Elbows, forearms and wrists that ``training fracture prepare`` rendered: children's, broken, plated and
    bowed ones among them. Its hands are left out: some lie between two views."""
    for film, _ in broken_films(path):
        if film.view in ANY_WAY_ROUND:
            yield Example(pixels=film.pixels, view=LABELS.index(film.view))
