"""A pack is taken only when it says what it is, is what it says, and stays in its folder."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from classifiers.detectmanifest import Detect, OneName
from classifiers.film import Accepts
from classifiers.manifest import (
    Classes,
    Gate,
    Manifest,
    Output,
    RejectByClass,
    RejectByEnergy,
    RejectByHead,
    Task,
    Values,
)
from classifiers.packfile import parse
from classifiers.packs import MANIFEST, Pack, choose, find_packs, load_pack, version_key, weights_digest
from classifiers.packtext import render
from router.errors import PackError
from router.types import Mode

MakePack = Callable[..., Pack]


def edit(pack: Pack, old: str, new: str) -> None:
    """Change the pack's manifest by hand."""
    text = (pack.folder / MANIFEST).read_text()
    assert old in text
    (pack.folder / MANIFEST).write_text(text.replace(old, new, 1))


def test_a_written_pack_is_read_back_as_it_was(make_pack: MakePack) -> None:
    pack = make_pack(gate=Gate(margin=0.3, min_score=0.1), metrics={"accuracy": 0.9, "note": 'said "so"\n\\'})
    again = load_pack(pack.folder)
    assert again == pack
    assert str(again.ref) == "view@1"


def test_every_part_of_a_manifest_survives_writing_and_reading(tiny_manifest: Manifest) -> None:
    head = Output(
        name="out",
        values=Values.LOGITS,
        labels=("chest_pa_ap", "other"),
        temperature=(1.5, 2.0),
        bias=(0.0, -1.0),
        thresholds={"chest_pa_ap": 0.25},
    )
    known = Output(name="k", values=Values.LOGITS, labels=("other",), classes=Classes.INDEPENDENT)
    manifest = replace(
        tiny_manifest,
        outputs={"view": head, "known": known},
        mode=Mode.SHADOW,
        reject=(
            RejectByClass(threshold=0.5),
            RejectByEnergy(centre=3.5, width=0.5, threshold=0.6),
            RejectByHead(head="known", threshold=0.7),
        ),
    )
    assert parse(render(manifest), "view/1") == manifest


def test_the_manifest_that_the_documentation_shows_is_valid() -> None:
    page = (Path(__file__).parents[2] / "docs" / "packs.md").read_text()
    shown = page.split("```toml\n")[1].split("```")[0]
    manifest = parse(shown, "view/1")
    assert parse(render(manifest), "view/1") == manifest
    assert [type(reject) for reject in manifest.reject] == [RejectByClass, RejectByEnergy, RejectByHead]


def shown_detect(page: str) -> str:
    """The manifest of task detect that the documentation shows, whole: its first part is the page's first."""
    first, second = (page.split("```toml\n")[i].split("```")[0] for i in (1, 2))
    shared = re.sub(r"(?m)^name +=.*", 'name = "ossicle"', first, count=1)
    shared = re.sub(r"(?m)^task +=.*", 'task = "detect"', shared)
    return shared[: shared.index("[output.view]")] + second


PAGE = (Path(__file__).parents[2] / "docs" / "packs.md").read_text()


def test_the_detecting_manifest_that_the_documentation_shows_is_valid() -> None:
    manifest = parse(shown_detect(PAGE), "ossicle/1")
    assert manifest.detect is not None
    assert manifest.detect.closer is not None
    assert manifest.detect.closer.sites["hindfoot"] == ("os_trigonum",)
    assert manifest.detect.closer.everywhere == ("os_trigonum",)
    assert manifest.detect.image_weight == (0.5, 0.5, 0.0, 0.0)
    assert manifest.detect.box_size == (1.1, 1.0, 1.0, 1.0)
    assert manifest.detect.one_name == OneName(labels=("os_trigonum", "accessory_navicular"), overlap=0.3)
    assert parse(render(manifest), "ossicle/1") == manifest


def test_the_words_of_a_shut_gate_survive_being_written(make_pack: Callable[..., Pack]) -> None:
    outputs = {"classify": Output(name="view", values=Values.LOGITS, labels=("a", "b", "c"))}
    gate = Gate(margin=0.5, otherwise="image quality not good enough to be analysed")
    pack = make_pack(name="eye", task=Task.CLASSIFY, outputs=outputs, gate=gate)
    assert load_pack(pack.folder).manifest.gate == gate


def test_a_detecting_manifest_without_what_is_optional_survives_too() -> None:
    manifest = parse(shown_detect(PAGE), "ossicle/1")
    bare = replace(
        manifest,
        outputs={"detect": manifest.outputs["detect"]},
        detect=Detect(boxes="boxes", overlap=0.5, most=1),
        input=replace(manifest.input, window=(-600.0, 1500.0), accepts=Accepts.CT, margin=6),
    )
    assert parse(render(bare), "ossicle/1") == bare


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[detect]\n", "[detect]\ncolour = 1\n", "[detect] has no key 'colour'"),
        ("boxes        =", "# boxes", "[detect] lacks 'boxes'"),
        ("overlap      = 0.5", "overlap = 1.5", "overlap = 1.5 is not from 0 to 1"),
        ("most         = 5", "most = 0", "most = 0 is not a whole number"),
        ("[0.5, 0.5, 0, 0]", "[0.5, 0.5]", "image_weight = [0.5, 0.5] is not a list of 4 numbers"),
        ("[1.1, 1, 1, 1]", "[1.1]", "box_size = [1.1] is not a list of 4 numbers"),
        ("[1.1, 1, 1, 1]", "[1.1, 0, 1, 1]", "box_size = 0 is not from 0.25 to 4"),
        (
            "[0.5, 0.5, 0, 0]",
            "[0.5, 0.5, 0.1, 0]",
            "weighs 'hindfoot', which [output.classify]",
        ),
        ('classes     = "independent" ', 'classes = "exclusive"', "needs heads with classes = 'independent'"),
        ("[output.classify]", "[output.further]", "knows no head 'further'"),
        ("context   = 1.6", "context = 0.5", "context = 0.5 is not from 1"),
        ("threshold = 0.3", "threshold = 3", "threshold = 3 is not from 0 to 1"),
        ("threshold = 0.3", "threshold = 0.3\nzoom = 2", "[detect.closer] has no key 'zoom'"),
        (
            'everywhere = ["os_trigonum"]',
            'everywhere = ["hindfoot"]',
            "looks everywhere for 'hindfoot', which is looked for at no site",
        ),
        (
            'hindfoot = ["os_trigonum"]',
            'heel = ["os_trigonum"]',
            "names 'heel', which is not",
        ),
        ('["os_trigonum"]\nmid', '["bone"]\nmid', "names 'bone', which is not one of the labels"),
        ('["os_trigonum"]\nmid', '["midfoot"]\nmid', "names 'midfoot' both as a site and as"),
        ('["os_trigonum"]\nmid', "[]\nmid", "hindfoot is not a list of names"),
        ("os_trigonum         = 0.4", "hindfoot = 0.4", "names 'hindfoot', which has a threshold"),
        (
            '["os_trigonum", "accessory_navicular"]   #',
            '["os_trigonum", "hindfoot"] #',
            "[detect.one_name] names 'hindfoot', which has no threshold",
        ),
        ('["os_trigonum", "accessory_navicular"]   #', '["os_trigonum"] #', "names one label: at least two"),
        ("overlap = 0.3 ", "overlap = 3 ", "overlap = 3 is not from 0 to 1"),
        ('mode          = "active"', 'mode = "member"', "mode = 'member' is not one of active, shadow"),
        ("colour   = false", "colour = true", "colour needs channels = 3"),
        ("colour   = false", "colour = 0", "colour = 0 is not true or false"),
        ("# window = [-600, 1500]", "window = [-600, 0] #", "window has a width below 1"),
        ("# margin = 6", "margin = 65", "at most a quarter of the height"),
        ("# margin = 6", "margin = -1", "margin = -1 is not a whole number from 0"),
        ('fit      = "film"', 'fit = "stretch"\nmargin = 6', "margin needs fit = 'film'"),
        ("# window = [-600, 1500]", "window = [-600, 1500] #", "so it needs accepts = 'ct'"),
        ('accepts  = "radiograph"', 'accepts = "film"', "accepts = 'film' is not one of radiograph, photo"),
    ],
)
def test_a_wrong_detecting_manifest_is_refused_in_one_sentence(old: str, new: str, sentence: str) -> None:
    text = shown_detect(PAGE)
    assert old in text
    with pytest.raises(PackError) as refused:
        parse(text.replace(old, new, 1), "ossicle/1")
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("pack ossicle/1:")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [("[output.detect", "[output] lacks the head 'detect'"), ("[detect", "lacks 'detect'")],
)
def test_a_detecting_manifest_without_its_tables_is_refused(table: str, sentence: str) -> None:
    with pytest.raises(PackError, match=re.escape(sentence)):
        parse(shown_detect(PAGE).replace(table, table.replace("detect", "places")), "ossicle/1")


def test_only_a_detecting_pack_has_boxes() -> None:
    page = PAGE.split("```toml\n")[1].split("```")[0]
    with pytest.raises(PackError, match="has no key 'detect'"):
        parse(page.replace("[gate] ", '[detect]\nboxes = "b"\noverlap = 0.5\nmost = 1\n[gate] '), "view/1")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('licence = "CC0-1.0"', 'licence = "CC0-1.0"\ncolour = "blue"', "has no key 'colour'"),
        ('layout = "NHWC"', 'layout = "NHWC"\ngamma = 2', "[input] has no key 'gamma'"),
        ('licence = "CC0-1.0"', "", "lacks 'licence'"),
        ('task = "view"', 'task = "segment"', "task = 'segment' is not one of view, classify, detect"),
        ("width = 16", "width = 16.5", "width = 16.5 is not a whole number"),
        ("height = 16", "height = true", "height = True is not a whole number"),
        ("mean = [0.0]", "mean = [0.0, 0.0]", "is not a list of 1 numbers"),
        ("scale = [1.0]", "scale = [0.0]", "scale holds a 0"),
        ("margin = 0.0", "margin = 1.5", "[gate] margin = 1.5 is not from 0 to 1"),
        ("margin = 0.0", "margin = nan", "is not a finite number"),
        ('"hand_ap"', '"elbow_of_a_bird"', "'elbow_of_a_bird', which is not a view"),
        ('"hand_ap"', '"knee_ap"', "names 'knee_ap' twice"),
        ("[output.view]", "[output.shape]", "lacks the head 'view'"),
        ('fit = "stretch"', 'fit = "film"\n', None),
        ("temperature = [1.0]", "temperature = [0.0]", "temperature must be above 0"),
        ("[gate]", '[[reject]]\nrule = "luck"\nthreshold = 0.5\n[gate]', "rule = 'luck' is not one of"),
        ("[gate]", '[[reject]]\nrule = "class"\nthreshold = 0.5\n[gate]', "must come together"),
        ("[gate]", '[[reject]]\nrule = "head"\nhead = "x"\nthreshold = 0.5\n[gate]', "needs a head 'x'"),
        ("[gate]", "[gate", "is not TOML"),
        ('name = "view"', 'name = "../view"', "name = '../view' is not a text that can stand there"),
        ('version = "1"', 'version = "2"', "must lie in a folder of that name"),
        ('path = "saved_model"', 'path = "../../../etc"', "leaves the pack's folder"),
        ('path = "saved_model"', 'path = "/etc"', "leaves the pack's folder"),
        ('path = "saved_model"', 'path = "network"', "are not there"),
        ('runtime = "openvino"', 'runtime = "onnx"', "is not one of openvino, tensorflow"),
    ],
)
def test_a_wrong_manifest_is_refused_in_one_sentence_that_names_the_pack(
    make_pack: MakePack, old: str, new: str, sentence: str | None
) -> None:
    pack = make_pack()
    edit(pack, old, new)
    if sentence is None:
        load_pack(pack.folder)
        return
    with pytest.raises(PackError) as refused:
        load_pack(pack.folder)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("pack view/1:")
    assert "\n" not in str(refused.value)


def test_changed_weights_are_refused(make_pack: MakePack) -> None:
    pack = make_pack()
    graph = pack.weights / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:-1] + b"\x00")
    with pytest.raises(PackError, match=r"^pack view/1: the weights were changed: sha256 is [0-9a-f]{64}"):
        load_pack(pack.folder)


def test_a_file_added_to_a_saved_model_is_a_change(make_pack: MakePack) -> None:
    pack = make_pack()
    (pack.weights / "assets" / "extra").write_text("x")
    with pytest.raises(PackError, match="the weights were changed"):
        load_pack(pack.folder)


def test_a_link_out_of_the_pack_is_refused(make_pack: MakePack, tmp_path: Path) -> None:
    pack = make_pack()
    (tmp_path / "secret").write_text("x")
    (pack.weights / "assets" / "extra").symlink_to(tmp_path / "secret")
    with pytest.raises(PackError, match="leaves the pack's folder"):
        load_pack(pack.folder)


def test_the_digest_is_what_sha256sum_gives(make_pack: MakePack) -> None:
    pack = make_pack()
    command = "find saved_model -type f | LC_ALL=C sort | xargs sha256sum | sha256sum"
    printed = subprocess.run(command, shell=True, cwd=pack.folder, check=True, capture_output=True, text=True)
    assert weights_digest(pack.folder, pack.manifest.weights) == printed.stdout.split()[0] == pack.ref.sha256


def test_packs_are_found_lowest_version_first_and_other_folders_passed_over(
    make_pack: MakePack, tmp_path: Path
) -> None:
    for version in ("10", "9", "1.10", "1.9"):
        make_pack(version=version)
    (tmp_path / "packs" / ".git" / "1").mkdir(parents=True)
    found = find_packs([tmp_path / "packs", tmp_path / "absent"])
    assert [pack.manifest.version for pack in found] == ["1.9", "1.10", "9", "10"]


def test_a_version_folder_without_a_manifest_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "packs" / "view" / "3").mkdir(parents=True)
    with pytest.raises(PackError, match=r"^pack view/3: pack.toml cannot be read"):
        find_packs([tmp_path / "packs"])


def test_the_same_pack_in_two_folders_is_an_error(make_pack: MakePack, tmp_path: Path) -> None:
    pack = make_pack()
    (tmp_path / "more" / "view").mkdir(parents=True)
    pack.folder.rename(tmp_path / "more" / "view" / "1")
    make_pack()
    with pytest.raises(PackError, match="is also in"):
        find_packs([tmp_path / "packs", tmp_path / "more"])


@pytest.mark.parametrize(
    ("marked", "active", "shadow", "running"),
    [
        ({"1": "active"}, {}, (), ["1 active"]),
        ({"1": "active", "2": "active"}, {}, (), ["2 active"]),
        ({"1": "active", "2": "shadow"}, {}, (), ["1 active", "2 shadow"]),
        ({"9": "active", "10": "active"}, {}, (), ["10 active"]),
        ({"1": "active", "2": "active"}, {"view": "1"}, (), ["1 active"]),
        ({"1": "active", "2": "active"}, {"view": "1"}, ("view@2",), ["1 active", "2 shadow"]),
        ({"1": "active", "2": "active"}, {}, ("view@2",), ["1 active", "2 shadow"]),
        ({"1": "active", "2": "shadow"}, {"view": "2"}, (), ["2 active"]),
        ({"1": "shadow"}, {}, (), ["1 shadow"]),
    ],
)
def test_one_version_is_active_and_shadows_run_beside_it(
    make_pack: MakePack,
    marked: dict[str, str],
    active: dict[str, str],
    shadow: tuple[str, ...],
    running: list[str],
) -> None:
    packs = [make_pack(version=version, mode=Mode(mode)) for version, mode in marked.items()]
    chosen = choose(packs, active=active, shadow=shadow)
    assert [f"{pack.manifest.version} {pack.manifest.mode}" for pack in chosen] == running


def test_settings_that_ask_for_an_absent_version_are_refused(make_pack: MakePack) -> None:
    with pytest.raises(PackError, match=r"^pack view@7: the settings ask for it"):
        choose([make_pack()], active={"view": "7"})


@pytest.mark.parametrize(("low", "high"), [("9", "10"), ("1.9", "1.10"), ("1", "1.0"), ("1a", "1b")])
def test_versions_are_ordered_as_people_read_them(low: str, high: str) -> None:
    assert version_key(low) < version_key(high)
