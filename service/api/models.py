"""The model packs that are installed: what each is, was trained on, and how good it is."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.api.etags import answer, tag
from service.api.out_models import ModelsOut
from service.api.ports import Needed
from service.api.tokens import READER

router = APIRouter(tags=["models"], dependencies=READER)


@router.get("/models", response_model=ModelsOut)
def list_models(request: Request, needs: Needed) -> Response:
    """The installed model packs: version, digest, labels, thresholds, training data, metrics, model card."""
    etag = tag("models", *(model.model_dump_json() for model in needs.models))
    return answer(request, etag, lambda: ModelsOut(models=tuple(needs.models)))
