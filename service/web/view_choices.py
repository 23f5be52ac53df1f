"""The views as a picker shows them: by region, in words."""

from __future__ import annotations

from dataclasses import dataclass

from router.views import OTHER, VIEWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The views of one part of the body."""

    name: str
    views: tuple[str, ...]  # names of router.views


def choices() -> tuple[Region, ...]:
    """All views by region, regions by name; what is none of them comes last."""
    regions: dict[str, list[str]] = {}
    for view in VIEWS.values():
        regions.setdefault(view.region, []).append(view.name)
    known = [Region(name=name, views=tuple(sorted(views))) for name, views in sorted(regions.items())]
    return (*known, Region(name="none of these", views=(OTHER,)))
