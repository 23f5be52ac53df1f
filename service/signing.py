"""The signature of a webhook's message, so that its receiver knows who wrote it and when."""

from __future__ import annotations

import hashlib
import hmac

SIGNATURE = "Radrouter-Signature"
TIMESTAMP = "Radrouter-Timestamp"  # seconds since 1970, UTC
EVENT = "Radrouter-Event"
KEY = "Idempotency-Key"
VERSION = "v1"


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """``v1=`` and the hex HMAC-SHA256 of ``timestamp.body`` under the secret."""
    message = str(timestamp).encode() + b"." + body
    return f"{VERSION}={hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()}"
