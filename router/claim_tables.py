"""What header values claim: codes of region and view, BodyPartExamined, ViewPosition. Tables, nothing else.

A value that names no region of ours, or too many of them to say anything, is not here: it claims nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from router.anatomy import AXIAL, FRONTAL, LATERAL, OBLIQUE
from router.views import VIEWS

_HEAD = ("skull", "sinuses", "nasal_bone", "jaw")
_SPINE = ("cervical_spine", "thoracic_spine", "lumbar_spine", "whole_spine")
_LEG = ("lower_limb", "femur", "knee", "patella", "lower_leg", "ankle")
_LOWER = ("hip", *_LEG, "calcaneus", "foot", "toe")
_UPPER = (
    *("shoulder", "clavicle", "scapula", "humerus", "elbow", "forearm"),
    *("wrist", "hand", "finger", "thumb"),
)

# SNOMED-RT identifiers that PS3.16 used before 2018, as Code Value in (0008,2218)
SNOMED_RT: Mapping[str, str] = {
    "T-11100": "skull",
    "T-11149": "nasal_bone",
    "T-11210": "sternum",
    "T-11300": "ribs",
    "T-11501": "cervical_spine",
    "T-11502": "thoracic_spine",
    "T-11503": "lumbar_spine",
    "T-12280": "scapula",
    "T-12310": "clavicle",
    "T-12410": "humerus",
    "T-12710": "femur",
    "T-12730": "patella",
    "T-12770": "calcaneus",
    "T-15430": "elbow",
    "T-15460": "wrist",
    "T-15710": "hip",
    "T-15750": "ankle",
    "T-22000": "sinuses",
    "T-D04FF": "whole_spine",
    "T-D1213": "jaw",
    "T-D2220": "shoulder",
    "T-D2500": "hip",
    "T-D3000": "chest",
    "T-D4000": "abdomen",
    "T-D6000": "pelvis",
    "T-D8200": "humerus",
    "T-D8500": "forearm",
    "T-D8700": "hand",
    "T-D8800": "finger",
    "T-D8810": "thumb",
    "T-D9000": "lower_limb",
    "T-D9100": "femur",
    "T-D9200": "knee",
    "T-D9400": "lower_leg",
    "T-D9700": "foot",
    "T-D9800": "toe",
}
# SNOMED CT concepts beside those of router.views: retired ones that films still carry, and near ones
_SNOMED_CT: Mapping[str, tuple[str, ...]] = {
    "51185008": ("chest",),
    "113345001": ("abdomen",),
    "12921003": ("pelvis",),
    "29836001": ("hip",),
    "40983000": ("humerus",),
    "68367000": ("femur",),
    "69536005": _HEAD,
    "1217256009": ("thoracic_spine", "lumbar_spine", "whole_spine"),
    "1217253001": ("lumbar_spine",),
    "1217257000": ("cervical_spine", "thoracic_spine"),
    "91609006": ("jaw", "skull"),
    "87342007": ("lower_leg",),
    "416550000": ("chest", "abdomen"),
    "818982008": ("abdomen", "pelvis"),
    "421060004": _SPINE,
    "61685007": _LOWER,
}
REGION_CODES: Mapping[str, tuple[str, ...]] = {
    **{view.anatomic_region.value: (view.region,) for view in VIEWS.values()},
    **{value: (region,) for value, region in SNOMED_RT.items()},
    **_SNOMED_CT,
    "T-D04FF": _SPINE,
    "T-D9000": _LOWER,
    "T-D1100": _HEAD,
}

# Code Value in (0054,0220), CID 4010: SNOMED CT, then what PS3.16 used before 2018
VIEW_CODES: Mapping[str, str] = {
    **dict.fromkeys(("399348003", "272479007", "399033003", "399335002", "399071006"), FRONTAL),
    **dict.fromkeys(("R-10206", "R-40888", "R-10202", "R-102C4", "R-102C3", "R-10214"), FRONTAL),
    **dict.fromkeys(("399067008", "399198007", "399173006", "399352003", "399260004", "30730003"), LATERAL),
    **dict.fromkeys(("R-102CD", "R-10232", "R-10236", "R-10228", "R-10224", "G-A145"), LATERAL),
    **dict.fromkeys(("399182000", "399312000", "399059000", "260427002", "260426006", "399160007"), OBLIQUE),
    **dict.fromkeys(("399038007", "399135007", "399236003", "399356000", "399184004", "399006002"), OBLIQUE),
    **dict.fromkeys(("R-102C1", "R-10208", "R-10216", "R-40783", "R-40782", "R-10204"), OBLIQUE),
    **dict.fromkeys(("R-10210", "R-10220", "R-10234", "R-40985", "R-10238", "R-10212"), OBLIQUE),
    **dict.fromkeys(("399061009", "399110001", "R-10241", "R-102C2"), AXIAL),
}

# (0018,5101): the enumerated values of PS3.3 C.8.1.1, the defined terms of C.8.11.2, and what vendors write
VIEW_POSITIONS: Mapping[str, str] = {
    **dict.fromkeys(("AP", "PA", "DP", "DV", "VD", "PD", "FRONTAL", "APPA", "PAAP"), FRONTAL),
    **dict.fromkeys(("LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT", "LATL", "LATR", "ML", "LM"), LATERAL),
    **dict.fromkeys(("RLO", "LLO", "RPO", "LPO", "RAO", "LAO", "OBL", "OBLIQUE", "OB", "LO", "RO"), OBLIQUE),
    **dict.fromkeys(("AXIAL", "AX", "AXL", "TANGENTIAL"), AXIAL),
}

# (0018,0015): the defined terms of PS3.16 Annex L, and what vendors write without blanks and signs
BODY_PARTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("ABDOMEN", "ABD", "KUB"), ("abdomen",)),
    "ABDOMENPELVIS": ("abdomen", "pelvis"),
    "ANKLE": ("ankle",),
    "ARM": ("humerus", "elbow", "forearm", "shoulder"),
    **dict.fromkeys(("CALCANEUS", "HEEL", "OSCALCIS"), ("calcaneus", "foot")),
    **dict.fromkeys(("CHEST", "THORAX", "LUNG", "LUNGS", "PORTCHEST", "PORTABLECHEST"), ("chest",)),
    "CHESTABDOMEN": ("chest", "abdomen"),
    "CLAVICLE": ("clavicle", "shoulder"),
    **dict.fromkeys(("CSPINE", "CERVICALSPINE", "HWS"), ("cervical_spine",)),
    "CTSPINE": ("cervical_spine", "thoracic_spine"),
    "ELBOW": ("elbow",),
    **dict.fromkeys(("FEMUR", "THIGH", "UPPERLEG"), ("femur",)),
    **dict.fromkeys(("FINGER", "FINGERS", "DIGIT"), ("finger", "hand", "thumb")),
    "FOOT": ("foot", "toe", "calcaneus"),
    **dict.fromkeys(("FOREARM", "LOWERARM", "RADIUSULNA"), ("forearm",)),
    "HAND": ("hand", "finger", "thumb"),
    **dict.fromkeys(("HEAD", "SKULL", "FACE", "FACIALBONES"), _HEAD),
    **dict.fromkeys(("HIP", "HIPS", "HIPJOINT"), ("hip", "pelvis", "femur")),
    **dict.fromkeys(("HUMERUS", "UPPERARM"), ("humerus",)),
    **dict.fromkeys(("JAW", "MANDIBLE", "MAXILLA", "TEETH", "OPG", "PANORAMIC"), ("jaw", "skull")),
    **dict.fromkeys(("KNEE", "KNEES", "KNEEJOINT"), ("knee", "patella")),
    "LEG": _LEG,
    **dict.fromkeys(("LOWEXM", "LOWEREXTREMITY", "LOWERLIMB", "LOWERLIMBS", "LXTREMITY"), _LOWER),
    **dict.fromkeys(("LOWERLEG", "TIBIAFIBULA", "TIBFIB", "CALF"), ("lower_leg",)),
    **dict.fromkeys(("LSPINE", "LSSPINE", "LUMBARSPINE", "LUMBOSACRALSPINE", "LWS"), ("lumbar_spine",)),
    **dict.fromkeys(("NOSE", "NASALBONE", "NASALBONES"), ("nasal_bone", "skull")),
    "PATELLA": ("patella", "knee"),
    "PELVIS": ("pelvis", "hip"),
    **dict.fromkeys(("RIB", "RIBS"), ("ribs", "chest")),
    "SCAPULA": ("scapula", "shoulder"),
    "SHOULDER": ("shoulder", "clavicle", "scapula"),
    **dict.fromkeys(("SINUS", "SINUSES", "PARANASALSINUS"), ("sinuses", "skull")),
    **dict.fromkeys(("SPINE", "WHOLESPINE", "ENTIRESPINE", "FULLSPINE"), _SPINE),
    "STERNUM": ("sternum", "chest"),
    "THUMB": ("thumb", "finger", "hand"),
    **dict.fromkeys(("TOE", "TOES"), ("toe", "foot")),
    **dict.fromkeys(("TLSPINE", "THORACOLUMBARSPINE"), ("thoracic_spine", "lumbar_spine", "whole_spine")),
    **dict.fromkeys(("TSPINE", "THORACICSPINE", "DSPINE", "BWS"), ("thoracic_spine",)),
    **dict.fromkeys(("UPEXM", "UPPEREXTREMITY", "UPPERLIMB", "UXTREMITY"), _UPPER),
    "WRIST": ("wrist",),
}
