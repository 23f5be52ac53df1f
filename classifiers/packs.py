"""Model packs: folders NAME/VERSION with ``pack.toml``, weights and ``CARD.md``; found, read and checked,
never executed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from classifiers.manifest import Baseline, Format, Manifest, Weights
from classifiers.packfile import parse
from classifiers.packtext import render
from classifiers.thresholds import Thresholds, at_site
from router.errors import PackError
from router.types import Mode, ModelRef

SHIPPED = Path(__file__).parent / "packs"
MANIFEST = "pack.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A pack whose manifest was understood and whose weights have the digest it names."""

    folder: Path
    manifest: Manifest

    @property
    def ref(self) -> ModelRef:
        """The name, version and weights' digest that every answer carries."""
        return ModelRef(
            name=self.manifest.name, version=self.manifest.version, sha256=self.manifest.weights.sha256
        )

    @property
    def weights(self) -> Path:
        """The network's file or folder."""
        return self.folder / self.manifest.weights.path

    @property
    def further(self) -> Path | None:
        """That of the network which is asked too about films that are looked at again."""
        path = self.manifest.weights.further
        return None if path is None else self.folder / path


def load_pack(folder: Path) -> Pack:
    """Read and check the pack in ``folder`` (.../NAME/VERSION).

    Raises PackError in one sentence that names the pack: no or a wrong manifest, weights absent, outside the
    folder or changed. Whether the labels fit the network is seen when the network is loaded
    (``classifiers.runtimes.load``).
    """
    where = f"{folder.parent.name}/{folder.name}"
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"pack {where}: {MANIFEST} cannot be read: {error}") from error
    manifest = parse(text, where)
    if (manifest.name, manifest.version) != (folder.parent.name, folder.name):
        raise PackError(
            f"pack {where}: the manifest says {manifest.name}/{manifest.version},"
            " so it must lie in a folder of that name"
        )
    found = weights_digest(folder, manifest.weights)
    if found != manifest.weights.sha256:
        raise PackError(
            f"pack {where}: the weights were changed: sha256 is {found},"
            f" the manifest says {manifest.weights.sha256}"
        )
    return Pack(folder=folder, manifest=manifest)


def find_packs(folders: Iterable[Path]) -> tuple[Pack, ...]:
    """Every pack NAME/VERSION under the folders, by name, lowest version first.

    A folder that does not exist holds none. Names that begin with a dot or an underscore are passed over.
    Raises PackError on the first wrong pack, and when two folders hold the same name and version.
    """
    packs: dict[tuple[str, str], Pack] = {}
    for versions in (name for folder in folders for name in _subfolders(folder)):
        for folder in _subfolders(versions):
            pack = load_pack(folder)
            earlier = packs.setdefault((pack.manifest.name, pack.manifest.version), pack)
            if earlier is not pack and earlier.folder.resolve() != pack.folder.resolve():
                raise PackError(f"pack {folder.parent.name}/{folder.name}: is also in {earlier.folder}")
    return tuple(sorted(packs.values(), key=lambda p: (p.manifest.name, version_key(p.manifest.version))))


def choose(
    packs: Iterable[Pack],
    *,
    active: Mapping[str, str],
    shadow: Collection[str] = (),
    thresholds: Thresholds | None = None,
) -> tuple[Pack, ...]:
    """The packs that run, each with its mode: by name the active one first, then those in shadow.

    ``active`` gives a version by name; a name it does not give gets its highest version that is not marked
    shadow. The others run only if they are marked shadow or named in ``shadow`` as ``name@version``.
    ``thresholds`` are the site's, by name and label. Raises PackError for a pack that is not there, and for a
    label that it cannot state.
    """
    installed = {str(pack.ref): pack for pack in packs}
    chosen = {f"{name}@{version}" for name, version in active.items()}
    if absent := sorted({*chosen, *shadow} - {*installed}):
        raise PackError(f"pack {absent[0]}: the settings ask for it, but it is not installed")
    running: list[Pack] = []
    for name in sorted({pack.manifest.name for pack in installed.values()}):
        versions = [pack for pack in installed.values() if pack.manifest.name == name]
        head = _active(versions, active.get(name), shadow)
        running += [_with_mode(head, Mode.ACTIVE)] if head else []
        running += [
            _with_mode(pack, Mode.SHADOW)
            for pack in versions
            if pack is not head and (str(pack.ref) in shadow or pack.manifest.mode is Mode.SHADOW)
        ]
    changed = at_site([pack.manifest for pack in running], thresholds or {})
    return tuple(replace(pack, manifest=manifest) for pack, manifest in zip(running, changed, strict=True))


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """What versions sort by: numbers as numbers, so that 10 comes after 9."""
    parts = re.findall(r"[0-9]+|[A-Za-z]+", version)
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)


def weights_digest(folder: Path, weights: Weights) -> str:
    """The hex digest of a pack's weights as ``docs/packs.md`` defines it.

    Raises PackError when they are absent, unreadable, or lie outside the pack.
    """
    where = f"{folder.parent.name}/{folder.name}"
    try:
        files = sorted(_files(folder, weights, where))
        digests = {file: _sha256(folder / file) for file in files}
    except OSError as error:
        raise PackError(f"pack {where}: the weights cannot be read: {error}") from error
    if len(digests) == 1 and weights.format is Format.FROZEN_GRAPH:
        return digests[weights.path]
    listing = "".join(f"{digest}  {file}\n" for file, digest in digests.items())
    return hashlib.sha256(listing.encode()).hexdigest()


def write_pack(folder: Path, manifest: Manifest) -> Pack:
    """Write ``pack.toml`` beside weights that are already in ``folder``, with their true digest, and load the
    pack.

    Raises PackError as ``load_pack`` does.
    """
    digest = weights_digest(folder, manifest.weights)
    manifest = replace(manifest, weights=replace(manifest.weights, sha256=digest))
    (folder / MANIFEST).write_text(render(manifest), encoding="utf-8")
    return load_pack(folder)


def add_baseline(folder: Path, baseline: Baseline) -> Pack:
    """Write the baseline into the manifest of the pack in ``folder``; the weights and their digest stay.

    Raises PackError as ``load_pack`` does, before anything is written.
    """
    return write_pack(folder, replace(load_pack(folder).manifest, baseline=baseline))


def _subfolders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] not in "._")


def _active(versions: list[Pack], wanted: str | None, shadow: Collection[str]) -> Pack | None:
    """The one whose answer counts. None when every version is a shadow."""
    if wanted is not None:
        return next(pack for pack in versions if pack.manifest.version == wanted)
    candidates = [
        pack for pack in versions if pack.manifest.mode is Mode.ACTIVE and str(pack.ref) not in shadow
    ]
    return max(candidates, key=lambda pack: version_key(pack.manifest.version), default=None)


def _with_mode(pack: Pack, mode: Mode) -> Pack:
    return replace(pack, manifest=replace(pack.manifest, mode=mode))


def _files(folder: Path, weights: Weights, where: str) -> list[str]:
    """The files of all networks, relative to the pack, "/" separated. Raises PackError for one outside it."""
    found = [file for path in weights.paths for file in _files_of(folder, weights.format, path, where)]
    if len({*found}) < len(found):
        raise PackError(f"pack {where}: the weights {weights.further!r} are those of the first network")
    return found


def _files_of(folder: Path, form: Format, named: str, where: str) -> list[str]:
    path = PurePosixPath(named)
    if path.is_absolute() or ".." in path.parts or "\\" in named or path.as_posix() != named:
        raise PackError(f"pack {where}: the weights' path {named!r} leaves the pack's folder")
    match form:
        case Format.OPENVINO_IR:
            found = [folder / path, (folder / path).with_suffix(".bin")]
        case Format.SAVED_MODEL:
            found = [file for file in (folder / path).rglob("*") if not file.is_dir()]
        case Format.FROZEN_GRAPH:
            found = [folder / path]
    inside = folder.resolve()
    if not found or not all(file.is_file() for file in found):
        raise PackError(f"pack {where}: the weights {named!r} are not there")
    if not all(file.resolve().is_relative_to(inside) for file in found):
        raise PackError(f"pack {where}: the weights' path {named!r} leaves the pack's folder")
    return [file.relative_to(folder).as_posix() for file in found]


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
