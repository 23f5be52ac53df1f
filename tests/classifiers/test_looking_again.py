"""A view that a first look is not sure of is looked at again, in other positions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.answers import calibrated, together
from classifiers.film import Film
from classifiers.looks import in_other_positions, in_quarter_turns
from classifiers.manifest import Fit, Manifest, Output, RejectByEnergy, Values
from classifiers.packs import Pack, load_pack, write_pack
from classifiers.runtimes import load
from classifiers.tensors import batch
from classifiers.view import ViewClassifier
from router.errors import PackError

VIEWS = ("chest_pa_ap", "hand_ap", "knee_ap")
Make = Callable[..., Pack]


def head(**changed: object) -> Output:
    return replace(Output(name="view", values=Values.LOGITS, labels=VIEWS, temperature=(0.5,)), **changed)  # type: ignore[arg-type]


@pytest.fixture
def pack(make_pack: Make, tiny_manifest: Manifest) -> Make:
    """A pack of random weights; keywords replace fields of its view."""

    versions = itertools.count(1)

    def make(**changed: object) -> Pack:
        outputs = dict(tiny_manifest.outputs) | {"view": head(**changed)}
        film = replace(tiny_manifest.input, fit=Fit.FILM)
        return make_pack(version=str(next(versions)), outputs=outputs, input=film)

    return make


def films(count: int = 3) -> list[Film]:
    rng = np.random.default_rng(4)
    return [
        Film(
            image=np.kron(rng.random((6, 6), dtype=np.float32), np.ones((8, 8), np.float32)),
            stored_rows=48,
            stored_columns=48,
            scale=(1.0, 1.0),
        )
        for _ in range(count)
    ]


def scores(pack: Pack, shown: list[Film]) -> NDArray[np.float64]:
    """(films, views) probabilities."""
    rows = ViewClassifier(pack, load(pack)).heads(shown)
    return np.stack([calibrated(row["view"], pack.manifest.outputs["view"]) for row in rows])


def mean_of(looks: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """(films, views) probabilities of the mean logits of looks (films, views)."""
    z = np.mean(looks, axis=0, dtype=np.float64) / 0.5  # the head's temperature
    return np.asarray(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))


def test_the_answer_is_the_mean_of_three_looks(pack: Make) -> None:
    again = pack(look_again=1.0)
    seen = batch([film.image for film in films()], again.manifest.input)
    looks = [load(again).infer(look)["view"] for look in (seen, *in_other_positions(seen))]
    mean = mean_of(looks)
    assert scores(again, films()) == pytest.approx(mean, abs=1e-5)
    assert np.abs(mean - scores(pack(), films())).max() > 1e-3


def test_only_films_that_are_not_clear_are_looked_at_again(pack: Make) -> None:
    once, always = scores(pack(), films(8)), scores(pack(look_again=1.0), films(8))
    least = float(np.median(once.max(axis=1)))
    some = scores(pack(look_again=least), films(8))
    unclear = once.max(axis=1) < least
    assert 0 < unclear.sum() < 8
    assert some[unclear] == pytest.approx(always[unclear], abs=1e-5)
    assert some[~unclear] == pytest.approx(once[~unclear], abs=1e-6)


def test_the_other_heads_keep_what_they_said_at_first(pack: Make) -> None:
    first, later = (
        ViewClassifier(one, load(one)).predict(films(1))[0].further["projection"]
        for one in (pack(), pack(look_again=1.0))
    )
    assert first == later


def test_no_film_at_all_is_no_error(pack: Make) -> None:
    again = pack(look_again=1.0)
    assert ViewClassifier(again, load(again)).predict([]) == []


def with_further(pack: Pack, network: Path) -> Pack:
    """The pack with another network beside its own."""
    copytree(network, pack.folder / "further")
    weights = replace(pack.manifest.weights, further="further")
    return write_pack(pack.folder, replace(pack.manifest, weights=weights))


def test_a_further_network_has_as_many_looks_as_the_first(pack: Make, other_network: Path) -> None:
    alone, shown = pack(look_again=1.0), films()
    seen = batch([film.image for film in shown], alone.manifest.input)
    looks = [seen, *in_other_positions(seen)]
    first = load(alone)
    both = with_further(alone, other_network)
    assert both.ref.sha256 != alone.ref.sha256
    second = load(both).further
    assert second is not None
    said = [runtime.infer(look)["view"] for runtime in (first, second) for look in looks]
    mean = mean_of(said)
    assert scores(both, shown) == pytest.approx(mean, abs=1e-5)
    assert np.abs(mean - scores(alone, shown)).max() > 1e-3


def test_a_film_that_is_clear_is_not_shown_to_the_further_network(pack: Make, other_network: Path) -> None:
    never = pack(look_again=0.0)
    once = scores(never, films())
    assert scores(with_further(never, other_network), films()) == pytest.approx(once, abs=1e-6)


def test_a_further_network_that_was_changed_is_refused(pack: Make, other_network: Path) -> None:
    both = with_further(pack(look_again=0.9), other_network)
    with (both.folder / "further" / "saved_model.pb").open("ab") as file:
        file.write(b"x")
    with pytest.raises(PackError, match="the weights were changed"):
        load_pack(both.folder)


def test_without_a_second_look_there_is_no_further_network(pack: Make, other_network: Path) -> None:
    with pytest.raises(PackError, match=r"further is for a view pack with look_again in \[output.view\]"):
        with_further(pack(), other_network)


@pytest.mark.parametrize("named", ["../else", "none", "saved_model"])
def test_a_further_network_lies_in_the_pack_and_is_another(pack: Make, named: str) -> None:
    alone = pack(look_again=0.9)
    weights = replace(alone.manifest.weights, further=named)
    with pytest.raises(PackError, match=r"leaves the pack's folder|are not there|those of the first network"):
        write_pack(alone.folder, replace(alone.manifest, weights=weights))


@pytest.mark.parametrize(
    ("values", "temperature"), [(Values.LOGITS, (0.5, 1.0, 2.0)), (Values.PROBABILITIES, (0.5,))]
)
def test_what_is_said_together_calibrates_to_the_mean(values: Values, temperature: tuple[float, ...]) -> None:
    output = head(values=values, temperature=temperature, bias=(0.3, 0.0, -1.0))
    raws = np.array([[0.2, 0.5, 0.3], [0.7, 0.1, 0.2]], np.float32)
    mean = np.mean([np.log(calibrated(raw, output)) for raw in raws], axis=0)  # but for a constant
    expected = np.exp(mean) / np.exp(mean).sum()
    assert calibrated(together(list(raws), output), output) == pytest.approx(expected, abs=1e-5)


def test_one_look_is_mirrored_and_tilted_and_one_from_nearer() -> None:
    film = np.zeros((1, 100, 100, 1), np.float32)
    film[0, 40:60, 10:20] = 1.0  # at the left
    mirrored, nearer = (look[0, :, :, 0] for look in in_other_positions(film))
    assert np.argwhere(mirrored > 0.5)[:, 1].min() > 75
    assert nearer.sum() == pytest.approx(film.sum() / 0.89**2, rel=0.02)
    assert mirrored.sum() == pytest.approx(film.sum(), rel=0.02)


def test_colours_and_quarter_turns_keep_their_shape() -> None:
    film = np.random.default_rng(0).random((2, 12, 12, 3), dtype=np.float32)
    assert all(look.shape == film.shape for look in (*in_other_positions(film), *in_quarter_turns(film)))


def test_probabilities_under_several_temperatures_have_no_way_back(pack: Make) -> None:
    with pytest.raises(PackError, match="with one temperature"):
        pack(values=Values.PROBABILITIES, temperature=(0.5, 1.0, 2.0), look_again=0.9)


def test_a_mean_has_no_energy_to_reject_by(make_pack: Make, tiny_manifest: Manifest) -> None:
    outputs = dict(tiny_manifest.outputs) | {"view": head(look_again=0.9)}
    energy = RejectByEnergy(centre=3.0, width=1.0, threshold=0.5)
    with pytest.raises(PackError, match="without a \\[\\[reject\\]\\] by energy"):
        make_pack(outputs=outputs, input=replace(tiny_manifest.input, fit=Fit.FILM), reject=(energy,))
