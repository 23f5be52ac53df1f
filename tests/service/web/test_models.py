"""Models: what runs, the card with its pictures, drift in words and pictures, shadow beside active."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.api.out_models import BaselineOut
from service.web.cards import card_html, picture_file

PNG = bytes.fromhex("89504e470d0a1a0a") + b"picture"
CARD = """# view

Names the *view*. <script>alert(1)</script> [bad](javascript:alert(1))

| figure | value |
|---|---:|
| accuracy | 0.94 |

## How good it is

![Confusion](confusion.png) ![Gone](gone.png) ![Elsewhere](https://example.org/a.png)
"""
SCANNER = {"ManufacturerModelName": ("DRX",), "StationName": ("ROOM1",)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "packs" / "view" / "1"
    made.mkdir(parents=True)
    (made / "confusion.png").write_bytes(PNG)
    (made / "pack.toml").write_text("secret = 1")
    (made / "unnamed.png").write_bytes(PNG)
    return made


@pytest.fixture
def looking(house: Any, open_pages: Any, folder: Path) -> Any:
    """The pages of a house whose clock can go forward, with a card, a shadow and a specialist."""
    house.now = datetime.now(UTC)
    (view,) = house.app().state.needs.models
    measured = BaselineOut(
        films=100, measured="a hundred", score_edges=(0.5, 0.9), score_films=(0, 3, 97), stated={"other": 100}
    )
    models = (
        view.model_copy(update={"card": CARD, "baseline": measured}),
        view.model_copy(update={"version": "2", "sha256": "b" * 64, "mode": "shadow", "card": ""}),
        view.model_copy(update={"name": "lung", "sha256": "c" * 64, "task": "classify", "card": ""}),
    )
    made = open_pages(models=models, card_folders={("view", "1"): folder}, clock=lambda: house.now)
    made.models = models
    return made


def test_what_runs_and_how_much_it_did(house: Any, looking: Any) -> None:
    house.receive(1)
    house.receive(2)
    house.analyse(finding=True)
    text = looking.person("reader").text("/models")
    assert "view 1 active names the view 2 accuracy 0.9" in text
    assert "view 2 shadow names the view 0" in text  # the house's analysis does not list its shadow as run
    assert "lung 1 active finds 2" in text


def test_a_figure_stands_beside_its_interval(open_pages: Any, house: Any) -> None:
    (model,) = house.app().state.needs.models
    stated = {"top1": 0.91, "top1_interval": "0.88 to 0.95", "odd_interval": "1 to 2"}
    reader = open_pages(models=(model.model_copy(update={"metrics": stated}),)).person("reader")
    assert "top1 0.91 (0.88 to 0.95) , odd interval 1 to 2" in reader.text("/models")
    assert "top1 0.91 0.88 to 0.95 odd interval 1 to 2" in reader.text("/models/view/1")


def test_without_models_the_page_says_what_to_do(open_pages: Any) -> None:
    assert "No model is installed" in open_pages(models=()).person("reader").text("/models")


def test_nobody_sees_models_or_pictures(pages: Any) -> None:
    for path in ("/models", "/models/view/1", "/models/view/1/card/confusion.png"):
        assert pages.nobody().get(path).status_code == 303


def test_the_card_is_shown_as_text_alone(looking: Any) -> None:
    page = looking.person("reader").get("/models/view/1").text
    assert "<em>view</em>" in page and "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page and 'href="javascript' not in page
    assert "style=" not in page.split("model-card")[1]
    assert '<td class="number">0.94</td>' in page
    assert "<h3>How good it is</h3>" in page
    assert '<img src="/models/view/1/card/confusion.png" alt="Confusion" loading="eager"' in page
    assert "gone.png" not in page and "Gone" in page
    assert "example.org" not in page and "Elsewhere" in page


def test_only_pictures_that_the_card_names_are_served(looking: Any) -> None:
    reader = looking.person("reader")
    answer = reader.get("/models/view/1/card/confusion.png")
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    for name in (
        "pack.toml",
        "unnamed.png",
        "gone.png",
        "..%2Fpack.toml",
        "%2e%2e%2f1%2fconfusion.png",
        "a\\b.png",
    ):
        assert reader.get(f"/models/view/1/card/{name}").status_code == 404, name
    assert reader.get("/models/view/2/card/confusion.png").status_code == 404
    assert reader.get("/models/view/7").status_code == 404
    assert reader.get("/models/nothing/1").status_code == 404


def test_no_path_and_no_link_leaves_the_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.png").write_bytes(PNG)
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    (folder / "sub").mkdir()
    (folder / "sub" / "a.png").write_bytes(PNG)
    card = "![a](link.png) ![b](../../../outside.png) ![c](sub/a.png) ![d](pack.toml) ![e](confusion.png)"
    for name in ("link.png", "../../../outside.png", "sub/a.png", "pack.toml"):
        assert picture_file(card, folder, name) is None, name
    assert picture_file(card, folder, "confusion.png") is not None
    shown = card_html(card, folder, "/models/view/1/card")
    assert shown.count("<img") == 1
    assert "<img" not in card_html(card, None, "/x")


def test_a_model_without_films_and_without_a_card(looking: Any) -> None:
    text = looking.person("reader").text("/models/view/2")
    assert "has answered no film yet" in text and "The pack has no card." in text
    assert "No film has been answered by both yet." in text
    assert "the pack states none" in text


def test_drift_is_said_in_words_with_pictures_and_tables(house: Any, looking: Any) -> None:
    for number in range(60):
        house.receive(number, attributes=SCANNER, study_instance_uid=f"1.2.{number}")
    house.analyse("chest_pa_ap", 0.97)
    reader = looking.person("reader")
    assert "The reference is being gathered" in reader.text("/models/view/1")
    # A month later: the clock of the house goes on, and what came today is what came first.
    house.now += timedelta(days=29)
    assert "No film came in these days." in reader.text("/models/view/1")
    # Films that came before the reference is over are looked at with a shorter one.
    first = (datetime.now(UTC) - timedelta(days=1)).date()
    path = f"/models/view/1?days=60&reference_days=1&reference_from={first - timedelta(days=30)}"
    text = reader.text(path)
    assert "too few films" in text and "60 now, 0 before" in text and "DRX, ROOM1 60 films" in text
    assert "Scores against the training baseline steady PSI" in text
    page = reader.get(path).text
    assert page.count('role="img"') == 2 and "<caption>Films by score</caption>" in page
    assert 'class="trained"' in page
    assert "has no such head" in reader.get("/models/view/1?head=mood").text
    assert reader.get("/models/view/1?days=0").status_code == 422
    assert reader.get("/models/view/1?days=7&reference_days=7&reference_from=").status_code == 200


def test_shadow_beside_active(house: Any, looking: Any) -> None:
    uid = house.receive(1)
    house.receive(2)
    house.analyse("hand_ap", 0.9)
    house.receive(3)
    house.analyse("chest_pa_ap", 0.9)
    reader = looking.person("reader")
    for path in ("/models/view/1", "/models/view/2"):
        text = reader.text(path)
        assert "The same on 2 of 3 films, 67%" in text
        assert "chest pa ap 90% hand ap 50%" in text
    assert f"#film-{uid}" not in reader.get("/models/view/1").text  # they agree on that one
    assert "Shadow and active" not in reader.text("/models/lung/1")


def test_findings_of_a_specialist(house: Any, looking: Any) -> None:
    house.receive(1)
    house.analyse(finding=True)
    text = looking.person("reader").text("/models/lung/1?days=7&reference_days=1&reference_from=2026-01-01")
    assert "only stated findings are kept" in text
