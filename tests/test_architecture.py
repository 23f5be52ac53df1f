"""The house as a table: who may import whom, which technology lives where, and how long things may be.

The tables are those of docs/words.md, "The house"; everything is read from the syntax trees of the tracked
files, nothing is run.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent

# folder -> the folders of ours that it may import; bench and tests may import anything
MAY_IMPORT: dict[str, set[str]] = {
    "router": set(),
    "dicom_scp": {"router"},
    "hl7_mllp": {"router"},
    "classifiers": {"router"},
    "db": {"router"},
    "training": {"router", "classifiers"},
    "service": {"router", "dicom_scp", "hl7_mllp", "classifiers", "db"},
}
# technology -> the only folders, or files, that may import it
LIVES_IN = {
    **dict.fromkeys(["tensorflow", "keras", "cv2", "imagecodecs"], ("classifiers", "training")),
    "openvino": ("classifiers/vino.py",),
    "moderngl": ("training/simulate/raster_gpu.py",),
    **dict.fromkeys(["sqlalchemy", "alembic", "psycopg"], ("db",)),
    "pynetdicom": ("dicom_scp",),
    "hl7": ("hl7_mllp",),
    **dict.fromkeys(["fastapi", "starlette", "uvicorn", "typer", "rich", "markdown_it"], ("service",)),
    **dict.fromkeys(["pydantic", "pydantic_settings", "prometheus_client"], ("service",)),
    **dict.fromkeys(["jinja2", "argon2", "authlib", "joserfc", "httpx2"], ("service",)),
}
FREE = {"bench", "tests"}
VAGUE = {"utils", "helpers", "common", "manager", "base", "core"}
LONGEST_FUNCTION, LONGEST_FILE, DEEPEST_IF = 40, 250, 2
# Statuses of PS3.7 Annex C and PS3.4 Table B.2-1; of the low ones only those whose number no command element
# has.
STATUS = re.compile(r"0x([abc][0-9a-f]{3}|0122|0124|fe00|ff0[01])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One tracked Python file."""

    path: str  # from the checkout, "/" separated
    text: str

    @property
    def folder(self) -> str:
        return PurePosixPath(self.path).parts[0]

    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)


def tracked() -> list[Module]:
    """Every Python file that git tracks, or every one in our folders where there is no git."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "*.py"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    paths = listing.stdout.split("\0") if listing.returncode == 0 else []
    folders = (*MAY_IMPORT, *FREE)
    found = paths or [str(p.relative_to(CHECKOUT)) for f in folders for p in (CHECKOUT / f).rglob("*.py")]
    files = [(path, CHECKOUT / path) for path in found if path]
    return [Module(path=path, text=file.read_text("utf-8")) for path, file in files if file.is_file()]


def imports(module: Module) -> Iterator[str]:
    """The top-level name of everything imported, at the top, inside functions, or by name."""
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield module.folder if node.level else (node.module or "").split(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (
                str(arg.value).split(".")[0] for arg in node.args[:1] if isinstance(arg, ast.Constant)
            )


def forbidden_imports(module: Module) -> list[str]:
    if module.folder not in MAY_IMPORT:
        return []
    ours = {*MAY_IMPORT, *FREE}
    allowed = MAY_IMPORT[module.folder] | {module.folder}
    wrong = []
    for name in imports(module):
        homes = {module.path, module.folder} & {*LIVES_IN.get(name, (module.folder,))}
        if (name in ours and name not in allowed) or not homes:
            wrong.append(f"{module.path} imports {name}")
        elif module.folder == "router" and name not in {*sys.stdlib_module_names, "router"}:
            wrong.append(f"{module.path} imports {name}, which is not of the standard library")
    return wrong


def transactions_outside_db(module: Module) -> list[str]:
    if module.folder in {"db", *FREE}:
        return []
    return [
        f"{module.path}:{item.context_expr.lineno} begins a transaction"
        for node in ast.walk(module.tree())
        if isinstance(node, ast.With | ast.AsyncWith)
        for item in node.items
        if re.search(r"\.begin\(", ast.unparse(item.context_expr))
    ]


def statuses_in_hex(module: Module) -> list[str]:
    if module.folder != "dicom_scp" or module.path == "dicom_scp/status.py":
        return []
    tokens = tokenize.generate_tokens(io.StringIO(module.text).readline)
    return [
        f"{module.path}:{token.start[0]} writes the status {token.string}"
        for token in tokens
        if token.type == tokenize.NUMBER and STATUS.fullmatch(token.string)
    ]


def vague_names(module: Module) -> list[str]:
    parts = {*PurePosixPath(module.path).with_suffix("").parts}
    return [f"{module.path} has a name that says nothing" for _ in parts & VAGUE]


def exempt_from_limits(module: Module) -> bool:
    """Tests are tables, and migrations are records of what a schema once was."""
    return module.folder == "tests" or module.path.startswith("db/migrations/versions/")


def too_long(module: Module) -> list[str]:
    if exempt_from_limits(module):
        return []
    tree = module.tree()
    tables = sum(_lines(node) for node in tree.body if _is_table(node))
    lines = len(module.text.splitlines()) - tables
    wrong = [f"{module.path} has {lines} lines without its tables"] if lines > LONGEST_FILE else []
    return wrong + [
        f"{module.path}:{node.lineno} {node.name} has {_lines(node)} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _lines(node) > LONGEST_FUNCTION
    ]


def too_deep(module: Module) -> list[str]:
    if exempt_from_limits(module):
        return []
    return [
        f"{module.path}:{node.lineno} {node.name} nests {depth} levels of if"
        for node in ast.walk(module.tree())
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (depth := _depth(node.body)) > DEEPEST_IF
    ]


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _is_table(node: ast.stmt) -> bool:
    """Data written down at the top level of a module: several lines of a literal."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    return _lines(node) > 3 and isinstance(node.value, ast.Tuple | ast.List | ast.Dict | ast.Set)


def _depth(body: list[ast.stmt]) -> int:
    """How many ``if`` stand inside each other; an ``elif`` stands beside, an inner function for itself."""
    return max((_depth_of(node) for node in body), default=0)


def _depth_of(node: ast.AST) -> int:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return 0
    if isinstance(node, ast.If):
        is_elif = len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)
        return max(_depth(node.body) + 1, _depth(node.orelse) + (0 if is_elif else 1))
    within = [
        c for c in ast.iter_child_nodes(node) if isinstance(c, ast.stmt | ast.ExceptHandler | ast.match_case)
    ]
    return max((_depth_of(child) for child in within), default=0)


CHECKS = [
    forbidden_imports,
    transactions_outside_db,
    statuses_in_hex,
    vague_names,
    too_long,
    too_deep,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_house_is_kept(check: object) -> None:
    assert callable(check)
    wrong = [sentence for module in tracked() for sentence in check(module)]
    assert not wrong, "\n".join(wrong)


def test_every_folder_of_ours_is_in_the_table() -> None:
    folders = {module.folder for module in tracked() if "/" in module.path}
    assert folders <= {*MAY_IMPORT, *FREE}


def test_tests_are_folders_without_init() -> None:
    assert not [module.path for module in tracked() if re.fullmatch(r"tests/(.*/)?__init__\.py", module.path)]


def lines(count: int, indent: str = "") -> str:
    return "\n".join(f"{indent}a{number} = {number}" for number in range(count))


# a check | where | what stands there | does it object
SAMPLES = [
    (forbidden_imports, "router/a.py", "import json, router.views", False),
    (forbidden_imports, "router/a.py", "import numpy", True),
    (forbidden_imports, "db/a.py", "from router import types\nimport sqlalchemy.orm", False),
    (forbidden_imports, "db/a.py", "def f():\n    from classifiers import view", True),
    (forbidden_imports, "service/a.py", "import training.train", True),
    (forbidden_imports, "service/a.py", "import pynetdicom", True),
    (forbidden_imports, "service/a.py", "import importlib\nimportlib.import_module('tensorflow.io')", True),
    (forbidden_imports, "classifiers/a.py", "import service.cli", True),
    (forbidden_imports, "classifiers/a.py", "import openvino as ov", True),
    (forbidden_imports, "classifiers/vino.py", "import openvino as ov", False),
    (forbidden_imports, "bench/a.py", "import service.cli, pynetdicom", False),
    (transactions_outside_db, "service/a.py", "with sessions.begin() as s:\n    pass", True),
    (transactions_outside_db, "db/a.py", "with sessions.begin() as s:\n    pass", False),
    (statuses_in_hex, "dicom_scp/a.py", "answer = 0xA700", True),
    (statuses_in_hex, "dicom_scp/a.py", "tag = 0x00080018", False),
    (statuses_in_hex, "dicom_scp/status.py", "OUT_OF_RESOURCES = 0xA700", False),
    (vague_names, "db/utils.py", "", True),
    (vague_names, "service/core/app.py", "", True),
    (vague_names, "service/database.py", "", False),
    (too_long, "db/a.py", lines(251), True),
    (too_long, "db/a.py", lines(240) + "\nT = (\n" + "    1,\n" * 50 + ")", False),
    (too_long, "db/a.py", "def f():\n" + lines(40, "    "), True),
    (too_long, "db/a.py", "def f():\n" + lines(39, "    "), False),
    (too_long, "tests/a.py", lines(300), False),
    (too_deep, "db/a.py", "def f():\n if a:\n  if b:\n   if c:\n    pass", True),
    (too_deep, "db/a.py", "def f():\n for x in y:\n  if a:\n   pass\n  elif b:\n   if c:\n    pass", False),
]


@pytest.mark.parametrize(("check", "path", "text", "objects"), SAMPLES)
def test_each_check_sees_what_it_forbids(check: object, path: str, text: str, objects: bool) -> None:
    assert callable(check)
    assert bool(check(Module(path=path, text=text))) is objects
