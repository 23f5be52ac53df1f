"""Who may send right now: the settings' list, and those an administrator allowed since the start."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from threading import Lock

from db.read import AllowedCaller
from dicom_scp.access import ANYBODY, AccessPolicy, Caller, policy_for
from router.errors import OutOfResources
from service.sections import Listener

log = logging.getLogger(__name__)

KEPT_S = 1.0


def callers_of(settings: Listener) -> tuple[Caller, ...]:
    """The settings' allow-list: every AE title from every network; a list left empty means any."""
    titles, networks = settings.allowed_calling_ae_titles, settings.allowed_networks
    if not titles and not networks:
        return ()
    return tuple(
        Caller(calling_ae_title=title, network=network)
        for title in titles or (ANYBODY,)
        for network in networks or (ANYBODY,)
    )


class Access:
    """The policy of this moment, for association threads; the database is asked at most once a second."""

    def __init__(self, settings: Listener, allowed: Callable[[], Sequence[AllowedCaller]]) -> None:
        called = (settings.ae_title,) if settings.check_called_ae_title else ()
        self._settings = settings
        self._called = called
        self._fixed = policy_for(settings.host, callers_of(settings), called_ae_titles=called)
        self._allowed = allowed
        self._lock = Lock()
        self._current = self._fixed
        self._until = 0.0

    def policy(self) -> AccessPolicy:
        """Who may send. While the database is away, whoever was allowed before."""
        if self._fixed.open_to_all:
            return self._fixed
        with self._lock:
            if time.monotonic() >= self._until:
                self._current = self._asked()
                self._until = time.monotonic() + KEPT_S
            return self._current

    def _asked(self) -> AccessPolicy:
        try:
            allowed = self._allowed()
        except OutOfResources as error:
            log.error("the allowed callers cannot be read: %s", error)
            return self._current
        added = tuple(
            Caller(calling_ae_title=each.calling_ae_title, network=each.network) for each in allowed
        )
        return AccessPolicy(
            callers=self._fixed.callers + added, called_ae_titles=self._called, open_to_all=False
        )
