"""One way in for every foreign model: read, convert, compare with the source, and only then a pack."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile, copytree
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from classifiers import runtimes
from classifiers.importers.recipe import Recipe
from classifiers.importers.sources import CUSTOMS, Source, open_source
from classifiers.manifest import (
    Classes,
    Engine,
    Format,
    Gate,
    Input,
    Layout,
    Manifest,
    Output,
    Task,
    Values,
    Weights,
)
from classifiers.packs import Pack, write_pack
from classifiers.tensors import batch
from classifiers.vino import ov
from router.errors import PackError

AGREES = 1e-3  # of the larger of 1 and the source's largest output
FILES = {
    Format.OPENVINO_IR: "model.xml",
    Format.SAVED_MODEL: "saved_model",
    Format.FROZEN_GRAPH: "network.pb",
}

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The new pack, and how closely it agrees with its source."""

    pack: Pack
    kind: str
    difference: float  # the largest over all probe films, of the larger of 1 and the source's largest output
    films: int


def import_model(
    source: Path, target: Path, recipe: Recipe, *, progress: Callable[[str], None] = lambda _: None
) -> Imported:
    """Make the model at ``source`` a pack ``target/NAME/VERSION``.

    ``source``: a Keras .h5 or .keras file, a TensorFlow.js model.json (or its folder), a SavedModel folder, a
    frozen graph .pb. ``progress`` is told what is being done, in a few words each. The pack appears whole or
    not at all. Raises PackError in one sentence: the file cannot be read, would run code, does not fit the
    recipe, or the converted network differs from its source by more than 1e-3 on probe films.
    """
    if recipe.task is Task.DETECT:
        raise PackError(f"pack {recipe.name}/{recipe.version}: models that draw boxes cannot be imported yet")
    final = target / recipe.name / recipe.version
    if final.exists():
        raise PackError(f"pack {recipe.name}/{recipe.version}: is already in {target}")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".importing-", dir=target) as scratch:
        progress("reading the model")
        opened = open_source(source, recipe, Path(scratch))
        folder = Path(scratch) / recipe.name / recipe.version
        folder.mkdir(parents=True)
        imported = _convert(opened, folder, recipe, progress)
        (folder / "CARD.md").write_text(_card(source, opened, recipe, imported), encoding="utf-8")
        final.parent.mkdir(exist_ok=True)
        folder.rename(final)
    return replace(imported, pack=replace(imported.pack, folder=final))


def probes(wanted: Input) -> Floats:
    """Films to compare networks on, as network input, float32 (8, H, W, C): black, grey, white, ramps, blobs,
    noise; for a network of colours another of them in each.
    """
    random = np.random.default_rng(20)
    rows, columns = np.mgrid[0 : wanted.height, 0 : wanted.width].astype(np.float32)
    down, across = rows / wanted.height, columns / wanted.width
    blob = np.exp(-((down - 0.4) ** 2 + (across - 0.6) ** 2) / 0.05)
    films = [np.full_like(down, grey) for grey in (0.0, 0.5, 1.0)]
    films += [down, 1.0 - across, blob, 0.7 * blob + 0.3 * random.random(down.shape, np.float32)]
    films += [random.random(down.shape, np.float32)]
    if wanted.colour:
        films = [np.dstack((film, films[i - 1], films[i - 3])) for i, film in enumerate(films)]
    return batch(films, wanted)


def _convert(opened: Source, folder: Path, recipe: Recipe, progress: Callable[[str], None]) -> Imported:
    """Write the weights and the manifest, the smallest weights first that still agree with the source."""
    wanted = _input(opened, recipe)
    films = probes(wanted)
    progress("running it on probe films")
    expected = opened.run(films).reshape(len(films), -1)
    if not np.isfinite(expected).all():
        raise PackError(f"the model's output on {len(films)} probe films is not finite")
    manifest = _manifest(opened, recipe, wanted, expected)
    halves = (True, False) if recipe.format is Format.OPENVINO_IR else (False,)
    difference = np.inf
    for half in halves:
        progress("converting it, weights in half precision" if half else "converting it")
        _write_weights(opened, folder / manifest.weights.path, manifest.weights.format, half=half)
        pack = write_pack(folder, manifest)
        progress("comparing it with its source")
        found = runtimes.load(pack).infer(films)[next(iter(manifest.outputs))]
        difference = float(np.abs(found - expected).max() / max(1.0, float(np.abs(expected).max())))
        if difference <= AGREES:
            return Imported(pack=pack, kind=opened.kind, difference=difference, films=len(films))
    raise PackError(
        f"pack {recipe.name}/{recipe.version}:"
        f" the converted network differs from its source by {difference:.2g}"
    )


def _write_weights(opened: Source, to: Path, form: Format, *, half: bool) -> None:
    if form is Format.OPENVINO_IR:
        model = ov.Core().read_model(str(opened.saved))
        ov.save_model(model, str(to), compress_to_fp16=half)
    elif opened.saved.is_dir():
        copytree(opened.saved, to)
    else:
        copyfile(opened.saved, to)


def _input(opened: Source, recipe: Recipe) -> Input:
    fit, levels = CUSTOMS[opened.kind]
    height, width, channels = opened.shape
    return Input(
        name=opened.input_name,
        height=height,
        width=width,
        channels=channels,
        layout=Layout.NHWC,
        fit=recipe.fit or fit,
        polarity=recipe.polarity,
        range=recipe.range or levels,
        mean=recipe.mean,
        scale=recipe.scale,
        accepts=recipe.accepts,
        colour=recipe.colour,
        window=recipe.window,
    )


def _manifest(opened: Source, recipe: Recipe, wanted: Input, expected: Floats) -> Manifest:
    """The pack's manifest; its digest is filled in when it is written."""
    labels, stated = _labels(opened, recipe, expected.shape[1])
    form = recipe.format if recipe.format is Format.OPENVINO_IR else opened.format
    is_view = recipe.task is Task.VIEW
    head = Output(
        name=opened.output_name,
        values=recipe.values or guess_values(expected, recipe.classes),
        labels=labels,
        classes=recipe.classes,
        thresholds=MappingProxyType({} if is_view else dict.fromkeys(stated, recipe.threshold)),
    )
    return Manifest(
        name=recipe.name,
        version=recipe.version,
        task=recipe.task,
        mode=recipe.mode,
        runtime=Engine.OPENVINO,
        licence=recipe.licence,
        training_data=recipe.training_data,
        weights=Weights(format=form, path=FILES[form], sha256="0" * 64),
        input=wanted,
        outputs=MappingProxyType({"view" if is_view else "classify": head}),
        gate=Gate(margin=recipe.margin, otherwise=None if is_view else recipe.otherwise),
    )


def _labels(opened: Source, recipe: Recipe, count: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ``count`` labels, and those of them that may be stated. Raises PackError where they do not fit."""
    labels = recipe.labels or opened.labels
    if labels is None:
        raise PackError(f"the model has {count} outputs and no labels.txt: name its labels in order")
    if len(labels) != count:
        raise PackError(f"there are {len(labels)} labels, but the model gives {count} values")
    stated = labels if recipe.stated is None else recipe.stated
    if strange := sorted({*stated} - {*labels}):
        raise PackError(f"{strange[0]!r} is to be stated, but is none of the labels {', '.join(labels)}")
    return labels, stated


def guess_values(found: Floats, classes: Classes) -> Values:
    """Whether a network's outputs, (N, labels) for several films, are probabilities already."""
    inside = bool(((found >= 0) & (found <= 1)).all())
    sums = classes is Classes.INDEPENDENT or bool(np.allclose(found.sum(axis=1), 1.0, atol=1e-3))
    return Values.PROBABILITIES if inside and sums else Values.LOGITS


def _card(source: Path, opened: Source, recipe: Recipe, imported: Imported) -> str:
    manifest = imported.pack.manifest
    head = next(iter(manifest.outputs.values()))
    about = f"\n{recipe.about}\n" if recipe.about else ""
    file = source / "model.json" if (source / "model.json").is_file() else source
    digest = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "a folder"
    return f"""# {manifest.name} {manifest.version}

Imported from `{source.name}` ({opened.kind}, SHA-256 {digest}).

- Licence: {recipe.licence}
- Training data: {recipe.training_data}
- Labels: {", ".join(head.labels)}; of these findings: {", ".join(head.thresholds) or "none"}
- Stated only when the top label leads the second by {recipe.margin:.0%}.
- Takes: {manifest.input.accepts}{_taken(manifest.input)}
- On {imported.films} probe films it agrees with its source within {imported.difference:.1e}.
{about}
How good it is on films of this site has not been measured here: run it in shadow first. It is no medical
device.
"""


def _taken(wanted: Input) -> str:
    """How the pictures are taken, in a few words."""
    if wanted.window is not None:
        return f", window {wanted.window[0]:g} / {wanted.window[1]:g} Hounsfield units"
    return ", in colour" if wanted.colour else ", in grey"
