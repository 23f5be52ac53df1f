"""Orders and verdicts as JSON documents, and back."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from router.orders import (
    Expectation,
    ExpectedView,
    Order,
    OrderControl,
    OrderSource,
    Procedure,
    Side,
    Unmapped,
)
from router.verdicts import Kind, Remark, Verdict
from router.views import Code

Document = dict[str, Any]


def order_document(order: Order) -> Document:
    """Every field of an order, as sent."""
    scheduled_at = order.scheduled_at
    return dataclasses.asdict(order) | {"scheduled_at": scheduled_at and scheduled_at.isoformat()}


def order_of(document: Mapping[str, Any]) -> Order:
    """The reverse of ``order_document``."""
    scheduled_at = document["scheduled_at"]
    kept = {
        "source": OrderSource(document["source"]),
        "control": OrderControl(document["control"]),
        "procedures": tuple(procedure_of(one) for one in document["procedures"]),
        "side": _side(document["side"]),
        "scheduled_at": scheduled_at and datetime.fromisoformat(scheduled_at),
    }
    return Order(**{**document, **kept})


def procedure_document(procedure: Procedure) -> Document:
    """Code and description."""
    return dataclasses.asdict(procedure)


def procedure_of(document: Mapping[str, Any]) -> Procedure:
    """The reverse of ``procedure_document``."""
    code = document["code"]
    return Procedure(
        code=code and Code(**code),
        description=document["description"],
        alternatives=tuple(Code(**one) for one in document.get("alternatives", ())),
    )


def procedure_key(procedure: Procedure) -> str:
    """The same for procedures that say the same."""
    words = json.dumps(procedure_document(procedure), sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()


def verdict_document(verdict: Verdict) -> Document:
    """Every field of a verdict."""
    return dataclasses.asdict(verdict)


def verdict_of(document: Mapping[str, Any]) -> Verdict:
    """The reverse of ``verdict_document``."""
    return Verdict(
        study_instance_uid=document["study_instance_uid"],
        remarks=tuple(_remark_of(one) for one in document["remarks"]),
        expectations=tuple(_expectation_of(one) for one in document["expectations"]),
        unmapped=tuple(_unmapped_of(one) for one in document["unmapped"]),
        films=tuple(document["films"]),
        map_version=document["map_version"],
    )


def _remark_of(document: Mapping[str, Any]) -> Remark:
    kept = {"kind": Kind(document["kind"]), "sop_instance_uids": tuple(document["sop_instance_uids"])}
    return Remark(**{**document, **kept})


def _expectation_of(document: Mapping[str, Any]) -> Expectation:
    kept = {
        "source": OrderSource(document["source"]),
        "regions": tuple(document["regions"]),
        "side": _side(document["side"]),
        "views": tuple(ExpectedView(**{**one, "views": tuple(one["views"])}) for one in document["views"]),
    }
    return Expectation(**{**document, **kept})


def _unmapped_of(document: Mapping[str, Any]) -> Unmapped:
    return Unmapped(**{**document, "procedure": procedure_of(document["procedure"])})


def _side(value: str | None) -> Side | None:
    return None if value is None else Side(value)
