"""Passwords: hashed by Argon2id (RFC 9106), checked at the same cost whether or not the user exists."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 256  # characters; hashing a novel would only cost time
AT_ONCE = 2  # each hash takes 64 MiB


class Passwords:
    """One way to hash, for one process."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """What the database keeps; about 50 ms of work."""
        with self._turns:
            return self._hasher.hash(password)

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether this is the password; the same work for somebody who has none (``kept`` is None)."""
        with self._turns:
            try:
                self._hasher.verify(kept or self._nobodys, password if len(password) <= LONGEST else "")
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    def is_stale(self, kept: str) -> bool:
        """Whether it was hashed with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)


def objection(password: str, name: str) -> str | None:
    """Why a new password is not good enough; None when it is (NIST SP 800-63B: long, no rules on signs)."""
    if len(password) < SHORTEST:
        return f"a password has at least {SHORTEST} characters; a few words are easy to remember"
    if len(password) > LONGEST:
        return f"a password has at most {LONGEST} characters"
    lowered = password.casefold()
    if len(set(lowered)) < 5 or name.casefold() in lowered or "radrouter" in lowered:
        return "this password is easy to guess: not the name, not this program's, and more different signs"
    return None
