"""All pages: the modules whose ``router`` the application includes."""

from __future__ import annotations

from types import ModuleType

PAGES: tuple[ModuleType, ...] = ()
