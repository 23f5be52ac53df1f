"""The model packs that are installed: what each is, how good, and whether it answers as it did."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from service.api.drifting import AgreementIn, DriftIn, agreements_of, drift_of, find_model
from service.api.etags import answer, answer_by_content, tag
from service.api.out_drift import AgreementOut, DriftOut, agreement_out, drift_out
from service.api.out_models import ModelsOut
from service.api.ports import Needed
from service.api.problems import documented, not_found
from service.api.tokens import READER

router = APIRouter(tags=["models"], dependencies=READER)

Name = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,64}$", description="the pack's name", examples=["view"])]


class DriftOfIn(DriftIn):
    """Which version, and what is compared with what."""

    version: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="of the pack; else the active one"
    )


@router.get("/models", response_model=ModelsOut)
def list_models(request: Request, needs: Needed) -> Response:
    """The installed model packs: version, digest, labels, thresholds, training data, metrics, model card."""
    etag = tag("models", *(model.model_dump_json() for model in needs.models))
    return answer(request, etag, lambda: ModelsOut(models=tuple(needs.models)))


@router.get("/models/{name}/drift", response_model=DriftOut, responses=documented(HTTPStatus.NOT_FOUND))
def read_drift(request: Request, needs: Needed, name: Name, asked: Annotated[DriftOfIn, Query()]) -> Response:
    """Whether scores and views are what they were, by scanner: Population Stability Index, bins and weeks."""
    model = find_model(needs.models, name, asked.version)
    if model is None:
        raise not_found("model")
    return answer_by_content(request, drift_out(model, drift_of(needs, model, asked)))


@router.get(
    "/models/{name}/agreement", response_model=AgreementOut, responses=documented(HTTPStatus.NOT_FOUND)
)
def read_agreement(
    request: Request, needs: Needed, name: Name, asked: Annotated[AgreementIn, Query()]
) -> Response:
    """How often the shadows of a view model say the same as its active version, and where not."""
    if find_model(needs.models, name, None) is None:
        raise not_found("model")
    return answer_by_content(request, agreement_out(name, *agreements_of(needs, name, asked.days)))
