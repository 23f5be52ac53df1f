"""What is taken out of an exported view pack says the same there as here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.vino import ov
from training.backbone import backbone
from training.begin import VIEW_PACK, begin_with_view, convolutions, go_on_from
from training.network import network
from training.quick import named
from training.recipe import Recipe


def in_single_precision(path: Path) -> ov.Model:
    """A network of a pack whose activations are no longer brought to eight bits: what its weights alone
    say."""
    network = ov.Core().read_model(path)
    for op in network.get_ordered_ops():
        if op.get_type_name() == "FakeQuantize":
            op.output(0).replace(op.input_value(0))
    return network


@pytest.mark.timeout(120)  # loads TensorFlow
def test_the_backbone_sees_what_the_view_pack_sees() -> None:
    body = backbone(side=208)
    begin_with_view(body)
    films = np.random.default_rng(0).random((1, 208, 208, 1)).astype(np.float32)
    here = np.asarray(body(films, training=False)).mean(axis=(1, 2))
    network = in_single_precision(VIEW_PACK / "model.xml")
    pooled = next(op for op in network.get_ordered_ops() if op.get_type_name() == "ReduceMean")
    cut = ov.Model([pooled.output(0)], network.get_parameters())
    there = ov.Core().compile_model(cut, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(films)[0]
    assert here == pytest.approx(there.reshape(1, -1), abs=1e-4)
    assert len(convolutions()) == 49


@pytest.mark.timeout(120)  # loads TensorFlow
@pytest.mark.parametrize(("size", "name"), [("lite0", "model.xml"), ("lite2", "further.xml")])
def test_a_network_that_goes_on_from_a_pack_says_what_that_of_its_size_says(
    two_sizes: Path, size: str, name: str
) -> None:
    films = np.random.default_rng(1).random((2, 208, 208, 1)).astype(np.float32)
    model, there = network(Recipe(body=size), side=208), named(in_single_precision(two_sizes / name))(films)
    go_on_from(model, two_sizes, size=size)
    for head, here in model(films, training=False).items():
        assert np.asarray(here) == pytest.approx(there[head], abs=1e-4)


def test_a_pack_without_a_network_of_a_size_gives_none_to_go_on_from() -> None:
    with pytest.raises(ValueError, match="has no network whose body is lite2"):
        go_on_from(network(Recipe(body="lite2"), side=208), VIEW_PACK, size="lite2")


def test_a_pack_with_other_labels_cannot_be_gone_on_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.begin.LABELS", ("chest_pa_ap",))
    with pytest.raises(ValueError, match="other labels than the table of views"):
        go_on_from(network(Recipe(), side=208), VIEW_PACK)
