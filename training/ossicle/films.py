"""What the ossicle network learns from: whole films, on which it finds the sites, and squares around them.

One network serves both looks. On a whole film it learns where the six sites are; on a square around a site,
cut as the running service cuts it (``classifiers.prepare.prepared_square``), which bone is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from numpy.random import Generator

from classifiers.closer import Square
from training.detect.closer import look_at, square_near
from training.detect.example import BoxedFilm, asked_of, whole_look
from training.simulate.ossicle import EXPOSURES, stored_feet
from training.simulate.ossicle_film import FootFilm, Truth
from training.simulate.ossicle_scene import Box
from training.simulate.ossicle_sites import OSSICLES

SITE_OF: Final = {name: f"site_{name}" for name in OSSICLES}
LABELS: Final = (*OSSICLES, *SITE_OF.values())
SIDE: Final = 192  # pixels of the network's input: 0.2 mm each in a closer look
CONTEXT: Final = 1.6  # the square looked at, over the longer side of the site's box
SEEN: Final = 0.4  # share of a thing's shadow that must stand out for it to be there to be found
HIDDEN: Final = 0.12  # and below which a site is not one in this view
CONTRAST: Final = 0.06  # of the grey range within its box that a thing needs to be seen
HELD_OUT: Final = 0.1  # the last tenth of each shard, whole patients, is not learnt from


@dataclass(frozen=True, slots=True, kw_only=True)
class Foot:
    """A simulated film and the patient it is of."""

    film: FootFilm
    group: str


def simulated_feet(folder: Path, *, held_out: bool) -> Iterator[Foot]:
    """The films rendered into a folder that are learnt from, or those that are not."""
    for path in sorted(folder.glob("feet-*.npz")):
        films = stored_feet(path)
        cut = len(films) - int(len(films) * HELD_OUT) // EXPOSURES * EXPOSURES
        for number, film in enumerate(films):
            if (number >= cut) == held_out:
                yield Foot(film=film, group=f"{path.stem}-{number // EXPOSURES}")


def clear(thing: Truth) -> bool:
    """Whether a thing can be seen for what it is; otherwise nobody can say whether it should be found."""
    return thing.plain >= SEEN and thing.contrast >= CONTRAST


def whole(foot: Foot, *, side: int = SIDE) -> BoxedFilm:
    """The whole film as the network first sees it: where the sites are, and nothing about what is there."""
    film = foot.film
    boxes = [(one.box, SITE_OF[one.kind]) for one in film.sites if one.plain >= SEEN]
    doubtful = {SITE_OF[one.kind] for one in film.sites if HIDDEN <= one.plain < SEEN}
    return whole_look(film.pixels, boxes, side=side, of=LABELS, asked=SITE_OF.values(), doubtful=doubtful,
                      group=foot.group)  # fmt: skip


def squares(foot: Foot, rng: Generator, *, side: int = SIDE) -> list[tuple[str, BoxedFilm]]:
    """What the network sees at each site when it looks closer, not quite centred, nearer or farther, with the
    name of the accessory bone that is looked for there."""
    found = []
    for site in foot.film.sites:
        if site.plain < HIDDEN or (site.plain < SEEN and rng.random() < 0.6):
            continue
        found.append((site.kind, _square(foot, square_near(site.box, rng, context=CONTEXT), side)))
    return found


def _square(foot: Foot, where: Square, side: int) -> BoxedFilm:
    found, unclear = _ossicles(foot.film.things)
    seen = look_at(foot.film.pixels, where, found, side=side)
    return asked_of(seen.image, seen.boxes, seen.labels, of=LABELS, asked=OSSICLES,
                    doubtful=unclear | seen.cut, group=foot.group)  # fmt: skip


def _ossicles(things: Sequence[Truth]) -> tuple[list[tuple[Box, str]], set[str]]:
    """The accessory bones that show, and the labels of those that are there and do not."""
    bones = [thing for thing in things if thing.kind in OSSICLES]
    return [(one.box, one.kind) for one in bones if clear(one)], {one.kind for one in bones if not clear(one)}
