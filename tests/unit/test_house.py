"""The house keeps its shape: imports go down only, rooms do no I/O, files stay small (docs/architecture.md)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
WINDOWS = {"dashboard", "dash", "dash_leaflet", "flask", "flask_socketio", "socketio", "gevent", "gunicorn", "plotly"}
ROOMS = (
    "events", "district", "cases", "deadlines", "deadline_steps", "limits", "working_calendar", "indicators",
    "archive.month", "audit", "masking", "liveboard.board", "liveboard.figures", "liveboard.sources", "liveboard.zone",
    "projector.fold", "projector.gap", "projector.placing", "projector.delta", "lifecycle", "repeats",
    "escalation.rules", "escalation.desk", "projector.regular", "coverage", "duty", "alarms", "rights", "case_actions",
    "log_in.totp", "log_in.recovery", "log_in.guessable", "passwords",
    "reveal_rules",
    "marks", "leadership.report", "leadership.sentences", "leadership.spans", "leadership.words",
    "leadership.part_words", "leadership.figure_rows",
    "health.waiting", "health.beats", "health.pulse", "past.asking", "past.cameras", "past.moments",
    "files",
    "liveboard.alarm_tiles", "liveboard.lenses", "liveboard.case_export", "roads", "units", "joint",
)  # fmt: skip
OUTSIDE = {"redis", "sqlalchemy", "alembic", "psycopg", "socket", "subprocess", "urllib"}
DOORS = {
    f"services.{door}"
    for door in "stream store doors embedded supervisor settings sealing demo local publishing".split()
}
# What a room may take from behind a door, by name, each with its reason.
ALLOWED = {
    # Frozen rows that the fold and the gap are functions of; the modules that define them do not connect on import.
    ("projector.fold", "services.projector.store.write", "OldCase"),
    ("projector.regular", "services.projector.store.write", "OldCase"),
    ("projector.gap", "services.projector.store.write", "Feed"),
    ("projector.gap", "services.projector.stream", "StreamState"),
}


def _files(package: str) -> list[Path]:
    return [p for p in sorted((ROOT / package).rglob("*.py")) if "migrations/versions" not in p.as_posix()]


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT / "services").with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _imports(path: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of every import, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write the whole name"
            for alias in node.names:
                yield node.module or "", alias.name


def _is_under(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("path", _files("services"), ids=_name)
def test_services_never_import_a_window(path: Path) -> None:
    assert not [module for module, _ in _imports(path) if _is_under(module, WINDOWS)]


@pytest.mark.parametrize("path", [p for p in _files("services") if _is_under(_name(p), set(ROOMS))], ids=_name)
def test_a_room_imports_neither_a_door_nor_what_lies_outside(path: Path) -> None:
    wrong = [
        (module, name)
        for module, name in _imports(path)
        if _is_under(module, OUTSIDE | DOORS) or (module == "services" and f"services.{name}" in DOORS)
        if (_name(path), module, name) not in ALLOWED
    ]
    assert not wrong


def test_every_room_and_every_exception_is_still_there() -> None:
    names = {_name(path) for path in _files("services")}
    assert {room for room in ROOMS if not any(_is_under(name, {room}) for name in names)} == set()
    used = {(_name(p), module, name) for p in _files("services") for module, name in _imports(p)}
    assert used >= ALLOWED


def test_only_the_front_door_imports_both_packages_to_start_processes() -> None:
    starters = {
        "services.operations.demo",
        "services.operations.supervisor",
        "services.operations",
        "services.operations.doctor",
    }
    users = {p.name for p in _files("dashboard") for module, _ in _imports(p) if _is_under(module, starters)}
    assert users <= {"cli.py"}


def test_no_file_is_long_and_most_are_short() -> None:
    lines = {p: len(p.read_text("utf-8").splitlines()) for p in (*_files("services"), *_files("dashboard"))}
    assert not {str(p.relative_to(ROOT)): n for p, n in lines.items() if n > 400}
    assert median(lines.values()) < 150


MODULES = ROOT / "dashboard/assets/modules"
# A folder of scripts → the folders that it imports, all of them and no others. Pages come last: none imports another.
SCRIPTS = {
    "types": set[str](), "core": {"types"}, "map": {"core"}, "board": {"core", "map"}, "coverage": {"core", "map"},
    "desk": {"core", "map"}, "wall": {"board", "core"}, "replay": {"board", "core", "map"}, "handover": {"core"},
    "plain": {"core"},
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


def test_scripts_import_downwards_and_no_page_imports_another() -> None:
    used: dict[str, set[str]] = {name: set() for name in SCRIPTS}
    for path in MODULES.rglob("*.js"):
        own = path.parent.name
        for name in SCRIPT_IMPORT.findall(path.read_text("utf-8")):
            used[own].add((path.parent / name).resolve().parent.name)
    assert {own: found - {own} for own, found in used.items()} == SCRIPTS
    above = list(SCRIPTS)
    assert all(above.index(low) < above.index(high) for high, lows in SCRIPTS.items() for low in lows)
