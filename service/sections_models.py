"""The section of the settings about model packs."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from service.kinds import Probability
from service.sections import Section


class Models(Section):
    """Model packs."""

    folders: tuple[Path, ...] = Field(
        default=(),
        description="further folders with packs (NAME/VERSION/pack.toml); imported packs go to the first",
    )
    active: dict[str, str] = Field(
        default={}, description="version that answers, per pack name; default: the highest installed"
    )
    shadow: tuple[str, ...] = Field(
        default=(), description="packs, as name@version, that run for comparison only"
    )
    thresholds: dict[str, dict[str, Probability]] = Field(
        default={},
        description="probability from which a label is stated, per pack name and label, e.g. "
        "`{ lung = { Nodule = 0.2 } }`; default: the pack's own",
    )
