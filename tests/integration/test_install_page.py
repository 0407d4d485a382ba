"""docs/install.md, followed to the letter on a bare machine: an officer logs in through nginx, and the socket lives."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocket, sync_playwright

from services.platform.settings import NAMES
from tests.browser.conftest import FLAGS, PROGRAMS, state_word, wait_until
from tests.browser.desks import desk_is_ready
from tests.machine import Machine, why_not
from tests.wheels import ROOT, make_wheel

pytestmark = [pytest.mark.slow, pytest.mark.redis, pytest.mark.postgres, pytest.mark.browser]
PAGE = ROOT / "docs/install.md"
NAME = "lianqin.example.cn"
NEW_PASSWORD = "four Plain words here"


def blocks(page: Path) -> list[str]:
    """What the page has its reader type."""
    return re.findall(r"^```sh\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def followed(machine: Machine) -> str:
    """Type the page's commands; what they say. Where one fails, what the units say comes with it."""
    try:
        return machine.run("\n".join(blocks(PAGE)))
    except (AssertionError, subprocess.TimeoutExpired) as error:
        asked = "systemctl --no-pager --lines=0 status 'lianqin*'; tail -n 20 /var/log/lianqin/*"
        raise AssertionError(f"{error}\n{machine.run(asked, check=False)}") from None


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, str]]:
    """The machine after the page's last command, and what the commands said."""
    if reason := why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("machine")
    wheel = make_wheel(folder / "dist")
    machine = Machine(folder, wheel.parent)
    try:
        machine.start()
        # Its journal is none: what the units say is in files, as the page on operations has it.
        machine.run(
            "install -d /var/log/lianqin; install -D -m 0644 /srv/lianqin/deploy/systemd/log-files/20-log-files.conf"
            " /etc/systemd/system/lianqin-.service.d/20-log-files.conf; systemctl start redis-server nginx"
            " postgresql@$(pg_lsclusters -h | awk '{print $1 \"-\" $2}')"
        )
        yield machine, followed(machine)
    finally:
        machine.stop()


def test_the_page_is_followed_to_its_end(installed: tuple[Machine, str]) -> None:
    machine, said = installed
    assert '"status":"up"' in said
    for name in NAMES:
        assert machine.run(f"systemctl is-active lianqin-{name}").strip() == "active"
    modes = machine.run("stat -c '%a %U' /etc/lianqin/environment /etc/lianqin/owner.environment /var/lib/lianqin")
    assert modes.splitlines() == ["600 root", "600 root", "700 lianqin"]
    users = machine.run("ps -eo user=,args= | awk '/\\/opt\\/lianqin\\//{print $1}' | sort -u").split()
    assert "lianqin" in users


def test_every_process_is_alive_and_none_is_missing(installed: tuple[Machine, str]) -> None:
    machine, _ = installed

    def states() -> dict[str, str]:
        found = json.loads(machine.run("curl --silent http://127.0.0.1:8050/readyz"))["processes"]
        return {name: found[name]["state"] for name in NAMES if name in found}

    wait_until(lambda: states() == dict.fromkeys(NAMES, "alive"), "every process is alive", 180)


def test_one_that_is_killed_comes_back_by_itself(installed: tuple[Machine, str]) -> None:
    machine, _ = installed
    asked = "systemctl show --value --property MainPID lianqin-escalator"
    before = machine.run(asked).strip()
    machine.run(f"kill -9 {before}")
    wait_until(lambda: machine.run(asked).strip() not in {"0", before}, "systemd starts it again", 30)


@pytest.mark.parametrize("job", sorted(path.stem for path in (ROOT / "deploy/systemd").glob("*[!@].timer")))
def test_what_a_timer_starts_ends_well(installed: tuple[Machine, str], job: str) -> None:
    machine, _ = installed
    machine.run(f"systemctl is-active {job}.timer && systemctl start {job}.service")


def test_an_officer_logs_in_through_the_proxy_and_the_socket_lives(installed: tuple[Machine, str], page: Page) -> None:
    machine, said = installed
    (once,) = re.findall(r"^zhoumin: duty_officer, password (\S+)", said, re.MULTILINE)
    sockets: list[WebSocket] = []

    def hear(socket: WebSocket) -> None:
        sockets.append(socket)

    page.on("websocket", hear)
    page.goto(f"https://{NAME}/login")
    page.fill("input[name=user]", "zhoumin")
    page.fill("input[name=password]", once)
    page.click("main form button")
    for name, value in {"old": once, "new": NEW_PASSWORD, "again": NEW_PASSWORD}.items():
        page.fill(f"input[name={name}]", value)
    page.click("form[action^='/account/password'] button")
    page.goto(f"https://{NAME}/desk")
    desk_is_ready(page)
    page.wait_for_selector('.ag-row[row-id="T1"]', state="attached")
    assert state_word(page) == "live"
    assert [socket.url.partition("/socket.io")[0] for socket in sockets] == [f"wss://{NAME}"]
    (cookie,) = (one for one in page.context.cookies() if one["name"] == "__Host-lianqin")
    assert cookie["secure"]
    case = (
        '{"case_id":"T2","version":1,"status":"reported","channel":"GRID","reported_at":"'
        f'{datetime.now(UTC).isoformat(timespec="seconds")}"}}'
    )
    machine.run(f"lianqin-admin publish case.reported --data '{case}'")
    page.wait_for_selector('.ag-row[row-id="T2"]', state="attached", timeout=5_000)
    assert not sockets[0].is_closed()


@pytest.fixture
def page(installed: tuple[Machine, str], tmp_path: Path) -> Iterator[Page]:
    """A page of a browser on the machine, which trusts its certificate."""
    program = tmp_path / "browser"
    real = next(filter(None, map(shutil.which, PROGRAMS)))
    program.write_text(f'#!/bin/sh\nexec {" ".join(installed[0].inside("--net"))} {real} "$@"\n')
    program.chmod(0o755)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=[*FLAGS, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
        )
        yield browser.new_page(viewport={"width": 1920, "height": 1080}, ignore_https_errors=True)
        browser.close()
