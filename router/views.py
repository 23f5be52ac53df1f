"""The views a film can be: NNCPR's thirty names in NNCPR's order, and the ones routing needs beyond them.

Each view says what it shows in DICOM codes: the anatomic region from CID 4031 (each is in the DX list too,
CID 4009), the view from CID 4010, modifiers from CID 4011, the eponym from CID 4012 (PS3.16 Annex B).
A code claims no more than the name does: where one label covers AP and PA alike (chest_pa_ap; hands, fingers
and wrists, which NNCPR calls "ap" although they are mostly exposed dorso-palmar) the code is *frontal*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One coded concept: Code Value, Coding Scheme Designator, Code Meaning (PS3.3 Table 8.8-1)."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One label of the view classifier and what it means in DICOM."""

    name: str
    region: str  # the part of the body in our words, shared by its views
    projection: str
    anatomic_region: Code  # Anatomic Region Sequence (0008,2218), CID 4031
    view_code: Code | None  # View Code Sequence (0054,0220), CID 4010; None: the list has no word for it
    modifiers: tuple[Code, ...] = ()  # View Modifier Code Sequence (0054,0222), CID 4011
    eponym: Code | None = None  # Projection Eponymous Name Code Sequence (0018,5104), CID 4012
    nncpr: bool  # one of NNCPR's thirty


def _sct(value: str, meaning: str) -> Code:
    return Code(value=value, scheme="SCT", meaning=meaning)


# CID 4031 Common Anatomic Region
ABDOMEN = _sct("818981001", "Abdomen")
ANKLE = _sct("70258002", "Ankle joint")
CALCANEUS = _sct("80144004", "Calcaneus")
CERVICAL_SPINE = _sct("122494005", "Cervical spine")
CHEST = _sct("816094009", "Chest")
CLAVICLE = _sct("51299004", "Clavicle")
ELBOW = _sct("16953009", "Elbow joint")
FEMUR = _sct("71341001", "Femur")
FINGER = _sct("7569003", "Finger")
FOOT = _sct("56459004", "Foot")
FOREARM = _sct("14975008", "Forearm")
HAND = _sct("85562004", "Hand")
HIP = _sct("24136001", "Hip joint")
HUMERUS = _sct("85050009", "Humerus")
JAW = _sct("661005", "Jaw region")
KNEE = _sct("72696002", "Knee")
LOWER_LEG = _sct("30021000", "Lower leg")
LOWER_LIMB = _sct("61685007", "Lower limb")
LUMBAR_SPINE = _sct("122496007", "Lumbar spine")
NASAL_BONE = _sct("74386004", "Nasal bone")
PATELLA = _sct("64234005", "Patella")
PELVIS = _sct("816092008", "Pelvis")
RIB = _sct("113197003", "Rib")
SCAPULA = _sct("79601000", "Scapula")
SHOULDER = _sct("16982005", "Shoulder")
SINUSES = _sct("2095001", "Paranasal sinus")
SKULL = _sct("89546000", "Skull")
SPINE = _sct("421060004", "Spine")
STERNUM = _sct("56873002", "Sternum")
THORACIC_SPINE = _sct("122495006", "Thoracic spine")
THUMB = _sct("76505004", "Thumb")
TOE = _sct("29707007", "Toe")
WRIST = _sct("74670003", "Wrist joint")

# CID 4010 DX View
AP = _sct("399348003", "antero-posterior")
AXIAL = _sct("399061009", "axial")
DORSOPLANTAR = _sct("399335002", "dorsoplantar")
FRONTAL = _sct("399033003", "frontal")
LATERAL = _sct("399067008", "lateral")
OBLIQUE = _sct("399182000", "oblique")
AP_OBLIQUE = _sct("399312000", "antero-posterior oblique")
PA = _sct("272479007", "postero-anterior")
PARIETOACANTHIAL = _sct("399272005", "parietoacanthial")
TANGENTIAL = _sct("399110001", "tangential")

# CID 4011 DX View Modifier
CAUDAD = _sct("399162004", "caudad")
CROSSTABLE = Code(value="111069", scheme="DCM", meaning="Crosstable")
TRANSORAL = _sct("118438002", "transoral")

# CID 4012 Projection Eponymous Name
LAUENSTEIN = _sct("399169008", "Lauenstein")
MORTICE = _sct("260497009", "Mortice projection")
NEER = _sct("422795009", "Neer")
WATERS = _sct("260473000", "Waters")

_Row = tuple[str, str, str, Code, Code | None]

# name, region, projection, anatomic region, view: the order is that of NNCPR's classes.txt
_NNCPR: tuple[_Row, ...] = (
    ("abdomen_ap", "abdomen", "ap", ABDOMEN, AP),
    ("abdomen_left_lateral_decubitus", "abdomen", "left_lateral_decubitus", ABDOMEN, AP),
    ("pelvis_ap", "pelvis", "ap", PELVIS, AP),
    ("thoracic_spine_ap", "thoracic_spine", "ap", THORACIC_SPINE, AP),
    ("thoracic_spine_lateral", "thoracic_spine", "lateral", THORACIC_SPINE, LATERAL),
    ("elbow_ap", "elbow", "ap", ELBOW, AP),
    ("elbow_lateral", "elbow", "lateral", ELBOW, LATERAL),
    ("finger_ap", "finger", "ap", FINGER, FRONTAL),
    ("finger_lateral", "finger", "lateral", FINGER, LATERAL),
    ("foot_ap", "foot", "ap", FOOT, DORSOPLANTAR),
    ("foot_oblique", "foot", "oblique", FOOT, OBLIQUE),
    ("hand_ap", "hand", "ap", HAND, FRONTAL),
    ("wrist_ap", "wrist", "ap", WRIST, FRONTAL),
    ("wrist_lateral", "wrist", "lateral", WRIST, LATERAL),
    ("hand_oblique", "hand", "oblique", HAND, OBLIQUE),
    ("cervical_spine_ap", "cervical_spine", "ap", CERVICAL_SPINE, AP),
    ("cervical_spine_lateral", "cervical_spine", "lateral", CERVICAL_SPINE, LATERAL),
    ("knee_ap", "knee", "ap", KNEE, AP),
    ("knee_lateral", "knee", "lateral", KNEE, LATERAL),
    ("oblique_view_of_Lauenstein", "hip", "lauenstein", HIP, OBLIQUE),
    ("lumbar_spine_ap", "lumbar_spine", "ap", LUMBAR_SPINE, AP),
    ("lumbar_spine_lateral", "lumbar_spine", "lateral", LUMBAR_SPINE, LATERAL),
    ("panoramic_radiograph", "jaw", "panoramic", JAW, None),
    ("ankle_ap", "ankle", "ap", ANKLE, AP),
    ("ankle_lateral", "ankle", "lateral", ANKLE, LATERAL),
    ("patella_axial", "patella", "axial", PATELLA, AXIAL),
    ("shoulder_ap", "shoulder", "ap", SHOULDER, AP),
    ("shoulder_outlet", "shoulder", "outlet", SHOULDER, TANGENTIAL),
    ("chest_lateral", "chest", "lateral", CHEST, LATERAL),
    ("chest_pa_ap", "chest", "pa_ap", CHEST, FRONTAL),
)

_EXTENDED: tuple[_Row, ...] = (
    ("forearm_ap", "forearm", "ap", FOREARM, AP),
    ("forearm_lateral", "forearm", "lateral", FOREARM, LATERAL),
    ("foot_lateral", "foot", "lateral", FOOT, LATERAL),
    ("ankle_mortise", "ankle", "mortise", ANKLE, AP_OBLIQUE),
    ("calcaneus_axial", "calcaneus", "axial", CALCANEUS, AXIAL),
    ("calcaneus_lateral", "calcaneus", "lateral", CALCANEUS, LATERAL),
    ("toe_ap", "toe", "ap", TOE, DORSOPLANTAR),
    ("toe_oblique", "toe", "oblique", TOE, OBLIQUE),
    ("whole_spine_ap", "whole_spine", "ap", SPINE, FRONTAL),
    ("whole_spine_lateral", "whole_spine", "lateral", SPINE, LATERAL),
    ("dens_transoral", "cervical_spine", "transoral", CERVICAL_SPINE, AP),
    ("skull_ap", "skull", "ap", SKULL, FRONTAL),
    ("skull_lateral", "skull", "lateral", SKULL, LATERAL),
    ("nasal_bone_lateral", "nasal_bone", "lateral", NASAL_BONE, LATERAL),
    ("sinuses_waters", "sinuses", "waters", SINUSES, PARIETOACANTHIAL),
    ("clavicle_ap", "clavicle", "ap", CLAVICLE, FRONTAL),
    ("scapula_lateral", "scapula", "lateral", SCAPULA, LATERAL),
    ("shoulder_axial", "shoulder", "axial", SHOULDER, AXIAL),
    ("humerus_ap", "humerus", "ap", HUMERUS, AP),
    ("humerus_lateral", "humerus", "lateral", HUMERUS, LATERAL),
    ("hand_lateral", "hand", "lateral", HAND, LATERAL),
    ("thumb_ap", "thumb", "ap", THUMB, FRONTAL),
    ("thumb_lateral", "thumb", "lateral", THUMB, LATERAL),
    ("hip_ap", "hip", "ap", HIP, AP),
    ("hip_lateral", "hip", "lateral", HIP, LATERAL),
    ("femur_ap", "femur", "ap", FEMUR, AP),
    ("femur_lateral", "femur", "lateral", FEMUR, LATERAL),
    ("lower_leg_ap", "lower_leg", "ap", LOWER_LEG, AP),
    ("lower_leg_lateral", "lower_leg", "lateral", LOWER_LEG, LATERAL),
    ("lower_limb_ap", "lower_limb", "ap", LOWER_LIMB, AP),
    ("ribs_ap", "ribs", "ap", RIB, FRONTAL),
    ("ribs_oblique", "ribs", "oblique", RIB, OBLIQUE),
    ("sternum_lateral", "sternum", "lateral", STERNUM, LATERAL),
)

_MODIFIERS: Mapping[str, tuple[Code, ...]] = {
    "abdomen_left_lateral_decubitus": (CROSSTABLE,),
    "shoulder_outlet": (CAUDAD,),
    "dens_transoral": (TRANSORAL,),
}
_EPONYMS: Mapping[str, Code] = {
    "oblique_view_of_Lauenstein": LAUENSTEIN,
    "shoulder_outlet": NEER,
    "ankle_mortise": MORTICE,
    "sinuses_waters": WATERS,
}


def _view(row: _Row, *, nncpr: bool) -> View:
    name, region, projection, anatomic_region, view_code = row
    return View(
        name=name,
        region=region,
        projection=projection,
        anatomic_region=anatomic_region,
        view_code=view_code,
        modifiers=_MODIFIERS.get(name, ()),
        eponym=_EPONYMS.get(name),
        nncpr=nncpr,
    )


OTHER = "other"  # a film, but none of the views the model knows
UNSURE = "unsure"  # the gate did not open: the leading candidate does not lead by enough
NNCPR_VIEWS: tuple[str, ...] = tuple(row[0] for row in _NNCPR)
VIEWS: Mapping[str, View] = MappingProxyType(
    {row[0]: _view(row, nncpr=True) for row in _NNCPR}
    | {row[0]: _view(row, nncpr=False) for row in _EXTENDED}
)
