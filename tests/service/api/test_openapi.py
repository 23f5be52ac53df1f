"""The description of the API: valid, with examples, and the page in docs/ has every endpoint."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from service.api.app import bare_app
from service.api.problems import KINDS

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The description needs no database: the app is described, not asked."""
    described: dict[str, Any] = json.loads(json.dumps(bare_app([]).openapi()))
    return described


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, op) for path, ops in document["paths"].items() for method, op in ops.items()]


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_it_says_that_this_is_not_a_medical_device(document: dict[str, Any]) -> None:
    assert "Not a medical device" in document["info"]["description"]
    assert "Not a medical device" in PAGE.read_text(encoding="utf-8")


def test_operations_have_a_name_of_their_own_and_a_sentence(document: dict[str, Any]) -> None:
    names = [op["operationId"] for _, _, op in operations(document)]
    assert len(set(names)) == len(names)
    assert all(op["description"] for _, _, op in operations(document))


def test_versioned_operations_state_their_refusals_as_problem_documents(document: dict[str, Any]) -> None:
    for path, method, op in operations(document):
        if not path.startswith("/api/"):
            continue
        for status in ("401", "403", "422", "503"):
            content = op["responses"][status]["content"]
            assert list(content) == ["application/problem+json"], (path, method)
        assert "HTTPBearer" in str(op["security"]), (path, method)


def test_what_is_answered_has_examples(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name in ("HeaderOut", "ViewPredictionOut", "StudySummaryOut", "RequeueIn", "ReplayIn", "ProblemOut"):
        fields = schemas[name]["properties"].values()
        assert any("examples" in field for field in fields), name


def test_keys_are_words_in_snake_case(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        for key in schema.get("properties", {}):
            assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", key), (name, key)


def test_every_endpoint_stands_in_the_page_with_a_curl_line(document: dict[str, Any]) -> None:
    page = PAGE.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in page.splitlines() if line.startswith("curl ")]
    called = {(_method(line), _path(line)) for line in lines}
    stated = {(method.upper(), path) for path, method, _ in operations(document)}
    assert stated <= called
    assert {path for _, path in called} <= {path for _, path in stated}, "the page calls what is not there"


def _method(line: str) -> str:
    explicit = re.search(r"-X (\w+)", line)
    return explicit[1] if explicit else "POST" if re.search(r" -[dF] ", line) else "GET"


def _path(line: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:8080([^?' ]*)", line)
    assert found, line
    return found[1]


def test_every_kind_of_problem_stands_in_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    named = {"rules-not-valid", "not-dicom", "not-a-film", "undecodable-pixels", *KINDS.values()} - {
        "too-many"
    }
    assert all(f"`{kind}`" in page for kind in named)
