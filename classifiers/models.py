"""All models of one process: found, checked, loaded and warmed once, at the start."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from classifiers.manifest import Task
from classifiers.packs import SHIPPED, Pack, choose, find_packs
from classifiers.runtimes import Hint, load
from classifiers.specialists import Specialist
from classifiers.view import ViewClassifier
from router.errors import ModelAbsent
from router.types import Finding, Mode, ModelRef, ViewPrediction

if TYPE_CHECKING:
    from classifiers.film import Film


class Models:
    """The loaded packs: what names views, and the specialists by name; active ones and those in shadow."""

    def __init__(
        self,
        packs: Iterable[Pack],
        *,
        threads: int = 0,
        hint: Hint = "latency",
        cache: Path | None = None,
    ) -> None:
        """Load and warm ``packs`` as ``classifiers.packs.choose`` gives them: by name the active one first.

        Raises PackError for the first that cannot run.
        """
        self._packs = tuple(packs)
        self._views: list[tuple[Mode, ViewClassifier]] = []
        self._specialists: dict[str, list[tuple[Mode, Specialist]]] = {}
        for pack in self._packs:
            runtime = load(pack, threads=threads, hint=hint, cache=cache)
            name, mode = pack.manifest.name, pack.manifest.mode
            if pack.manifest.task is Task.VIEW:
                self._views.append((mode, ViewClassifier(pack, runtime)))
            else:
                self._specialists.setdefault(name, []).append((mode, Specialist(pack, runtime)))

    @classmethod
    def open(
        cls,
        folders: Iterable[Path] = (),
        *,
        active: Mapping[str, str] | None = None,
        shadow: Collection[str] = (),
        threads: int = 0,
        hint: Hint = "latency",
        cache: Path | None = None,
    ) -> Models:
        """Find the shipped packs and those in ``folders``, choose by name which answers, load and warm them.

        ``active`` gives versions by name, ``shadow`` further packs as ``name@version`` (see
        ``classifiers.packs.choose``); ``threads``, ``hint`` and ``cache`` as for
        ``classifiers.runtimes.load``. Raises PackError in one sentence that names the pack.
        """
        packs = choose(find_packs([SHIPPED, *folders]), active=active or {}, shadow=shadow)
        return cls(packs, threads=threads, hint=hint, cache=cache)

    @property
    def packs(self) -> tuple[Pack, ...]:
        """Every loaded pack, each with the mode it runs in."""
        return self._packs

    @property
    def installed(self) -> Mapping[str, ModelRef]:
        """The specialists that rules may ask for, by name: the version whose answer counts."""
        active = {
            name: specialist.ref
            for name, versions in self._specialists.items()
            for mode, specialist in versions
            if mode is Mode.ACTIVE
        }
        return MappingProxyType(active)

    @property
    def view(self) -> ModelRef | None:
        """The model that names views; None when there is none."""
        return next((view.ref for mode, view in self._views if mode is Mode.ACTIVE), None)

    def views(self, films: Sequence[Film]) -> list[list[ViewPrediction]]:
        """Per film: the active model's prediction first, then those of the shadows.

        Without an active one nothing is predicted, so that a shadow's answer can never stand in its place.
        """
        if self.view is None:
            return [[] for _ in films]
        answers = [classifier.predict(films) for _, classifier in self._views]
        return [list(predictions) for predictions in zip(*answers, strict=True)] if films else []

    def findings(self, name: str, films: Sequence[Film]) -> list[tuple[Finding, ...]]:
        """Per film: what the specialist ``name`` states, then what its shadows would (their ``mode`` says
        so).

        Raises ModelAbsent when no active pack of that name is installed.
        """
        if name not in self.installed:
            raise ModelAbsent(f"no model pack {name!r} is installed")
        answers = [specialist.predict(films) for _, specialist in self._specialists[name]]
        return [
            tuple(finding for found in per_film for finding in found)
            for per_film in zip(*answers, strict=True)
        ]
