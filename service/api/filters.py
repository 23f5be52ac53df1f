"""What lists and bulk actions may be narrowed by; a misspelt filter is refused, not ignored."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Request
from pydantic import AwareDatetime, Field
from starlette.datastructures import QueryParams

from db.read import InstanceFilter, StudyFilter
from router.types import State
from service.api.shape import In, here

LIMIT_DEFAULT = 100
LIMIT_MOST = 1000
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

Text = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
StudyDate = Annotated[date, Field(ge=EARLIEST.date(), le=LATEST.date())]
Moment = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]


class FilterIn(In):
    """Conditions that all must hold; one that is left out is no condition."""

    study_date_from: StudyDate | None = Field(default=None, description="first Study Date, YYYY-MM-DD")
    study_date_to: StudyDate | None = Field(default=None, description="last Study Date, YYYY-MM-DD")
    patient_id: Text | None = None
    accession_number: Text | None = None
    modality: Text | None = Field(default=None, examples=["DX"])
    view: Text | None = Field(default=None, examples=["chest_pa_ap"])
    state: State | None = None
    body_part_examined: Text | None = Field(default=None, examples=["CHEST"])
    calling_ae_title: Text | None = Field(default=None, examples=["XRAY1"])
    received_since: Moment | None = Field(default=None, description="RFC 3339, with its time zone")
    received_until: Moment | None = Field(default=None, description="RFC 3339, with its time zone")

    def conditions(self) -> dict[str, Any]:
        """The conditions that were stated, as the database takes them."""
        stated = {name: getattr(self, name) for name in FilterIn.model_fields}
        return {name: _plain(value) for name, value in stated.items() if value is not None}

    def instance_filter(self) -> InstanceFilter:
        """For lists of instances."""
        return InstanceFilter(**self.conditions())

    def study_filter(self) -> StudyFilter:
        """For lists of studies: those that have an instance like this."""
        return StudyFilter(**self.conditions())


class ListIn(FilterIn):
    """A filter and a page of what it finds."""

    limit: int = Field(default=LIMIT_DEFAULT, ge=1, le=LIMIT_MOST, description="entries per page")
    cursor: str | None = Field(
        default=None, max_length=1024, description="where the page begins: as given by `next`"
    )


def _plain(value: object) -> object:
    # DA as sent and stored: YYYYMMDD (PS3.5 section 6.2)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.strftime("%Y%m%d")
    return value


def next_page(request: Request, cursor: str | None) -> str | None:
    """The link to the page behind this one; None at the end."""
    if cursor is None:
        return None
    others = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{here(request, request.url.path)}?{QueryParams([*others, ('cursor', cursor)])}"
