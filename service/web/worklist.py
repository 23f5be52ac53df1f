"""Which studies to look at: the filters of the worklist, and what they find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import BeforeValidator, Field

from db.read import Page
from db.read_verdicts import WorklistItem
from router.verdicts import Kind
from service.api.filters import StudyDate, Text
from service.api.ports import Needs
from service.api.problems import not_understood
from service.api.shape import In

PAGE = 50
SETTLED = {"open": False, "settled": True}  # "all" is no condition


def _unless_empty(value: object) -> object:
    """A form sends empty fields too."""
    return None if value == "" else value


Unless = BeforeValidator(_unless_empty)


class WorklistIn(In):
    """Conditions that all must hold."""

    kind: Annotated[Kind | None, Unless] = None
    study_date_from: Annotated[StudyDate | None, Unless] = None
    study_date_to: Annotated[StudyDate | None, Unless] = None
    calling_ae_title: Annotated[Text | None, Unless] = None
    show: Literal["open", "settled", "all"] = "open"
    said: Literal["anybody", "me", "not me"] = "anybody"
    first: Literal["newest", "worst"] = "newest"
    cursor: str | None = Field(default=None, max_length=1024)

    def link(self, **changes: Any) -> str:
        """These conditions as a query string, some of them changed; empty for none."""
        stated = self.model_dump(mode="json", exclude_defaults=True) | changes
        return urlencode({name: value for name, value in stated.items() if value is not None})

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the order of the list is asked for."""
        return bool(self.model_dump(exclude_defaults=True).keys() - {"first", "cursor"})


def worklist(needs: Needs, asked: WorklistIn, reader: str) -> Page[WorklistItem]:
    """A page of studies.

    Raises:
        Problem: 422, the cursor is of another list.
    """
    try:
        return needs.verdicts.page(limit=PAGE, cursor=asked.cursor, **_conditions(asked, reader))
    except ValueError as error:
        raise not_understood("query", "cursor", "this is not a cursor of this list") from error


def _conditions(asked: WorklistIn, reader: str) -> Mapping[str, Any]:
    first, last = asked.study_date_from, asked.study_date_to
    return {
        "kinds": None if asked.kind is None else frozenset({asked.kind}),
        "faults_only": asked.kind is None,
        "settled": SETTLED.get(asked.show),
        "study_date_from": None if first is None else first.strftime("%Y%m%d"),
        "study_date_to": None if last is None else last.strftime("%Y%m%d"),
        "calling_ae_title": asked.calling_ae_title,
        "reviewed_by": reader if asked.said == "me" else None,
        "not_reviewed_by": reader if asked.said == "not me" else None,
        "worst_first": asked.first == "worst",
    }
