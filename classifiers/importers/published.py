"""Published models that are no part of this project, as recipes: whoever has their files makes packs of them.

A recipe says what a model's own program does with a picture and what its numbers mean, so it holds for those
very weights: they are known by their digest, wherever they lie and whatever they are called.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from classifiers.film import Accepts
from classifiers.importers.recipe import Recipe
from classifiers.manifest import Fit
from router.errors import PackError
from router.types import Mode

if TYPE_CHECKING:
    from classifiers.importers.importing import Imported

LARGEST: Final = 256 << 20  # bytes of a file that is looked at; these models have 2 to 14 MB
GATE: Final = 0.5  # OneMed's own: neither label is stated unless it leads the other by so much
SHUT: Final = "image quality not good enough to be analysed"
# Both programs divide by 127 and take 1 off, so that white becomes a little more than 1.
BYTES_BY_127: Final = (-1.0, 255 / 127 - 1)
LUNG_WINDOW: Final = (-600.0, 1500.0)  # Hounsfield units

ONEMED: Final = Recipe(
    name="",
    version="onemed-1",
    licence="Open Innovation License 1 (2020, Aniket Shashikant Dhole)",
    margin=GATE,
    otherwise=SHUT,
    fit=Fit.CENTRE,
    range=BYTES_BY_127,
    accepts=Accepts.PHOTOGRAPH,
    colour=True,
)
ABOUT_ONEMED: Final = """\
One of the five networks of OneMed (github.com/aniketdhole07/detall), made with Teachable Machine.
{meaning}
Nothing was published about the pictures it learned from, nor about how good it is: what it says shows how
pictures are routed, and is no finding to act on. It knows two labels and names one of them for any picture at
all; its gate keeps back only what lies between them."""
ABOUT_RADLENS: Final = """\
RadLens' first network (github.com/RadEdje/RadLens), made for pictures of films that a telephone takes. It
tells a Galeazzi from a Monteggia fracture and has no label for a forearm with neither: on a film without any
fracture it can only be wrong or keep silent. So it runs in shadow, beside a fracture model that knows of
films without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A model's digest (``digest_of``) and its recipe."""

    digest: str
    recipe: Recipe


def _onemed(digest: str, name: str, labels: tuple[str, str], meaning: str, **changes: object) -> Published:
    """``labels`` in the network's order; the one without "no" before it is stated."""
    told = {"name": name, "labels": labels, "about": ABOUT_ONEMED.format(meaning=meaning)}
    return Published(digest=digest, recipe=replace(ONEMED, **told | changes))  # type: ignore[arg-type]


PUBLISHED: Final[Mapping[str, tuple[Published, ...]]] = MappingProxyType(
    {
        "onemed": (
            _onemed(
                "069565fc218efecb791968671247478b3c48df8f93b11b976f79b30bea4ff1d4",
                "onemed_cataract",
                ("cataract", "no cataract"),
                "For photographs of an eye from the front.",
                stated=("cataract",),
            ),
            _onemed(
                "03c73e799fee8d5c0df9e908606d72e92efa8048710cb10ec5b826d56fa19dc9",
                "onemed_diabetic_retinopathy",
                ("diabetic retinopathy", "no diabetic retinopathy"),
                "For photographs of the fundus.",
                stated=("diabetic retinopathy",),
            ),
            _onemed(
                "e5df9aa5dfe76c11f5dceac673dedb8924695e12dc7c64f051b965395572a543",
                "onemed_redness",
                ("redness", "no redness"),
                "For photographs of an eye from the front.",
                stated=("redness",),
            ),
            _onemed(
                "17d8e6b30f2fbf1545b302b8ace78874a26429fcfd9fe8af5fc4827c0001d29c",
                "onemed_covid_ct",
                ("no COVID", "COVID"),
                "For CT slices of the lungs. It learned from pictures of them; the window is our choice.",
                stated=("COVID",),
                accepts=Accepts.CT,
                colour=False,
                window=LUNG_WINDOW,
            ),
            _onemed(
                "7d8022c228b4f7ef38a91e93e936eb0cb8438edfde4a3757536338258d93ca3f",
                "onemed_skin",
                ("benign", "malignant"),
                "For photographs of a mark on the skin.",
                stated=("malignant",),
            ),
        ),
        "radlens": (
            Published(
                digest="f85af11ca354963a2dcc2531e4b38135c79418b6b7ce0e91c1bdcc083318e612",
                recipe=Recipe(
                    name="fracture",
                    version="radlens-1",
                    licence="Apache-2.0",
                    mode=Mode.SHADOW,
                    labels=("Galeazzi", "Monteggia"),
                    margin=GATE,
                    fit=Fit.CENTRE,
                    range=BYTES_BY_127,
                    about=ABOUT_RADLENS,
                ),
            ),
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What became of one published model: a new pack, or why there is none."""

    name: str
    imported: Imported | None
    reason: str = ""


def install_published(
    what: str,
    folder: Path,
    target: Path,
    *,
    table: Mapping[str, tuple[Published, ...]] = PUBLISHED,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Installed]:
    """Make packs in ``target`` of the models of ``what`` whose files are somewhere under ``folder``.

    Nothing is parsed before its digest is that of the table. Raises PackError when none of them is there, and
    as ``classifiers.importers.import_model`` does.
    """
    from classifiers.importers import import_model

    found = {digest: file for file, digest in _digests(folder)}
    if not any(published.digest in found for published in table[what]):
        raise PackError(f"no model of {what} is under {folder}: their files are known by their digest")
    installed = []
    for published in table[what]:
        recipe, file = published.recipe, found.get(published.digest)
        name = f"{recipe.name}@{recipe.version}"
        if file is None:
            installed.append(Installed(name=name, imported=None, reason="its files are not there"))
        elif (target / recipe.name / recipe.version).exists():
            installed.append(Installed(name=name, imported=None, reason="it is already installed"))
        else:
            progress(name)
            installed.append(Installed(name=name, imported=import_model(file, target, recipe)))
    return installed


def digest_of(file: Path) -> str:
    """The SHA-256 of an .h5 file; of a model.json that of what ``sha256sum`` prints for it and its shards."""
    if file.suffix != ".json":
        return _sha256(file)
    names = sorted(
        path.name for path in file.parent.iterdir() if path.name == file.name or "shard" in path.name
    )
    listing = "".join(f"{_sha256(file.parent / name)}  {name}\n" for name in names)
    return hashlib.sha256(listing.encode()).hexdigest()


def _digests(folder: Path) -> Iterator[tuple[Path, str]]:
    for pattern in ("*.h5", "model.json"):
        for file in sorted(folder.rglob(pattern)):
            if file.is_file() and file.stat().st_size <= LARGEST:
                yield file, digest_of(file)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
