"""The one check that every UID passes before anything else sees it."""

from __future__ import annotations

import re

from dicom_scp.status import InvalidUID

# Digits and single dots, 64 at most. Leading zeros are against PS3.5 section 9.1 and common, and harm nobody;
# an empty component is against it too, and "." and ".." would be names of folders.
_UID = re.compile(r"(?=.{1,64}\Z)[0-9]+(?:\.[0-9]+)*", re.ASCII)


def is_uid(value: str) -> bool:
    """Whether ``value`` may be taken for a UID."""
    return _UID.fullmatch(value) is not None


def checked_uid(value: str, keyword: str) -> str:
    """``value`` itself; raises InvalidUID, which names ``keyword`` and never the value, when it is no UID."""
    if not is_uid(value):
        raise InvalidUID(f"{keyword} is not a valid UID" if value else f"{keyword} is missing")
    return value
