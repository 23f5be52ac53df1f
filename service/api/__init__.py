"""REST: what is this film, and why was it decided so."""

from __future__ import annotations

from service.api.app import create_app

__all__ = ["create_app"]
