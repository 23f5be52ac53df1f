"""A site's thresholds replace a pack's own, where the pack knows the label; anything else stops the start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from classifiers.detectmanifest import Closer, Detect
from classifiers.manifest import Classes, Manifest, Output, Task, Values
from classifiers.packs import Pack, choose
from classifiers.thresholds import at_site
from router.errors import PackError
from router.types import Mode


def head(*labels: str, thresholds: Mapping[str, float]) -> Output:
    return Output(
        name="out",
        values=Values.LOGITS,
        labels=labels,
        classes=Classes.INDEPENDENT,
        thresholds=thresholds,
    )


@pytest.fixture(name="lung")
def lung_pack(tiny_manifest: Manifest) -> Pack:
    outputs = {
        "detect": head("Mass", "Nodule", "apex", thresholds={"Mass": 0.5, "Nodule": 0.4}),
        "classify": head("Mass", "Nodule", "Emphysema", thresholds={"Mass": 0.6}),
    }
    closer = Closer(sites={"apex": ("Nodule",)}, context=1.5, threshold=0.3)
    manifest = replace(
        tiny_manifest,
        name="lung",
        task=Task.DETECT,
        outputs=outputs,
        detect=Detect(boxes="boxes", overlap=0.5, most=5, closer=closer),
    )
    return Pack(folder=Path("lung/1"), manifest=manifest)


@pytest.mark.parametrize(
    ("label", "boxes", "film"),
    [
        ("Mass", 0.2, 0.2),  # in both heads it had one
        ("Nodule", 0.2, None),  # the whole film says nothing of it, and goes on saying nothing
        ("Emphysema", None, 0.2),  # never stated until now
    ],
)
def test_a_label_counts_where_the_pack_states_it(
    lung: Pack, label: str, boxes: float | None, film: float | None
) -> None:
    (changed,) = at_site([lung.manifest], {"lung": {label: 0.2}})
    outputs = changed.outputs
    assert (outputs["detect"].thresholds.get(label), outputs["classify"].thresholds.get(label)) == (
        boxes,
        film,
    )
    untouched = {"Mass", "Nodule"} - {label}
    assert all(
        outputs["detect"].thresholds[one] == lung.manifest.outputs["detect"].thresholds[one]
        for one in untouched
    )


def test_without_settings_every_pack_stays_as_it_is(lung: Pack) -> None:
    assert at_site([lung.manifest], {}) == (lung.manifest,)


def test_a_shadow_gets_it_too_where_it_knows_the_label(lung: Pack) -> None:
    older = replace(
        lung.manifest,
        version="0",
        mode=Mode.SHADOW,
        task=Task.CLASSIFY,
        detect=None,
        outputs={"classify": head("Mass", thresholds={"Mass": 0.5})},
    )
    packs = [lung, Pack(folder=Path("lung/0"), manifest=older)]
    running = choose(packs, active={}, thresholds={"lung": {"Mass": 0.1, "Nodule": 0.9}})
    assert [pack.manifest.mode for pack in running] == [Mode.ACTIVE, Mode.SHADOW]
    assert running[0].manifest.outputs["detect"].thresholds == {"Mass": 0.1, "Nodule": 0.9}
    assert running[1].manifest.outputs["classify"].thresholds == {"Mass": 0.1}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"lungs": {"Mass": 0.1}}, "pack lungs: models.thresholds names it, but it is not installed"),
        ({"lungs": {}}, 'did you mean "lung"?'),
        ({"lung": {"Masss": 0.1}}, "pack lung: models.thresholds names 'Masss', which it cannot state"),
        ({"lung": {"Noodle": 0.1}}, 'did you mean "Nodule"?'),
        ({"lung": {"apex": 0.1}}, "names 'apex', which it cannot state"),
    ],
)
def test_what_it_cannot_state_stops_the_start(
    lung: Pack, settings: dict[str, dict[str, float]], sentence: str
) -> None:
    with pytest.raises(PackError, match=re.escape(sentence)):
        choose([lung], active={}, thresholds=settings)
