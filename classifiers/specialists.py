"""Models that a rule sends a film to: those that label a whole film, and those that draw boxes on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from classifiers.answers import Said, candidates_of, findings_of, needed, silence_of
from classifiers.boxes import BoxFinder
from classifiers.detection import FLOOR
from classifiers.detectmanifest import OneName
from classifiers.film import Need
from classifiers.manifest import Fit, Task
from classifiers.packs import Pack
from classifiers.prepare import WORKING_SIDE
from classifiers.runtimes import Runtime
from classifiers.tensors import batch, picture
from router.ensemble import Member, overlap
from router.errors import HeatAbsent, PackError
from router.types import Finding, ModelRef

if TYPE_CHECKING:
    from classifiers.film import Film


LONG_BY_CENTRE = 2  # a picture's sides up to which its central square has all the pixels that are needed


class Specialist:
    """A pack of the task ``classify`` or ``detect`` with its warm network."""

    def __init__(self, pack: Pack, runtime: Runtime) -> None:
        """Raises PackError for a pack of another task."""
        if pack.manifest.task not in (Task.CLASSIFY, Task.DETECT):
            raise PackError(
                f"pack {pack.ref}: its task {pack.manifest.task} is not one a specialist here can do"
            )
        self._pack = pack
        self._runtime = runtime
        self._boxes = BoxFinder(pack, runtime) if pack.manifest.detect is not None else None

    @property
    def ref(self) -> ModelRef:
        """The model that every finding carries."""
        return self._pack.ref

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Every label that may be stated, with the probability in [0, 1] that it needs: that of a box, where
        there are boxes of the label.
        """
        manifest = self._pack.manifest
        heads = sorted(manifest.outputs, key=lambda head: head == "detect")
        return {label: need for head in heads for label, need in needed(manifest, head).items()}

    @property
    def hot(self) -> frozenset[str]:
        """The labels that it shows heat for."""
        return frozenset() if self._boxes is None else self._boxes.hot

    @property
    def need(self) -> Need:
        """What of an object's pixels the network can make use of."""
        wanted, detect = self._pack.manifest.input, self._pack.manifest.detect
        closer = detect.closer.long_side if detect is not None and detect.closer is not None else 0
        times = LONG_BY_CENTRE if wanted.fit is Fit.CENTRE else 1
        return Need(
            long_side=max(WORKING_SIDE, wanted.height * times, wanted.width * times, closer),
            colour=wanted.colour,
            window=wanted.window,
            accepts=wanted.accepts,
        )

    def candidates(self, films: Sequence[Film]) -> list[tuple[Finding, ...]]:
        """All that is seen of what may be stated, also below its threshold, most probable first.

        Per film, in order; probabilities of 0.01 and more. Boxes are suppressed. Of a label there may be
        boxes and a finding of the whole film.
        """
        if self._boxes is not None:
            return self._boxes.candidates(films)
        manifest = self._pack.manifest
        return [candidates_of(raw, manifest, self.ref, floor=FLOOR) for raw in self._classified(films)]

    def votes(self, films: Sequence[Film]) -> list[Member]:
        """What ``candidates`` gives as an ensemble's member, without a vote where the gate stays shut."""
        if self._boxes is not None:
            return [self._vote(found) for found in self._boxes.candidates(films)]
        manifest = self._pack.manifest
        return [
            self._vote(candidates_of(raw, manifest, self.ref, floor=FLOOR), silence_of(raw, manifest))
            for raw in self._classified(films)
        ]

    def _vote(self, candidates: tuple[Finding, ...], silence: str | None = None) -> Member:
        return Member(model=self.ref, thresholds=self.thresholds, candidates=candidates, silence=silence)

    def predict(self, films: Sequence[Film]) -> list[tuple[Finding, ...]]:
        """What is stated about each film, in order, most probable first.

        A whole film's finding is stated only where no box of its label is.
        """
        return [said.findings for said in self.said(films)]

    def stated(self, found: Sequence[Finding]) -> tuple[Finding, ...]:
        """What a pack that draws boxes states of one film's ``candidates``, most probable first."""
        detect = self._pack.manifest.detect
        return stated(found, one_name=detect.one_name if detect is not None else None)

    def said(self, films: Sequence[Film]) -> list[Said]:
        """What ``predict`` gives, and beside it why nothing is stated, where the gate stayed shut."""
        if self._boxes is not None:
            return [Said(findings=self.stated(found)) for found in self._boxes.candidates(films)]
        return [self._said(raw) for raw in self._classified(films)]

    def _said(self, raw: NDArray[np.float32]) -> Said:
        silence = silence_of(raw, self._pack.manifest)
        silent = {} if silence is None else {self.ref: silence}
        return Said(findings=findings_of(raw, self._pack.manifest, self.ref), silent=silent)

    def heat(self, film: Film, label: str) -> NDArray[np.float32]:
        """Where the network saw ``label``: float32 (H, W) in [0, 1] on the pixels of ``film.image``.

        0 where it did not look. A picture of where it looked, not a probability. Raises HeatAbsent for a pack
        that gives none, or none for this label.
        """
        if self._boxes is None or label not in self.hot:
            raise HeatAbsent(f"the model {self.ref} shows no heat for {label!r}")
        return self._boxes.heat(film, label)

    def _classified(self, films: Sequence[Film]) -> NDArray[np.float32]:
        """Raw values of the head ``classify``, (N, labels); one call of the network for all films."""
        wanted = self._pack.manifest.input
        return self._runtime.infer(batch([picture(film, wanted) for film in films], wanted))["classify"]


def stated(found: Sequence[Finding], *, one_name: OneName | None = None) -> tuple[Finding, ...]:
    """Of the candidates of one film, most probable first, those that reach their threshold; a whole film's
    finding only where no box of its label does, and of several names for one thing the most probable.
    """
    enough = [finding for finding in found if finding.probability >= finding.threshold]
    if one_name is not None:
        enough = _one_named(enough, one_name)
    boxed = {finding.label for finding in enough if finding.box is not None}
    return tuple(f for f in enough if f.box is not None or f.label not in boxed)


def _one_named(found: Sequence[Finding], rule: OneName) -> list[Finding]:
    """The findings, most probable first, without those that name again what one before them names."""
    kept: list[Finding] = []
    for finding in found:
        box = finding.box
        if box is not None and finding.label in rule.labels:
            before = [one.box for one in kept if one.label in rule.labels and one.box is not None]
            if any(overlap(box, other) > rule.overlap for other in before):
                continue
        kept.append(finding)
    return kept
