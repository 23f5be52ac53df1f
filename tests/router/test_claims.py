"""What a film's header claims, element by element; and that nonsense claims nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._snomed_dict import mapping
from pydicom.sr.codedict import codes

from router.claim_tables import BODY_PARTS, REGION_CODES, SNOMED_RT, VIEW_CODES, VIEW_POSITIONS
from router.claims import Claim, claims_of
from router.orders import Side
from router.procedures import parse_map
from router.verdicts import FilmFacts, Source
from router.views import VIEWS

MAP = parse_map(
    (Path(__file__).resolve().parents[2] / "service" / "default_procedures.toml").read_text("utf-8")
)
REGIONS = {view.region for view in VIEWS.values()}


def claims(**header: str) -> tuple[Claim, ...]:
    film = FilmFacts(
        sop_instance_uid="1.2.3",
        view=None,
        score=None,
        margin=None,
        runner_up=None,
        source=Source.HEADER,
        model=None,
        **header,  # type: ignore[arg-type]
    )
    return claims_of(film, MAP)


# header | regions | families | side
CLAIMS = [
    ({"anatomic_region_code": "14975008"}, {"forearm"}, set(), None),
    ({"anatomic_region_code": "T-D8500"}, {"forearm"}, set(), None),
    ({"anatomic_region_code": "51185008"}, {"chest"}, set(), None),
    ({"view_code": "399067008"}, set(), {"lateral"}, None),
    ({"view_code": "R-10206"}, set(), {"frontal"}, None),
    ({"body_part_examined": "CHEST"}, {"chest"}, set(), None),
    ({"body_part_examined": " c-spine "}, {"cervical_spine"}, set(), None),
    ({"body_part_examined": "Handgelenk"}, {"wrist"}, set(), None),
    ({"body_part_examined": "SKULL"}, {"skull", "sinuses", "nasal_bone", "jaw"}, set(), None),
    ({"view_position": "PA"}, set(), {"frontal"}, None),
    ({"view_position": "LL"}, set(), {"lateral"}, None),
    ({"view_position": "RLO"}, set(), {"oblique"}, None),
    ({"image_laterality": "R"}, set(), set(), Side.RIGHT),
    ({"series_description": "Knie seitl. li"}, {"knee"}, {"lateral"}, Side.LEFT),
    ({"series_description": "Wrist 2 views"}, {"wrist"}, set(), None),
    ({"protocol_name": "Hand PA"}, {"hand"}, {"frontal"}, None),
    ({"series_description": "AP and lateral"}, set(), set(), None),
    ({"series_description": "LAT"}, set(), {"lateral"}, None),
]


@pytest.mark.parametrize(("header", "regions", "families", "side"), CLAIMS)
def test_each_element_claims_what_it_says(
    header: dict[str, str], regions: set[str], families: set[str], side: Side | None
) -> None:
    said = claims(**header)
    assert {region for claim in said for region in claim.regions} == regions
    assert {family for claim in said for family in claim.families} == families
    assert [claim.side for claim in said if claim.side] == ([side] if side else [])


NONSENSE = [
    {},
    {"body_part_examined": ""},
    {"body_part_examined": "BODY"},
    {"body_part_examined": "DEFAULT"},
    {"body_part_examined": "BREAST"},
    {"view_position": "XYZ"},
    {"view_position": "LLD"},  # a decubitus film may be called frontal and lateral
    {"view_code": "399348003X"},
    {"anatomic_region_code": "1"},
    {"image_laterality": "U"},
    {"series_description": "Series 1"},
    {"protocol_name": "MRI knee"},
]


@pytest.mark.parametrize("header", NONSENSE)
def test_absent_and_meaningless_values_claim_nothing(header: dict[str, str]) -> None:
    assert claims(**header) == ()


def test_every_element_claims_for_itself_because_they_disagree() -> None:
    said = claims(body_part_examined="CHEST", series_description="Knee AP left", view_position="LL")
    assert [(claim.keyword, claim.value) for claim in said] == [
        ("BodyPartExamined", "CHEST"),
        ("ViewPosition", "LL"),
        ("SeriesDescription", "Knee AP left"),
    ]
    assert said[2].evidence == 'SeriesDescription says "Knee AP left"'


def test_the_tables_name_regions_that_exist() -> None:
    for table in (REGION_CODES, BODY_PARTS):
        assert {region for regions in table.values() for region in regions} <= REGIONS
    assert all(key == key.upper() and key.isalnum() for key in (*BODY_PARTS, *VIEW_POSITIONS))


def test_the_older_identifiers_are_the_standards_own() -> None:
    for identifier, region in SNOMED_RT.items():
        concept = mapping["SRT"][identifier]
        assert region in REGION_CODES[concept], identifier


def test_view_codes_are_those_of_the_context_group_and_their_older_forms() -> None:
    listed = {getattr(codes.cid4010, keyword) for keyword in cid_concepts[4010]["SCT"]}
    values = {code.value for code in listed}
    older = {mapping["SCT"][value] for value in values if value in mapping["SCT"]}
    assert {code for code in VIEW_CODES if code.isdecimal()} <= values
    assert {code for code in VIEW_CODES if not code.isdecimal()} <= older | {"R-10214"}
    named = {code.value: code.meaning for code in listed}
    for value, family in VIEW_CODES.items():
        if value in named and family == "lateral":
            assert "lateral" in named[value].lower() or named[value] in {"Sagittal", "medial-lateral"}
