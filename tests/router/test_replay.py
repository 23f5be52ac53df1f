"""What a draft would have done, held against what was done."""

from __future__ import annotations

from collections.abc import Callable

from router.replay import RuleCount, replay
from router.rules import Facts, decide, parse

Film = Callable[..., Facts]

LIVE = """
[[rule]]
name = "chest"
when = { view = ["chest_pa_ap"] }
analyse = ["lung"]
destinations = ["READERS"]

[[rule]]
name = "old"
when = { view = ["foot_ap"] }
priority = 3
"""
DRAFT = """
[[rule]]
name = "chest"
when = { view = ["chest_pa_ap"], min_score = 0.9 }
analyse = ["lung", "fracture"]
destinations = ["EMERGENCY"]
priority = 10

[[rule]]
name = "foot"
when = { view = ["foot_*"] }
priority = 3
"""


def test_the_same_rules_change_nothing(film: Film) -> None:
    live = parse(LIVE, known_models=None)
    past = [
        (facts, decide(live, facts)) for facts in (film(view="chest_pa_ap"), film(), film(view="hand_ap"))
    ]
    difference = replay(live, past)
    assert (difference.films, difference.changed, difference.changes) == (3, 0, ())


def test_gained_and_lost_are_told_film_by_film(film: Film) -> None:
    live, draft = parse(LIVE, known_models=None), parse(DRAFT, known_models=None)
    sure, unsure = film(view="chest_pa_ap"), film(view="chest_pa_ap", score=0.7)
    difference = replay(
        draft, [(facts, decide(live, facts)) for facts in (sure, unsure, film(view="foot_ap"))]
    )
    assert difference.films == 3
    assert difference.changed == 2
    first, second = difference.changes
    assert (first.analyse_gained, first.analyse_lost) == (("fracture",), ())
    assert (first.destinations_gained, first.destinations_lost) == (("EMERGENCY",), ("READERS",))
    assert (first.priority_before, first.priority_after) == (0, 10)
    assert (second.analyse_gained, second.analyse_lost) == ((), ("lung",))
    assert second.matched_after == ("default",)
    assert second.decision.outcomes[0].reason == "score is 0.70, wanted at least 0.90"


def test_rules_are_counted_then_and_now(film: Film) -> None:
    live, draft = parse(LIVE, known_models=None), parse(DRAFT, known_models=None)
    films = [film(view=view) for view in ("chest_pa_ap", "foot_ap", "foot_oblique", "hand_ap")]
    assert replay(draft, [(facts, decide(live, facts)) for facts in films]).rules == (
        RuleCount(rule="chest", before=1, after=1),
        RuleCount(rule="foot", before=0, after=2),
        RuleCount(rule="default", before=2, after=1),
        RuleCount(rule="old", before=1, after=0),
    )


def test_only_so_many_changes_are_kept_but_all_are_counted(film: Film) -> None:
    live, draft = parse("", known_models=None), parse(DRAFT, known_models=None)
    facts = film(view="foot_ap")
    difference = replay(draft, ((facts, decide(live, facts)) for _ in range(10)), most=3)
    assert (difference.films, difference.changed, len(difference.changes)) == (10, 10, 3)
