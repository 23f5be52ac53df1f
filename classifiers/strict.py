"""A TOML table read strictly: every key is asked for once, of one type, and none is left over."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from router.errors import PackError

Word = TypeVar("Word", bound=StrEnum)
_MISSING = object()


class Table:
    """One table of a manifest; ``where`` is how its errors begin, e.g. ``pack view/1: [input]``."""

    def __init__(self, values: Mapping[str, object], where: str) -> None:
        self._left = dict(values)
        self.where = where

    def error(self, sentence: str) -> PackError:
        """The error that names this table."""
        return PackError(f"{self.where} {sentence}")

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def left(self) -> tuple[str, ...]:
        """The keys nobody has asked for yet, in order."""
        return tuple(self._left)

    def text(self, key: str, *, pattern: str = r"(?s).+") -> str:
        """A non-empty text that the whole of ``pattern`` matches."""
        value = self._take(key)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise self.error(f"{key} = {value!r} is not a text that can stand there")
        return value

    def word(self, key: str, words: type[Word], default: Word | None = None) -> Word:
        """One of the words of an enumeration."""
        value = self._take(key, default)
        try:
            return words(value)  # type: ignore[arg-type]
        except ValueError:
            known = ", ".join(words)
            raise self.error(f"{key} = {value!r} is not one of {known}") from None

    def whole(self, key: str, *, low: int, high: int) -> int:
        """A whole number in [low, high]."""
        value = self._take(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(f"{key} = {value!r} is not a whole number from {low} to {high}")
        return value

    def number(
        self, key: str, default: float | None = None, *, low: float = -math.inf, high: float = math.inf
    ) -> float:
        """A finite number in [low, high]."""
        return self._number(key, self._take(key, default), low, high)

    def numbers(
        self,
        key: str,
        default: Sequence[float] | None = None,
        *,
        counts: Sequence[int],
        low: float = -math.inf,
        high: float = math.inf,
    ) -> tuple[float, ...]:
        """A list of finite numbers in [low, high], as many as one of ``counts``."""
        values = self._take(key, None if default is None else list(default))
        if not isinstance(values, list) or len(values) not in counts:
            several = f"{min(counts)} to {max(counts)}"
            wanted = several if len(counts) > 2 else " or ".join(str(n) for n in sorted(set(counts)))
            raise self.error(f"{key} = {values!r} is not a list of {wanted} numbers")
        return tuple(self._number(key, value, low, high) for value in values)

    def pair(self, key: str) -> tuple[float, float]:
        """A list of two finite numbers."""
        first, second = self.numbers(key, counts=[2])
        return first, second

    def boolean(self, key: str, *, default: bool) -> bool:
        """true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.error(f"{key} = {value!r} is not true or false")
        return value

    def scalar(self, key: str) -> str | int | float | bool:
        """A text, number or boolean."""
        value = self._take(key)
        if not isinstance(value, str | int | float | bool):
            raise self.error(f"{key} is not a text, a number or a boolean")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """A list of different, non-empty texts, at least one."""
        values = self._take(key)
        if not isinstance(values, list) or not values or not all(isinstance(v, str) and v for v in values):
            raise self.error(f"{key} is not a list of names")
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise self.error(f"{key} names {twice[0]!r} twice")
        return tuple(values)

    def table(self, key: str, *, optional: bool = False) -> Table:
        """A table inside this one; an empty one when it is optional and absent."""
        value = self._take(key, {} if optional else None)
        if not isinstance(value, dict):
            raise self.error(f"{key} is not a table")
        return Table(value, f"{self.where} [{key}]" if "[" not in self.where else f"{self.where[:-1]}.{key}]")

    def tables(self, key: str) -> list[Table]:
        """The tables of an array of tables; none when it is absent."""
        values = self._take(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.error(f"{key} is not an array of tables")
        return [Table(value, f"{self.where} [[{key}]] {i}:") for i, value in enumerate(values, 1)]

    def end(self) -> None:
        """Raise if a key was not asked for."""
        if self._left:
            raise self.error(f"has no key {next(iter(self._left))!r}")

    def _take(self, key: str, default: object = None) -> object:
        value = self._left.pop(key, _MISSING)
        if value is _MISSING and default is None:
            raise self.error(f"lacks {key!r}")
        return default if value is _MISSING else value

    def _number(self, key: str, value: object, low: float, high: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.error(f"{key} = {value!r} is not a finite number")
        if not low <= value <= high:
            raise self.error(f"{key} = {value!r} is not from {low:g} to {high:g}")
        return float(value)
