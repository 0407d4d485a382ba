"""The wheel is whole: every file of the product is in it, and its name says which version it is."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wheels import ROOT, make_wheel

FETCHED = {"dashboard/assets/vendor/socket.io.min.js", "dashboard/assets/plain/vendor/plotly-cartesian.min.js"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make wheel` makes, once."""
    return make_wheel(tmp_path_factory.mktemp("dist"))


def ours() -> Iterator[str]:
    """Every file of the product as it lies here, with the scripts that setup fetches."""
    for top in ("services", "dashboard"):
        for path in (ROOT / top).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT).as_posix()


def test_the_wheel_has_every_file_of_the_product(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as found:
        names = {name for name in found.namelist() if ".dist-info/" not in name}
    assert names == set(ours())
    assert names >= FETCHED


def test_the_wheel_says_which_version_it_is(wheel: Path) -> None:
    project = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert project is not None
    assert re.fullmatch(rf"lianqin-{re.escape(project[1])}(\+g[0-9a-f]+(\.changed)?)?-py3-none-any\.whl", wheel.name)


def test_the_lock_and_what_a_server_needs_lie_beside_it(wheel: Path) -> None:
    assert (wheel.parent / "requirements.lock").read_bytes() == (ROOT / "requirements.lock").read_bytes()
    deploy = wheel.parent / "deploy"
    assert {path.name for path in deploy.iterdir()} == {path.name for path in (ROOT / "deploy").iterdir()}
