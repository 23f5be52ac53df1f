"""The grayscale transformations of PS3.3 C.11 as functions of arrays: lookup tables and windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window of PS3.3 C.11.2.1.2, in the units that the modality transformation gives."""

    center: float
    width: float
    function: str = "LINEAR"  # LINEAR | LINEAR_EXACT | SIGMOID

    @property
    def degenerate(self) -> bool:
        """Whether the standard forbids it: Width below 1 for LINEAR, not above 0 for the others."""
        finite = bool(np.isfinite(self.center) and np.isfinite(self.width))
        return not finite or self.width < (1 if self.function == "LINEAR" else 1e-9)

    def __call__(self, values: Values) -> Values:
        """Values of the modality transformation to [0, 1]."""
        if self.function == "SIGMOID":  # C.11.2.1.3.1
            return np.asarray(1 / (1 + np.exp(np.clip(-4 * (values - self.center) / self.width, -60, 60))))
        if self.function == "LINEAR_EXACT":  # C.11.2.1.3.2
            return np.clip((values - self.center) / self.width + 0.5, 0, 1)
        if self.width == 1:
            return np.asarray(values > self.center - 0.5, np.float64)
        return np.clip((values - (self.center - 0.5)) / (self.width - 1) + 0.5, 0, 1)  # C.11.2.1.2.1


def window_of(header: Dataset) -> Window | None:
    """The header's first window, whatever it is worth; None where there is none."""
    center, width = first_number(header.get("WindowCenter")), first_number(header.get("WindowWidth"))
    if center is None or width is None:
        return None
    function = str(header.get("VOILUTFunction") or "LINEAR").strip().upper()
    return Window(center=center, width=width, function=function if function in KNOWN_FUNCTIONS else "LINEAR")


def windows_of(header: Dataset) -> list[tuple[str, Window]]:
    """All the header's windows that the standard allows, each with its explanation; PS3.3 C.11.2.1.2."""
    first = window_of(header)
    if first is None:
        return []
    names = _items(header.get("WindowCenterWidthExplanation"))
    pairs = zip(_items(header.get("WindowCenter")), _items(header.get("WindowWidth")), strict=False)
    found = []
    for index, (center, width) in enumerate((first_number(one), first_number(two)) for one, two in pairs):
        if center is None or width is None:
            continue
        window = Window(center=center, width=width, function=first.function)
        name = " ".join(str(names[index]).split())[:64] if index < len(names) else ""
        if not window.degenerate:
            found.append((name or f"Window {index + 1}", window))
    return found


def _items(value: Any) -> list[Any]:
    many = value is not None and not isinstance(value, (str, bytes)) and hasattr(value, "__getitem__")
    return list(value) if many else [value] if value is not None else []


KNOWN_FUNCTIONS = frozenset({"LINEAR", "LINEAR_EXACT", "SIGMOID"})


def first_number(value: Any) -> float | None:
    """The first number of an element's value; None for an absent, empty or wordy one."""
    if (
        value is not None
        and not isinstance(value, (str, bytes, int, float))
        and hasattr(value, "__getitem__")
    ):
        value = value[0] if len(value) else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A LUT Sequence item (PS3.3 C.11.1.1, C.11.2.1.1): entries from the first mapped value on."""

    first: int
    bits: int
    entries: NDArray[np.float64]

    def __call__(self, values: Values) -> Values:
        """Values outside the table get its first and last entry."""
        index = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1)
        return np.asarray(self.entries[index.astype(np.int64)])

    def normalised(self) -> Table:
        """The entries as [0, 1] of the range that the table's bits span.

        Writers are known to announce 16 bits and fill 12: then the range is that of the bits in use.
        """
        top, used = (1 << self.bits) - 1, int(self.entries.max())
        if used < top / 4:
            top = max((1 << used.bit_length()) - 1, 1)
        return Table(first=self.first, bits=self.bits, entries=np.clip(self.entries / top, 0, 1))


def table_of(header: Dataset, keyword: str, *, signed: bool) -> Table | None:
    """The first item of a Modality or VOI LUT Sequence, or None where it is absent or empty.

    Raises ValueError where the table does not hold what its descriptor says.
    """
    items = header.get(keyword)
    if not items:
        return None
    count, first, bits = (int(number) for number in items[0].LUTDescriptor)
    count, first = count % 65536 or 65536, first % 65536  # 0 stands for 65536 entries
    first -= 65536 if signed and first >= 32768 else 0
    data = items[0].LUTData
    entries = (
        _from_bytes(data, count, items[0])
        if isinstance(data, bytes)
        else np.atleast_1d(np.asarray(data, float))
    )
    if len(entries) < count or not 1 <= bits <= 16:
        raise ValueError(f"{keyword} has {len(entries)} entries of {bits} bits, its descriptor says {count}")
    return Table(first=first, bits=bits, entries=entries[:count].astype(np.float64) % 65536)


def _from_bytes(data: bytes, count: int, item: Dataset) -> NDArray[Any]:
    if len(data) < 2 * count:  # 8-bit entries, two to a word
        return np.frombuffer(data, np.uint8)
    little = item.original_encoding[1] is not False
    return np.frombuffer(data[: 2 * count], "<u2" if little else ">u2")
