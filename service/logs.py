"""One line per event on standard error, UIDs only: never a patient's name, ID or birth date."""

from __future__ import annotations

import logging
import time
import warnings


def set_up(*, verbose: bool = False) -> None:
    """Configure logging for one process of the service."""
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler], force=True)
    # These quote element values when they complain about them, and an element may be the patient's name.
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="pydicom")
    # Alembic and uvicorn are chatty about what our own lines say already.
    logging.getLogger("alembic").setLevel(logging.WARNING)
