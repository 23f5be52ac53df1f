"""Film → view → rules → specialists → decision, with classifiers that are tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from router.errors import NotAFilm, OutOfResources, RadrouterError, UndecodablePixels
from router.rules import parse
from router.types import Analysis, Arrival, Candidate, Finding, Instance, Mode, ModelRef, ViewPrediction
from service.pipeline import Job, analyse, decode

VIEW = ModelRef(name="view", version="1", sha256="0" * 64)
SHADOW = ModelRef(name="view", version="2", sha256="1" * 64)
LUNG = ModelRef(name="lung", version="1", sha256="2" * 64)
RULES = parse(
    """
mode = "all"
[[rule]]
name = "chest"
when = { view = ["chest_pa_ap"], min_score = 0.8 }
analyse = ["lung"]
[[rule]]
name = "hands"
when = { view = ["hand_*"] }
analyse = ["fracture"]
[[rule]]
name = "urgent"
when = { finding = { label = ["nodule"] } }
destinations = ["EMERGENCY"]
[[rule]]
name = "slices"
when = { modality = ["CT"] }
destinations = ["CT_ARCHIVE"]
""",
    known_models=None,
)


class Table:
    """A film is the name of its view."""

    def __init__(self) -> None:
        self.installed = {"lung": LUNG}
        self.batches: list[tuple[str, int]] = []

    def views(self, films: Sequence[Any]) -> list[list[ViewPrediction]]:
        self.batches.append(("view", len(films)))
        return [[prediction(film, VIEW), prediction("other", SHADOW, Mode.SHADOW)] for film in films]

    def findings(self, name: str, films: Sequence[Any]) -> list[tuple[Finding, ...]]:
        self.batches.append((name, len(films)))
        return [
            (Finding(label="nodule", score=0.8, probability=0.9, threshold=0.5, model=LUNG),) for _ in films
        ]


def prediction(view: str, model: ModelRef, mode: Mode = Mode.ACTIVE) -> ViewPrediction:
    return ViewPrediction(
        view=view,
        score=0.9,
        margin=0.8,
        candidates=(Candidate(label=view, score=0.9),),
        model=model,
        mode=mode,
    )


def job(modality: str = "CR") -> Job:
    instance = Instance(
        sop_instance_uid="1.2",
        sop_class_uid="1.2",
        study_instance_uid="1.2",
        series_instance_uid="1.2",
        transfer_syntax_uid="1.2",
        modality=modality,
    )
    arrival = Arrival(
        calling_ae_title="A", called_ae_title="B", address="", via="import", received_at=datetime.now(UTC)
    )
    return Job(instance=instance, arrival=arrival, path=Path("film.dcm"))


def run(films: Sequence[Any], models: Any, *, modality: str = "CR") -> list[Analysis | RadrouterError]:
    return analyse([job(modality) for _ in films], films, rules=RULES, models=models)


def one(film: Any, *, modality: str = "CR") -> Analysis:
    (result,) = run([film], Table(), modality=modality)
    assert isinstance(result, Analysis)
    return result


def test_a_chest_film_goes_to_the_lung_model_and_its_finding_decides() -> None:
    result = one("chest_pa_ap")
    assert result.view is not None and result.view.view == "chest_pa_ap"
    assert [finding.label for finding in result.findings] == ["nodule"]
    assert result.decision.matched == ("chest", "urgent")
    assert result.decision.destinations == ("EMERGENCY",)
    assert result.models_run == (VIEW, SHADOW, LUNG)


def test_a_model_that_is_not_installed_is_said_to_be_absent() -> None:
    result = one("hand_ap")
    assert result.models_absent == ("fracture",)
    assert result.findings == ()


def test_a_shadow_is_kept_and_never_routed_on() -> None:
    result = one("chest_pa_ap")
    assert [view.model for view in result.shadow_views] == [SHADOW]


def test_what_is_no_film_is_routed_by_its_header() -> None:
    result = one(NotAFilm("a CT slice"), modality="CT")
    assert (result.view, result.no_view_reason) == (None, "a CT slice")
    assert result.decision.destinations == ("CT_ARCHIVE",)


def test_an_error_stands_in_its_films_place_and_hurts_nobody() -> None:
    broken = UndecodablePixels("no decoder")
    first, second, third = run(["chest_pa_ap", broken, "hand_ap"], Table())
    assert second is broken
    assert isinstance(first, Analysis) and isinstance(third, Analysis)


def test_models_are_called_once_for_all_films_that_need_them() -> None:
    table = Table()
    run(["chest_pa_ap", "hand_ap", "chest_pa_ap"], table)
    assert table.batches == [("view", 3), ("lung", 2)]


def test_without_a_view_model_the_reason_says_so() -> None:
    class Nothing(Table):
        def views(self, films: Sequence[Any]) -> list[list[ViewPrediction]]:
            return [[] for _ in films]

    (result,) = run(["chest_pa_ap"], Nothing())
    assert isinstance(result, Analysis)
    assert result.no_view_reason == "no view model is installed"


def test_a_file_that_cannot_be_read_may_be_there_later() -> None:
    def read(_path: Path) -> Any:
        raise FileNotFoundError(2, "No such file or directory")

    result = decode(job(), read=read)
    assert isinstance(result, OutOfResources)
