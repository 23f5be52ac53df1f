"""Thresholds of a site: a pack's own are replaced where the site wants to hear of more, or of less."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from classifiers.manifest import Manifest, Output
from router.condition_text import nearest
from router.errors import PackError

Thresholds = Mapping[str, Mapping[str, float]]  # by pack's name and label: a probability in [0, 1]


def at_site(manifests: Iterable[Manifest], thresholds: Thresholds) -> tuple[Manifest, ...]:
    """The installed packs' manifests with the site's ``thresholds`` in place of their own; shadows too, where
    they know the label.

    A label counts in every head in which the pack has a threshold for it; one that the pack never states is
    stated from now on, in boxes where it has any. Raises PackError for a pack that is not installed, and for
    a label that no version of it knows or that is only a place to look closer at.
    """
    known = tuple(manifests)
    for name, wanted in thresholds.items():
        _refuse_unknown(name, wanted, known)
    return tuple(_with(manifest, thresholds.get(manifest.name, {})) for manifest in known)


def _refuse_unknown(name: str, wanted: Mapping[str, float], known: tuple[Manifest, ...]) -> None:
    versions = [manifest for manifest in known if manifest.name == name]
    if not versions:
        names = sorted({manifest.name for manifest in known})
        raise PackError(
            f"pack {name}: models.thresholds names it, but it is not installed{nearest(name, names)}"
        )
    labels = {label for manifest in versions for label in _labels(manifest)}
    for label in wanted:
        if label not in labels:
            near = nearest(label, labels)
            raise PackError(f"pack {name}: models.thresholds names {label!r}, which it cannot state{near}")


def _labels(manifest: Manifest) -> set[str]:
    """What a threshold may be given for."""
    closer = manifest.detect.closer if manifest.detect is not None else None
    return {label for head in _heads(manifest) for label in manifest.outputs[head].labels} - {
        *(closer.sites if closer is not None else ())
    }


def _heads(manifest: Manifest) -> list[str]:
    """The heads that state something, boxes first."""
    return [head for head in ("view", "detect", "classify") if head in manifest.outputs]


def _with(manifest: Manifest, wanted: Mapping[str, float]) -> Manifest:
    outputs = dict(manifest.outputs)
    for label, threshold in wanted.items():
        if label not in _labels(manifest):
            continue  # a shadow of another generation: it does not know the label
        knowing = [head for head in _heads(manifest) if label in outputs[head].labels]
        for head in [head for head in knowing if label in outputs[head].thresholds] or knowing[:1]:
            outputs[head] = _set(outputs[head], label, threshold)
    return replace(manifest, outputs=MappingProxyType(outputs))


def _set(output: Output, label: str, threshold: float) -> Output:
    return replace(output, thresholds=MappingProxyType({**output.thresholds, label: threshold}))
