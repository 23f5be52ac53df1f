"""What the facts say under a name, and who has answered."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from router.facts import Facts, specialists_that_answered

Film = Callable[..., Facts]

# names | header | attributes | the values
VALUES = [
    (("modality",), {}, {}, ("DX",)),
    (("patient_id", "PatientID"), {"patient_id": None}, {"PatientID": (" 7 ",)}, ("7",)),
    (("patient_id", "PatientID"), {"patient_id": "8"}, {"PatientID": ("7",)}, ("8",)),
    (("rows",), {"rows": 2048}, {}, ("2048",)),
    (("kvp", "KVP"), {}, {"KVP": ("", "70")}, ("70",)),
    (("attributes",), {}, {"KVP": ("70",)}, ()),
    (("received_at",), {}, {}, ()),
    (("calling_ae_title",), {}, {}, ("XRAY1",)),
]


@pytest.mark.parametrize(("names", "header", "attributes", "values"), VALUES)
def test_values_under_a_name(
    film: Film,
    names: tuple[str, ...],
    header: dict[str, object],
    attributes: dict[str, tuple[str, ...]],
    values: tuple[str, ...],
) -> None:
    assert film(header=header, attributes=attributes).values(names) == values


# asked | ran | absent | have answered
ANSWERED = [
    ((), ("view",), (), ()),
    (("lung",), ("view", "lung"), (), ("lung",)),
    (("lung", "fracture"), ("view", "lung"), ("fracture",), ("lung",)),
    (("fracture",), ("view", "fracture"), ("fracture",), ()),  # only its shadow ran
    (("lung",), (), (), ()),  # not a film
    (("lung",), ("view", "lung", "ossicle"), (), ("lung",)),
]


@pytest.mark.parametrize(("asked", "ran", "absent", "answered"), ANSWERED)
def test_who_has_answered(
    asked: tuple[str, ...], ran: tuple[str, ...], absent: tuple[str, ...], answered: tuple[str, ...]
) -> None:
    assert specialists_that_answered(asked=asked, ran=ran, absent=absent) == answered
