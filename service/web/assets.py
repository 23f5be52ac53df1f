"""Style, scripts and pictures of the pages: kept by browsers for as long as they do not change."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "assets"
FOREVER = "public, max-age=31536000, immutable"
ASK_FIRST = "public, no-cache"


def edition(folder: Path = FOLDER) -> str:
    """A word that changes with any of the files: ``?v=`` in their addresses."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


class Assets(StaticFiles):
    """The files, to be kept forever under the address of this edition, else asked for each time."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)
        self._edition = edition()

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file; raises HTTPException 404 where there is none."""
        response = await super().get_response(path, scope)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v")
        response.headers["Cache-Control"] = FOREVER if asked == [self._edition] else ASK_FIRST
        return response
