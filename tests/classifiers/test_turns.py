"""How a film lies: where it is not clear, it is looked at in all four quarter turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.film import Film
from classifiers.manifest import QUARTER_TURNS, Engine, Fit, Format, Manifest, Output, Values, Weights
from classifiers.packs import Pack, write_pack
from classifiers.runtimes import load
from classifiers.view import ViewClassifier
from classifiers.vino import ops, ov
from router.errors import PackError
from router.types import ViewPrediction

SIDE = 16
VIEWS = ("chest_pa_ap", "elbow_ap")
SHARP, WEAK = 40.0, 3.0
Compass = Callable[..., Pack]


def save_compass(path: Path) -> None:
    """A network that measures on which side a film is bright; it sees "at the top" but weakly."""
    across = np.tile(np.linspace(1, -1, SIDE), (SIDE, 1)) / SIDE**2 * 2  # 1 at the left
    sides = [WEAK * across.T, SHARP * across, -SHARP * across.T, -SHARP * across]
    film = ops.parameter([-1, SIDE, SIDE, 1], np.float32, name="film")
    flat = ops.reshape(film, np.array([-1, SIDE * SIDE]), special_zero=False)
    turned = ops.matmul(flat, np.stack([side.ravel() for side in sides], 1).astype(np.float32), False, False)
    view = ops.matmul(flat, np.zeros((SIDE * SIDE, len(VIEWS)), np.float32), False, False)
    model = ov.Model([ops.result(view), ops.result(turned)], [film], "compass")
    model.inputs[0].get_tensor().set_names({"film"})
    for output, name in zip(model.outputs, ("view", "rotation"), strict=True):
        output.get_tensor().set_names({name})
    ov.save_model(model, str(path), compress_to_fp16=False)


@pytest.fixture
def compass(tmp_path: Path, tiny_manifest: Manifest) -> Compass:
    """A pack around it: ``shows`` is the view it always names; keywords replace fields of its rotation."""

    def make(shows: str = "chest_pa_ap", **rotation: object) -> Pack:
        folder = tmp_path / "packs" / "view" / str(len(list(tmp_path.glob("packs/view/*"))) + 1)
        folder.mkdir(parents=True)
        save_compass(folder / "model.xml")
        bias = tuple(5.0 if view == shows else 0.0 for view in VIEWS)
        turns = Output(name="rotation", values=Values.LOGITS, labels=QUARTER_TURNS)
        manifest = replace(
            tiny_manifest,
            version=folder.name,
            runtime=Engine.OPENVINO,
            weights=Weights(format=Format.OPENVINO_IR, path="model.xml", sha256="0" * 64),
            input=replace(tiny_manifest.input, fit=Fit.FILM),
            outputs={
                "view": Output(name="view", values=Values.LOGITS, labels=VIEWS, bias=bias),
                "rotation": replace(turns, **rotation),
            },
        )
        return write_pack(folder, manifest)

    return make


def bright(quarter: int) -> Film:
    """A film that is bright at the top, turned by so many quarters counter-clockwise."""
    image = np.tile(np.linspace(1, 0.35, 48, dtype=np.float32)[:, None], (1, 48))
    image += np.random.default_rng(2).normal(0, 0.01, image.shape).astype(np.float32)
    image = np.ascontiguousarray(np.rot90(np.clip(image, 0, 1), quarter))
    return Film(image=image, stored_rows=48, stored_columns=48, scale=(1.0, 1.0))


def said(pack: Pack, *films: Film) -> list[ViewPrediction]:
    return ViewClassifier(pack, load(pack)).predict(films)


def test_what_is_unclear_one_way_is_clear_the_other_ways(compass: Compass) -> None:
    (once,) = said(compass(), bright(0))
    (again,) = said(compass(look_again=0.9), bright(0))
    best = again.further["rotation"][0]
    assert once.further["rotation"][0].score < 0.6
    assert best.label == "0"
    assert best.score > 0.7
    assert sum(candidate.score for candidate in again.further["rotation"]) == pytest.approx(1)
    assert replace(again, further={}, model=once.model) == replace(once, further={})


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_what_is_clear_is_looked_at_once(compass: Compass, quarter: int) -> None:
    (once,), (again,) = (said(pack, bright(quarter)) for pack in (compass(), compass(look_again=0.9)))
    assert once.further["rotation"][0].label == QUARTER_TURNS[quarter]
    assert once.further["rotation"][0].score >= 0.9
    assert again.further == once.further


def test_a_film_that_may_lie_any_way_is_looked_at_once(compass: Compass) -> None:
    (once,) = said(compass("elbow_ap"), bright(0))
    (again,) = said(compass("elbow_ap", look_again=0.9), bright(0))
    assert again.further == once.further


def test_films_of_one_batch_do_not_disturb_each_other(compass: Compass) -> None:
    pack = compass(look_again=0.9)
    films = [bright(quarter) for quarter in (0, 1, 0, 3, 2)]
    together = said(pack, *films)
    assert [one.further["rotation"][0].label for one in together] == ["0", "90", "0", "270", "180"]
    for film, one in zip(films, together, strict=True):
        alone = said(pack, film)[0].further["rotation"]
        assert [c.label for c in alone] == [c.label for c in one.further["rotation"]]
        assert [c.score for c in alone] == pytest.approx([c.score for c in one.further["rotation"]], abs=1e-5)


def test_it_is_written_and_read_again(compass: Compass) -> None:
    assert compass(look_again=0.9).manifest.outputs["rotation"].look_again == 0.9
    assert compass().manifest.outputs["rotation"].look_again is None


def test_other_labels_than_quarter_turns_cannot_be_looked_at_again(compass: Compass) -> None:
    with pytest.raises(PackError, match="'rotation' with the labels 0, 90, 180, 270"):
        compass(look_again=0.9, labels=("0", "180", "90", "270"))
