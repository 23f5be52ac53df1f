"""Which objects are films: single-frame plain radiographs, by what their header says. One table.

And which other pictures a network may be shown that is made for them.
"""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import UID

from classifiers.film import Accepts
from classifiers.layout import COLOUR, PALETTE
from router.errors import NotAccepted, NotAFilm

# PS3.3 C.7.3.1.1.1. A capture (OT, SC, none) is taken for a film: digitised films come that way.
FILM_MODALITIES = frozenset({"CR", "DX", "RG", "RF", "MG", "IO", "PX", "OT", "SC", ""})

# PS3.4 Table B.5-1; a private or unknown class is judged by its modality alone.
FILM_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.1",  # Computed Radiography
        "1.2.840.10008.5.1.4.1.1.1.1",  # Digital X-Ray, for presentation
        "1.2.840.10008.5.1.4.1.1.1.1.1",  # Digital X-Ray, for processing
        "1.2.840.10008.5.1.4.1.1.1.2",  # Digital Mammography, for presentation
        "1.2.840.10008.5.1.4.1.1.1.2.1",  # Digital Mammography, for processing
        "1.2.840.10008.5.1.4.1.1.1.3",  # Digital Intra-Oral X-Ray, for presentation
        "1.2.840.10008.5.1.4.1.1.1.3.1",  # Digital Intra-Oral X-Ray, for processing
        "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture
        "1.2.840.10008.5.1.4.1.1.7.2",  # Multi-frame Grayscale Byte Secondary Capture (of one frame)
        "1.2.840.10008.5.1.4.1.1.7.3",  # Multi-frame Grayscale Word Secondary Capture (of one frame)
        "1.2.840.10008.5.1.4.1.1.7.4",  # Multi-frame True Color Secondary Capture (of one frame)
        "1.2.840.10008.5.1.4.1.1.12.2",  # X-Ray Radiofluoroscopic (of one frame)
    }
)
DICOM_ROOT = "1.2.840.10008."

# PS3.4 Table B.5-1: of the classes of films those that may hold any picture, a photograph too.
CAPTURES = frozenset(name for name in FILM_CLASSES if name.startswith("1.2.840.10008.5.1.4.1.1.7"))
# PS3.3 C.7.3.1.1.1: what visible light made, and captures that do not say what made them.
LIGHT = frozenset({"OP", "XC", "ES", "GM", "SM", "DMS", "OT", "SC", ""})
X_RAYS = FILM_MODALITIES - LIGHT
HOUNSFIELD = frozenset({"HU", "HU_MOD", ""})  # Rescale Type (0028,1054), PS3.3 C.11.1.1.2; CT may omit it


def why_not_a_film(header: Dataset) -> str | None:
    """One sentence saying why this object gets no view, or None for a film."""
    sop_class, modality = _kind(header)
    if sop_class.startswith(DICOM_ROOT) and sop_class not in FILM_CLASSES:
        return f"its SOP Class is {UID(sop_class).name}, not a plain radiograph's"
    if modality not in FILM_MODALITIES:
        return f"its Modality is {modality[:16]}, not a plain radiograph's"
    return _why_not_one_frame(header)


def _why_not_one_frame(header: Dataset) -> str | None:
    frames = str(header.get("NumberOfFrames") or "1").strip()
    return None if frames in ("0", "1") else f"it has {frames[:16]} frames"


def refuse_non_films(header: Dataset) -> None:
    """Raise NotAFilm, with the reason, for anything but a single-frame plain radiograph."""
    reason = why_not_a_film(header)
    if reason is not None:
        raise NotAFilm(f"no view is predicted: {reason}")


def refuse_unaccepted(header: Dataset, accepts: Accepts) -> None:
    """Raise NotAccepted, with the reason, for an object that a network of this kind must not be shown."""
    reasons = {
        Accepts.RADIOGRAPH: why_not_a_film,
        Accepts.PHOTOGRAPH: _why_not_a_photograph,
        Accepts.CT: _why_not_ct,
        Accepts.ANY: _why_not_one_frame,
    }
    reason = reasons[accepts](header)
    if reason is not None:
        raise NotAccepted(reason)


def refuse_without_picture(header: Dataset, *, has_pixels: bool) -> None:
    """Raise NotAFilm, with the reason, for an object of which a viewer has no single picture to show.

    A radiograph that lacks its pixels is let through: that is damage, and reading it says so.
    """
    reason = _why_not_one_frame(header)
    if reason is not None:
        raise NotAFilm(f"{reason}, and pictures are made of single frames")
    if not has_pixels and why_not_a_film(header) is not None:
        raise NotAFilm("there are no pixels in it")


def is_shown_in_colour(header: Dataset) -> bool:
    """Whether its colours, if it has any, say something: an X-ray image that was kept as RGB is grey.

    ``colours`` refuses those with a sign, so they are shown in grey too.
    """
    sop_class, modality = _kind(header)
    is_x_ray = sop_class in FILM_CLASSES - CAPTURES or modality in X_RAYS
    is_signed = header.get("PixelRepresentation") == 1
    return _photometric(header) in COLOUR | {PALETTE} and not is_x_ray and not is_signed


def _why_not_a_photograph(header: Dataset) -> str | None:
    sop_class, modality = _kind(header)
    if sop_class in FILM_CLASSES - CAPTURES:
        return "it is an X-ray image, not a photograph"
    if modality not in LIGHT:
        return f"its Modality is {modality[:16]}, not a photograph's"
    if _photometric(header) not in COLOUR | {PALETTE}:
        return "it is not in colour"
    return _why_not_one_frame(header)


def _why_not_ct(header: Dataset) -> str | None:
    _, modality = _kind(header)
    if modality != "CT":
        return f"its Modality is {modality[:16] or 'not given'}, not CT"
    if _photometric(header) in COLOUR | {PALETTE}:
        return "it is in colour: a CT slice has Hounsfield units"
    if header.get("RescaleIntercept") is None and not header.get("ModalityLUTSequence"):
        return "its header does not say what its Hounsfield units are"
    if str(header.get("RescaleType") or "").strip().upper() not in HOUNSFIELD:
        return f"its values are {str(header.get('RescaleType'))[:16]}, not Hounsfield units"
    return _why_not_one_frame(header)


def _photometric(header: Dataset) -> str:
    return str(header.get("PhotometricInterpretation") or "").strip()


def _kind(header: Dataset) -> tuple[str, str]:
    """Its SOP Class UID and Modality."""
    sop_class = str(header.get("SOPClassUID") or "").strip()
    return sop_class, str(header.get("Modality") or "").strip().upper()
