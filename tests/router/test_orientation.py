"""How a film lies: PS3.3's letters, turned with the film; nothing where usage differs."""

from __future__ import annotations

import numpy as np
import pytest

from router.anatomy import ANY_WAY_ROUND
from router.orders import Side
from router.orientation import (
    FACING,
    FACING_WITH_SIDE,
    POSITIONS_OF,
    VIEW_POSITIONS,
    agrees,
    is_mirrored,
    patient_orientation,
    stated_orientation,
)
from router.views import VIEWS

# view | degrees clockwise to upright | side | where rows and columns point
TABLE = [
    ("chest_pa_ap", 0, None, ("L", "F")),
    ("chest_pa_ap", 90, None, ("F", "R")),
    ("chest_pa_ap", 180, None, ("R", "H")),
    ("chest_pa_ap", 270, None, ("H", "L")),
    ("chest_pa_ap", None, None, None),
    ("pelvis_ap", 0, Side.UNPAIRED, ("L", "F")),
    ("chest_lateral", 0, Side.UNPAIRED, None),
    ("knee_ap", 0, None, None),
    ("knee_ap", 0, Side.UNPAIRED, None),
    ("knee_ap", 0, Side.LEFT, ("L", "F")),
    ("knee_ap", 180, Side.RIGHT, ("R", "H")),
    ("hand_ap", 0, Side.LEFT, None),
    ("foot_ap", 0, Side.LEFT, None),
    ("knee_lateral", 0, Side.LEFT, None),
]


@pytest.mark.parametrize(("view", "rotation", "side", "orientation"), TABLE)
def test_orientation_follows_where_it_is_known(
    view: str, rotation: int | None, side: Side | None, orientation: tuple[str, str] | None
) -> None:
    assert patient_orientation(view, rotation, side) == orientation


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_the_letters_turn_as_the_pixels_do(turned: int) -> None:
    # A film of letters, upright as the viewer sees it, turned counter-clockwise as numpy turns it.
    upright = np.array([[".", "H", "."], ["R", ".", "L"], [".", "F", "."]])
    film = np.rot90(upright, turned // 90)
    assert patient_orientation("chest_pa_ap", turned, None) == (film[1, 2], film[2, 1])
    # The stated rotation, clockwise, brings it upright again.
    assert (np.rot90(film, -turned // 90) == upright).all()


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        (("L", "F"), ("L", "F")),
        ((" l", "f "), ("L", "F")),
        (("LA", "FR"), ("LA", "FR")),
        (("A", "FR"), ("A", "FR")),
        (("L", "R"), None),
        (("L",), None),
        (("L", "F", "A"), None),
        (("", "F"), None),
        (("LR", "F"), None),
        (("X", "F"), None),
        (("LAFH", "F"), None),
        ((), None),
    ],
)
def test_a_header_states_two_directions_or_nothing(stated: tuple[str, ...], read: object) -> None:
    assert stated_orientation(stated) == read


def test_a_mirrored_film_differs_in_left_and_right_alone() -> None:
    assert is_mirrored(("L", "F"), ("R", "F"))
    assert is_mirrored(("F", "R"), ("F", "L"))
    assert not is_mirrored(("L", "F"), ("R", "H"))
    assert not is_mirrored(("L", "F"), ("A", "F"))
    assert agrees(("L", "F"), ("LA", "F"))


def test_the_tables_name_views_regions_and_projections_that_exist() -> None:
    assert set(VIEWS) >= FACING | FACING_WITH_SIDE | ANY_WAY_ROUND
    assert {view.projection for view in VIEWS.values()} >= set(POSITIONS_OF)
    assert all(terms <= VIEW_POSITIONS for terms in POSITIONS_OF.values())
    assert not FACING & FACING_WITH_SIDE and not (FACING | FACING_WITH_SIDE) & ANY_WAY_ROUND


def test_the_model_was_taught_an_upright_for_every_view_that_has_one() -> None:
    from training.films import ANY_WAY_ROUND as TAUGHT

    assert TAUGHT - {"other"} <= ANY_WAY_ROUND
