"""The command line: it teaches, it checks, and a mistake is one sentence and exit code 1."""

from __future__ import annotations

import hashlib
import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(300)  # a test runs the command line several times over

Command = Callable[..., Any]
Film = Callable[..., str]
FREE = {f"RADROUTER_{name}__PORT": "0" for name in ("LISTENER", "API", "HL7")}


def check(command: Command, folder: Path, **environment: str) -> tuple[int, dict[str, Any]]:
    done = command("check", "--json", folder=folder, **(FREE | environment))
    report = json.loads(done.stdout)
    return done.returncode, {each["name"]: each for each in report["checks"]}


def test_help_names_every_command_and_shows_first_steps(command: Command, tmp_path: Path) -> None:
    said = command("--help", folder=tmp_path).stdout
    for word in (
        "serve",
        "scp",
        "worker",
        "api",
        "migrate",
        "copy-database",
        "check",
        "send",
        "import",
        "demo",
        "models",
        "rules",
    ):
        assert re.search(rf"│ {word} ", said), word
    assert "radrouter send FOLDER" in said


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (["serve"], {"RADROUTER_LISTENER__PORT": "x"}, "setting listener.port"),
        (["worker"], {"RADROUTER_RULES__FILE": "absent.toml"}, "the rules file .*absent.toml cannot be read"),
        (["api"], {"RADROUTER_MODELS__ACTIVE": '{"view": "99"}'}, "not installed"),
        (["serve"], {"RADROUTER_DATABASE__URL": "mysql://x"}, "not mysql"),
        (["serve"], {"RADROUTER_DATABASE__URL": "sqlite:///other.db"}, "run `radrouter migrate`"),
        (["send", "."], FREE, "no connection|cannot"),
        (["--config", "absent.toml", "check"], {}, "is not there"),
        (["backup", "copy"], {}, "no database"),
        (["copy-database", "absent.db"], {}, "no database to copy at absent.db"),
    ],
)
def test_a_mistake_is_one_sentence(
    command: Command, tmp_path: Path, film: Film, arguments: list[str], environment: dict[str, str], says: str
) -> None:
    film(tmp_path / "film.dcm")
    done = command(*arguments, folder=tmp_path, **environment)
    said = done.stderr + done.stdout
    assert done.returncode == 1, said
    assert re.search(says, said), said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) <= 4, said


def test_a_taken_port_is_said_at_the_start(command: Command, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = command("serve", folder=tmp_path, RADROUTER_LISTENER__PORT=port)
    assert done.returncode == 1
    assert f"listener.port: 127.0.0.1:{port} cannot be had" in done.stderr


def test_a_fresh_folder_is_in_order(command: Command, tmp_path: Path) -> None:
    code, found = check(command, tmp_path)
    assert code == 0
    assert found["database"]["verdict"] == "warning"
    assert {found[name]["verdict"] for name in ("settings", "rules", "storage", "listener", "api")} == {"ok"}


def test_orphans_and_missing_files_are_listed_with_what_to_do(
    command: Command, tmp_path: Path, film: Film
) -> None:
    (tmp_path / "archive").mkdir()
    for name in ("a", "b"):
        film(tmp_path / "archive" / f"{name}.dcm")
    command("migrate", folder=tmp_path)
    assert command("import", "archive", folder=tmp_path).returncode == 0
    code, found = check(command, tmp_path)
    assert (code, found["orphans"]["items"], found["missing"]["items"]) == (0, [], [])
    objects = tmp_path / "var" / "objects"
    lost, *_ = sorted(objects.rglob("*.dcm"))
    lost.rename(lost.with_name("1.2.3.0123456789abcdef.dcm"))
    code, found = check(command, tmp_path)
    assert code == 1
    assert found["missing"]["items"] == [str(lost.relative_to(objects))]
    assert found["orphans"]["items"] == [
        str(lost.with_name("1.2.3.0123456789abcdef.dcm").relative_to(objects))
    ]
    assert found["missing"]["do"] and found["orphans"]["do"]


@pytest.mark.parametrize(
    ("environment", "name", "says"),
    [
        ({"RADROUTER_STORAGE__SOFT_FREE_FRACTION": "0.999"}, "storage", "analysis pauses"),
        ({"RADROUTER_RULES__FILE": "absent.toml"}, "rules", "cannot be read"),
        ({"RADROUTER_MODELS__SHADOW": '["view@99"]'}, "models", "not installed"),
        ({"RADROUTER_LISTENER__PROT": "1"}, "settings", "no such setting"),
    ],
)
def test_each_trouble_is_named(
    command: Command, tmp_path: Path, environment: dict[str, str], name: str, says: str
) -> None:
    _, found = check(command, tmp_path, **environment)
    assert says in found[name]["says"]
    assert found[name]["do"]


def test_an_import_is_resumed_and_says_what_it_refused(command: Command, tmp_path: Path, film: Film) -> None:
    deep = tmp_path / "archive" / "2019" / "01"
    deep.mkdir(parents=True)
    for number in range(3):
        film(deep / f"{number}.dcm")
    (deep / "notes.txt").write_text("no film")
    dry = command("import", "archive", "--dry-run", folder=tmp_path)
    assert "dry run" in dry.stdout
    assert not (tmp_path / "var" / "objects").exists()
    command("migrate", folder=tmp_path)
    first, again = (command("import", "archive", folder=tmp_path).stdout for _ in range(2))
    assert re.search(r"3 +│ taken in", first)
    assert re.search(r"3 +│ there already", again)
    for said in (dry.stdout, first, again):
        assert re.search(r"1 +│ refused", said)
        assert "not a DICOM file" in said
        assert "notes.txt" in said
    assert len(list((tmp_path / "var" / "objects").rglob("*.dcm"))) == 3


def test_an_orphan_gets_its_row_by_importing_it(command: Command, tmp_path: Path, film: Film) -> None:
    (tmp_path / "archive").mkdir()
    film(tmp_path / "archive" / "a.dcm")
    command("migrate", folder=tmp_path)
    command("import", "archive", folder=tmp_path)
    for name in ("radrouter.db", "radrouter.db-wal", "radrouter.db-shm"):
        (tmp_path / "var" / name).unlink(missing_ok=True)
    command("migrate", folder=tmp_path)
    assert len(check(command, tmp_path)[1]["orphans"]["items"]) == 1
    said = command("import", "var/objects", folder=tmp_path).stdout
    assert "taken in" in said
    assert "refused" not in said
    assert check(command, tmp_path)[1]["orphans"]["items"] == []


def test_a_backup_is_a_whole_service_again(command: Command, tmp_path: Path, film: Film) -> None:
    (tmp_path / "archive").mkdir()
    film(tmp_path / "archive" / "a.dcm")
    command("migrate", folder=tmp_path)
    command("import", "archive", folder=tmp_path)
    for _ in range(2):
        done = command("backup", "copy", folder=tmp_path)
        assert done.returncode == 0, done.stderr
    assert "0 objects copied, 1 were there already" in done.stdout
    code, found = check(command, tmp_path, RADROUTER_STORAGE__FOLDER="copy")
    assert (code, found["database"]["verdict"], found["missing"]["items"]) == (0, "ok", [])
    assert (tmp_path / "copy" / "rules.toml").is_file()


def test_a_database_moves_to_postgresql_with_all_that_is_in_it(
    command: Command, tmp_path: Path, film: Film, new_postgresql: Callable[..., Any]
) -> None:
    (tmp_path / "archive").mkdir()
    film(tmp_path / "archive" / "a.dcm")
    command("migrate", folder=tmp_path)
    command("import", "archive", folder=tmp_path)
    with new_postgresql() as url:
        grown = {"RADROUTER_DATABASE__URL": url}
        file = "var/radrouter.db"
        early = command("copy-database", file, folder=tmp_path, **grown)
        assert early.returncode == 1 and "run `radrouter migrate`" in early.stderr
        command("migrate", folder=tmp_path, **grown)
        done = command("copy-database", file, folder=tmp_path, **grown)
        assert done.returncode == 0, done.stderr
        assert re.search(r"\b1 +instance$", done.stdout, re.MULTILINE)
        assert "left  web_session: people sign in again" in done.stdout
        assert "SENTINEL" not in done.stdout + done.stderr
        code, found = check(command, tmp_path, **grown)
        assert (code, found["database"]["verdict"]) == (0, "ok")
        assert found["missing"]["items"] == found["orphans"]["items"] == []
        again = command("copy-database", file, folder=tmp_path, **grown)
        assert again.returncode == 1 and "not empty" in again.stderr and "instance" in again.stderr


def test_a_token_and_its_hash_belong_together(command: Command, tmp_path: Path) -> None:
    said = command("token", 'the "wall"', "--role", "reviewer", folder=tmp_path).stdout.splitlines()
    token = next(line for line in said if re.fullmatch(r"[\w-]{43}", line))
    (tmp_path / "radrouter.toml").write_text("\n".join(said[said.index("[[api.tokens]]") :]))
    assert f'sha256 = "{hashlib.sha256(token.encode()).hexdigest()}"' in said
    code, found = check(command, tmp_path)
    assert (code, found["settings"]["verdict"]) == (0, "ok")


def test_a_rules_file_is_checked(command: Command, tmp_path: Path) -> None:
    good = '[[rule]]\nname = "all"\nwhen = { modality = ["CR"] }\nanalyse = ["lung"]\n'
    (tmp_path / "good.toml").write_text(good)
    (tmp_path / "typo.toml").write_text(good.replace("lung", "lnug"))
    assert "valid" in command("rules", "check", "good.toml", folder=tmp_path).stdout
    wrong = command("rules", "check", "typo.toml", folder=tmp_path)
    assert wrong.returncode == 1
    assert "lnug" in wrong.stderr


def test_rules_are_explained_for_a_film(command: Command, tmp_path: Path, film: Film) -> None:
    film(tmp_path / "film.dcm")
    rules = '[[rule]]\nname = "hands only"\nwhen = { body_part_examined = ["HAND"] }\ndestinations = ["A"]\n'
    (tmp_path / "rules.toml").write_text(rules)
    done = command("rules", "explain", "film.dcm", "--rules", "rules.toml", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "hands only does not match" in done.stdout
    assert "CHEST" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("onemed",), "say where the files of onemed are"),
        (("nncpr", "--from", "."), "NNCPR is fetched from its repository"),
        (("radlens", "--from", "."), "no model of radlens is under"),
    ],
)
def test_published_models_are_installed_from_files_that_are_there(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = command("models", "install", *arguments, folder=tmp_path)
    assert done.returncode != 0
    assert sentence in " ".join(done.stderr.split())
    assert not (tmp_path / "var" / "packs").exists()


def test_models_are_listed_with_their_empty_slots(command: Command, tmp_path: Path) -> None:
    done = command("models", "list", folder=tmp_path)
    assert done.returncode == 0
    assert "imported packs go to" in done.stdout
