"""The proof's own proof: each broken promise is seen, and kept ones are not called broken."""

from __future__ import annotations

import pytest

from bench.ledger import Evidence, Ledger, Row, faults

STORY = ("received", "claimed", "routed", "done")
LEDGER = Ledger(sent={"1.1": "aa", "1.2": "bb", "1.3": "cc"}, acknowledged={"1.1", "1.2"})


def row(uid: str = "1.1", state: str = "done", path: str = "x/1.1.dcm", sha256: str = "aa") -> Row:
    return Row(sop_instance_uid=uid, state=state, path=path, sha256=sha256)


SECOND = row("1.2", "failed", "x/1.2.dcm", "bb")
FILES = {"x/1.1.dcm": "aa", "x/1.2.dcm": "bb"}
STORIES = {"1.1": STORY, "1.2": ("received", "claimed", "retry", "claimed", "failed")}


def evidence(**changes: object) -> Evidence:
    whole: dict[str, object] = {"rows": [row(), SECOND], "events": STORIES, "files": FILES, "partial": ()}
    return Evidence(**(whole | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(evidence(), id="all is well"),
        pytest.param(
            evidence(events=STORIES | {"1.1": (*STORY, "requeued", "claimed", "done")}),
            id="an operator asked again",
        ),
        pytest.param(
            evidence(events=STORIES | {"1.1": (*STORY, "replaced", "claimed", "failed")}),
            id="other bytes came",
        ),
        pytest.param(
            evidence(events=STORIES | {"1.1": ("received", "claimed", "requeued", "claimed", "done")}),
            id="a worker drained",
        ),
        pytest.param(
            evidence(events=STORIES | {"1.1": (*STORY, "duplicate")}), id="the same bytes came again"
        ),
        pytest.param(evidence(files=FILES | {"x/1.3.dcm": "cc"}), id="a file whose sender heard nothing"),
    ],
)
def test_kept_promises_are_not_called_broken(kept: Evidence) -> None:
    assert faults(LEDGER, kept) == []


@pytest.mark.parametrize(
    ("kind", "broken"),
    [
        ("lost", evidence(rows=[SECOND], files={"x/1.2.dcm": "bb"})),
        ("lost", evidence(files={"x/1.2.dcm": "bb"})),
        ("altered", evidence(files=FILES | {"x/1.1.dcm": "zz"})),
        ("altered", evidence(rows=[row(sha256="zz"), SECOND])),
        ("altered", evidence(rows=[row(path="x/1.2.dcm"), SECOND], files={"x/1.2.dcm": "bb"})),
        ("duplicated", evidence(rows=[row(), row(), SECOND])),
        ("duplicated", evidence(events=STORIES | {"1.1": (*STORY, "done")})),
        ("duplicated", evidence(events=STORIES | {"1.1": (*STORY, "claimed", "failed")})),
        ("open", evidence(rows=[row(state="processing"), SECOND])),
        ("open", evidence(events=STORIES | {"1.1": ("received", "claimed")})),
        ("open", evidence(events=STORIES | {"1.1": (*STORY, "requeued")})),
        ("litter", evidence(partial=["incoming/a/1.part"])),
        ("litter", evidence(files=FILES | {"x/9.dcm": "99"})),
        ("litter", evidence(files=FILES | {"y/1.1.dcm": "aa"})),
    ],
)
def test_a_broken_promise_is_seen(kind: str, broken: Evidence) -> None:
    assert kind in {fault.kind for fault in faults(LEDGER, broken)}
