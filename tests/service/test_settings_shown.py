"""The settings as a page shows them: all of them, where each came from, and nothing that opens a door."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.settings import load
from service.settings_shown import hidden, shown

SECRETS = ("geheim", "f" * 64, "hush")


def test_every_setting_is_shown_with_its_source_and_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "radrouter.toml"
    file.write_text(
        'database.url = "postgresql://me:geheim@db.example/radrouter"\n'
        "[listener]\nport = 104\n"
        '[oidc]\nissuer = "https://idp.example"\nclient_id = "radrouter"\nclient_secret = "hush"\n'
        f'[[api.tokens]]\nname = "ward"\nrole = "reader"\nsha256 = "{"f" * 64}"\n'
    )
    monkeypatch.setenv("RADROUTER_LISTENER__PORT", "11113")
    found = {each.name: each for each in shown(load(file))}
    assert (found["listener.port"].value, found["listener.port"].source) == ("11113", "environment")
    assert found["database.url"].value == '"postgresql://me:***@db.example/radrouter"'
    assert (found["database.url"].source, found["listener.host"].source) == ("file", "default")
    assert "ward" in found["api.tokens"].value and found["listener.port"].meaning
    everything = " ".join(each.value for each in found.values())
    assert not [secret for secret in SECRETS if secret in everything]


@pytest.mark.parametrize(
    ("value", "name", "seen"),
    [
        ("x", "client_secret", "(hidden)"),
        ("", "client_secret", ""),
        (Path("/etc/key.pem"), "tls_key", Path("/etc/key.pem")),
        (
            {"headers": {"password": "x", "name": "y"}},
            "target",
            {"headers": {"password": "(hidden)", "name": "y"}},
        ),
        (["postgresql://a:b@h/d", 3], "urls", ["postgresql://a:***@h/d", 3]),
    ],
)
def test_what_is_hidden(value: object, name: str, seen: object) -> None:
    assert hidden(value, name) == seen
