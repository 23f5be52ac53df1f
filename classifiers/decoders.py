"""Pixel Data to words, by Transfer Syntax: the one table of what is read here, and by whom.

A decoder may answer with a picture smaller than stored (``halvings``) where asking for less is cheaper.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers import codestream
from classifiers.element import PIXEL_DATA, PixelElement
from classifiers.layout import Layout
from classifiers.strangers import damage_is_undecodable
from classifiers.words import Decoded, Frame, native_words, reshaped
from router.errors import UndecodablePixels

MAX_JPEG_HALVINGS = 3  # a block of 8 x 8 holds one average


Decoder: TypeAlias = Callable[[Frame, Layout, int, bool], Decoded]


def decode(
    element: PixelElement, layout: Layout, *, halvings: int = 0, luminance: bool = False, frames: int = 1
) -> Decoded:
    """Decode the first frame, halved up to ``halvings`` times where that is cheaper than decoding it whole.

    ``luminance`` allows a colour picture to come back as one channel. Raises UndecodablePixels with the
    decoder's reason.
    """
    if element.tag is None:
        raise UndecodablePixels("Pixel Data (7FE0,0010) is absent")
    if element.tag != PIXEL_DATA:
        raise UndecodablePixels("the pixels are floating point numbers; radiographs have integers")
    syntax = element.transfer_syntax_uid
    if not element.encapsulated and syntax not in COMPRESSED:
        return native_words(element, layout, luminance)
    if syntax not in COMPRESSED:
        raise UndecodablePixels(REFUSED.get(syntax, f"no decoder for Transfer Syntax {syntax[:64]}"))
    if not element.encapsulated:
        raise UndecodablePixels("the pixel data is not encapsulated, as its Transfer Syntax demands")
    who, decoder = COMPRESSED[syntax]
    with damage_is_undecodable(who):
        decoded = decoder(codestream.first_of(element.value, frames), layout, halvings, luminance)
    _must_fit(decoded, layout)
    return decoded


def _must_fit(decoded: Decoded, layout: Layout) -> None:
    step = 1 << decoded.halvings
    wanted = (-(-layout.rows // step), -(-layout.columns // step))
    channels = () if layout.samples == 1 or decoded.space == "luminance" else (layout.samples,)
    if decoded.words.shape != wanted + channels or decoded.words.dtype not in (np.uint8, np.uint16, np.int16):
        raise UndecodablePixels(
            f"decoded to {decoded.words.shape} of {decoded.words.dtype}, not {wanted + channels}"
        )


def _jpeg(frame: Frame, layout: Layout, halvings: int, luminance: bool) -> Decoded:
    stream = codestream.jpeg_stream(frame)
    stream.must_match(layout)
    codestream.must_end(frame)
    transformed = _is_ybr(stream, layout)
    lossless = stream.process in codestream.SOF_LOSSLESS
    scalable = stream.precision == 8 and not lossless and (stream.components == 1 or transformed)
    if (halvings or stream.components == 3) and luminance and scalable:
        words = _scaled_jpeg(frame, min(halvings, MAX_JPEG_HALVINGS))
        space: Literal["stored", "luminance"] = "luminance" if transformed else "stored"
        return Decoded(words=words, halvings=min(halvings, MAX_JPEG_HALVINGS), space=space)
    if stream.components == 1 or lossless:
        return Decoded(words=imagecodecs.jpeg8_decode(frame))
    coded = "YCBCR" if transformed else "RGB"
    return Decoded(words=imagecodecs.jpeg8_decode(frame, colorspace=coded, outcolorspace="RGB"), space="rgb")


def _is_ybr(stream: codestream.Stream, layout: Layout) -> bool:
    """Whether a colour stream is luminance and chroma: by its markers, else by the header (PS3.5 8.2.1)."""
    if stream.components != 3:
        return False
    if stream.adobe_transform is not None:
        return stream.adobe_transform == 1
    if stream.component_ids == b"RGB":
        return False
    return stream.jfif or layout.photometric_interpretation != "RGB"


def _scaled_jpeg(frame: Frame, halvings: int) -> NDArray[Any]:
    """libjpeg's scaled inverse DCT, luminance alone."""
    flags = (
        cv2.IMREAD_GRAYSCALE,
        cv2.IMREAD_REDUCED_GRAYSCALE_2,
        cv2.IMREAD_REDUCED_GRAYSCALE_4,
        cv2.IMREAD_REDUCED_GRAYSCALE_8,
    )
    words = cv2.imdecode(np.frombuffer(frame, np.uint8), flags[halvings] | cv2.IMREAD_IGNORE_ORIENTATION)
    if words is None:
        raise UndecodablePixels("libjpeg cannot read this stream")
    return np.asarray(words)


def _jpeg_ls(frame: Frame, layout: Layout, _halvings: int, _luminance: bool) -> Decoded:
    codestream.jpeg_stream(frame).must_match(layout)
    codestream.must_end(frame)  # CharLS takes seconds to find out
    return Decoded(words=imagecodecs.jpegls_decode(frame))


def _jpeg2000(frame: Frame, layout: Layout, halvings: int, _luminance: bool) -> Decoded:
    data = codestream.jpeg2000_codestream(frame)
    stream = codestream.jpeg2000_stream(data)
    stream.must_match(layout)
    halvings = min(halvings, stream.levels) if stream.at_origin else 0
    if halvings and (stream.components == 1 or stream.precision == 8):
        try:
            return _low_band(data, stream, halvings)
        except OSError:  # Pillow is strict about streams that lack their last bytes; the full decoder is not
            pass
    words = imagecodecs.jpeg2k_decode(data)
    turned = layout.photometric_interpretation in ("YBR_RCT", "YBR_ICT")
    return Decoded(words=_wider(words), space="rgb" if turned else "stored")


def _wider(words: NDArray[Any]) -> NDArray[Any]:
    return words.astype(np.int16) if words.dtype == np.int8 else words


def _low_band(data: bytes, stream: codestream.Stream, halvings: int) -> Decoded:
    """OpenJPEG through Pillow, without the high bands. It widens gray to 16 bits; undone exactly."""
    picture: Any = Image.open(io.BytesIO(data), formats=("JPEG2000",))
    picture.reduce = halvings
    words = np.asarray(picture)
    if words.dtype == np.uint16:
        words = words >> (16 - stream.precision)
    if stream.signed:
        words = (words.astype(np.int32) - (1 << (stream.precision - 1))).astype(np.int16)
    return Decoded(words=words, halvings=halvings, low_band=True)


def _rle(frame: Frame, layout: Layout, _halvings: int, _luminance: bool) -> Decoded:
    dtype = np.dtype(f"<u{layout.bits_allocated // 8}")
    (segments,) = np.frombuffer(frame[:4], "<u4")
    if segments != layout.samples * dtype.itemsize:
        raise UndecodablePixels(f"{segments} segments, {layout.samples * dtype.itemsize} are needed")
    flat = np.zeros(layout.samples * layout.rows * layout.columns * dtype.itemsize, np.uint8)
    imagecodecs.dicomrle_decode(bytes(frame), dtype, out=flat.data)
    out = flat.view(dtype).reshape(layout.samples, layout.rows, layout.columns)
    return Decoded(words=out[0] if layout.samples == 1 else np.moveaxis(out, 0, -1), shifted=True)


def _jpeg_xl(frame: Frame, layout: Layout, _halvings: int, _luminance: bool) -> Decoded:
    words = imagecodecs.jpegxl_decode(frame)  # RGB, also of a JPEG that was packed into it
    return Decoded(words=words, space="rgb" if layout.samples == 3 else "stored")


def _deflated_frame(frame: Frame, layout: Layout, _halvings: int, luminance: bool) -> Decoded:
    dtype = np.dtype(f"<u{layout.bits_allocated // 8}")
    most = layout.rows * layout.columns * layout.samples * dtype.itemsize
    inflated = zlib.decompressobj(-zlib.MAX_WBITS).decompress(frame, most)
    return reshaped(inflated, dtype, layout, luminance)


_UID = "1.2.840.10008.1.2."
# PS3.5 section A.4: what is read, by which open decoder.
COMPRESSED: dict[str, tuple[str, Decoder]] = {
    f"{_UID}4.50": ("libjpeg-turbo", _jpeg),  # JPEG baseline
    f"{_UID}4.51": ("libjpeg-turbo", _jpeg),  # JPEG extended, 8 and 12 bit
    f"{_UID}4.53": ("libjpeg-turbo", _jpeg),  # JPEG spectral selection (retired)
    f"{_UID}4.55": ("libjpeg-turbo", _jpeg),  # JPEG full progression (retired)
    f"{_UID}4.57": ("libjpeg-turbo", _jpeg),  # JPEG lossless
    f"{_UID}4.70": ("libjpeg-turbo", _jpeg),  # JPEG lossless, first-order prediction
    f"{_UID}4.80": ("CharLS", _jpeg_ls),
    f"{_UID}4.81": ("CharLS", _jpeg_ls),
    f"{_UID}4.90": ("OpenJPEG", _jpeg2000),
    f"{_UID}4.91": ("OpenJPEG", _jpeg2000),
    f"{_UID}4.92": ("OpenJPEG", _jpeg2000),
    f"{_UID}4.93": ("OpenJPEG", _jpeg2000),
    f"{_UID}4.110": ("libjxl", _jpeg_xl),
    f"{_UID}4.111": ("libjxl", _jpeg_xl),
    f"{_UID}4.112": ("libjxl", _jpeg_xl),
    # High throughput: OpenJPEG too, for the binding of OpenJPH drops the errors of a damaged block.
    f"{_UID}4.201": ("OpenJPEG", _jpeg2000),
    f"{_UID}4.202": ("OpenJPEG", _jpeg2000),
    f"{_UID}4.203": ("OpenJPEG", _jpeg2000),
    f"{_UID}5": ("RLE", _rle),
    f"{_UID}8.1": ("zlib", _deflated_frame),
}

REFUSED: dict[str, str] = {
    **{f"{_UID}4.{n}": "video (MPEG) holds moving pictures, not a film" for n in range(100, 109)},
    **{f"{_UID}4.{n}": "JPIP references hold an address instead of pixels" for n in (94, 95, 204, 205)},
}
