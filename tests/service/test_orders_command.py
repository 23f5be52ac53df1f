"""``radrouter orders``: a message tried before it counts; what the settings about orders refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from router.errors import SettingsError
from service.settings import load

ORM = r"""MSH|^~\&|RIS|CENTRAL|||20260102101500||ORM^O01|MSG1|P|2.3.1
PID|1||4711||SENTINEL^PATIENT
ORC|NW|PL1|FI1
OBR|1|PL1|FI1|WR2^Wrist 2 views^99LOC|||||||||||^^^WRIST^RT|||A100
"""


def test_a_message_is_tried(command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "order.hl7").write_text(ORM)
    done = command("orders", "test", "order.hl7", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("AA ORM^O01 MSG1", "new order FI1", "A100", "wrist_ap, wrist_lateral, side R"):
        assert words in done.stdout
    assert "SENTINEL" not in done.stdout
    assert not (tmp_path / "var").exists()


def test_a_message_that_would_be_refused_says_why(command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "order.hl7").write_text(ORM.replace("ORC|NW", "ORC|QQ") + ORM.replace("FI1|WR2", "FI2|WR2"))
    done = command("orders", "test", "order.hl7", folder=tmp_path)
    assert done.returncode == 1
    assert "AE ORM^O01 MSG1: 103 Table value not found: ORC-1" in done.stdout
    assert "new order FI1" in done.stdout


def test_unmapped_procedures_are_listed(command: Callable[..., Any], tmp_path: Path) -> None:
    command("migrate", folder=tmp_path)
    done = command("orders", "unmapped", folder=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "the map knows every procedure that was ordered")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('[hl7]\naccession_number = ["OBR18"]', "OBR-18"),
        ('[hl7]\ncharacter_set = "klingon"', "no character set"),
        ('[hl7]\ntime_zone = "Berlin"', "no time zone"),
        ('[hl7]\ntls_certificate = "x.pem"', "belong together"),
        ("[worklist]\nagain_first_s = 100\nagain_longest_s = 10", "again_first_s is above"),
        (
            '[worklist]\nsources = [{host = "ris", ae_title = "A"}, {host = "ris", ae_title = "A"}]',
            "same ae_title",
        ),
        ('[worklist]\nsources = [{host = "ris", ae_title = "A", tls_ca = "x.pem"}]', "without tls = true"),
        ('[worklist]\nsources = [{host = "ris"}]', "ae_title"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(tmp_path: Path, written: str, says: str) -> None:
    file = tmp_path / "radrouter.toml"
    file.write_text(written)
    with pytest.raises(SettingsError, match=says):
        load(file)


def test_paths_of_a_source_count_from_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "radrouter.toml"
    file.write_text(
        '[orders]\nprocedures = "map.toml"\n'
        '[[worklist.sources]]\nhost = "ris"\nae_title = "RIS"\ntls = true\ntls_ca = "ca.pem"\n'
    )
    settings = load(file)
    assert settings.orders.procedures == tmp_path / "map.toml"
    assert settings.worklist.sources[0].tls_ca == tmp_path / "ca.pem"
