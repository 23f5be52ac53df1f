"""What others published about the same boxes.

Wang et al., "ChestX-ray8" (CVPR 2017, arXiv 1705.02315), table of localisation: never shown a box in
training. Li et al., "Thoracic Disease Identification and Localization with Limited Supervision" (CVPR 2018,
arXiv 1711.06373): five folds, 80 % of the boxed films in training; its numbers are as recalled, not copied
from a text.
Columns are in the order of ``films.LABELS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Row = tuple[float, ...]

WANG_IOU: Final[Mapping[float, Row]] = {
    0.1: (0.6888, 0.9383, 0.6601, 0.7073, 0.4000, 0.1392, 0.6333, 0.3775),
    0.2: (0.4722, 0.6849, 0.4509, 0.4796, 0.2588, 0.0506, 0.3500, 0.2346),
    0.3: (0.2444, 0.4589, 0.3006, 0.2764, 0.1529, 0.0379, 0.1666, 0.1326),
    0.4: (0.0944, 0.2808, 0.2026, 0.1219, 0.0705, 0.0126, 0.0750, 0.0714),
    0.5: (0.0500, 0.1780, 0.1111, 0.0650, 0.0117, 0.0126, 0.0333, 0.0306),
    0.6: (0.0222, 0.0753, 0.0457, 0.0243, 0.0, 0.0126, 0.0166, 0.0306),
    0.7: (0.0055, 0.0273, 0.0196, 0.0, 0.0, 0.0, 0.0083, 0.0204),
}
WANG_IOBB: Final[Mapping[float, Row]] = {
    0.1: (0.7277, 0.9931, 0.7124, 0.7886, 0.4352, 0.1645, 0.7500, 0.4591),
    0.25: (0.5500, 0.9794, 0.5424, 0.5772, 0.2823, 0.0506, 0.5583, 0.3469),
    0.5: (0.2833, 0.8767, 0.3333, 0.4227, 0.1411, 0.0126, 0.3833, 0.1836),
    0.75: (0.1666, 0.7260, 0.2418, 0.3252, 0.1176, 0.0126, 0.2583, 0.1020),
    0.9: (0.1333, 0.6849, 0.2091, 0.2520, 0.0588, 0.0126, 0.2416, 0.0816),
}
# Average false positives at IoU 0.1; those of the other rows are not at hand, so every row is held to these.
WANG_AFP: Final[Row] = (0.894, 0.600, 0.834, 0.625, 0.667, 0.608, 1.020, 0.495)
LI_IOU: Final[Mapping[float, Row]] = {
    0.1: (0.71, 0.98, 0.87, 0.92, 0.71, 0.40, 0.60, 0.63),
    0.3: (0.36, 0.94, 0.56, 0.66, 0.45, 0.17, 0.39, 0.44),
    0.5: (0.14, 0.84, 0.22, 0.30, 0.22, 0.07, 0.17, 0.19),
    0.7: (0.04, 0.52, 0.07, 0.09, 0.11, 0.01, 0.05, 0.05),
}
WANG_AUC: Final[Row] = (0.700, 0.810, 0.759, 0.661, 0.693, 0.669, 0.658, 0.799)  # ResNet-50, ChestX-ray14
