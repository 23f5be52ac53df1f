"""What a rule may look at: the facts about one film, as far as they are known."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass

from router.types import Arrival, Finding, Instance, Mode, ViewPrediction

HEADER_FIELDS = frozenset(f.name for f in dataclasses.fields(Instance)) - {"attributes"}
ARRIVAL_FIELDS = frozenset({"calling_ae_title", "called_ae_title", "via"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One film as the rules see it.

    ``findings`` is empty before the specialists ran. That is not the same as "nothing was found", so
    ``specialists`` names those that have answered about this film; while it is empty and no finding is
    there, a condition on findings is *not known yet*.
    """

    instance: Instance
    arrival: Arrival
    view: ViewPrediction | None
    findings: tuple[Finding, ...] = ()
    specialists: tuple[str, ...] = ()

    def stated_view(self) -> ViewPrediction | None:
        """The view that counts; a shadow model's answer is never routed on."""
        return self.view if self.view is not None and self.view.mode is Mode.ACTIVE else None

    def stated_findings(self) -> tuple[Finding, ...] | None:
        """The findings that count, or None while no specialist has looked at this film."""
        stated = tuple(finding for finding in self.findings if finding.mode is Mode.ACTIVE)
        return stated if stated or self.specialists else None

    def values(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """What is said under the first of these names that has a value; () where nothing is.

        A name is a field of ``Arrival`` or ``Instance``, or a key of the instance's ``attributes``.
        """
        for name in names:
            values: tuple[object, ...] = ()
            if name in ARRIVAL_FIELDS:
                values = (getattr(self.arrival, name),)
            elif name in HEADER_FIELDS:
                values = (getattr(self.instance, name),)
            elif name in self.instance.attributes:
                values = self.instance.attributes[name]
            filled = tuple(text for value in values if value is not None and (text := str(value).strip()))
            if filled:
                return filled
        return ()


def specialists_that_answered(
    *, asked: Collection[str], ran: Collection[str], absent: Collection[str] = ()
) -> tuple[str, ...]:
    """``Facts.specialists`` of a film whose analysis is stored.

    ``asked``: ``Decision.analyse``; ``ran``: the names in ``Analysis.models_run``; ``absent``: its
    ``models_absent``, because a shadow of an absent model may have run under the same name.
    """
    return tuple(name for name in asked if name in ran and name not in absent)
