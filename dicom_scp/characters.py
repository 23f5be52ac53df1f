"""Text values of a data set in its Specific Character Set (PS3.5 section 6.1, PS3.3 section C.12.1.1.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydicom.charset import CODES_TO_ENCODINGS, python_encoding

_ESCAPE = b"\x1b"
_FRAGMENT = re.compile(b"\x1b?[^\x1b]+")
_OWN_ESCAPES = frozenset({"iso2022_jp", "iso2022_jp_2"})  # codecs that want the escape sequence too
# Bytes above 127 without a declared character set are against the standard and common; each of them has a
# letter here, so that what is kept can at least be told apart.
_FALLBACK = "iso8859"
_UNUSABLE = str.maketrans("", "", "\0")  # no database column holds it, and it means nothing
_LATIN_BACKSLASH = b"\\"
_SPANNING = frozenset({"shift_jis", "GBK", "GB18030"})  # multi-byte codes that may contain a backslash's byte


class Characters:
    """Decodes values; damaged ones come out with replacement characters, never as an error."""

    def __init__(self, specific_character_set: Sequence[str]) -> None:
        known = [python_encoding[name] for name in specific_character_set if name in python_encoding]
        self._encodings = known or [_FALLBACK]

    def values(self, raw: bytes, *, one: bool) -> tuple[str, ...]:
        """The values of a text element without padding; ``one`` where a backslash is no separator."""
        if one:
            return (self._text(raw),)
        if self._encodings[0] in _SPANNING:
            return tuple(part.strip() for part in self._text(raw).split("\\"))
        return tuple(self._text(part) for part in raw.split(_LATIN_BACKSLASH))

    def _text(self, raw: bytes) -> str:
        if raw.isascii() and _ESCAPE not in raw:
            text = raw.decode("ascii")
        elif _ESCAPE in raw:
            text = "".join(self._fragment(part) for part in _FRAGMENT.findall(raw))
        else:
            text = raw.decode(self._encodings[0], "replace")
        return text.translate(_UNUSABLE).strip()

    def _fragment(self, raw: bytes) -> str:
        """A part of a value with code extensions, its escape sequence in front (PS3.5 section 6.1.2.5)."""
        for escape, encoding in CODES_TO_ENCODINGS.items():
            if raw.startswith(escape):
                own = encoding in _OWN_ESCAPES
                return (raw if own else raw[len(escape) :]).decode(encoding, "replace")
        return raw.decode(self._encodings[0], "replace")
