"""Studies as a PACS administrator looks for them: by parts of words, and by what the judge said."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session, sessionmaker

from db.queries import Queries
from db.read import StudyFilter
from db.schema_verdicts import VerdictKindRow
from router.types import Outcome
from router.verdicts import Kind

Receive = Callable[..., Outcome]


@pytest.fixture
def hospital(receive: Receive) -> None:
    receive(
        1, study=1, study_date="20260101", patient_id="AB_1", patient_name="Doe^Jane", accession_number="X1"
    )
    receive(
        2, study=2, study_date="20260102", patient_id="abx2", patient_name="Roe^John", accession_number="X20"
    )
    receive(
        3, study=3, study_date="20260103", patient_id="C%3", patient_name="Grün^Zoë", accession_number="x21"
    )


LIKE: list[tuple[dict[str, str], str]] = [
    ({"patient_like": "ab*"}, "21"),
    ({"patient_like": "ab_*"}, "1"),
    ({"patient_like": "AB?2"}, "2"),
    ({"patient_like": "c%*"}, "3"),
    ({"patient_like": "%"}, ""),
    ({"patient_like": "doe*jane*"}, "1"),
    ({"patient_like": "*o*"}, "321"),
    ({"patient_like": "zz*"}, ""),
    ({"patient_like": "\\*"}, ""),
    ({"accession_number_like": "x2*"}, "32"),
    ({"accession_number_like": "x2"}, ""),
    ({"accession_number_like": "X*", "patient_like": "r*"}, "2"),
    ({"patient_like": "ab*", "modality": "DX"}, "21"),
    ({"patient_like": "ab*", "modality": "CT"}, ""),
    ({"patient_like": "ab*", "study_date_from": "20260102"}, "2"),
]


@pytest.mark.parametrize(("given", "studies"), LIKE)
@pytest.mark.usefixtures("hospital")
def test_wildcards_find_patients_and_accessions(
    given: dict[str, str], studies: str, queries: Queries
) -> None:
    found = queries.studies(StudyFilter(**given), 10).items
    assert "".join(one.study_instance_uid[-1] for one in found) == studies


@pytest.mark.usefixtures("hospital")
def test_studies_are_found_by_what_the_judge_said(queries: Queries, maker: sessionmaker[Session]) -> None:
    found = queries.studies(StudyFilter(), 10).items
    assert {one.kinds for one in found} == {()}
    with maker.begin() as session:
        for study_id, kind in ((2, Kind.ROTATED), (2, Kind.MISSING_VIEW), (3, Kind.COMPLETE)):
            row = {"study_id": study_id, "kind": kind, "listed_date": "20260102", "severity": 1}
            session.execute(insert(VerdictKindRow).values(**row))
    missing = queries.studies(StudyFilter(verdict=Kind.MISSING_VIEW), 10).items
    assert [one.kinds for one in missing] == [(Kind.MISSING_VIEW, Kind.ROTATED)]
    assert queries.studies(StudyFilter(verdict=Kind.MISSING_VIEW, modality="CT"), 10).items == ()
    assert len(queries.studies(StudyFilter(verdict=Kind.COMPLETE, modality="DX"), 10).items) == 1
