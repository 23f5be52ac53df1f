"""What all bodies share: keys are DICOM keywords in snake_case or our words, and unknown keys are errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Path, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, StringConstraints

# PS3.5 section 9.1: digits and dots, at most 64. Leading zeros are refused there, yet sent by real devices.
UID_PATTERN = r"^[0-9]+(\.[0-9]+)*$"
UID_LENGTH = 64


def showable(value: object) -> object:
    """A JSON value without lone surrogates: headers and paths may hold them, JSON documents may not."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {showable(key): showable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [showable(each) for each in value]
    return value


Shown = Annotated[str, BeforeValidator(showable)]  # a stranger's text, as far as it can be shown
ShownJson = Annotated[dict[str, JsonValue], BeforeValidator(showable)]


class Out(BaseModel):
    """A body that we write. Built from our dataclasses by attribute."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)


class In(BaseModel):
    """A body that a stranger writes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Uid = Annotated[str, StringConstraints(pattern=UID_PATTERN, max_length=UID_LENGTH)]
SopInstanceUid = Annotated[
    str,
    Path(
        pattern=UID_PATTERN,
        max_length=UID_LENGTH,
        description="SOP Instance UID (0008,0018)",
        examples=["1.2.826.0.1.3680043.8.498.3"],
    ),
]
StudyInstanceUid = Annotated[
    str,
    Path(
        pattern=UID_PATTERN,
        max_length=UID_LENGTH,
        description="Study Instance UID (0020,000D)",
        examples=["1.2.826.0.1.3680043.8.498.1"],
    ),
]
SeriesInstanceUid = Annotated[
    str,
    Path(
        pattern=UID_PATTERN,
        max_length=UID_LENGTH,
        description="Series Instance UID (0020,000E)",
        examples=["1.2.826.0.1.3680043.8.498.2"],
    ),
]


def here(request: Request, path: str) -> str:
    """A path of this API as its reader reaches it, behind a proxy's prefix or not."""
    root = request.scope.get("root_path", "")
    return f"{root}{path}"
