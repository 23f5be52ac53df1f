"""pack.toml: from text to a ``Manifest``. Strict: a manifest that says something we do not know is refused.
``classifiers.packtext`` writes it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from types import MappingProxyType

from classifiers.agree import agree
from classifiers.baseline import read_baseline
from classifiers.detectfile import read_detect
from classifiers.film import Accepts
from classifiers.manifest import (
    ANSWERING_HEAD,
    Classes,
    Engine,
    Fit,
    Format,
    Gate,
    Input,
    Layout,
    Manifest,
    Output,
    Polarity,
    Reject,
    RejectByClass,
    RejectByEnergy,
    RejectByHead,
    Task,
    Values,
    Weights,
)
from classifiers.strict import Table
from router.errors import PackError
from router.types import Mode
from router.views import OTHER, VIEWS

LARGEST_SIDE = 4096  # pixels; more is a mistake, not a network
NAME = r"[a-z0-9_]{1,64}"
VERSION = r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}"


def parse(text: str, where: str) -> Manifest:
    """The manifest that ``text`` says; ``where`` names the pack in errors. Raises PackError in a sentence."""
    try:
        top = Table(tomllib.loads(text), f"pack {where}:")
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"pack {where}: pack.toml is not TOML: {error}") from error
    task = top.word("task", Task)
    outputs = _outputs(top.table("output"), task)
    manifest = Manifest(
        name=top.text("name", pattern=NAME),
        version=top.text("version", pattern=VERSION),
        task=task,
        mode=_mode(top),
        runtime=top.word("runtime", Engine),
        licence=top.text("licence"),
        training_data=top.text("training_data"),
        weights=_weights(top.table("weights")),
        input=_input(top.table("input")),
        outputs=outputs,
        detect=read_detect(top.table("detect"), outputs) if task is Task.DETECT else None,
        gate=_gate(top, task),
        reject=tuple(_reject(table, outputs) for table in top.tables("reject")),
        metrics=_metrics(top.table("metrics", optional=True)),
        baseline=read_baseline(top.table("baseline"), task, outputs) if "baseline" in top else None,
    )
    top.end()
    agree(manifest, top)
    return manifest


def _mode(top: Table) -> Mode:
    mode = top.word("mode", Mode, Mode.ACTIVE)
    if mode not in (Mode.ACTIVE, Mode.SHADOW):
        raise top.error(f"mode = {mode.value!r} is not one of active, shadow")
    return mode


def _weights(table: Table) -> Weights:
    weights = Weights(
        format=table.word("format", Format),
        path=table.text("path"),
        sha256=table.text("sha256", pattern=r"[0-9a-f]{64}"),
        further=table.text("further") if "further" in table else None,
    )
    table.end()
    return weights


def _input(table: Table) -> Input:
    channels = table.whole("channels", low=1, high=3)
    low, high = table.numbers("range", counts=[2])
    found = Input(
        name=table.text("name"),
        height=table.whole("height", low=8, high=LARGEST_SIDE),
        width=table.whole("width", low=8, high=LARGEST_SIDE),
        channels=channels,
        layout=table.word("layout", Layout),
        fit=table.word("fit", Fit),
        polarity=table.word("polarity", Polarity),
        range=(low, high),
        mean=table.numbers("mean", [0.0], counts=[1, channels]),
        scale=table.numbers("scale", [1.0], counts=[1, channels]),
        accepts=table.word("accepts", Accepts, Accepts.RADIOGRAPH),
        colour=table.boolean("colour", default=False),
        window=table.pair("window") if "window" in table else None,
        margin=table.whole("margin", low=0, high=LARGEST_SIDE) if "margin" in table else 0,
    )
    table.end()
    if channels == 2:
        raise table.error("channels = 2 is not 1 or 3")
    if 0.0 in found.scale:
        raise table.error("scale holds a 0")
    if found.fit is Fit.FILM and found.height != found.width:
        raise table.error("fit = 'film' needs height = width")
    if found.margin and (found.fit is not Fit.FILM or 4 * found.margin > found.height):
        raise table.error("margin needs fit = 'film', and at most a quarter of the height")
    _agree_on_colour(found, table)
    return found


def _agree_on_colour(found: Input, table: Table) -> None:
    if found.window is not None and found.window[1] < 1:
        raise table.error("window has a width below 1")
    if found.window is not None and found.accepts is not Accepts.CT:
        raise table.error("window is in Hounsfield units, so it needs accepts = 'ct'")
    grey_only = found.fit is Fit.FILM or found.polarity is Polarity.BONE_DARK or found.window is not None
    if found.colour and (found.channels != 3 or grey_only):
        raise table.error("colour needs channels = 3, another fit than 'film', bone_bright and no window")


def _outputs(heads: Table, task: Task) -> Mapping[str, Output]:
    outputs = {head: _output(heads.table(head)) for head in heads.left()}
    wanted = ANSWERING_HEAD.get(task)
    if wanted is not None and wanted not in outputs:
        raise heads.error(f"lacks the head {wanted!r}, which the task needs")
    if task is Task.VIEW and (strange := sorted({*outputs["view"].labels} - {*VIEWS, OTHER})):
        raise heads.error(f"view.labels holds {strange[0]!r}, which is not a view")
    return MappingProxyType(outputs)


def _output(table: Table) -> Output:
    labels = table.names("labels")
    thresholds = table.table("thresholds", optional=True)
    output = Output(
        name=table.text("name"),
        values=table.word("values", Values),
        classes=table.word("classes", Classes, Classes.EXCLUSIVE),
        labels=labels,
        temperature=table.numbers("temperature", [1.0], counts=[1, len(labels)]),
        bias=table.numbers("bias", [0.0], counts=[1, len(labels)]),
        thresholds=MappingProxyType(
            {label: thresholds.number(label, low=0, high=1) for label in thresholds.left()}
        ),
        look_again=table.number("look_again", low=0, high=1) if "look_again" in table else None,
    )
    table.end()
    if any(t <= 0 for t in output.temperature):
        raise table.error("temperature must be above 0")
    if strange := sorted({*output.thresholds} - {*labels}):
        raise thresholds.error(f"names {strange[0]!r}, which is not one of the labels")
    return output


def _gate(top: Table, task: Task) -> Gate:
    table = top.table("gate", optional=task is not Task.VIEW)
    margin = table.number("margin", None if task is Task.VIEW else 0.0, low=0, high=1)
    gate = Gate(
        margin=margin,
        min_score=table.number("min_score", 0.0, low=0, high=1),
        otherwise=table.text("otherwise") if task is Task.CLASSIFY and "otherwise" in table else None,
    )
    table.end()
    return gate


def _reject(table: Table, outputs: Mapping[str, Output]) -> Reject:
    rule = table.text("rule")
    threshold = table.number("threshold", low=0, high=1)
    reject: Reject
    match rule:
        case "class":
            reject = RejectByClass(threshold=threshold)
        case "energy":
            reject = RejectByEnergy(
                centre=table.number("centre"), width=table.number("width", low=1e-9), threshold=threshold
            )
        case "head":
            reject = RejectByHead(head=table.text("head"), threshold=threshold)
            head = outputs.get(reject.head)
            if head is None or len(head.labels) != 1 or head.classes is not Classes.INDEPENDENT:
                raise table.error(f"needs a head {reject.head!r} with one independent label")
        case _:
            raise table.error(f"rule = {rule!r} is not one of class, energy, head")
    table.end()
    return reject


def _metrics(table: Table) -> Mapping[str, str | int | float | bool]:
    return MappingProxyType({key: table.scalar(key) for key in table.left()})
