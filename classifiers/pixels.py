"""DICOM pixels to a Film: the door of the room. See ``docs/pixels.md``."""

from __future__ import annotations

from classifiers.film import Film, Need
from classifiers.preview import preview_png
from classifiers.reading import read_film, read_for, read_shown, read_stored

__all__ = ["Film", "Need", "preview_png", "read_film", "read_for", "read_shown", "read_stored"]
