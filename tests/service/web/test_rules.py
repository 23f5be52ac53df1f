"""The page Rules: who may do what with a draft, and that publishing is whole, kept and taken back."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from service.rules_watch import RulesWatch
from service.sections import SHIPPED_RULES

CHEST = '[[rule]]\nname = "chest"\nwhen = { view = ["chest_pa_ap"] }\nanalyse = ["lung"]\n'
HAND = """[[rule]]
name = "hand & <wrist>"
when = { view = ["hand_ap"] }
analyse = ["fracture"]
priority = 70
"""


@pytest.fixture
def watch(tmp_path: Path) -> RulesWatch:
    file = tmp_path / "rules.toml"
    file.write_text(CHEST)
    return RulesWatch(file, installed=(), until_then=SHIPPED_RULES)


@pytest.fixture
def people(open_pages: Callable[..., Any], watch: RulesWatch) -> Any:
    return open_pages(rules=watch)


def publish(person: Any, watch: RulesWatch, draft: str, **more: str) -> Any:
    return person.send("/rules/publish", **{"draft": draft, "base": watch.current.version} | more)


def test_a_reader_sees_the_rules_and_can_do_nothing_with_them(people: Any) -> None:
    reader = people.person("reader")
    page = reader.get("/rules").text
    assert "readonly" in page and "Publish this draft" not in page
    for path in ("/rules/check", "/rules/try", "/rules/replay", "/rules/publish"):
        assert reader.send(path, draft=HAND, base="x").status_code == HTTPStatus.FORBIDDEN


def test_a_pack_that_a_rule_waits_for_is_told_with_what_installs_it(people: Any, watch: RulesWatch) -> None:
    assert "is not installed" not in people.person("reader").text("/rules")
    watch.file.write_text(CHEST.replace('"lung"', '"onemed_skin"'))
    assert watch.refresh()
    said = people.person("reader").text("/rules")
    assert (
        "Rule &#34;chest&#34; asks for the model pack &#34;onemed_skin&#34;, which is not installed" in said
    )
    assert "radrouter models install onemed --from FOLDER" in said


def test_a_reviewer_tries_a_draft_but_does_not_publish_it(people: Any, watch: RulesWatch) -> None:
    reviewer = people.person("reviewer")
    assert "Valid: 1 rule." in reviewer.send("/rules/check", draft=HAND).text
    assert publish(reviewer, watch, HAND).status_code == HTTPStatus.FORBIDDEN
    assert watch.current.sources == CHEST


@pytest.mark.parametrize(
    ("draft", "says"),
    [
        (HAND, "hand &amp; &lt;wrist&gt;"),
        (CHEST, "It is what is in force."),
        (CHEST.replace("\n", "\r\n"), "It is what is in force."),  # as browsers send it
        (CHEST.replace("lung", "liver"), "liver"),
        (CHEST.replace("when", "wenn"), "wenn"),
        ("[[rule]", "notice bad"),
    ],
)
def test_a_draft_is_checked_in_words(people: Any, draft: str, says: str) -> None:
    reviewer = people.person("reviewer")
    answer = reviewer.client.post(
        "/rules/check", data={"csrf": reviewer.csrf, "draft": draft}, headers={"HX-Request": "true"}
    )
    assert says in answer.text
    assert "<html" not in answer.text


def test_a_draft_is_tried_on_a_film(people: Any) -> None:
    house, reviewer = people.house, people.person("reviewer")
    uid = house.receive(1)
    house.analyse("hand_ap")
    page = reviewer.send("/rules/try", draft=HAND, sop_instance_uid=f" {uid} ").text
    assert "The draft asks for something else" in page
    assert "Asked for: fracture; priority 70." in page
    assert (
        "No film with this SOP Instance UID is here."
        in reviewer.send("/rules/try", draft=HAND, sop_instance_uid="1.2.4").text
    )


def test_a_draft_is_held_against_the_last_days(people: Any) -> None:
    house, reviewer = people.house, people.person("reviewer")
    uid = house.receive(1)
    house.analyse("hand_ap")
    page = reviewer.send("/rules/replay", draft=HAND, days="3").text
    assert f"/studies/{house.queries.instance(uid).instance.study_instance_uid}" in page
    assert "1 film decided on; the draft treats 1 of them differently" in page
    assert (
        reviewer.send("/rules/replay", draft=HAND, days="99").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    )


def test_a_publication_decides_is_kept_and_is_taken_back(people: Any, watch: RulesWatch) -> None:
    admin, first = people.person("admin"), watch.current.version
    assert publish(admin, watch, HAND, comment="hands too").headers["location"] == "/rules"
    assert watch.current.rules[0].name == "hand & <wrist>"
    text = admin.text("/rules")
    assert "hands too" in text and "as it was" in text
    assert people.house.actions.page(1).items[0].detail == {"version": watch.current.version, "was": first}
    older = admin.get(f"/rules?version={first}").text
    assert "&#34;chest&#34;" in older.split("<textarea")[1]
    assert publish(admin, watch, CHEST).status_code == HTTPStatus.SEE_OTHER
    assert watch.current.version == first


def test_somebody_elses_publication_is_not_overwritten_unseen(people: Any, watch: RulesWatch) -> None:
    admin, base = people.person("admin"), watch.current.version
    publish(admin, watch, HAND)
    answer = publish(admin, watch, CHEST, base=base, comment="mine")
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "changed while you were editing" in answer.text and 'value="mine"' in answer.text
    assert watch.current.rules[0].name == "hand & <wrist>"


def test_what_is_not_valid_is_not_published(people: Any, watch: RulesWatch) -> None:
    answer = publish(people.person("admin"), watch, HAND.replace("hand_ap", "hnd_ap"))
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "hnd_ap" in answer.text
    assert watch.current.sources == CHEST


def test_an_unknown_version_is_said_to_be_unknown(people: Any) -> None:
    assert people.person("reader").get("/rules?version=abc").status_code == HTTPStatus.NOT_FOUND
