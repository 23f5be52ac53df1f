"""What libraries raise at damaged input, by name: the border where strangers' bytes are handed to them."""

from __future__ import annotations

import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
from PIL.Image import DecompressionBombError
from pydicom.errors import BytesLengthException, InvalidDicomError

from router.errors import UndecodablePixels

# pydicom, the decoders and numpy at bytes that were mutated at random. Not the errors of our own disk: a path
# that cannot be opened raises OSError before any of this begins.
DAMAGE: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,  # also RecursionError, NotImplementedError and every error of imagecodecs
    SyntaxError,  # Pillow's word for a stream that is not what it claims
    TypeError,
    ValueError,
    BytesLengthException,
    DecompressionBombError,
    InvalidDicomError,
    cv2.error,
    struct.error,
    zlib.error,
)


# pydicom tells its log what it could not parse: values of a patient's header.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)


@contextmanager
def damage_is_undecodable(who: str) -> Iterator[None]:
    """Turn what ``who`` raises at damaged input into UndecodablePixels, and keep its warnings quiet."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except DAMAGE as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise UndecodablePixels(f"{who}: {reason}") from error
