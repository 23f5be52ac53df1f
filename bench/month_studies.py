"""Studies of the month: an order drawn from the procedure map, and real films that fulfil it."""

from __future__ import annotations

import random
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.month_films import Named
from router.anatomy import FRONTAL, LATERAL, families_of, is_paired, region_of
from router.claim_tables import BODY_PARTS
from router.orders import Order, OrderControl, OrderSource, Procedure, Side
from router.procedure_map import Entry, ProcedureMap
from router.verdicts import FilmFacts, Source
from router.views import Code

# Of a hundred plain-film orders of a department, about so many of each region; the rest share what is left.
SHARES: Mapping[str, float] = {
    "abdomen": 4,
    "ankle": 5,
    "cervical_spine": 3,
    "chest": 38,
    "elbow": 2,
    "finger": 2,
    "foot": 6,
    "hand": 6,
    "hip": 4,
    "jaw": 1,
    "knee": 8,
    "lumbar_spine": 5,
    "patella": 0.5,
    "pelvis": 4,
    "shoulder": 6,
    "thoracic_spine": 2,
    "whole_spine": 1,
    "wrist": 5,
}
OTHERWISE = 0.5
POSITIONS = {FRONTAL: "AP", LATERAL: "LL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The films that may be drawn: by view, then by group, so that a patient with many films counts once."""

    by_view: Mapping[str, Mapping[str, Sequence[Named]]]

    def draw(self, view: str, chance: random.Random, used: Sequence[Named]) -> Named | None:
        """A film of this view that is not used yet, in whatever group it was drawn."""
        taken = {id(film.said) for film in used}
        groups = [
            [film for film in films if id(film.said) not in taken]
            for films in self.by_view.get(view, {}).values()
        ]
        free = [films for films in groups if films]
        return chance.choice(chance.choice(free)) if free else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One study of the month."""

    entry: Entry
    order: Order
    named: tuple[Named, ...]
    films: tuple[FilmFacts, ...]
    fault: str = "none"
    near: bool = field(default=False)  # the fault lies between regions or views that look alike


def pool_of(films: Sequence[Named]) -> Pool:
    """A pool of these films."""
    by_view: defaultdict[str, defaultdict[str, list[Named]]] = defaultdict(lambda: defaultdict(list))
    for film in films:
        by_view[film.view][film.group].append(film)
    return Pool(by_view=by_view)


class Orders:
    """Draws orders from a procedure map, for those procedures that the pool's films can fulfil."""

    def __init__(self, procedures: ProcedureMap, text: str, pool: Pool, *, alike: bool) -> None:
        """``alike``: every procedure as often as any other, not as a department orders them."""
        tables = {table["name"]: table for table in tomllib.loads(text)["procedure"]}
        self._names = {name: table.get("names", {}) for name, table in tables.items()}
        self.pool = pool
        self.entries = [entry for entry in procedures.entries if _fulfilled(entry, pool)]
        of_region: defaultdict[str, int] = defaultdict(int)
        for entry in self.entries:
            of_region[entry.regions[0]] += 1
        self._weights = [
            1.0 if alike else SHARES.get(entry.regions[0], OTHERWISE) / of_region[entry.regions[0]]
            for entry in self.entries
        ]

    def study(self, chance: random.Random) -> Study:
        """An untouched study: an order, and films that are what it asks for."""
        while True:
            entry = chance.choices(self.entries, self._weights)[0]
            side = chance.choice((Side.LEFT, Side.RIGHT)) if is_paired(entry.regions[0]) else None
            named: list[Named] = []
            for wanted in [slot for slot in entry.views if not slot.optional for _ in range(slot.count)]:
                views = [view for view in wanted.views if view in self.pool.by_view]
                view = views[0] if chance.random() < 0.8 else chance.choice(views)
                film = self.pool.draw(view, chance, named)
                if film is not None:
                    named.append(film)
            if len(named) == sum(slot.count for slot in entry.views if not slot.optional):
                order = self._order(entry, side, chance)
                films = [facts(film, side, chance, number) for number, film in enumerate(named)]
                return Study(entry=entry, order=order, named=tuple(named), films=tuple(films))

    def _order(self, entry: Entry, side: Side | None, chance: random.Random) -> Order:
        codes = [code for code, of_side in entry.codes.items() if of_side is None]
        names = [name for written in self._names[entry.name].values() for name in written]
        code, description = None, None
        if codes and (not names or chance.random() < 0.5):
            scheme, value = chance.choice(codes)
            code = Code(value=value, scheme=scheme, meaning="")
        else:
            description = chance.choice(names)
        return Order(
            order_number="1",
            source=OrderSource.HL7,
            origin="RIS",
            control=OrderControl.NEW,
            procedures=(Procedure(code=code, description=description),),
            side=side,
        )


def _fulfilled(entry: Entry, pool: Pool) -> bool:
    """Whether the pool has the usual view of everything that is asked for, and enough films of it."""
    needed = [slot for slot in entry.views if not slot.optional]
    return bool(needed) and all(
        sum(map(len, pool.by_view.get(slot.views[0], {}).values())) > slot.count for slot in needed
    )


def facts(
    film: Named, side: Side | None, chance: random.Random, number: int, *, quarter: int = 0
) -> FilmFacts:
    """A film as the comparison sees it, with a header as it comes: right, where it says anything."""
    said = film.said[quarter]
    region = region_of(film.view) or ""
    part = next((part for part, regions in BODY_PARTS.items() if regions[0] == region), None)
    families = [family for family in POSITIONS if family in families_of(film.view)]
    return FilmFacts(
        sop_instance_uid=f"1.{number}",
        view=said.view,
        score=said.score,
        margin=said.margin,
        runner_up=said.candidates[1].label if len(said.candidates) > 1 else None,
        source=Source.AI,
        model="view",
        rotation=said.rotation,
        rotation_score=said.rotation_score,
        image_laterality=str(side) if side and chance.random() < 0.9 else None,
        modality="DX",
        body_part_examined=part if chance.random() < 0.8 else None,
        view_position=POSITIONS[families[0]] if families and chance.random() < 0.5 else None,
        candidates=said.candidates,
    )
