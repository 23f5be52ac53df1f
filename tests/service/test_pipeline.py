"""Film → view → rules → specialists → decision, with classifiers that are tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from classifiers.answers import Said
from router.ensemble import ensemble_model, members_of
from router.errors import (
    ModelAbsent,
    NotAccepted,
    NotAFilm,
    OutOfResources,
    RadrouterError,
    UndecodablePixels,
)
from router.rules import RuleSet, parse
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


class Plain:
    """A need that every film at hand meets."""

    def met_by(self, film: Any) -> bool:
        return film is not None


class Closer:
    """A need that only a film read for it meets."""

    def met_by(self, film: Any) -> bool:
        return str(film).startswith("closer ")


class Table:
    """A film is the name of its view."""

    def __init__(self, *more: ModelRef, need: Any = None) -> None:
        self.installed = {model.name: model for model in (LUNG, *more)}
        self.batches: list[tuple[str, int]] = []
        self._need = need or Plain()

    def views(self, films: Sequence[Any]) -> list[list[ViewPrediction]]:
        self.batches.append(("view", len(films)))
        return [[prediction(film, VIEW), prediction("other", SHADOW, Mode.SHADOW)] for film in films]

    def runs(self, name: str) -> bool:
        return all(member in self.installed for member in members_of(name))

    def answers(self, name: str) -> ModelRef:
        return ensemble_model([self.installed[member] for member in members_of(name)])

    def ran(self, name: str) -> tuple[ModelRef, ...]:
        members = [self.installed[member] for member in members_of(name)]
        return tuple(dict.fromkeys((self.answers(name), *members)))

    def need(self, _name: str) -> Any:
        return self._need

    def said(self, name: str, films: Sequence[Any]) -> list[Said]:
        self.batches.append((name, len(films)))
        model = self.answers(name)
        nodule = Finding(label="nodule", score=0.8, probability=0.9, threshold=0.5, model=model)
        return [
            Said(findings=(), silent={model: "too dark"}) if "dark" in film else Said(findings=(nodule,))
            for film in films
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


def read_closer(jobs: Sequence[Job], _need: Any) -> list[Any]:
    """Whatever is read again is read closer."""
    return ["closer chest" for _ in jobs]


def never_again(_jobs: Sequence[Job], _need: Any) -> list[Any]:
    raise AssertionError("what was read was enough")


def run(
    films: Sequence[Any],
    models: Any,
    *,
    modality: str = "CR",
    rules: RuleSet = RULES,
    read: Any = never_again,
) -> list[Analysis | RadrouterError]:
    return analyse([job(modality) for _ in films], films, rules=rules, models=models, read=read)


def one(film: Any, models: Any = None, **options: Any) -> Analysis:
    (result,) = run([film], models or Table(), **options)
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


EYE = ModelRef(name="eye", version="1", sha256="3" * 64)
CT_RULES = parse(
    """
[[rule]]
name = "slices"
when = { modality = ["CT"] }
analyse = ["lung"]
[[rule]]
name = "found"
when = { finding = { label = ["nodule"] } }
destinations = ["EMERGENCY"]
""",
    known_models=None,
)
TOGETHER = parse('default = { analyse = ["lung+eye", "lung+knee"] }', known_models=None)


def test_an_object_without_a_view_goes_to_the_model_that_its_header_asks_for() -> None:
    read: list[Any] = []

    def read_it(jobs: Sequence[Job], need: Any) -> list[Any]:
        read.append((len(jobs), need))
        return ["slice" for _ in jobs]

    table = Table()
    result = one(NotAFilm("a CT slice"), table, modality="CT", rules=CT_RULES, read=read_it)
    assert (result.view, result.no_view_reason) == (None, "a CT slice")
    assert [finding.label for finding in result.findings] == ["nodule"]
    assert result.decision.destinations == ("EMERGENCY",)
    assert result.models_run == (LUNG,)
    assert read == [(1, table.need("lung"))]


@pytest.mark.parametrize(
    "error", [NotAccepted("it is not in colour"), UndecodablePixels("no decoder"), NotAFilm("a report")]
)
def test_what_a_model_cannot_be_shown_is_its_reason_to_be_silent(error: RadrouterError) -> None:
    table = Table()
    result = one(
        NotAFilm("a CT slice"), table, modality="CT", rules=CT_RULES, read=lambda _jobs, _need: [error]
    )
    assert result.models_silent == {LUNG: f"not analysed: {error}"}
    assert (result.models_run, result.findings, table.batches) == ((), (), [])
    outcome = next(one for one in result.decision.outcomes if one.rule == "found")
    assert "not known yet" in outcome.reason


def test_an_object_that_cannot_be_read_just_now_is_tried_again_as_a_whole() -> None:
    away = OutOfResources("the stored file cannot be read: Stale file handle")
    results = run(
        ["chest_pa_ap", "hand_ap"], Table(need=Closer()), read=lambda jobs, _need: [away for _ in jobs]
    )
    assert results[0] is away
    assert isinstance(results[1], Analysis)


def test_only_films_of_which_a_model_needs_more_are_read_again() -> None:
    table = Table(need=Closer())
    first, second = run(["chest_pa_ap", "hand_ap"], table, read=read_closer)
    assert isinstance(first, Analysis) and isinstance(second, Analysis)
    assert [finding.label for finding in first.findings] == ["nodule"]
    assert table.batches == [("view", 2), ("lung", 1)]


def test_why_a_model_states_nothing_is_kept_and_it_has_answered() -> None:
    class Dark(Table):
        def views(self, films: Sequence[Any]) -> list[list[ViewPrediction]]:
            return [[prediction("chest_pa_ap", VIEW)] for _ in films]

    result = one("dark", Dark())
    assert result.models_silent == {LUNG: "too dark"}
    assert (result.models_run, result.findings) == ((VIEW, LUNG), ())
    outcome = next(one for one in result.decision.outcomes if one.rule == "urgent")
    assert "not known yet" not in outcome.reason


def test_an_ensemble_answers_when_all_its_members_are_there_and_names_those_that_are_not() -> None:
    result = one("hand_ap", Table(EYE), rules=TOGETHER)
    both = ensemble_model([LUNG, EYE])
    assert [finding.model for finding in result.findings] == [both]
    assert result.models_run == (VIEW, SHADOW, both, LUNG, EYE)
    assert result.models_absent == ("knee",)


def test_models_that_no_reading_serves_together_say_so() -> None:
    class Apart(Table):
        def need(self, name: str) -> Any:
            raise ModelAbsent(f"the model packs {name!r} cannot be asked together: they need other windows")

    result = one("hand_ap", Apart(EYE), rules=TOGETHER)
    (reason,) = result.models_silent.values()
    assert reason.startswith("not analysed: the model packs 'lung+eye' cannot be asked together")
    assert result.findings == ()
