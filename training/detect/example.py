"""What a detector learns from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.prepare import prepared

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxedFilm:
    """One film, what is on it, and how far that is known.

    ``pixels``: uint8 (H, W), bone bright. ``boxes``: float32 (n, 4), left, top, right, bottom in pixels of
    the film, edges (a box of the whole film is 0, 0, W, H). ``labels``: int (n,), of which label each box
    is. ``image``: float32 (K,), 1 where the film shows the label, 0 where it does not, nan where nobody
    knows. ``known``: float32 (K,), 1 where every place of the label has a box, so that a place without one
    teaches "not here"; 0 where a missing box means nothing. ``group``: patient or study; splits go by it.
    """

    pixels: Grey
    boxes: Floats
    labels: NDArray[np.int64]
    image: Floats
    known: Floats
    group: str = ""


def asked_of(
    image: Floats,
    boxes: Floats,
    labels: Sequence[str],
    *,
    of: Sequence[str],
    asked: Collection[str],
    doubtful: Collection[str],
    group: str,
) -> BoxedFilm:
    """A look, (side, side) in [0, 1], that teaches only about the labels ``asked`` among all ``of`` the
    network; of a ``doubtful`` one nobody can say whether it is there. ``boxes`` (n, 4), pixels of the look,
    and their ``labels`` are there."""
    side = image.shape[0]
    sure = np.array([label in asked and label not in doubtful for label in of], dtype=np.float32)
    there = np.array([label in labels for label in of], dtype=np.float32)
    return BoxedFilm(
        pixels=np.asarray(np.round(image * 255), dtype=np.uint8),
        boxes=np.clip(boxes, 0, side).astype(np.float32).reshape(-1, 4),
        labels=np.array([of.index(label) for label in labels], dtype=np.int64),
        image=np.where((sure > 0) | (there > 0), there, np.nan).astype(np.float32),
        known=sure,
        group=group,
    )


def whole_look(
    pixels: Grey,
    found: Sequence[tuple[Sequence[float], str]],
    *,
    side: int,
    of: Sequence[str],
    asked: Collection[str],
    doubtful: Collection[str],
    group: str,
) -> BoxedFilm:
    """A whole film, uint8 (H, W), as the network gets it; ``found`` are boxes in film pixels with their
    labels. The rest as for ``asked_of``."""
    image, placement = prepared(pixels.astype(np.float32) / 255.0, side=side)
    boxes = placement.to_input(np.array([box for box, _ in found], dtype=np.float32).reshape(-1, 4))
    labels = [label for _, label in found]
    return asked_of(image, boxes, labels, of=of, asked=asked, doubtful=doubtful, group=group)


def fitted(film: BoxedFilm, *, side: int) -> BoxedFilm:
    """The film as the network gets it: (side, side) by ``classifiers.prepare.prepared``, its boxes moved
    along and cut at the edges. Raises ValueError when ``film.pixels`` is not a grey image."""
    image, placement = prepared(film.pixels.astype(np.float32) / 255.0, side=side)
    boxes = placement.to_input(film.boxes.reshape(-1, 4))
    return BoxedFilm(
        pixels=np.asarray(np.round(image * 255), dtype=np.uint8),
        boxes=np.clip(boxes, 0, side).astype(np.float32),
        labels=film.labels,
        image=film.image,
        known=film.known,
        group=film.group,
    )
