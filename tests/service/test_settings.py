"""Settings: a file, the environment, and one sentence when something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PackError, SettingsError
from service.settings import load
from service.settings_page import tables
from service.wiring import running_packs

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RADROUTER_CONFIG", raising=False)
    return tmp_path


def test_an_empty_folder_gives_a_service_on_this_machine_alone(empty_folder: Path) -> None:
    settings = load()
    assert (settings.listener.host, settings.api.host) == ("127.0.0.1", "127.0.0.1")
    assert settings.database_url == f"sqlite:///{empty_folder / 'var' / 'radrouter.db'}"
    assert settings.objects_folder == empty_folder / "var" / "objects"
    assert settings.rules_in_use.name == "default_rules.toml"


def test_the_environment_wins_over_the_file(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / "radrouter.toml").write_text('[listener]\nport = 104\nae_title = "FILE"\n')
    monkeypatch.setenv("RADROUTER_LISTENER__PORT", "4242")
    settings = load()
    assert (settings.listener.port, settings.listener.ae_title) == (4242, "FILE")


def test_relative_paths_count_from_the_settings_file(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_folder / "etc").mkdir()
    (empty_folder / "etc" / "my.toml").write_text(
        '[storage]\nfolder = "data"\n[models]\nfolders = ["packs"]\n'
    )
    monkeypatch.setenv("RADROUTER_CONFIG", "etc/my.toml")
    settings = load()
    assert settings.storage.folder == empty_folder / "etc" / "data"
    assert settings.models.folders == (empty_folder / "etc" / "packs",)


def test_lists_in_the_environment_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RADROUTER_LISTENER__ALLOWED_NETWORKS", '["10.1.2.3/16"]')
    assert load().listener.allowed_networks == ("10.1.0.0/16",)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("[listener]\nprot = 104", "setting listener.prot in .*: there is no such setting"),
        ("[listner]\nport = 104", "setting listner in .*: there is no such setting"),
        ("[listener]\nport = 70000", "setting listener.port in .*65535"),
        ("[listener]\nae_title = 'SEVENTEEN_LETTERS'", "an AE title has 1 to 16"),
        ("[listener]\nallowed_networks = ['10.1.0.0/99']", "is not an IP address or network"),
        ("[listener]\ntls_key = 'a.pem'", "belong together"),
        ("[listener]\ntls_ca = 'a.pem'", "need tls_certificate"),
        (
            "[listener]\ntls_certificate='a'\ntls_key='b'\ntls_require_client_certificate=true",
            "needs tls_ca",
        ),
        ("[storage]\nhard_free_fraction = 0.5", "the alert must come before the refusal"),
        ("[api]\nhost = '0.0.0.0'", "name at least one token"),
        ("[api]\ntokens = [{name='a', role='king', sha256='" + "0" * 64 + "'}]", r"api.tokens.0.role"),
        ("[storage", "cannot be read"),
        ("[worker]\nbatch = 0\nlease_s = 1", r"worker.batch .*\(and 1 more\)"),
    ],
)
def test_a_mistake_is_one_sentence(empty_folder: Path, written: str, says: str) -> None:
    (empty_folder / "radrouter.toml").write_text(written)
    with pytest.raises(SettingsError, match=says) as refused:
        load()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("RADROUTER_LISTNER__PORT", "names no section"),
        ("RADROUTER_DATABASE_URL", "it takes two"),
        ("RADROUTER_LISTENER__PROT", "there is no such setting"),
        ("RADROUTER_API__TOKENS", "lists and tables are JSON"),
    ],
)
def test_a_misspelt_variable_is_not_ignored(
    monkeypatch: pytest.MonkeyPatch, variable: str, says: str
) -> None:
    monkeypatch.setenv(variable, "x")
    with pytest.raises(SettingsError, match=says):
        load()


def test_a_named_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SettingsError, match="is not there"):
        load(Path("absent.toml"))


def test_the_page_shows_every_setting_as_the_code_has_it() -> None:
    assert tables() in (CHECKOUT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_the_pages_example_is_valid(empty_folder: Path) -> None:
    page = (CHECKOUT / "docs" / "settings.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    (empty_folder / "radrouter.toml").write_text(example)
    assert load().api.tokens[0].role == "reader"


def test_a_sites_thresholds_reach_the_packs(empty_folder: Path) -> None:
    (empty_folder / "radrouter.toml").write_text("[models.thresholds.view]\nhand_ap = 0.87\n")
    (view,) = (pack for pack in running_packs(load()) if pack.manifest.name == "view")
    assert view.manifest.outputs["view"].thresholds["hand_ap"] == 0.87


def test_thresholds_of_what_no_pack_states_stop_the_start(empty_folder: Path) -> None:
    file = empty_folder / "radrouter.toml"
    file.write_text("[models.thresholds.view]\nhand_pa = 0.87\n")
    with pytest.raises(PackError, match=r"models\.thresholds names 'hand_pa', which it cannot state"):
        running_packs(load())
    file.write_text("[models.thresholds.view]\nhand_ap = 1.2\n")
    with pytest.raises(SettingsError, match=r"setting models\.thresholds\.view\.hand_ap in .*1"):
        load()
