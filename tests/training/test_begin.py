"""What is taken out of an exported view pack says the same there as here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.packs import load_pack, write_pack
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
def test_a_network_that_goes_on_from_a_pack_says_what_the_pack_says() -> None:
    pack = load_pack(VIEW_PACK)
    films = np.random.default_rng(1).random((2, 208, 208, 1)).astype(np.float32)
    assert pack.further is not None
    for size, weights in (("lite0", pack.weights), ("lite2", pack.further)):
        model, there = network(Recipe(body=size), side=208), named(in_single_precision(weights))(films)
        go_on_from(model, VIEW_PACK, size=size)
        for head, here in model(films, training=False).items():
            assert np.asarray(here) == pytest.approx(there[head], abs=1e-4)


def test_a_pack_without_a_further_network_gives_none_to_go_on_from(tmp_path: Path) -> None:
    shipped = load_pack(VIEW_PACK).manifest
    manifest = replace(shipped, version="1", weights=replace(shipped.weights, further=None))
    copied = tmp_path / "view" / "1"
    copied.mkdir(parents=True)
    for name in ("model.xml", "model.bin", "CARD.md"):
        (copied / name).write_bytes((VIEW_PACK / name).read_bytes())
    write_pack(copied, manifest)
    with pytest.raises(ValueError, match="has one network, whose body is lite0, not lite2"):
        go_on_from(network(Recipe(body="lite2"), side=208), copied, size="lite2")


def test_a_pack_with_other_labels_cannot_be_gone_on_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.begin.LABELS", ("chest_pa_ap",))
    with pytest.raises(ValueError, match="other labels than the table of views"):
        go_on_from(network(Recipe(), side=208), VIEW_PACK)
