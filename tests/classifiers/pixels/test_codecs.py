"""Every Transfer Syntax on a film that the test compresses; and streams that are not what they claim."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import pytest

from classifiers.decoders import COMPRESSED, REFUSED
from classifiers.layout import MAX_PIXELS
from classifiers.pixels import Film, read_film, read_stored
from router.errors import UndecodablePixels

Build = Callable[..., bytes]
Average = Callable[[Any, Film], Any]
Encoder = Callable[[Any], bytes]
BASE = "1.2.840.10008.1.2"
GRAY = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "PixelRepresentation": 0}
TWELVE = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11}
EIGHT = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}


def j2k(picture: Any, **options: Any) -> bytes:
    return imagecodecs.jpeg2k_encode(picture, codecformat="j2k", reversible=True, level=0, **options)


def rle(picture: Any) -> bytes:
    return imagecodecs.dicomrle_encode(picture)


def jpeg12(picture: Any) -> bytes:
    return imagecodecs.jpeg8_encode(picture, level=97, bitspersample=12)


def raw_deflate(picture: Any) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(picture.tobytes()) + deflater.flush()


LOSSLESS: dict[str, Encoder] = {
    ".4.57": lambda picture: imagecodecs.ljpeg_encode(picture, bitspersample=12),
    ".4.70": lambda picture: imagecodecs.ljpeg_encode(picture, bitspersample=12),
    ".4.80": imagecodecs.jpegls_encode,
    ".4.90": lambda picture: j2k(picture, bitspersample=12),
    ".4.91": lambda picture: j2k(picture, bitspersample=12),
    ".4.92": lambda picture: j2k(picture, bitspersample=12),
    ".4.93": lambda picture: j2k(picture, bitspersample=12),
    ".4.110": lambda picture: imagecodecs.jpegxl_encode(picture, lossless=True),
    ".4.112": lambda picture: imagecodecs.jpegxl_encode(picture, lossless=True),
    ".4.201": imagecodecs.htj2k_encode,
    ".4.202": imagecodecs.htj2k_encode,
    ".4.203": imagecodecs.htj2k_encode,
    ".8.1": raw_deflate,
}
LOSSY: dict[str, Encoder] = {
    ".4.51": jpeg12,
    ".4.53": jpeg12,
    ".4.55": jpeg12,
    ".4.81": lambda picture: imagecodecs.jpegls_encode(picture, level=2),
}


def described(picture: Any) -> dict[str, Any]:
    return {"Rows": picture.shape[0], "Columns": picture.shape[1], **GRAY}


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_a_lossless_syntax_gives_the_stored_values(dicom: Build, limb: Any, suffix: str) -> None:
    data = dicom(LOSSLESS[suffix](limb), syntax=BASE + suffix, encapsulated=True, **described(limb), **TWELVE)
    assert np.array_equal(read_stored(data), limb)


@pytest.mark.parametrize("suffix", LOSSY)
def test_a_lossy_syntax_gives_nearly_the_stored_values(dicom: Build, limb: Any, suffix: str) -> None:
    data = dicom(LOSSY[suffix](limb), syntax=BASE + suffix, **described(limb), **TWELVE)
    assert np.abs(read_stored(data).astype(int) - limb).max() <= 12


@pytest.mark.parametrize("picture", ["words", "bytes", "colour"])
def test_rle(dicom: Build, limb: Any, picture: str) -> None:
    eight = (limb >> 4).astype(np.uint8)
    if picture == "words":
        data = dicom(_rle(limb), syntax=BASE + ".5", **described(limb), **TWELVE)
        assert np.array_equal(read_stored(data), limb)
    elif picture == "bytes":
        data = dicom(_rle(eight), syntax=BASE + ".5", **described(limb), **EIGHT)
        assert np.array_equal(read_stored(data), eight)
    else:
        colour = np.dstack((eight, eight // 2, 255 - eight))
        header = {**described(limb), "SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}
        data = dicom(_rle(colour), syntax=BASE + ".5", PlanarConfiguration=1, **header, **EIGHT)
        assert np.array_equal(read_stored(data), colour)


def _rle(picture: Any) -> bytes:
    """PS3.5 Annex G, literal runs only: a segment for each byte of each sample, the high byte first."""
    planes = [picture] if picture.ndim == 2 else list(np.moveaxis(picture, -1, 0))
    segments = []
    for plane in planes:
        octets = plane.astype(plane.dtype.newbyteorder(">")).view(np.uint8).reshape(plane.size, -1)
        for at in range(octets.shape[1]):
            run = octets[:, at].tobytes()
            literal = b"".join(bytes([len(part) - 1]) + part for part in _parts(run))
            segments.append(literal + b"\0" * (len(literal) % 2))
    starts = 64 + np.cumsum([0, *map(len, segments[:-1])])
    header = struct.pack("<16I", len(segments), *starts, *[0] * (15 - len(segments)))
    return header + b"".join(segments)


def _parts(run: bytes) -> list[bytes]:
    return [run[at : at + 128] for at in range(0, len(run), 128)]


@pytest.mark.parametrize(
    ("suffix", "encode", "bits"),
    [
        (".4.50", lambda p: imagecodecs.jpeg8_encode((p >> 4).astype(np.uint8), level=97), EIGHT),
        (".4.90", lambda p: j2k(p, bitspersample=12), TWELVE),
        (".4.90", lambda p: j2k((p >> 4).astype(np.uint8)), EIGHT),
        (".4.201", imagecodecs.htj2k_encode, TWELVE),
    ],
    ids=["JPEG", "JPEG 2000", "JPEG 2000, 8 bit", "HTJ2K"],
)
@pytest.mark.parametrize("long_side", [64, 150, 300])
def test_a_film_decoded_at_reduced_size_looks_like_one_decoded_whole(
    dicom: Build, area_average: Average, limb: Any, suffix: str, encode: Encoder, bits: Any, long_side: int
) -> None:
    top = 2 ** bits["BitsStored"] - 1
    window = {"WindowCenter": (top + 1) / 2, "WindowWidth": top + 1}
    data = dicom(encode(limb), syntax=BASE + suffix, **described(limb), **bits, **window)
    film = read_film(data, long_side=long_side)
    difference = np.abs(film.image - area_average(limb / 4095, film))
    assert difference.mean() < 0.75 / 255


def test_a_signed_jpeg_2000_keeps_its_sign_at_reduced_size(
    dicom: Build, area_average: Average, limb: Any
) -> None:
    signed = limb.astype(np.int16) - 1500
    header = {
        **described(limb),
        "PixelRepresentation": 1,
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
    }
    data = dicom(j2k(signed), syntax=BASE + ".4.90", WindowCenter=0, WindowWidth=4096, **header)
    assert np.array_equal(read_stored(data), signed)
    film = read_film(data, long_side=100)
    assert np.abs(film.image - area_average((signed + 2048) / 4095, film)).mean() < 0.75 / 255


def test_colour_jpeg_is_read_by_its_own_markers(dicom: Build) -> None:
    colour = np.zeros((64, 64, 3), np.uint8)
    colour[..., 0] = 200
    header = {
        "Rows": 64,
        "Columns": 64,
        "SamplesPerPixel": 3,
        "PlanarConfiguration": 0,
        "PixelRepresentation": 0,
    }
    for outer in ("RGB", "YCBCR"):
        stream = imagecodecs.jpeg8_encode(colour, level=98, colorspace="RGB", outcolorspace=outer)
        for photometric in ("RGB", "YBR_FULL_422"):
            data = dicom(
                stream, syntax=BASE + ".4.50", PhotometricInterpretation=photometric, **header, **EIGHT
            )
            assert np.abs(read_stored(data)[5, 5].astype(int) - [200, 0, 0]).max() <= 4, (outer, photometric)
            film = read_film(data, long_side=32)
            assert film.image[9, 9] == pytest.approx(0.299 * 200 / 255, abs=0.02)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_big_endian(dicom: Build, dtype: Any) -> None:
    picture = np.arange(6, dtype=dtype).reshape(2, 3) * 40
    value = picture.astype(picture.dtype.newbyteorder(">")).tobytes()
    bits = 8 * picture.dtype.itemsize
    header = {"Rows": 2, "Columns": 3, "BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1, **GRAY}
    data = dicom(value, syntax=BASE + ".2", **header)
    assert np.array_equal(read_stored(data), picture)


def test_implicit_and_deflated(dicom: Build, limb: Any) -> None:
    assert np.array_equal(read_stored(dicom(limb, syntax=BASE)), limb)
    assert np.array_equal(read_stored(dicom(limb, syntax=BASE + ".1.99")), limb)


def test_fragments_are_joined(dicom: Build, limb: Any) -> None:
    from pydicom.encaps import encapsulate

    whole = dicom(j2k(limb, bitspersample=12), syntax=BASE + ".4.90", **described(limb), **TWELVE)
    stream = j2k(limb, bitspersample=12)
    stream += b"\0" * (len(stream) % 2)
    start = whole.index(b"\xfe\xff\x00\xe0")
    fragmented = whole[:start] + encapsulate([stream], fragments_per_frame=5) + b"\xfe\xff\xdd\xe0\0\0\0\0"
    assert np.array_equal(read_stored(fragmented), limb)


def j2k_bomb() -> bytes:
    """A JPEG 2000 header that claims 4000 million pixels."""
    size = struct.pack(">HHHIIIIIIIIH3B", 0xFF51, 41, 0, 65535, 65535, 0, 0, 65535, 65535, 0, 0, 1, 15, 1, 1)
    return b"\xff\x4f" + size + bytes(20) + b"\xff\xd9"


BROKEN: dict[str, tuple[str, Callable[[Any], bytes], str]] = {
    "cut JPEG": (".4.70", lambda p: LOSSLESS[".4.70"](p)[:-900], "end of image"),
    "cut JPEG-LS": (".4.80", lambda p: imagecodecs.jpegls_encode(p)[:-900], "end of image"),
    "no JPEG": (".4.50", lambda _: b"\x20\x00" * 40, "not a JPEG stream: it starts with 20 00"),
    "no JPEG 2000": (".4.90", lambda _: b"\x20\x00" * 40, "not a JPEG 2000 stream"),
    "JPEG 2000 bomb": (
        ".4.90",
        lambda _: j2k_bomb(),
        "the stream is 65535 x 65535, the header says 600 x 480",
    ),
    "HTJ2K bomb": (".4.201", lambda _: j2k_bomb(), "the stream is 65535 x 65535"),
    "another picture": (".4.80", lambda p: imagecodecs.jpegls_encode(p[:99]), "the stream is 99 x 480"),
    "RLE with too few segments": (
        ".5",
        lambda p: _rle((p >> 4).astype(np.uint8)),
        "1 segments, 2 are needed",
    ),
    "cut deflate": (".8.1", lambda p: raw_deflate(p)[:900], "bytes, 576000 are needed"),
    "video": (".4.102", lambda _: b"\0\0\1\xb3" * 8, "moving pictures"),
    "JPIP": (".4.94", lambda _: b"http", "address"),
    "a syntax of tomorrow": (
        ".4.999",
        lambda _: b"\0" * 8,
        "no decoder for Transfer Syntax 1.2.840.10008.1.2.4.999",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_stream_that_cannot_be_read_is_refused_with_the_decoder_s_reason(
    dicom: Build, limb: Any, name: str
) -> None:
    suffix, encode, reason = BROKEN[name]
    data = dicom(encode(limb), syntax=BASE + suffix, encapsulated=True, **described(limb), **TWELVE)
    with pytest.raises(UndecodablePixels, match=reason):
        read_film(data, long_side=100)


SHORT = np.zeros((10, 10), np.uint16)


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"Rows": 11}, "holds 200 bytes, 220 are needed"),
        ({"Rows": 0}, "Rows is 0"),
        ({"Rows": 65535, "Columns": 65535}, f"more than the {MAX_PIXELS}"),
        ({"BitsAllocated": 32}, "32 bits allocated"),
        ({"BitsAllocated": 12}, "12 bits allocated"),
        ({"BitsStored": 17}, "BitsStored is 17"),
        ({"SamplesPerPixel": 3}, "3 samples per pixel as MONOCHROME2"),
        ({"SamplesPerPixel": 2}, "2 samples per pixel"),
        ({"PhotometricInterpretation": "CMYK"}, "CMYK is not known"),
    ],
)
def test_a_header_that_contradicts_its_pixels_is_refused(
    dicom: Build, elements: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UndecodablePixels, match=reason):
        read_film(dicom(SHORT, **elements), long_side=100)


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated"])
def test_a_header_without_what_is_needed_is_refused(dicom: Build, keyword: str) -> None:
    data = dicom(SHORT, **{keyword: None})
    with pytest.raises(UndecodablePixels, match=f"{keyword} is absent"):
        read_film(data, long_side=100)


def test_files_that_are_none(tmp_path: Any) -> None:
    empty = tmp_path / "empty.dcm"
    empty.touch()
    with pytest.raises(UndecodablePixels, match="empty"):
        read_film(empty, long_side=100)
    with pytest.raises(UndecodablePixels):
        read_film(b"GIF89a" * 100, long_side=100)
    with pytest.raises(FileNotFoundError):
        read_film(tmp_path / "absent.dcm", long_side=100)


def test_a_deflate_bomb_is_refused(dicom: Build) -> None:
    bomb = dicom(SHORT, syntax=BASE + ".1.99")
    meta_ends = 144 + int.from_bytes(bomb[140:144], "little")
    deflater = zlib.compressobj(1, wbits=-15)
    zeros = b"".join(deflater.compress(bytes(1 << 24)) for _ in range(17)) + deflater.flush()
    with pytest.raises(UndecodablePixels, match="larger than"):
        read_film(bomb[:meta_ends] + zeros, long_side=100)


def test_no_syntax_is_both_read_and_refused() -> None:
    assert not set(COMPRESSED) & set(REFUSED)
