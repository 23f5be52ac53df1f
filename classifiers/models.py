"""All models of one process: found, checked, loaded and warmed once, at the start."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from classifiers.answers import Said
from classifiers.film import Need, one_need
from classifiers.manifest import Task
from classifiers.packs import SHIPPED, Pack, choose, find_packs
from classifiers.runtimes import Hint, load
from classifiers.specialists import Specialist
from classifiers.thresholds import Thresholds
from classifiers.view import ViewClassifier
from router.ensemble import Member, combined, ensemble_model, kept, members_of, silences
from router.errors import HeatAbsent, ModelAbsent, PackError
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
        self._refuse_what_reads_differently()

    @classmethod
    def open(
        cls,
        folders: Iterable[Path] = (),
        *,
        active: Mapping[str, str] | None = None,
        shadow: Collection[str] = (),
        thresholds: Thresholds | None = None,
        threads: int = 0,
        hint: Hint = "latency",
        cache: Path | None = None,
    ) -> Models:
        """Find the shipped packs and those in ``folders``, choose by name which answers, load and warm them.

        ``active`` gives versions by name, ``shadow`` further packs as ``name@version``, ``thresholds`` the
        site's own by name and label (see ``classifiers.packs.choose``); ``threads``, ``hint`` and ``cache``
        as for ``classifiers.runtimes.load``. Raises PackError in one sentence that names the pack.
        """
        found = find_packs([SHIPPED, *folders])
        packs = choose(found, active=active or {}, shadow=shadow, thresholds=thresholds)
        return cls(packs, threads=threads, hint=hint, cache=cache)

    @property
    def packs(self) -> tuple[Pack, ...]:
        """Every loaded pack, each with the mode it runs in."""
        return self._packs

    @property
    def installed(self) -> Mapping[str, ModelRef]:
        """The specialists that rules may ask for, by name: the version whose answer counts.

        Ensembles of them are not listed: ``runs`` and ``answers`` know both.
        """
        active = {
            name: specialist.ref
            for name, versions in self._specialists.items()
            for mode, specialist in versions
            if mode is Mode.ACTIVE
        }
        return MappingProxyType(active)

    def _refuse_what_reads_differently(self) -> None:
        """Raise PackError for a shadow that no film read for the active version serves."""
        for name, versions in self._specialists.items():
            try:
                one_need(specialist.need for _, specialist in versions)
            except ValueError as error:
                refs = " and ".join(str(specialist.ref) for _, specialist in versions)
                raise PackError(f"pack {name}: {refs} cannot run beside each other: {error}") from error

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

    def answers(self, name: str) -> ModelRef:
        """The model that the answer of ``name`` carries: the active pack's, or the ensemble's own.

        Raises ModelAbsent when ``name`` has no active pack.
        """
        return ensemble_model([specialist.ref for specialist in self._active(name)])

    def runs(self, name: str) -> bool:
        """Whether anything runs for ``name``, as a rule writes it: a pack's name, or several joined with "+".

        Each needs its active pack, and one reading of an object has to serve them all; a pack that is here in
        shadow alone runs too, and never answers.
        """
        try:
            self.need(name)
        except ModelAbsent:
            return False
        return True

    def ran(self, name: str) -> tuple[ModelRef, ...]:
        """Every model that ``findings(name, ...)`` runs: the one whose answer counts first, then an
        ensemble's members, then shadows. Raises ModelAbsent where nothing ``runs``.
        """
        active, shadows = self._running(name)
        answer = [ensemble_model([specialist.ref for specialist in active])] if active else []
        return tuple(dict.fromkeys([*answer, *(specialist.ref for specialist in (*active, *shadows))]))

    def need(self, name: str) -> Need:
        """What of an object's pixels everything that runs for ``name`` can make use of.

        Raises ModelAbsent where nothing ``runs``, with the reason.
        """
        active, shadows = self._running(name)
        try:
            return one_need(specialist.need for specialist in (*active, *shadows))
        except ValueError as error:
            raise ModelAbsent(f"the model packs {name!r} cannot be asked together: {error}") from error

    def findings(self, name: str, films: Sequence[Film]) -> list[tuple[Finding, ...]]:
        """Per film: what ``name`` states, most probable first; then, of an ensemble, what its members say;
        then what the shadows would state (their ``mode`` says so).

        ``films`` as read by ``need(name)``. Raises ModelAbsent where nothing ``runs``.
        """
        return [said.findings for said in self.said(name, films)]

    def said(self, name: str, films: Sequence[Film]) -> list[Said]:
        """Per film: what ``findings`` gives, and who stated nothing for a reason. Raises ModelAbsent."""
        self.need(name)  # that one reading serves them all
        active, shadows = self._running(name)
        answers = [_together(active, films)] if len(active) > 1 else [one.said(films) for one in active]
        answers += [specialist.said(films) for specialist in shadows]
        return [
            Said(
                findings=tuple(finding for said in per_film for finding in said.findings),
                silent={model: reason for said in per_film for model, reason in said.silent.items()},
            )
            for per_film in zip(*answers, strict=True)
        ]

    def heat(self, name: str, film: Film, label: str) -> NDArray[np.float32]:
        """Where the active pack of ``name`` saw ``label``: float32 (H, W) in [0, 1] on the pixels of
        ``film.image``; of an ensemble the mean of the members that show it. See ``Specialist.heat``.

        Raises ModelAbsent when ``name`` has no active pack, HeatAbsent when none of them shows it.
        """
        showing = [specialist for specialist in self._active(name) if label in specialist.hot]
        if not showing:
            raise HeatAbsent(f"the model {self.answers(name)} shows no heat for {label!r}")
        laid = [specialist.heat(film, label) for specialist in showing]
        return np.asarray(np.mean(laid, axis=0), np.float32)

    def _running(self, name: str) -> tuple[list[Specialist], list[Specialist]]:
        """The active packs of ``name`` and the shadows; of a pack alone shadows are enough. Raises
        ModelAbsent."""
        shadows = self._shadows(name)
        try:
            return self._active(name), shadows
        except ModelAbsent:
            if len(members_of(name)) > 1 or not shadows:
                raise
            return [], shadows

    def _active(self, name: str) -> list[Specialist]:
        """The active pack of each member of ``name``. Raises ModelAbsent for the first without."""
        found = []
        for member in members_of(name):
            of_name = [one for mode, one in self._specialists.get(member, ()) if mode is Mode.ACTIVE]
            if not of_name:
                raise ModelAbsent(f"no model pack {member!r} is installed")
            found += of_name
        return found

    def _shadows(self, name: str) -> list[Specialist]:
        return [
            specialist
            for member in members_of(name)
            for mode, specialist in self._specialists.get(member, ())
            if mode is Mode.SHADOW
        ]


def _together(members: Sequence[Specialist], films: Sequence[Film]) -> list[Said]:
    """Per film what the members state together, then what each says, and who had no vote."""
    model = ensemble_model([member.ref for member in members])
    votes = zip(*(member.votes(films) for member in members), strict=True)
    return [_joint(each, model) for each in votes]


def _joint(members: Sequence[Member], model: ModelRef) -> Said:
    answer = combined(members, model)
    return Said(findings=(*answer, *kept(members, answer)), silent=silences(members, model))
