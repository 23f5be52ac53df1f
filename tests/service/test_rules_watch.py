"""Rules published into their file: whole or not at all, in force at once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from router.errors import RulesError
from service.rules_watch import RulesWatch
from service.sections import SHIPPED_RULES

CHEST = '[[rule]]\nname = "chest"\nwhen = { view = ["chest_pa_ap"] }\nanalyse = ["lung"]\n'
HAND = CHEST.replace("chest_pa_ap", "hand_ap").replace('"chest"', '"hand"')


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rules.toml"


def watching(file: Path) -> RulesWatch:
    return RulesWatch(file, installed=(), until_then=SHIPPED_RULES)


def names(watch: RulesWatch) -> list[str]:
    return [rule.name for rule in watch.current.rules]


def test_the_shipped_rules_decide_until_there_is_a_file(file: Path) -> None:
    watch = watching(file)
    assert watch.file == SHIPPED_RULES
    file.write_text(HAND)
    assert watch.refresh()
    assert (watch.file, names(watch)) == (file, ["hand"])


def test_a_named_file_that_is_not_there_stops_the_start(file: Path) -> None:
    with pytest.raises(RulesError, match="cannot be read"):
        RulesWatch(file, installed=())


ABSENT = CHEST.replace('"lung"', '"onemed_skin+lung", "mole"')


def test_a_pack_that_is_yet_to_come_is_told_with_what_installs_it_and_stops_nothing(file: Path) -> None:
    file.write_text(ABSENT)
    watch = watching(file)
    assert names(watch) == ["chest"]
    skin, mole = watch.missing
    assert skin.startswith('rule "chest" asks for the model pack "onemed_skin", which is not installed')
    assert "`radrouter models install onemed --from FOLDER`" in skin
    assert "`radrouter models import FILE --name mole --licence LICENCE`" in mole
    assert RulesWatch(file, installed=("onemed_skin", "mole")).missing == ()


def test_a_file_that_names_a_missing_pack_is_taken_over_and_warned_of(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watch = watching(file)
    assert watch.missing == ()
    file.write_text(ABSENT)
    assert watch.refresh()
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [*watch.missing]


@pytest.mark.parametrize("name", ["view", "Mole", "two words", "../mole"])
def test_what_no_pack_can_be_called_is_a_mistake(file: Path, name: str) -> None:
    file.write_text(CHEST.replace('"lung"', f'"{name}"'))
    with pytest.raises(RulesError, match=f'rule "chest": the model "{name}" is unknown'):
        watching(file)


def test_a_draft_that_names_a_missing_pack_is_refused(file: Path) -> None:
    watch = watching(file)
    with pytest.raises(RulesError, match='rule "chest": the model "onemed_skin" is unknown'):
        watch.publish(ABSENT)
    assert not file.exists()


def test_a_publication_is_in_force_here_at_once_and_elsewhere_at_the_next_look(file: Path) -> None:
    watch, other = watching(file), watching(file)
    watch.publish(CHEST)
    assert names(watch) == ["chest"]
    assert other.refresh()
    assert names(other) == ["chest"]
    assert file.read_text() == CHEST


def test_a_draft_that_is_not_valid_changes_nothing(file: Path) -> None:
    watch = watching(file)
    watch.publish(CHEST)
    with pytest.raises(RulesError, match="hand"):
        watch.publish(HAND.replace("view", "vieew"))
    assert file.read_text() == CHEST
    assert [each.name for each in file.parent.iterdir()] == ["rules.toml"]


def test_the_file_keeps_its_mode(file: Path) -> None:
    file.write_text(HAND)
    file.chmod(0o640)
    watching(file).publish(CHEST)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_folder_that_cannot_be_written_is_told_and_the_old_rules_stay(tmp_path: Path) -> None:
    watch = watching(tmp_path / "no folder" / "rules.toml")
    with pytest.raises(RulesError, match="cannot be written: No such file or directory"):
        watch.publish(CHEST)
    assert watch.file == SHIPPED_RULES


def test_when_the_own_file_is_taken_away_the_shipped_rules_come_back(file: Path) -> None:
    watch = watching(file)
    watch.publish(CHEST)
    file.unlink()
    assert watch.refresh()
    assert watch.current.sources == SHIPPED_RULES.read_text()
