"""The house keeps its shape (docs/architecture.md): who may import whom, what is pure, what the windows may touch."""

import ast
import importlib
import inspect
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from statistics import median

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
# Each package and exactly what it imports, from the bottom to the top: it imports only what stands above it here. A
# forbidden import fails, and so does a permission that nobody uses. `app` and `server` join all, and are no package.
CONTEXTS: dict[str, set[str]] = {
    name: set(allowed.split())
    for name, allowed in {
        "platform": "",
        "files": "platform",
        "contract": "platform",
        "district": "platform files contract",
        "health": "platform contract",
        "audit": "platform contract district",
        "jobs": "platform",
        "photos": "platform",
        "early": "files",
        "access": "platform contract jobs",
        "cases": "platform contract district access",
        "indicators": "platform district cases",
        "projector": "platform contract district audit access cases indicators",
        "search": "platform contract district audit access cases projector",
        "backup": "platform contract district health audit cases projector",
        "coverage": "platform files contract district cases projector",
        "commands": "platform contract district access cases projector",
        "board": "platform contract district health photos cases indicators projector coverage",
        "duty": "platform contract district health audit access cases indicators projector coverage commands board",
        "leadership": "platform contract district cases indicators projector coverage board",
        "admin": (
            "platform files contract district health audit jobs photos access cases indicators projector search backup"
        ),
        "past": "platform contract district cases indicators projector coverage board duty",
        "keeping": "platform district jobs photos access cases projector duty past",
        "operations": ("platform files contract district access cases indicators projector coverage board admin"),
        "dashboard/texts": "",
        "dashboard/door": "platform contract audit access cases dashboard/texts",
        "dashboard/sockets": "platform access dashboard/door",
        "dashboard/live": (
            "platform contract district health access cases projector coverage commands board duty "
            "dashboard/sockets dashboard/door"
        ),
        "dashboard/layouts": (
            "contract district photos access cases indicators projector coverage board duty leadership "
            "dashboard/texts dashboard/door"
        ),
        "dashboard/papers": (
            "platform contract district jobs access cases indicators board leadership past "
            "dashboard/texts dashboard/door dashboard/layouts"
        ),
        "dashboard/callbacks": (
            "platform files contract district health audit jobs photos access admin cases indicators projector "
            "coverage search commands board duty leadership past dashboard/texts dashboard/door dashboard/live "
            "dashboard/layouts dashboard/papers"
        ),
        "dashboard/cli": (
            "platform contract district health audit early access indicators projector search coverage commands duty "
            "past keeping backup admin operations dashboard/texts dashboard/papers"
        ),
    }.items()
}
# A module with one of these words in its path may touch the outside: a database, Redis, a file, a process.
OUTER = frozenset(
    "tables store reader readers service worker errands doors stream archive sealed outbox bootstrap follower ingest "
    "heart hearts".split()
)
# What has such a word in its name and is pure all the same: types of what goes over the outbox, tables of a package.
PURE_BY_NAME = {
    "services.projector.outbox.delta", "services.district.package_tables", "services.files.tables",
    "services.platform.clock", "services.platform.search_text", "services.platform.text", "services.platform.offload",
    "services.platform.pulse", "services.platform.metric", "services.platform.generated_section",
}  # fmt: skip
# It knows the errors of all libraries, and connects to nothing.
ERRORS = "services.platform.errors"
OUTSIDE = {"redis", "sqlalchemy", "alembic", "psycopg", "socket", "subprocess", "urllib", "sqlite3"}
WINDOWS = {"dashboard", "dash", "dash_leaflet", "flask", "flask_socketio", "socketio", "gevent", "gunicorn", "plotly"}


def _files(package: str) -> list[Path]:
    return [p for p in sorted((ROOT / package).rglob("*.py")) if "migrations/versions" not in p.as_posix()]


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def _modules() -> frozenset[str]:
    return frozenset(_name(path) for package in ("services", "dashboard") for path in _files(package))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def _imports(path: Path) -> list[tuple[str, str]]:
    """(module, name) of every import, inside functions too; of an imported module the name is empty."""
    found = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write the whole name"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.append((whole, "") if whole in _modules() else (node.module or "", alias.name))
    return found


def _context(module: str) -> str:
    """``services.cases.deadlines`` → ``cases``; ``dashboard.door.access`` → ``dashboard/door``; else empty."""
    top, _, rest = module.partition(".")
    first = rest.split(".")[0]
    if top == "services":
        return first
    # app and server join everything: they belong to no package.
    return f"dashboard/{first}" if first not in {"", "app", "server"} else ""


def _ours(path: Path) -> Iterator[tuple[str, str]]:
    return ((module, name) for module, name in _imports(path) if module.split(".")[0] in {"services", "dashboard"})


def _is_outer(module: str) -> bool:
    if module in PURE_BY_NAME:
        return False
    first, *rest = module.split(".")[1:]
    words = {word for part in rest for word in (part, *part.split("_"))}
    return first == "operations" or (first == "platform" and bool(rest)) or bool(OUTER & words)


def _is_a_value(module: str, name: str) -> bool:
    """Whether importing it brings nothing that acts: a type of plain values, an error, a constant, a protocol."""
    found = getattr(importlib.import_module(module), name) if name else importlib.import_module(module)
    if isinstance(found, type):
        is_plain = issubclass(found, (msgspec.Struct, tuple, Exception, int, str)) or is_dataclass(found)
        return is_plain or getattr(found, "_is_protocol", False)
    return not callable(found) and not inspect.ismodule(found)


def _is_under(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def test_each_package_imports_exactly_what_the_table_names() -> None:
    used: dict[str, set[str]] = {context: set() for context in CONTEXTS}
    for package in ("services", "dashboard"):
        for path in _files(package):
            if not (here := _context(_name(path))):
                continue
            used.setdefault(here, set()).update(_context(m) for m, _ in _ours(path) if _context(m) not in {here, ""})
    assert used == CONTEXTS


def test_the_table_has_an_order_and_no_circle() -> None:
    order = list(CONTEXTS)
    for context, allowed in CONTEXTS.items():
        assert {a for a in allowed if order.index(a) >= order.index(context)} == set(), context


def test_the_folders_of_tests_are_those_of_the_code() -> None:
    """What a test looks at is where it stands; what looks at the whole house stands beside this file."""
    known = {name.rpartition("/")[2] for name in CONTEXTS} | {"scripts"}
    folders = {p.parent.name for kind in ("unit", "integration") for p in (ROOT / "tests" / kind).glob("*/test_*.py")}
    assert folders - known == set()


def test_no_module_stands_outside_a_package() -> None:
    loose = [p.name for top in ("services", "dashboard") for p in sorted((ROOT / top).glob("*.py"))]
    assert loose == ["__init__.py", "__init__.py", "app.py", "server.py"]


@pytest.mark.parametrize("path", _files("services"), ids=_name)
def test_services_never_import_a_window(path: Path) -> None:
    assert not [module for module, _ in _imports(path) if _is_under(module, WINDOWS)]


PURE = [p for p in _files("services") if _name(p).count(".") >= 2 and not _is_outer(_name(p))]


@pytest.mark.parametrize("path", PURE, ids=_name)
def test_a_module_is_pure_unless_its_name_says_otherwise(path: Path) -> None:
    """It imports nothing that connects, and from a module that does only what is a value."""
    wrong = [
        (module, name)
        for module, name in _imports(path)
        if _is_under(module, OUTSIDE)
        or (module.startswith("services.") and _is_outer(module) and module != ERRORS and not _is_a_value(module, name))
    ]
    assert not wrong


def test_what_is_pure_in_spite_of_its_name_is_there() -> None:
    assert _modules() >= PURE_BY_NAME


def test_windows_import_neither_tables_nor_stores() -> None:
    wrong = defaultdict(list)
    for path in _files("dashboard"):
        for module, _ in _ours(path):
            parts = module.split(".")
            is_store = any(part in {"tables", "store"} or part.endswith("_store") for part in parts[2:])
            if parts[0] == "services" and is_store:
                wrong[_name(path)].append(module)
    assert not wrong


def test_only_the_command_line_imports_errands_workers_and_operations() -> None:
    wrong = defaultdict(list)
    for path in _files("dashboard"):
        if _context(_name(path)) == "dashboard/cli":
            continue
        for module, _ in _ours(path):
            parts = module.split(".")
            if parts[0] == "services" and (parts[1] == "operations" or {"errands", "worker"} & set(parts[2:])):
                wrong[_name(path)].append(module)
    assert not wrong


# Where the text of a key may stand: the class that makes every key, and the document of the contract.
KEY_TEXTS = {"services/platform/redis.py", "services/contract/asyncapi.py"}


def _key_texts(path: Path) -> list[int]:
    """The lines of strings that make a Redis key by hand; a docstring may name one."""
    found = []
    for node in ast.walk(_tree(path)):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if any(text.startswith("lianqin:{") for text in texts):
            found.append(getattr(node, "lineno", 0))
    return found


def test_every_redis_key_is_made_by_its_class() -> None:
    files = [path for package in ("services", "dashboard", "bench") for path in _files(package)]
    made = {path.relative_to(ROOT).as_posix(): lines for path in files if (lines := _key_texts(path))}
    assert set(made) == KEY_TEXTS, f"write services.platform.redis.Keys(district).…: {made}"


def test_a_type_error_is_ignored_for_a_reason_alone() -> None:
    bare = re.compile(r"# type: ignore(?:\[[^]]*\])?\s*$")
    files = [path for package in ("services", "dashboard", "bench", "tests") for path in _files(package)]
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert not found, f"write the reason behind it, as a second comment: {found}"


def test_no_function_takes_more_than_five_arguments_by_their_place() -> None:
    """Ruff's PLR0917: doors are a frozen dataclass, the parts of a row have their names at the call."""
    files = [path for package in ("services", "dashboard", "bench") for path in _files(package)]
    assert not [str(p.relative_to(ROOT)) for p in files if "PLR0917" in p.read_text("utf-8")]


def test_no_file_is_long_and_most_are_short() -> None:
    lines = {p: len(p.read_text("utf-8").splitlines()) for p in (*_files("services"), *_files("dashboard"))}
    lines_of_bench = {p: len(p.read_text("utf-8").splitlines()) for p in _files("bench")}
    assert not {str(p.relative_to(ROOT)): n for p, n in (lines | lines_of_bench).items() if n > 400}
    assert median(lines.values()) < 150


def test_no_function_is_longer_than_sixty_lines() -> None:
    long = {}
    for path in (*_files("services"), *_files("dashboard"), *_files("bench")):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                if (lines := node.end_lineno - node.lineno + 1) > 60:
                    long[f"{_name(path)}.{node.name}"] = lines
    assert not long


def test_a_class_name_is_used_once() -> None:
    places = defaultdict(list)
    for path in (*_files("services"), *_files("dashboard")):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(_name(path))
    assert not {name: where for name, where in places.items() if len(where) > 1}


def test_one_place_makes_every_client_of_redis() -> None:
    """One that is made elsewhere knows neither Sentinels nor a cluster. The embedded server asks itself."""
    made = [
        _name(path)
        for package in ("services", "dashboard")
        for path in _files(package)
        if re.search(r"\bRedis\(|Redis\.from_|ConnectionPool\(", path.read_text("utf-8"))
    ]
    assert made == ["services.operations.embedded", "services.platform.redis", "services.platform.redis_master"]


# What is called by its name from outside of our code, and by whom.
CALLED_BY_OTHERS = {
    "parse_known_args": "argparse", "interpolate_index": "Dash", "load_config": "gunicorn", "do_read": "gevent",
    "do_close": "gevent", "server_class": "gunicorn", "timeout_ctx": "gunicorn", "handle_request": "gunicorn",
    "setup": "gunicorn", "do_GET": "http.server", "log_message": "http.server",
    "drain": "a test or a bench that wants one pass and no thread",
    "connect_check_health": "redis-py",
}  # fmt: skip
# A function with such a decorator is called by the library that it hands the function to.
HANDED_OVER = re.compile(
    r"(?:event|server|app|socketio|numba|overload|\w+\.(?:errorhandler|route|before\w*|after\w*))\b"
)


def _names(tree: ast.AST) -> Iterator[str]:
    """What is named in some code, in strings of names too: ``getattr``, the modules of a command, package data."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.Constant(value=str(text)) if re.fullmatch(r"[\w.:]+", text):
                yield from re.split("[.:]", text)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The functions of a module and the methods of its classes."""
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    return (node for body in bodies for node in body if isinstance(node, ast.FunctionDef))


def test_no_function_is_there_for_tests_alone() -> None:
    """What the product does not call goes, or stands in tests: see tests/reference.py."""
    files = [path for package in ("services", "dashboard") for path in _files(package)]
    used = Counter(name for path in files for name in _names(_tree(path)))
    outside = (ROOT / "pyproject.toml", *(ROOT / "dashboard").rglob("*.html"))
    used.update(name for path in outside for name in re.findall(r"\w+", path.read_text("utf-8")))
    found = {}
    for path in files:
        for function in _functions(_tree(path)):
            name = function.name
            if name.startswith("__") or any(HANDED_OVER.match(ast.unparse(d)) for d in function.decorator_list):
                continue
            if name not in CALLED_BY_OTHERS and used[name] == Counter(_names(function))[name]:
                found[f"{_name(path)}.{name}"] = function.lineno
    assert not found


# A table that ruff may not lay out anew (``fmt: skip``) has so many entries, or so many rows of that many.
TABLE_ENTRIES, ROW_ENTRIES = 8, 3


def _entries(node: ast.AST) -> list[ast.expr]:
    """What stands between the brackets of a literal or a call, or the arguments of a function."""
    match node:
        case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
            return elts
        case ast.Dict(values=values):
            return values
        case ast.Call(args=args, keywords=keywords):
            return [*args, *(keyword.value for keyword in keywords)]
        case ast.FunctionDef(args=args):
            return [ast.Name(one.arg) for one in (*args.args, *args.kwonlyargs)]
    return []


def _is_table(node: ast.AST) -> bool:
    entries = _entries(node)
    rows = [entry for entry in entries if len(_entries(entry)) >= ROW_ENTRIES]
    return len(entries) >= TABLE_ENTRIES or len(rows) >= ROW_ENTRIES


def _heads(tree: ast.Module) -> Iterator[tuple[int, int, ast.AST]]:
    """First line, last line and node of each statement; of one with a body the head alone, and each decorator."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            yield node.lineno, body[0].lineno - 1 if body else node.end_lineno or 0, node
            yield from ((one.lineno, one.end_lineno, one) for one in getattr(node, "decorator_list", ()))


def test_only_tables_are_left_out_of_the_formatting() -> None:
    wrong = []
    for package in ("services", "dashboard", "bench", "tests"):
        for path in _files(package):
            lines = path.read_text("utf-8").splitlines()
            skips = [number for number, line in enumerate(lines, 1) if line.endswith("# fmt" + ": skip")]
            wrong += [f"{path.relative_to(ROOT)}: fmt off" for line in lines if line.endswith("# fmt" + ": off")]
            heads = list(_heads(_tree(path))) if skips else []
            for skip in skips:
                _, _, node = max((head for head in heads if head[0] <= skip <= head[1]), key=lambda head: head[0])
                if not any(_is_table(part) for part in ast.walk(node) if getattr(part, "lineno", 0) <= skip):
                    wrong.append(f"{path.relative_to(ROOT)}:{skip}")
    assert not wrong, f"let ruff lay it out: a table has {TABLE_ENTRIES} entries or {ROW_ENTRIES} rows: {wrong}"


# So many lines that mean something, one after the other, may not stand twice.
MOST_TWICE = 11
# Imports, comments and lone brackets mean nothing; what is made by a program may stand twice.
MEANS_NOTHING = re.compile(r"[\s()\[\]{},;*/]*$|\s*(?:#|//|/?\*|import\b|from\b|export \{)")
MADE = {"wire.d.ts"}


def _blocks(path: Path) -> Iterator[tuple[tuple[str, ...], int]]:
    """Each run of lines of a file, white space folded, and where it begins."""
    lines = [
        (number, " ".join(line.split()))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if not MEANS_NOTHING.match(line)
    ]
    for start in range(len(lines) - MOST_TWICE):
        yield tuple(line for _, line in lines[start : start + MOST_TWICE + 1]), lines[start][0]


def test_no_block_of_twelve_lines_stands_twice() -> None:
    scripts = [p for p in (ROOT / "dashboard/assets").rglob("*") if p.suffix in {".js", ".mjs", ".css"}]
    files = [*_files("services"), *_files("dashboard"), *(p for p in scripts if "vendor" not in p.parts)]
    places = defaultdict(list)
    for path in files:
        if path.name not in MADE:
            for block, line in _blocks(path):
                places[hash(block)].append(f"{path.relative_to(ROOT)}:{line}")
    assert not [where for where in places.values() if len(where) > 1]


MODULES = ROOT / "dashboard/assets/modules"
# A folder of scripts → the folders that it imports, all of them and no others. Pages come last: none imports another.
SCRIPTS = {
    "types": set[str](), "core": {"types"}, "map": {"core", "types"}, "board": {"core", "map", "types"},
    "coverage": {"core", "map", "types"}, "desk": {"core", "map", "types"}, "wall": {"board", "core"},
    "replay": {"board", "core", "map", "types"}, "handover": {"core"}, "plain": {"core"},
}  # fmt: skip
SCRIPT_IMPORT = re.compile(r"""(?:\bfrom\s*|^import\s*|\bimport\()["']([^"']+)["']""", re.MULTILINE)


def _scripts() -> list[Path]:
    return [MODULES.parent / "boot.mjs", *sorted(MODULES.rglob("*.js"))]


@pytest.mark.parametrize("path", _scripts(), ids=lambda path: path.stem)
def test_a_script_imports_files_that_are_there_by_relative_paths(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("// @ts-check\n")
    assert not re.search(r"\b(?:window|globalThis)\.lianqin\b|^\s*lianqin\.", text, re.MULTILINE)
    for name in SCRIPT_IMPORT.findall(text):
        assert name.startswith(("./", "../")), f"{path}: write {name} as a relative path"
        assert (path.parent / name).is_file(), f"{path}: {name} is not there"


def test_no_script_is_long() -> None:
    own = [*_scripts(), *(MODULES.parent / "plain").glob("*.js")]
    lines = {path.relative_to(MODULES.parent).as_posix(): len(path.read_text("utf-8").splitlines()) for path in own}
    assert {name: n for name, n in lines.items() if n > 400} == {}


def test_scripts_import_downwards_and_no_page_imports_another() -> None:
    used: dict[str, set[str]] = {name: set() for name in SCRIPTS}
    for path in MODULES.rglob("*.js"):
        own = path.parent.name
        for name in SCRIPT_IMPORT.findall(path.read_text("utf-8")):
            used[own].add((path.parent / name).resolve().parent.name)
    assert {own: found - {own} for own, found in used.items()} == SCRIPTS
    above = list(SCRIPTS)
    assert all(above.index(low) < above.index(high) for high, lows in SCRIPTS.items() for low in lows)


def test_every_script_is_checked_strictly() -> None:
    config = json.loads((ROOT / "tsconfig.json").read_text("utf-8"))
    assert config["compilerOptions"]["strict"] is True
    assert config["include"] == ["dashboard/assets/boot.mjs", "dashboard/assets/modules/**/*"]
    assert not config.keys() - {"compilerOptions", "include"}
    loose = [key for key, value in config["compilerOptions"].items() if key.startswith(("no", "strict")) and not value]
    assert not loose
    ignores = [
        path.name for path in _scripts() if re.search(r"@ts-(?:ignore|nocheck|expect-error)", path.read_text("utf-8"))
    ]
    assert not ignores
