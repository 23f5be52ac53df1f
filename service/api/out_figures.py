"""Figures of reviews, as REST tells them."""

from __future__ import annotations

from pydantic import Field

from router.figures import Figures, GroupFigures, Share
from service.api.shape import Out, Shown


class ShareOut(Out):
    """So many of so many, with the interval that holds the true share in 95 of 100 cases (Wilson)."""

    count: int = Field(examples=[18])
    of: int = Field(examples=[20])
    value: float | None = Field(description="count / of; null of nothing", examples=[0.9])
    low: float = Field(examples=[0.7])
    high: float = Field(examples=[0.97])
    is_enough: bool = Field(description="false: too few reviews to say anything")


class FlagFiguresOut(Out):
    """How often flags of one kind were right."""

    kind: str = Field(examples=["wrong_projection"])
    precision: ShareOut = Field(description="upheld, of those that reviewers judged")


class ConfusionOut(Out):
    """What films show (rows) by what was said of them (columns), in films."""

    true_views: tuple[str, ...]
    predicted_views: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class MistakeOut(Out):
    """One view taken for another, and how often."""

    true_view: str
    predicted_view: str
    films: int


class GroupFiguresOut(Out):
    """The films of one scanner, station or sender."""

    name: Shown | None = Field(description="null: the header does not say")
    agreement: ShareOut
    flags: ShareOut
    worst: MistakeOut | None = Field(description="the commonest mistake")


class FiguresOut(Out):
    """Figures of reviews. Reviewed films are mostly flagged ones: this is not the accuracy over all films."""

    films: int = Field(description="reviewed films")
    flags: tuple[FlagFiguresOut, ...]
    agreement: ShareOut = Field(description="stated view and reviewers' view are the same")
    stated: ShareOut = Field(description="films whose view was stated at all")
    between: ShareOut = Field(description="films of several reviewers on which they agree")
    confusion: ConfusionOut
    by_scanner: tuple[GroupFiguresOut, ...] = Field(description="by Manufacturer's Model Name (0008,1090)")
    by_station: tuple[GroupFiguresOut, ...] = Field(description="by Station Name (0008,1010)")
    by_sender: tuple[GroupFiguresOut, ...] = Field(description="by calling AE title")


def figures_out(found: Figures) -> FiguresOut:
    """The figures as a body."""
    matrix = found.confusion
    return FiguresOut(
        films=found.films,
        flags=tuple(
            FlagFiguresOut(kind=kind, precision=_share(share)) for kind, share in found.flags.items()
        ),
        agreement=_share(found.agreement),
        stated=_share(found.stated),
        between=_share(found.between),
        confusion=ConfusionOut(true_views=matrix.rows, predicted_views=matrix.columns, counts=matrix.counts),
        by_scanner=tuple(_group(group) for group in found.by_scanner),
        by_station=tuple(_group(group) for group in found.by_station),
        by_sender=tuple(_group(group) for group in found.by_sender),
    )


def _share(share: Share) -> ShareOut:
    return ShareOut.model_validate(share)


def _group(group: GroupFigures) -> GroupFiguresOut:
    return GroupFiguresOut.model_validate(group)
