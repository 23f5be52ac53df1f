"""The views' names are NNCPR's, and pydicom's own copy of PS3.16 knows every code in its context group."""

from __future__ import annotations

import pytest
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

from router.views import NNCPR_VIEWS, OTHER, UNSURE, VIEWS, Code

# healthcAIr/NNCPR classes.txt, in its order
NNCPR_CLASSES = [
    "abdomen_ap",
    "abdomen_left_lateral_decubitus",
    "pelvis_ap",
    "thoracic_spine_ap",
    "thoracic_spine_lateral",
    "elbow_ap",
    "elbow_lateral",
    "finger_ap",
    "finger_lateral",
    "foot_ap",
    "foot_oblique",
    "hand_ap",
    "wrist_ap",
    "wrist_lateral",
    "hand_oblique",
    "cervical_spine_ap",
    "cervical_spine_lateral",
    "knee_ap",
    "knee_lateral",
    "oblique_view_of_Lauenstein",
    "lumbar_spine_ap",
    "lumbar_spine_lateral",
    "panoramic_radiograph",
    "ankle_ap",
    "ankle_lateral",
    "patella_axial",
    "shoulder_ap",
    "shoulder_outlet",
    "chest_lateral",
    "chest_pa_ap",
]


def members(cid: int) -> set[Code]:
    """Every code of one context group, its meaning included."""
    return {
        Code(value=value, scheme=scheme, meaning=meaning)
        for scheme, keywords in cid_concepts[cid].items()
        for keyword in keywords
        for value, (meaning, groups) in concepts[scheme][keyword].items()
        if cid in groups
    }


def test_the_thirty_are_nncprs_in_nncprs_order() -> None:
    assert list(NNCPR_VIEWS) == NNCPR_CLASSES
    assert [name for name, view in VIEWS.items() if view.nncpr] == NNCPR_CLASSES


def test_routing_has_the_views_nncpr_lacks() -> None:
    assert {"forearm_ap", "forearm_lateral", "foot_lateral", "whole_spine_ap"} <= set(VIEWS)
    assert {OTHER, UNSURE}.isdisjoint(VIEWS)


@pytest.mark.parametrize("name", VIEWS)
def test_every_code_stands_in_its_context_group(name: str) -> None:
    view = VIEWS[name]
    assert view.name == name
    assert view.anatomic_region in members(4031) & members(4009)
    assert view.view_code is None or view.view_code in members(4010)
    assert set(view.modifiers) <= members(4011)
    assert view.eponym is None or view.eponym in members(4012)


def test_only_the_panoramic_radiograph_has_no_view_code() -> None:
    assert [name for name, view in VIEWS.items() if view.view_code is None] == ["panoramic_radiograph"]


@pytest.mark.parametrize("name", VIEWS)
def test_a_name_agrees_with_its_codes(name: str) -> None:
    view = VIEWS[name]
    for word in ("lateral", "axial", "oblique"):
        if view.projection == word:
            assert view.view_code is not None
            assert view.view_code.meaning == word


def test_views_of_one_region_share_one_anatomic_region() -> None:
    seen: dict[str, Code] = {}
    for view in VIEWS.values():
        assert seen.setdefault(view.region, view.anatomic_region) == view.anatomic_region


def test_no_two_views_mean_the_same() -> None:
    meanings = [(view.region, view.projection) for view in VIEWS.values()]
    assert len(meanings) == len(set(meanings))
