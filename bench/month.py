"""A month of a department: what the comparison finds of the faults put into it, and what it says of the rest.

python -m bench.month --data ../shared [--packs FOLDER] [--studies 300] [--draws 100] [--alike] [--choose]

Orders are drawn from the shipped procedure map; the films are real ones whose true view is known, named by
the newest view pack through the service's own pixel path. Figures are of the groups (patients) that chose
nothing; ``--choose`` tries other thresholds on the groups that may. Intervals: the whole month made anew from
groups drawn with replacement.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.house import CHECKOUT
from bench.month_faults import FAULTS, with_fault
from bench.month_films import CHOOSE, REPORT, Named, named_films, view_pack
from bench.month_studies import Orders, Study, pool_of
from bench.report import Row, show
from router.comparison import compare
from router.evidence import Thresholds
from router.procedures import ProcedureMap, expect, parse_map
from router.verdicts import Kind, Verdict
from router.views import VIEWS

MAP = CHECKOUT / "service" / "default_procedures.toml"
SHARE_OF_EACH = 0.01  # of the month's studies that have each kind of fault: what precision is reckoned with
CLEAN = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a month is made of."""

    procedures: ProcedureMap
    text: str
    thresholds: Thresholds
    studies: int  # of each kind of fault; three times as many are untouched
    alike: bool


Judged = tuple[Study, Verdict]
Figures = Mapping[str, float]


def month(films: Sequence[Named], setting: Setting, chance: random.Random) -> list[Study]:
    """The studies of one month: untouched ones, and as many with each fault."""
    orders = Orders(setting.procedures, setting.text, pool_of(films), alike=setting.alike)
    studies = [orders.study(chance) for _ in range(3 * setting.studies)]
    for fault in FAULTS:
        studies += [with_fault(orders, fault, chance) for _ in range(setting.studies)]
    return studies


def judge(studies: Sequence[Study], setting: Setting) -> list[Judged]:
    """Each study with its verdict."""
    judged = []
    for study in studies:
        expectations, unmapped = expect(setting.procedures, [study.order], study.films)
        verdict = compare(
            "1.2.3",
            expectations,
            unmapped,
            study.films,
            has_order=True,
            thresholds=setting.thresholds,
            map_version=setting.procedures.digest,
            procedures=setting.procedures,
        )
        judged.append((study, verdict))
    return judged


def figures(judged: Sequence[Judged]) -> Figures:
    """Recall and precision of each fault, and what is said of untouched studies, all in percent."""
    of: dict[str, list[Verdict]] = {fault: [] for fault in (CLEAN, *FAULTS)}
    for study, verdict in judged:
        of[study.fault].append(verdict)
    clean = of[CLEAN]
    found = {
        "false flags": _percent(clean, lambda verdict: verdict.is_fault),
        "complete": _percent(clean, lambda verdict: Kind.COMPLETE in verdict.kinds),
        "unsure": _percent(clean, lambda verdict: Kind.UNSURE in verdict.kinds and not verdict.is_fault),
    }
    for fault, (_, kind, _) in FAULTS.items():
        found[f"recall {fault}"] = _percent(of[fault], lambda verdict, kind=kind: kind in verdict.kinds)
        found[f"flagged {fault}"] = _percent(of[fault], lambda verdict: verdict.is_fault)
        found[f"precision {fault}"] = _precision(kind, of)
    for near in (False, True):
        some = [v for s, v in judged if s.fault in FAULTS and "region" in s.fault and s.near is near]
        name = "recall region, neighbouring" if near else "recall region, elsewhere"
        found[name] = _percent(some, lambda verdict: Kind.WRONG_REGION in verdict.kinds)
    return found


def _percent(verdicts: Sequence[Verdict], holds: object) -> float:
    assert callable(holds)
    return 100 * sum(map(holds, verdicts)) / len(verdicts) if verdicts else float("nan")


def _precision(kind: Kind, of: Mapping[str, Sequence[Verdict]]) -> float:
    """Of a hundred studies with this remark, how many are right, at ``SHARE_OF_EACH`` of each fault."""
    right = wrong = 0.0
    for fault, verdicts in of.items():
        share = SHARE_OF_EACH if fault != CLEAN else 1 - SHARE_OF_EACH * len(FAULTS)
        said = share * _percent(verdicts, lambda verdict: kind in verdict.kinds)
        true = fault != CLEAN and (kind is FAULTS[fault][1] or kind in FAULTS[fault][2])
        right, wrong = right + said * true, wrong + said * (not true)
    return 100 * right / (right + wrong) if right + wrong else float("nan")


def intervals(films: Sequence[Named], setting: Setting, draws: int) -> dict[str, tuple[float, float]]:
    """95 % intervals of the figures: months made of groups drawn with replacement."""
    groups: dict[str, list[Named]] = {}
    for film in films:
        groups.setdefault(film.group, []).append(film)
    drawn: list[Figures] = []
    for seed in range(draws):
        chance = random.Random(seed)
        names = chance.choices(sorted(groups), k=len(groups))
        again = [replace(f, group=f"{n}-{i}") for i, n in enumerate(names) for f in groups[n]]
        drawn.append(figures(judge(month(again, replace(setting, studies=60), chance), setting)))
    if not drawn:
        return {}
    values = {name: [each[name] for each in drawn] for name in drawn[0]}
    return {name: tuple(np.nanpercentile(each, [2.5, 97.5])) for name, each in values.items()}


def rows_of(found: Figures, within: Mapping[str, tuple[float, float]]) -> list[Row]:
    """One row for each fault, then those of untouched studies."""

    def said(name: str) -> str:
        low, high = within.get(name, (float("nan"), float("nan")))
        return f"{found[name]:.1f} ({low:.1f} to {high:.1f})" if name in within else f"{found[name]:.1f}"

    rows: list[Row] = [
        {
            "fault": fault,
            "recall_%": said(f"recall {fault}"),
            "precision_%": said(f"precision {fault}"),
            "flagged_at_all_%": said(f"flagged {fault}"),
        }
        for fault in FAULTS
    ]
    for name in ("recall region, elsewhere", "recall region, neighbouring"):
        rows.append({"fault": name, "recall_%": said(name), "precision_%": "", "flagged_at_all_%": ""})
    for name in ("false flags", "complete", "unsure"):
        title = f"untouched: {name} in 100"
        rows.append({"fault": title, "recall_%": "", "precision_%": "", "flagged_at_all_%": said(name)})
    return rows


def choose(films: Sequence[Named], setting: Setting) -> None:
    """Print what other thresholds would do on the films that may choose."""
    studies = month(films, setting, random.Random(1))
    steps = {
        "wrong_region": (0.7, 0.8, 0.9, 0.95, 0.98),
        "neighbour_region": (0.8, 0.9, 0.95, 0.98, 0.99),
        "confused_region": (0.95, 0.99, 0.998),
        "wrong_projection": (0.7, 0.8, 0.9, 0.95),
        "lookalike": (0.8, 0.9, 0.95, 0.99),
        "header_region": (0.8, 0.9, 0.95, 0.99),
        "quarter_turn": (0.4, 0.5, 0.6, 0.7, 0.8),
        "upside_down": (0.95, 0.98, 0.99, 0.995),
    }
    for name, value in itertools.chain.from_iterable(((name, v) for v in vs) for name, vs in steps.items()):
        changed = {name: value}
        other = replace(setting, thresholds=replace(setting.thresholds, **changed))  # type: ignore[arg-type]
        found = figures(judge(studies, other))
        shown = {
            key: round(v, 1) for key, v in found.items() if key.startswith(("recall", "false", "unsure"))
        }
        print(f"{name} {value}: {shown}")


def main() -> None:
    """Measure, or help to choose."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with films/manifest.csv")
    parser.add_argument("--packs", type=Path, help="folder with view packs; default: the shipped ones")
    parser.add_argument("--studies", type=int, default=300, help="studies of each kind of fault")
    parser.add_argument("--draws", type=int, default=100, help="draws of the bootstrap")
    parser.add_argument("--alike", action="store_true", help="every procedure as often as any other")
    parser.add_argument("--choose", action="store_true", help="try thresholds on the films that may choose")
    given = parser.parse_args()
    pack = view_pack(given.packs)
    text = MAP.read_text("utf-8")
    labels = frozenset(pack.manifest.outputs["view"].labels) & frozenset(VIEWS)
    setting = Setting(
        procedures=parse_map(text),
        text=text,
        thresholds=Thresholds(model_views=labels),
        studies=given.studies,
        alike=given.alike,
    )
    films = named_films(given.data, pack)
    if given.choose:
        choose([film for film in films if film.split in CHOOSE], setting)
        return
    reported = [film for film in films if film.split in REPORT]
    judged = judge(month(reported, setting, random.Random(0)), setting)
    within = intervals(reported, setting, given.draws)
    mix = "every procedure alike" if given.alike else "procedures as often as a department orders them"
    notes = [
        f"{pack.ref}; {len(reported)} real films of {len({film.group for film in reported})} groups; {mix}",
        f"precision where each fault is in {100 * SHARE_OF_EACH:g} of 100 studies; 95 % intervals by group",
    ]
    show("month", rows_of(figures(judged), within), notes=notes)


if __name__ == "__main__":
    main()
