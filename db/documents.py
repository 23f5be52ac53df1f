"""Values of ours as JSON documents, and back: what the wide columns hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from router.types import (
    Analysis,
    Box,
    Candidate,
    Condition,
    Decision,
    Finding,
    Instance,
    Mode,
    ModelRef,
    RuleOutcome,
    ViewPrediction,
)

Document = dict[str, Any]

_FIELDS = tuple(field.name for field in dataclasses.fields(Instance) if field.name != "attributes")


def instance_fields(instance: Instance) -> Document:
    """Every field but ``attributes``, as sent; what is None is left out."""
    return {name: value for name in _FIELDS if (value := getattr(instance, name)) is not None}


def instance_attributes(instance: Instance) -> Document:
    """The header's other elements: keyword to list of values."""
    return {keyword: list(values) for keyword, values in instance.attributes.items()}


def instance_of(fields: Mapping[str, Any], attributes: Mapping[str, list[str]]) -> Instance:
    """The Instance that was recorded; a field that this version does not know any more is passed over."""
    known = {name: fields[name] for name in _FIELDS if name in fields}
    words = {keyword: tuple(values) for keyword, values in attributes.items()}
    return Instance(**known, attributes=MappingProxyType(words))


def model_document(model: ModelRef) -> Document:
    """Name, version and the digest of the weights."""
    return {"name": model.name, "version": model.version, "sha256": model.sha256}


def silence_documents(silent: Mapping[ModelRef, str]) -> list[Document]:
    """The models that stated nothing, each with its reason."""
    return [{"model": model_document(model), "reason": reason} for model, reason in silent.items()]


def silence_of(documents: Iterable[Mapping[str, Any]]) -> Mapping[ModelRef, str]:
    """The reverse of ``silence_documents``."""
    return {ModelRef(**one["model"]): one["reason"] for one in documents}


def prediction_document(prediction: ViewPrediction) -> Document:
    """A view prediction with all its candidates."""
    return {
        "view": prediction.view,
        "score": prediction.score,
        "margin": prediction.margin,
        "candidates": _candidates_document(prediction.candidates),
        "further": {head: _candidates_document(said) for head, said in prediction.further.items()},
        "model": model_document(prediction.model),
        "mode": prediction.mode.value,
    }


def prediction_of(document: Mapping[str, Any]) -> ViewPrediction:
    """The reverse of ``prediction_document``."""
    return ViewPrediction(
        view=document["view"],
        score=document["score"],
        margin=document["margin"],
        candidates=_candidates_of(document["candidates"]),
        further={head: _candidates_of(said) for head, said in document["further"].items()},
        model=ModelRef(**document["model"]),
        mode=Mode(document["mode"]),
    )


def _candidates_document(candidates: Iterable[Candidate]) -> list[Document]:
    return [{"label": one.label, "score": one.score} for one in candidates]


def _candidates_of(documents: Iterable[Mapping[str, Any]]) -> tuple[Candidate, ...]:
    return tuple(Candidate(**one) for one in documents)


def finding_document(finding: Finding) -> Document:
    """A finding with its box in stored pixels."""
    return {
        "label": finding.label,
        "score": finding.score,
        "probability": finding.probability,
        "threshold": finding.threshold,
        "model": model_document(finding.model),
        "box": None if finding.box is None else dataclasses.asdict(finding.box),
        "mode": finding.mode.value,
    }


def finding_of(document: Mapping[str, Any]) -> Finding:
    """The reverse of ``finding_document``."""
    return Finding(
        label=document["label"],
        score=document["score"],
        probability=document["probability"],
        threshold=document["threshold"],
        model=ModelRef(**document["model"]),
        box=None if document["box"] is None else Box(**document["box"]),
        mode=Mode(document["mode"]),
    )


def decision_document(decision: Decision) -> Document:
    """What the rules asked for, rule by rule and condition by condition."""
    return {
        "analyse": list(decision.analyse),
        "destinations": list(decision.destinations),
        "priority": decision.priority,
        "outcomes": [dataclasses.asdict(outcome) for outcome in decision.outcomes],
        "rules_version": decision.rules_version,
    }


def decision_of(document: Mapping[str, Any]) -> Decision:
    """The reverse of ``decision_document``."""
    return Decision(
        analyse=tuple(document["analyse"]),
        destinations=tuple(document["destinations"]),
        priority=document["priority"],
        outcomes=tuple(_outcome_of(outcome) for outcome in document["outcomes"]),
        rules_version=document["rules_version"],
    )


def routed_document(decision: Decision) -> Document:
    """What the audit says about a decision; what the conditions found in the header is not for the audit."""
    return {
        "rules_version": decision.rules_version,
        "matched": list(decision.matched),
        "analyse": list(decision.analyse),
        "destinations": list(decision.destinations),
        "priority": decision.priority,
        "rules": [
            {
                "rule": outcome.rule,
                "matched": outcome.matched,
                "conditions": [{"word": one.word, "holds": one.holds} for one in outcome.conditions],
            }
            for outcome in decision.outcomes
        ],
    }


def analysed_document(analysis: Analysis) -> Document:
    """What the audit says about the specialists."""
    return {
        "models_run": [model_document(model) for model in analysis.models_run],
        "models_absent": list(analysis.models_absent),
        "models_silent": silence_documents(analysis.models_silent),
        "findings": [finding_document(finding) for finding in analysis.findings],
    }


def _outcome_of(document: Mapping[str, Any]) -> RuleOutcome:
    return RuleOutcome(
        rule=document["rule"],
        matched=document["matched"],
        conditions=tuple(
            Condition(
                word=one["word"],
                wanted=tuple(one["wanted"]),
                found=tuple(one["found"]),
                holds=one["holds"],
                reason=one["reason"],
            )
            for one in document["conditions"]
        ),
        reason=document["reason"],
    )
