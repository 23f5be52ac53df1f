"""What moves as one: the thigh, a phalanx, the carpus; and which bone belongs to what.

Also the tissues that rays are traced through.
"""

from __future__ import annotations

import re
from typing import Final

TISSUES: Final = (
    "skin",
    "bone",
    "inner",
    "lung",
    "vessel",
    "airway",
    "phar",
    "cart",
    "tooth",
    "lean",
    "air",
    "solid",
    "gut",
    "metal",
    "cast",
)
CHANNEL: Final = {tissue: index for index, tissue in enumerate(TISSUES)}
OPEN_TUBES: Final = {
    "vessel": 28.0,
    "airway": 28.0,
    "gut": 28.0,
}  # mm: their meshes are not closed everywhere
DIGITS: Final = ("first", "second", "third", "fourth", "fifth")
CARPUS: Final = r"(Scaphoid|Lunate|Triquetrum|Pisiform|Trapez|Capitate|Hamate)"
TARSUS: Final = r"(Talus|Calcaneus|Navicular|uboid|uneiform|metatarsal)"
HEAD: Final = (
    r"Parietal|Frontal|Occipital|Temporal|Sphenoid|Ethmoid|ethmoid|Vomer|Zygomatic|Nasal|nasal|Maxilla|Mandible|"
    r"Palatine|Lacrimal|incisor|canine|molar|Atlas|Axis|Sinus|alar"
)
NECK: Final = r"Vertebra C|Hyoid|haryn|ricoid|Thyroid|rytenoid|Corniculate"


def _sided(side: str) -> list[tuple[str, str]]:
    end = rf"\.{side}$"
    table = [
        (f"girdle.{side}", rf"(Clavicle|Scapula){end}"),
        (f"arm.{side}", rf"Humerus{end}"),
        (f"forearm.{side}", rf"(Radius|Ulna){end}"),
        (f"thumb1.{side}", rf"First metacarpal bone{end}"),
        (f"thumb2.{side}", rf"Proximal phalanx of first finger of hand{end}"),
        (f"thumb3.{side}", rf"Distal phalanx of first finger of hand{end}"),
        (f"hand.{side}", rf"({CARPUS}.*|metacarpal bone){end}"),
        (f"thigh.{side}", rf"Femur{end}"),
        (f"shank.{side}", rf"(Tibia|Fibula){end}"),
        (f"patella.{side}", rf"Patella{end}"),
        (f"foot.{side}", rf"({TARSUS}.*|Sesamoid.*){end}"),
        (f"toes.{side}", rf"finger of foot{end}"),
    ]
    for digit in (2, 3, 4, 5):
        for bone, word in ((1, "Proximal"), (2, "Middle"), (3, "Distal")):
            table.append(
                (f"f{digit}{bone}.{side}", rf"{word} phalanx of {DIGITS[digit - 1]} finger of hand{end}")
            )
    return table


SEGMENT_OF: Final = (
    *((name, re.compile(pattern)) for side in "lr" for name, pattern in _sided(side)),
    ("neck", re.compile(NECK)),
    ("head", re.compile(HEAD)),
)
SEGMENTS: Final = (*(name for name, _ in SEGMENT_OF), "trunk")
ARM: Final = (
    "arm",
    "forearm",
    "hand",
    "thumb1",
    "thumb2",
    "thumb3",
    *(f"f{digit}{bone}" for digit in (2, 3, 4, 5) for bone in (1, 2, 3)),
)
LEG: Final = ("thigh", "shank", "patella", "foot", "toes")


def segment_of(name: str) -> str:
    """The segment a part follows."""
    return next((segment for segment, pattern in SEGMENT_OF if pattern.search(name)), "trunk")
