"""The product from its wheel, in an empty environment, far from the source folder: the wall lives."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Product, open_wall, run_product, shows_entry, state_word, wait_until
from tests.tiny import case, entry
from tests.wheels import apart, install, make_wheel

pytestmark = [pytest.mark.browser, pytest.mark.redis, pytest.mark.slow]


@pytest.fixture
def lianqin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command."""
    folder = tmp_path_factory.mktemp("installed")
    return install(make_wheel(folder), folder / "environment")


@pytest.fixture
def installed(lianqin: Path, tmp_path: Path) -> Iterator[Product]:
    """The tiny district's product, whose projector and web process are the wheel's."""
    for product in run_product(tmp_path, f"sqlite:///{tmp_path / 'store.db'}"):
        for name in ("web", "projector"):
            product.stop(name)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        processes = [
            subprocess.Popen(
                [lianqin, name], cwd=elsewhere, env=apart(**product.environment, LIANQIN_DATA_DIR=str(elsewhere))
            )
            for name in ("projector", "web")
        ]
        wait_until(product.board, "the installed web process answers", 60)
        yield product
        for process in processes:
            process.terminate()
        assert [process.wait(20) for process in processes] == [0, 0]


def test_the_wall_lives_from_the_wheel(installed: Product, lianqin: Path, page: Page) -> None:
    where = "import dashboard, services, sys; print(dashboard.__file__, services.__file__)"
    found = subprocess.run(
        [lianqin.with_name("python"), "-c", where], cwd="/", env=apart(), capture_output=True, text=True, check=True
    )
    assert all(path.startswith(str(lianqin.parents[1])) for path in found.stdout.split())
    said = subprocess.run([lianqin, "--version"], env=apart(), capture_output=True, text=True, check=True).stdout
    assert installed.get("/healthz") == {"status": "up", "version": said.split()[1]}
    missing: list[str] = []
    page.on("response", lambda answer: missing.append(answer.url) if answer.status >= 400 else None)
    open_wall(page, installed)
    shows_entry(page, installed.publish(entry(case("A"))))
    assert state_word(page) == "live"
    assert missing == []
    processes = installed.get("/readyz")["processes"]
    assert {one["version"] for one in processes.values() if one["alive"]} == {said.split()[1]}, json.dumps(processes)
