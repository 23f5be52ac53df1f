"""A pack that draws boxes, with its warm network: a look at the whole film, closer ones where it asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from classifiers.answers import candidates_of, needed
from classifiers.closer import merged, squares
from classifiers.detection import FLOOR, Raw, Seen, resized, seen, suppressed
from classifiers.detectmanifest import Detect
from classifiers.heat import heat_of, on_film
from classifiers.packs import Pack
from classifiers.prepare import Placement, prepared_square
from classifiers.runtimes import Runtime
from classifiers.tensors import fit, picture, scaled, stacked
from router.errors import PackError
from router.types import Box, Finding

if TYPE_CHECKING:
    from classifiers.film import Film

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Look:
    """One look at a film, or at a square of it."""

    film: int  # its place in the batch
    site: str | None  # None: the whole film
    placement: Placement
    raw: Raw
    found: Seen  # suppressed


class BoxFinder:
    """A pack of the task ``detect``."""

    def __init__(self, pack: Pack, runtime: Runtime) -> None:
        """Raises PackError for a pack of another task."""
        if pack.manifest.detect is None:
            raise PackError(f"pack {pack.ref}: its task is {pack.manifest.task}, not detect")
        self._pack = pack
        self._runtime = runtime
        self._detect: Detect = pack.manifest.detect
        self._head = pack.manifest.outputs["detect"]

    @property
    def hot(self) -> frozenset[str]:
        """The labels that there is heat for."""
        return frozenset(self._head.labels if self._detect.heat is not None else ())

    def candidates(self, films: Sequence[Film]) -> list[tuple[Finding, ...]]:
        """See ``Specialist.candidates``. Two calls of the network at most, for all films together."""
        whole = self._whole(films)
        closer = self._closer(films, whole)
        return [
            self._findings(film, look, [c for c in closer if c.film == look.film])
            for film, look in zip(films, whole, strict=True)
        ]

    def heat(self, film: Film, label: str) -> Floats:
        """See ``Specialist.heat``; of a label that belongs to a site, what the closer looks saw."""
        looks = self._looks_for(label, film)
        wanted, shape = self._pack.manifest.input, film.image.shape
        laid = np.zeros(shape, np.float32)
        for look in looks:
            grid = heat_of(look.raw["heat"], self._head, label)
            np.maximum(laid, on_film(grid, look.placement, wanted, shape), out=laid)
        return laid

    def _looks_for(self, label: str, film: Film) -> list[_Look]:
        """The looks at a film in which a label is looked for."""
        whole, closer = self._whole([film]), self._detect.closer
        if closer is None:
            return whole
        at = {site for site, labels in closer.sites.items() if label in labels}
        if not at:
            return whole
        near = [look for look in self._closer([film], whole) if look.site in at]
        return whole + near if label in closer.everywhere else near

    def _whole(self, films: Sequence[Film]) -> list[_Look]:
        wanted = self._pack.manifest.input
        fitted = [fit(picture(film, wanted), wanted) for film in films]
        return self._look(films, [(index, None, *placed) for index, placed in enumerate(fitted)])

    def _closer(self, films: Sequence[Film], whole: Sequence[_Look]) -> list[_Look]:
        """The squares of all films that their sites ask for."""
        closer, side = self._detect.closer, self._pack.manifest.input.height
        if closer is None:
            return []
        placed: list[tuple[int, str | None, Floats, Placement]] = []
        for look in whole:
            for site, (left, top, length) in squares(look.found, self._head.labels, closer):
                image = films[look.film].image
                square = prepared_square(image, left=left, top=top, length=length, side=side)
                placed.append((look.film, site, *square))
        return self._look(films, placed)

    def _look(
        self, films: Sequence[Film], placed: Sequence[tuple[int, str | None, Floats, Placement]]
    ) -> list[_Look]:
        """One call of the network for all of ``placed``: film, site, its fitted picture, where that lies."""
        if not placed:
            return []
        wanted = self._pack.manifest.input
        raw = self._runtime.infer(stacked([scaled(fitted, wanted) for _, _, fitted, _ in placed], wanted))
        looks = []
        for row, (index, site, _, placement) in enumerate(placed):
            one = {key: values[row] for key, values in raw.items()}
            found = seen(one, self._pack.manifest, placement, films[index].image.shape)
            looks.append(
                _Look(film=index, site=site, placement=placement, raw=one, found=self._fewest(found))
            )
        return looks

    def _fewest(self, found: Seen) -> Seen:
        return suppressed(found, overlap=self._detect.overlap, most=self._detect.most)

    def _findings(self, film: Film, whole: _Look, closer: Sequence[_Look]) -> tuple[Finding, ...]:
        labels, manifest, ref = self._head.labels, self._pack.manifest, self._pack.ref
        found = whole.found
        if self._detect.closer is not None:
            looks = [(look.site, look.found) for look in closer if look.site is not None]
            found = self._fewest(merged(found, looks, labels, self._detect.closer))
        thresholds = needed(manifest, "detect")
        boxed = [
            Finding(
                label=labels[label],
                score=float(score),
                probability=float(probability),
                threshold=thresholds[labels[label]],
                model=ref,
                box=stored(film, box),
                mode=manifest.mode,
            )
            for label, score, probability, box in zip(
                found.labels, found.scores, found.probabilities, self._drawn(film, found), strict=True
            )
            if labels[label] in thresholds
        ]
        if "classify" in manifest.outputs:
            boxed += candidates_of(whole.raw["classify"], manifest, ref, floor=FLOOR)
        return tuple(sorted(boxed, key=lambda finding: -finding.probability))

    def _drawn(self, film: Film, found: Seen) -> Floats:
        """The boxes (n, 4) as they are shown: each of the size that its label's boxes are drawn in."""
        sizes = self._detect.box_size
        if sizes is None:
            return found.boxes
        return resized(found.boxes, np.array(sizes)[found.labels], film.image.shape)


def stored(film: Film, box: Floats) -> Box:
    """A box of the film, (4,) of left, top, right, bottom, in stored pixels; nothing lies beyond them."""
    left, top, right, bottom = (float(edge) for edge in box)
    whole = film.to_stored(Box(x=left, y=top, width=right - left, height=bottom - top))
    x0, y0 = max(0.0, whole.x), max(0.0, whole.y)
    x1 = min(float(film.stored_columns), whole.x + whole.width)
    y1 = min(float(film.stored_rows), whole.y + whole.height)
    return Box(x=x0, y=y0, width=x1 - x0, height=y1 - y0)
