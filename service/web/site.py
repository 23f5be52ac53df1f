"""All pages: the modules whose ``router`` the application includes."""

from __future__ import annotations

from types import ModuleType

from service.web import account, sign_in

PAGES: tuple[ModuleType, ...] = (
    sign_in,
    account,
)
