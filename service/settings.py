"""Settings: one TOML file and ``RADROUTER_SECTION__KEY`` environment variables, which win.

Nothing here opens a port, a database or a file beyond the settings file: settings are values.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, PrivateAttr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import (
    SettingsError as SourceError,
)

from router.errors import SettingsError
from service.sections import (
    SHIPPED_RULES,
    Api,
    Database,
    Hanging,
    Listener,
    Rules,
    Storage,
    Supervisor,
    Worker,
)
from service.sections_models import Models
from service.sections_orders import Hl7, Orders, Worklist
from service.sections_web import Oidc, Web
from service.sections_webhooks import Webhooks

PREFIX = "RADROUTER_"
CONFIG_VARIABLE = "RADROUTER_CONFIG"
DEFAULT_FILE = "radrouter.toml"


class Settings(BaseSettings):
    """Everything an operator may set. Frozen; build it with :func:`load`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    # Which file was read, and the "section.key" names that it and the environment set: for the page System.
    _file: Path | None = PrivateAttr(default=None)
    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    storage: Storage = Field(default_factory=Storage)
    database: Database = Field(default_factory=Database)
    listener: Listener = Field(default_factory=Listener)
    worker: Worker = Field(default_factory=Worker)
    api: Api = Field(default_factory=Api)
    web: Web = Field(default_factory=Web)
    oidc: Oidc = Field(default_factory=Oidc)
    hanging: Hanging = Field(default_factory=Hanging)
    orders: Orders = Field(default_factory=Orders)
    hl7: Hl7 = Field(default_factory=Hl7)
    worklist: Worklist = Field(default_factory=Worklist)
    webhooks: Webhooks = Field(default_factory=Webhooks)
    rules: Rules = Field(default_factory=Rules)
    models: Models = Field(default_factory=Models)
    supervisor: Supervisor = Field(default_factory=Supervisor)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then the file (the constructor's arguments); nothing else."""
        return env_settings, init_settings

    @property
    def file(self) -> Path | None:
        """The settings file; None where there is none."""
        return self._file

    def source(self, section: str, key: str) -> str:
        """Where a setting came from: environment, file or default."""
        return self._sources.get(f"{section}.{key}", "default")

    @property
    def objects_folder(self) -> Path:
        """Where received files lie, below the data folder."""
        return self.storage.folder / "objects"

    @property
    def rules_file(self) -> Path:
        """Where the site's own rules are, or will be once somebody publishes some."""
        return self.rules.file or self.storage.folder / "rules.toml"

    @property
    def rules_in_use(self) -> Path:
        """The file that decides now: the site's own, or the one shipped until there is one."""
        is_own = self.rules.file is not None or self.rules_file.exists()
        return self.rules_file if is_own else SHIPPED_RULES

    @property
    def heartbeats_folder(self) -> Path:
        """Where workers show that they live, below the data folder, so that all hosts see it."""
        return self.storage.folder / "workers"

    @property
    def judges_folder(self) -> Path:
        """The same for judges."""
        return self.storage.folder / "judges"

    @property
    def hl7_folder(self) -> Path:
        """Where the HL7 listener keeps what it refused, and what it counted."""
        return self.storage.folder / "hl7"

    @property
    def rosters_folder(self) -> Path:
        """Where supervisors tell which processes they keep alive."""
        return self.storage.folder / "supervisors"

    @property
    def database_url(self) -> str:
        """The database's URL, the SQLite default filled in."""
        return self.database.url or f"sqlite:///{self.storage.folder / 'radrouter.db'}"

    @property
    def export_key_file(self) -> Path:
        """The key behind the names of exported films, below the data folder."""
        return self.storage.folder / "export.key"

    @property
    def imported_packs_folder(self) -> Path:
        """Where ``radrouter models import`` and ``models install`` write packs."""
        return self.models.folders[0] if self.models.folders else self.storage.folder / "packs"

    @property
    def pack_folders(self) -> tuple[Path, ...]:
        """Every folder that may hold packs besides the shipped ones."""
        return tuple(dict.fromkeys((*self.models.folders, self.imported_packs_folder)))


def find_file(config: Path | None, environ: Mapping[str, str], folder: Path) -> Path | None:
    """``--config``, else RADROUTER_CONFIG, else ``radrouter.toml`` in ``folder`` if it is there."""
    named = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if named is not None:
        if not named.is_file():
            raise SettingsError(f"the settings file {named} is not there")
        return named
    default = folder / DEFAULT_FILE
    return default if default.is_file() else None


def load(config: Path | None = None) -> Settings:
    """Read and check the settings of this process.

    Relative paths count from the settings file's folder, or from the working directory without a file.

    Raises:
        SettingsError: one sentence that names the setting and what is wrong with it.
    """
    path = find_file(config, os.environ, Path.cwd())
    written = _read_toml(path) if path else {}
    _refuse_unknown_variables(os.environ)
    try:
        settings = Settings(**written)
    except ValidationError as error:
        raise SettingsError(_sentence(error, path)) from error
    except SourceError as error:
        raise SettingsError(
            f"an environment variable cannot be read: {error} (lists and tables are JSON)"
        ) from error
    whole = _with_absolute_paths(settings, (path.parent if path else Path.cwd()).resolve())
    whole._file, whole._sources = path, _sources(written, os.environ)
    return whole


def _sources(written: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    found = {f"{section}.{key}": "file" for section, keys in written.items() for key in keys}
    for name in environ:
        words = name.removeprefix(PREFIX).lower().split("__")
        if name.startswith(PREFIX) and len(words) > 1:
            found[f"{words[0]}.{words[1]}"] = "environment"
    return found


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error}") from error


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    """A misspelt variable would otherwise be ignored in silence, and the default would rule."""
    sections = tuple(Settings.model_fields)
    for name in environ:
        words = name.removeprefix(PREFIX).lower()
        if not name.startswith(PREFIX) or name == CONFIG_VARIABLE:
            continue
        if "__" in words and words.split("__")[0] not in sections:
            raise SettingsError(f"{name} names no section; the sections are {', '.join(sections)}")
        if "__" not in words and words.split("_")[0] in sections:
            raise SettingsError(f"{name} has one underscore between section and key; it takes two")


def _sentence(error: ValidationError, path: Path | None) -> str:
    """The first complaint as one sentence: where, what, and how many more there are."""
    complaints = error.errors()
    first = complaints[0]
    key = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = "there is no such setting"
    where = f" in {path}" if path else ""
    more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
    return f"setting {key}{where}: {message}{more}"


def _with_absolute_paths(settings: Settings, folder: Path) -> Settings:
    """Children run with another working directory would otherwise look elsewhere."""

    def absolute(value: Any) -> Any:
        if isinstance(value, Path):
            return folder / value.expanduser()
        if isinstance(value, tuple):
            return tuple(absolute(item) for item in value)
        if isinstance(value, BaseModel):
            return value.model_copy(
                update={key: absolute(getattr(value, key)) for key in type(value).model_fields}
            )
        return value

    found: Settings = absolute(settings)
    return found
