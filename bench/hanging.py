"""How fast hanging protocols are answered at a million instances, on SQLite and on PostgreSQL.

    nice -n 10 python -m bench.hanging --postgresql postgresql://postgres@127.0.0.1:5432/postgres

What is measured is what a viewer waits for, the network aside: reading the database, making the answer and
its JSON. The databases are made anew and removed afterwards. The aim: a 95th percentile under 50 ms a study.
How soon a label is there after C-STORE is measured by ``bench.latency``.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from sqlalchemy.orm import Session, sessionmaker

from bench.asking import UID, Ask, ask_databases
from db.hanging import Hanging
from db.matching import Match, Matching
from db.news import Newsroom
from router.hanging import hang
from router.known_films import Trust
from service.api.dicom_json import instance_json, study_json
from service.api.out_hanging import hung_film_out, hung_study_out

TRUST = Trust()
BATCH = 100


def main() -> None:
    """Ask all questions."""
    ask_databases("hanging", __doc__, _questions, note="JSON included")


def _questions(maker: sessionmaker[Session], count: int) -> Iterator[tuple[str, Ask]]:
    hanging, matching, newsroom = Hanging(maker), Matching(maker), Newsroom(maker)
    chance, studies = random.Random(1), count * 3 // 10

    def study() -> str:
        return f"{UID}{chance.randint(1, studies)}"

    def film() -> str:
        return f"{UID}9.{chance.randint(1, count)}"

    def one_study() -> str:
        uid = study()
        hanging.study_standing(uid)  # as each request begins
        return hung_study_out(uid, [hang(one, TRUST) for one in hanging.study(uid)]).model_dump_json()

    def films(number: int) -> list[str]:
        known = hanging.instances([film() for _ in range(number)])
        return [hung_film_out(hang(one, TRUST)).model_dump_json() for one in known]

    def instances_of(match: Match) -> str:
        found = matching.instances(match, 100, 0).items
        return json.dumps([instance_json(hang(one, TRUST), ("all",), with_study=False) for one in found])

    def studies_of(match: Match) -> str:
        return json.dumps([study_json(one, ()) for one in matching.studies(match, 20, 0).items])

    yield "a study", one_study
    yield "a study, unchanged", lambda: hanging.study_standing(study())
    yield "an instance", lambda: films(1)
    yield f"a batch of {BATCH}", lambda: films(BATCH)
    yield "DICOMweb, instances of a study", lambda: instances_of(Match(study_instance_uid=(study(),)))
    yield (
        "DICOMweb, studies of a patient",
        lambda: studies_of(Match(patient_id=f"P{chance.randint(1, studies // 3)}")),
    )
    yield "DICOMweb, studies of a day", lambda: studies_of(_day(chance))
    yield "news for viewers", lambda: newsroom.after(count * 4 - 200, 200)


def _day(chance: random.Random) -> Match:
    day = f"{chance.randint(2016, 2025)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
    return Match(study_date_from=day, study_date_to=day)


if __name__ == "__main__":
    main()
