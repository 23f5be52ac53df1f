"""The bytes of a message as text, by what its MSH-18 declares (HL7 table 0211), and escape sequences."""

from __future__ import annotations

import re

from hl7_mllp.complaints import Complaint, Condition

UTF_8 = "utf-8"
ENCODINGS = {
    "": "",  # nothing declared
    "ASCII": "ascii",
    "ISO IR6": "ascii",
    "UNICODE UTF-8": UTF_8,
    "UTF-8": UTF_8,
    "UTF8": UTF_8,
    "UNICODE": UTF_8,  # before v2.3.1's correction; in MLLP it can be nothing else
    **{f"8859/{part}": f"iso8859_{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
    **{f"ISO-8859-{part}": f"iso8859_{part}" for part in (*range(1, 12), 13, 14, 15, 16)},
    "ISO IR100": "iso8859_1",
    "ISO IR101": "iso8859_2",
    "WINDOWS-1252": "cp1252",
    "ISO IR13": "shift_jis",
    "ISO IR14": "iso2022_jp",
    "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_1",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
}

_ESCAPE = re.compile(r"\.(?:br|sp|fi|nf|in|ti|sk|ce)[+-]?\d*|X[0-9A-Fa-f]*|[CM][0-9A-Fa-f]*|Z[0-9A-Za-z]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def decoded(raw: bytes, *, otherwise: str) -> tuple[str, str]:
    """A message as text with carriage returns between its segments, and the encoding it was in.

    ``otherwise`` is the encoding of messages that declare none and are not UTF-8. Raises Complaint.
    """
    encoding = _declared(raw)
    try:
        text = raw.decode(encoding or UTF_8)
    except UnicodeDecodeError:
        if encoding:
            raise Complaint(
                Condition.DATA_TYPE, "MSH-18", f"the message is not in its character set ({encoding})"
            ) from None
        encoding = otherwise
        text = raw.decode(encoding, "replace")
    if "\0" in text:
        raise Complaint(Condition.DATA_TYPE, "", "the message holds null characters")
    return text.replace("\r\n", "\r").replace("\n", "\r").strip("\r"), encoding or UTF_8


def _declared(raw: bytes) -> str:
    """The encoding that MSH-18 names; of several the one that switches to the others."""
    head = re.split(rb"[\r\n]", raw.lstrip(b"\r\n"), maxsplit=1)[0].decode("ascii", "replace")
    separator, repeat = head[3:4] or "|", head[5:6] or "~"
    fields = head.split(separator)
    names = fields[17].upper().strip() if len(fields) > 17 else ""
    encodings = []
    for name in names.split(repeat):
        if name.strip() not in ENCODINGS:
            raise Complaint(Condition.TABLE_VALUE, "MSH-18", "this character set is not supported")
        encodings.append(ENCODINGS[name.strip()])
    switching = [each for each in encodings if each.startswith("iso2022")]
    return (switching or encodings)[0]


def unescaped(text: str, separators: str, escape: str, encoding: str) -> str:
    """A field's text without escape sequences (HL7 v2.5.1 section 2.7).

    ``separators``: field, repetition, component, subcomponent. Formatting becomes a space, highlighting
    nothing; a switch to another character set, which we do not follow, a replacement character. Written
    here because python-hl7's writes the values it cannot read to the log, and takes any number of spaces.
    """
    if escape not in text:
        return _CONTROL.sub(" ", text).strip()
    literal = dict(zip("FRST", separators, strict=True)) | {"E": escape, "H": "", "N": ""}
    pieces = text.split(escape)
    plain, at = [pieces[0]], 1
    while at < len(pieces):
        if at + 1 < len(pieces) and (pieces[at] in literal or _ESCAPE.fullmatch(pieces[at])):
            plain += [_meaning(pieces[at], literal, encoding), pieces[at + 1]]
            at += 2
        else:  # an escape character that escapes nothing stands for itself
            plain += [escape, pieces[at]]
            at += 1
    return _CONTROL.sub(" ", "".join(plain)).strip()


def _meaning(sequence: str, literal: dict[str, str], encoding: str) -> str:
    if sequence in literal:
        return literal[sequence]
    if sequence.startswith("."):
        return " "
    if sequence.startswith("X") and len(sequence) % 2:
        return bytes.fromhex(sequence[1:]).decode(encoding, "replace")
    return "\N{REPLACEMENT CHARACTER}"
