"""Models: what runs, what each pack says of itself, and whether it still answers as it did."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import FileResponse, Response

from classifiers.manifest import Task
from router.drift import CHANGED_FROM, FEWEST, WATCH_FROM
from router.drift_report import ScannerDrift
from router.types import Mode
from service.api.drifting import Agreed, DriftIn, agreements_of, drift_of, find_model
from service.api.etags import REVALIDATE
from service.api.out_models import ModelOut
from service.api.ports import Needed, Needs
from service.api.problems import not_found
from service.web.cards import card_html, picture_file
from service.web.drift_charts import HistogramChart, PsiChart, histogram_chart, psi_chart
from service.web.figures import shades
from service.web.rendering import render
from service.web.visitor import Reading

router = APIRouter(prefix="/models")
RAN_DAYS = 30
MOST_CHANGES = 6
MOST_METRICS = 4  # in the list; the model's own page has all
INTERVAL = "_interval"
# A picture may be somebody's SVG: opened by itself it runs and loads nothing.
PICTURE_HEADERS = {**REVALIDATE, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}

Name = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,64}$")]
Version = Annotated[str, Path(max_length=64)]


@router.get("")
def list_all(request: Request, needs: Needed, who: Reading) -> Response:
    """All models that run."""
    ran = needs.drift.ran(needs.clock() - timedelta(days=RAN_DAYS))
    models = [(model, metrics_of(model)[:MOST_METRICS]) for model in needs.models]
    return render(request, "models.html", who, models=models, ran=ran, days=RAN_DAYS)


@router.get("/{name}/{version}")
def show(
    request: Request,
    needs: Needed,
    who: Reading,
    name: Name,
    version: Version,
    asked: Annotated[DriftIn, Query()],
) -> Response:
    """One model: drift, agreement, thresholds, card."""
    model = _model(needs, name, version)
    drifted = drift_of(needs, model, asked)
    active, agreed = agreements_of(needs, name, asked.days)
    if model.mode == Mode.SHADOW:
        agreed = tuple(one for one in agreed if one.shadow == model)
    scanners = drifted.found.scanners if drifted.found else ()
    return render(
        request,
        "model.html",
        who,
        model=model,
        metrics=metrics_of(model),
        is_view=model.task == Task.VIEW,
        card=card_html(model.card, _folder(needs, model), f"/models/{name}/{version}/card"),
        asked=asked,
        drifted=drifted,
        scanners=[_drawn(one) for one in scanners],
        active=active,
        agreed=[_tabled(one) for one in agreed],
        limits={"watch": WATCH_FROM, "changed": CHANGED_FROM, "fewest": FEWEST},
        changes=MOST_CHANGES,
    )


@router.get("/{name}/{version}/card/{picture}")
def card_picture(
    needs: Needed,
    who: Reading,  # noqa: ARG001
    name: Name,
    version: Version,
    picture: Annotated[str, Path(max_length=128)],
) -> Response:
    """A picture that the model's card names."""
    model = _model(needs, name, version)
    folder = _folder(needs, model)
    found = picture_file(model.card, folder, picture) if folder else None
    if found is None:
        raise not_found("picture")
    return FileResponse(found[0], media_type=found[1], headers=PICTURE_HEADERS)


def _model(needs: Needs, name: str, version: str) -> ModelOut:
    model = find_model(needs.models, name, version)
    if model is None:
        raise not_found("model")
    return model


def _folder(needs: Needs, model: ModelOut) -> Any:
    return needs.card_folders.get((model.name, model.version))


def _drawn(one: ScannerDrift) -> tuple[ScannerDrift, HistogramChart, PsiChart | None]:
    """A scanner's drift with its pictures; weeks are drawn where there is something to be seen."""
    weeks = psi_chart(one.weeks) if len(one.weeks) > 1 else None
    has_dots = weeks is not None and bool(weeks.scores or weeks.said)
    return one, histogram_chart(one.score_parts), weeks if has_dots else None


def metrics_of(model: ModelOut) -> list[tuple[str, str | int | float | bool, str]]:
    """What the pack states: a name, its value, and the interval that it states beside it (or nothing)."""
    stated = model.metrics
    names = [name for name in stated if name.removesuffix(INTERVAL) not in stated or INTERVAL not in name]
    return [(name, stated[name], str(stated.get(name + INTERVAL, ""))) for name in names]


def _tabled(one: Agreed) -> tuple[Agreed, list[list[int]]]:
    table = one.found.confusion
    return one, shades(table) if all(map(any, table.counts)) else [[0] * len(row) for row in table.counts]
