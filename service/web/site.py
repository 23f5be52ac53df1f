"""All pages: the modules whose ``router`` the application includes."""

from __future__ import annotations

from types import ModuleType

from service.web import (
    account,
    figures,
    film_pictures,
    film_values,
    look,
    models,
    now,
    oidc_sign_in,
    order_check,
    rules,
    senders,
    sign_in,
    studies,
    study,
    system,
    users,
)

PAGES: tuple[ModuleType, ...] = (
    sign_in,
    oidc_sign_in,
    account,
    now,
    senders,
    system,
    users,
    film_pictures,
    film_values,
    studies,
    study,
    look,
    models,
    figures,  # before order_check, whose paths end in a UID
    order_check,
    rules,
)
