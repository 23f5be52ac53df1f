"""Heat maps: where a network looked on a film, drawn on demand from the stored file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from router.errors import FilmError, HeatAbsent, ModelAbsent, OutOfResources, RadrouterError

if TYPE_CHECKING:  # the API's own process carries jobs about and needs no decoders
    import numpy as np
    from numpy.typing import NDArray

    from classifiers.film import Film, Need


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatJob:
    """A heat map that is wanted of one stored object.

    ``overlay``: in colour over the film, with a legend; else grey, 0 to 255 for 0 to 1.
    """

    path: Path
    model: str  # a pack's name; of an ensemble its members' joined by "+"
    label: str
    long_side: int  # pixels of the picture, as of the preview's
    overlay: bool = False
    legend: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatPicture:
    """The map as PNG, in the film's shape."""

    png: bytes


class Heats(Protocol):
    """What is asked of ``classifiers.models.Models``."""

    def need(self, name: str) -> Need:
        """What the model needs of an object's pixels; raises ModelAbsent."""

    def heat(self, name: str, film: Film, label: str) -> NDArray[np.float32]:
        """float32 (H, W) in [0, 1] on the film's pixels; raises HeatAbsent, ModelAbsent."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeatFilms:
    """The film that the model looks at, and the one that the map is drawn on."""

    looked_at: Film
    picture: Film


def films_for(job: HeatJob, models: Heats) -> HeatFilms | RadrouterError:
    """The job's films, read as its model needs them; or why there are none."""
    from classifiers.reading import read_for

    try:
        need = models.need(job.model)
        looked_at = read_for(job.path, need)
        picture = read_for(
            job.path, replace(need, long_side=job.long_side, colour=need.colour and job.overlay)
        )
    except (FilmError, ModelAbsent) as error:
        return error
    except OSError as error:
        return OutOfResources(f"the stored file cannot be read: {error.strerror or error}")
    return HeatFilms(looked_at=looked_at, picture=picture)


def drawn(job: HeatJob, films: HeatFilms | RadrouterError, models: Heats) -> HeatPicture | RadrouterError:
    """The picture, or why there is none; any other exception is a fault of ours and passes through."""
    from classifiers.heat_picture import heat_png, on_picture, overlay_png

    if isinstance(films, RadrouterError):
        return films
    try:
        seen = models.heat(job.model, films.looked_at, job.label)
    except (HeatAbsent, ModelAbsent) as error:
        return error
    heat = on_picture(seen, films.looked_at, films.picture)
    return HeatPicture(png=overlay_png(heat, films.picture, job.legend) if job.overlay else heat_png(heat))
