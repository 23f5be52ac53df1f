"""Which objects are films: single-frame plain radiographs, by what their header says. One table."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import UID

from router.errors import NotAFilm

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


def why_not_a_film(header: Dataset) -> str | None:
    """One sentence saying why this object gets no view, or None for a film."""
    sop_class = str(header.get("SOPClassUID") or "").strip()
    modality = str(header.get("Modality") or "").strip().upper()
    if sop_class.startswith(DICOM_ROOT) and sop_class not in FILM_CLASSES:
        return f"its SOP Class is {UID(sop_class).name}, not a plain radiograph's"
    if modality not in FILM_MODALITIES:
        return f"its Modality is {modality[:16]}, not a plain radiograph's"
    frames = str(header.get("NumberOfFrames") or "1").strip()
    if frames not in ("0", "1"):
        return f"it has {frames[:16]} frames"
    return None


def refuse_non_films(header: Dataset) -> None:
    """Raise NotAFilm, with the reason, for anything but a single-frame plain radiograph."""
    reason = why_not_a_film(header)
    if reason is not None:
        raise NotAFilm(f"no view is predicted: {reason}")
