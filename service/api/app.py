"""The API as one ASGI application: every dependency is a parameter, and what cannot work stops here."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Unpack

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from router.errors import SettingsError
from service.api import callers as caller_endpoints
from service.api import (
    deliveries,
    dicom_web,
    events,
    figures,
    hanging,
    health,
    heatmaps,
    metrics,
    models,
    orders,
    previews,
    replays,
    requeue,
    reviews,
    rules,
    studies,
    verdicts,
)
from service.api import instances as instance_endpoints
from service.api.guards import LOOPBACK_NAMES, Door, Guard, Outermost, host_name, hosts_of
from service.api.ports import Given, Needs
from service.api.problems import FieldOut, ProblemOut, documented
from service.api.tokens import Keyring
from service.sections import Api
from service.sections_web import Oidc, Web
from service.web import look, site
from service.web.assets import Assets
from service.web.desk import desk_of
from service.web.errors import install, tell
from service.web.last_searches import LastSearches
from service.web.rendering import environment

LARGEST_BODY = 1 << 20
LARGEST_UPLOAD = 512 << 20
PREFIX = "/api/v1"
NOUNS = (
    studies,
    instance_endpoints,
    hanging,
    deliveries,
    orders,
    verdicts,
    previews,
    heatmaps,
    requeue,
    caller_endpoints,
    models,
    rules,
    replays,
    events,
    reviews,
    figures,
)
DESCRIPTION = """\
Names the view of plain radiographs, routes them to specialist models by rules, and answers with every reason.

**Not a medical device.** For research and for organising images only: not for diagnosis, not for treatment,
and no substitute for a reader. Every answer carries its score, its model and its version; below a model's
gate the answer is `unsure`, and a film that is none of the known views is `other`.

Keys are DICOM keywords in snake_case. Errors are problem documents (RFC 9457). Lists are read page by page:
follow `next` until it is null. Reads carry an ETag: send it back in `If-None-Match`.
"""


def create_app(
    *,
    settings: Api,
    web: Web | None = None,
    oidc: Oidc | None = None,
    allowed_hosts: Sequence[str] = (),
    largest_upload: int = LARGEST_UPLOAD,
    **given: Unpack[Given],
) -> FastAPI:
    """The API, ready to be served; ``service.api.ports.Given`` says what each dependency is.

    ``allowed_hosts``: further host names to answer to. ``largest_upload``: bytes of a request with a file.

    Raises:
        SettingsError: the API would be reachable from elsewhere, and nobody would need a token.
    """
    keyring = Keyring(settings.tokens, host=settings.host)
    app = bare_app(_middleware(settings, keyring, allowed_hosts, largest_upload))
    app.state.needs = Needs(reference_links=settings.reference_links, **given)
    app.state.registry = metrics.registry_of(app.state.needs)
    app.state.templates = environment()
    app.state.last_searches = LastSearches()
    app.state.desk = desk_of(web or Web(), oidc or Oidc())
    install(app)
    return app


def _middleware(
    settings: Api, keyring: Keyring, allowed_hosts: Sequence[str], largest_upload: int
) -> list[Middleware]:
    strangers = [name for name in allowed_hosts if host_name(name) not in LOOPBACK_NAMES]
    if strangers and keyring.is_empty:
        raise SettingsError(
            f"the API would answer anyone as {strangers[0]}: name at least one token in api.tokens"
        )
    door = Door(
        keyring=keyring,
        hosts=hosts_of(settings.host, allowed_hosts, keyring),
        origins=frozenset(settings.cors_origins),
        largest_body=LARGEST_BODY,
        largest_upload=largest_upload,
        upload_paths=frozenset({f"{PREFIX}/rules/explain"}) | look.UPLOADS,
    )
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "If-None-Match",
            "If-Modified-Since",
            "Last-Event-ID",
        ],
        expose_headers=["ETag", "Last-Modified", "Warning"],
    )
    outside = [Middleware(Outermost, tell=tell), *([cors] if settings.cors_origins else [])]
    return [*outside, Middleware(Guard, door=door, tell=tell)]


def bare_app(middleware: list[Middleware]) -> FastAPI:
    """The endpoints behind their middleware, before they have anything to work with."""
    app = FastAPI(
        title="radrouter",
        summary="What is this film, and who should look at it?",
        description=DESCRIPTION,
        version=version("radrouter"),
        openapi_url=f"{PREFIX}/openapi.json",
        # Their pages load scripts from elsewhere, which a hospital's network rarely reaches.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        middleware=middleware,
        # It would record the text of errors, which may quote a patient's values.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    refusals = documented(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
    versioned = APIRouter(prefix=PREFIX, responses=refusals)
    for noun in NOUNS:
        versioned.include_router(noun.router)
    app.include_router(versioned)
    app.include_router(dicom_web.router)
    app.include_router(health.router)
    app.include_router(metrics.router)
    for page in site.PAGES:
        app.include_router(page.router, include_in_schema=False)
    app.mount("/assets", Assets())
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with the shape of our problem documents in it."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
        )
        reference = "#/components/schemas/{model}"
        schemas = document["components"]["schemas"]
        for model in (ProblemOut, FieldOut):
            schema = model.model_json_schema(ref_template=reference)
            schema.pop("$defs", None)
            schemas[model.__name__] = schema
        app.openapi_schema = document
    return app.openapi_schema
