"""A second, closer look: the places of small things are found on the whole film, then looked at themselves.

As RadLens' reading instructions ask their user to zoom in, and as two-step detectors of small things do; the
network is the same in both looks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifiers.detection import Seen, joined
from classifiers.detectmanifest import Closer

Square = tuple[float, float, float]  # left, top and length in film pixels


def squares(found: Seen, labels: tuple[str, ...], closer: Closer) -> list[tuple[str, Square]]:
    """What is to be looked at closer on a film: the site, and the square round it.

    ``found``: what the whole film showed, suppressed; ``labels`` of the head ``detect``.
    """
    wanted = []
    for index, probability, box in zip(found.labels, found.probabilities, found.boxes, strict=True):
        if labels[index] in closer.sites and probability >= closer.threshold:
            wanted.append((labels[index], square_round(box, closer.context)))
    return wanted


def square_round(box: NDArray[np.float32], context: float) -> Square:
    """The square with the box in its middle: ``context`` times the longer side of ``box``, (4,) of left, top,
    right, bottom. It may reach beyond the film.
    """
    left, top, right, bottom = (float(edge) for edge in box)
    length = context * max(right - left, bottom - top)
    return (left + right - length) / 2, (top + bottom - length) / 2, length


def merged(whole: Seen, looks: list[tuple[str, Seen]], labels: tuple[str, ...], closer: Closer) -> Seen:
    """What both looks saw: of the whole film what belongs to no site or is looked for everywhere, of each
    site what is looked for there; the sites themselves are left out. Not yet suppressed.
    """
    at_sites = {label for found in closer.sites.values() for label in found} - {*closer.everywhere}
    kept = [whole.only(~_are(whole, labels, {*closer.sites} | at_sites))]
    kept += [look.only(_are(look, labels, {*closer.sites[site]})) for site, look in looks]
    return joined(kept)


def _are(found: Seen, labels: tuple[str, ...], wanted: set[str]) -> NDArray[np.bool_]:
    return np.isin(found.labels, [index for index, label in enumerate(labels) if label in wanted])
