"""docs/security.md says what the code does, and names tests that there are."""

import ast
import re
from functools import cache
from pathlib import Path

from services.access import rights_reference as reference

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text("utf-8")


def test_the_page_says_what_the_code_does() -> None:
    assert reference.put_into(PAGE) == PAGE, "run python -m services.access.rights_reference"


@cache
def names_in(path: Path) -> set[str]:
    """The functions and classes of a module."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def test_every_test_that_the_page_names_is_there() -> None:
    files = {path.stem: path for path in (ROOT / "tests").rglob("test_*.py")}
    named = re.findall(r"`(test_\w+)::(\w+)`", PAGE)
    assert len(named) > 80
    for stem, name in named:
        assert stem in files, stem
        assert name in names_in(files[stem]), f"{stem}::{name}"


def test_every_row_of_the_standards_table_has_its_test() -> None:
    rows = re.findall(r"^\| (\d+\.\d+\.\d+[^|]*) \| ([^|]+) \| ([^|]+) \|$", PAGE.split("### Not met")[0], re.MULTILINE)
    assert len(rows) > 40
    assert not [number for number, _, tests in rows if "::" not in tests]
