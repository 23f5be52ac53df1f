"""All pages: the modules whose ``router`` the application includes."""

from __future__ import annotations

from types import ModuleType

from service.web import account, figures, film_pictures, now, order_check, sign_in

PAGES: tuple[ModuleType, ...] = (
    sign_in,
    account,
    now,
    film_pictures,
    figures,  # before order_check, whose paths end in a UID
    order_check,
)
