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

from services.platform.migrate import revisions
from services.platform.settings import NAMES
from tests.browser.conftest import FLAGS, PROGRAMS, state_word, wait_until
from tests.browser.desks import desk_is_ready
from tests.machine import Machine, why_not
from tests.wheels import ROOT, as_version, make_wheel

pytestmark = [pytest.mark.slow, pytest.mark.redis, pytest.mark.postgres, pytest.mark.browser]
PAGE = ROOT / "docs/install.md"
NAME = "lianqin.example.cn"
NEW_PASSWORD = "four Plain words here"


FIRST_DAY, UPGRADE, SECOND = "", "Another version", "A second district"


def blocks(page: Path) -> dict[str, list[str]]:
    """What the page has its reader type: on the first day, and under the headings for later."""
    found: dict[str, list[str]] = {FIRST_DAY: [], UPGRADE: [], SECOND: []}
    for part in re.split(r"^## ", page.read_text("utf-8"), flags=re.MULTILINE):
        heading = part.partition("\n")[0]
        typed = re.findall(r"^```sh\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
        found[heading if heading in found else FIRST_DAY] += typed
    assert all(found.values())
    return found


def followed(machine: Machine, heading: str = FIRST_DAY) -> str:
    """Type the page's commands; what they say. Where one fails, what the units say comes with it."""
    typed = blocks(PAGE)[heading]
    if heading:
        typed = [blocks(PAGE)[FIRST_DAY][0], *typed]  # the folder, and the first lines of the shell
    try:
        return machine.run("\n".join(typed))
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
    wait_until(lambda: states(machine, 8050) == dict.fromkeys(NAMES, "alive"), "every process is alive", 180)


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


def states(machine: Machine, port: int) -> dict[str, str]:
    found = json.loads(machine.run(f"curl --silent http://127.0.0.1:{port}/readyz"))["processes"]
    return {name: found[name]["state"] for name in NAMES if name in found}


def test_a_large_batch_is_taken_in_by_the_roles_of_the_page(installed: tuple[Machine, str]) -> None:
    """More changes at once than go one by one: the processes' role needs a table of its session for it."""
    machine, _ = installed
    script = (
        "import json, os, redis; r = redis.Redis.from_url(os.environ['LIANQIN_REDIS_URL']); p = r.pipeline()\n"
        "for n in range(60): p.xadd('lianqin:{320499}:events', {'specversion': '1.0', 'id': f'b{n}', 'source': '/x', "
        "'type': 'case.reported', 'time': '2026-11-30T10:00:00+08:00', 'data': json.dumps({'case_id': f'B{n}', "
        "'version': 1, 'status': 'reported', 'channel': 'GRID', 'reported_at': '2026-11-30T10:00:00+08:00'})})\n"
        "p.execute()"
    )
    machine.run(
        "systemctl stop lianqin-projector; set -a; . /etc/lianqin/environment; set +a; "
        f"/opt/lianqin/current/bin/python - <<'E'\n{script}\nE\nsystemctl start lianqin-projector"
    )
    asked = "runuser -u postgres -- psql -At -d lianqin -c \"SELECT count(*) FROM cases WHERE case_id LIKE 'B%'\""
    wait_until(lambda: machine.run(asked).strip() == "60", "all are taken in", 60)
    partitions = machine.run("runuser -u postgres -- psql -At -d lianqin -c '\\dt history_2*'")
    assert partitions.count("history_20") >= 2


def test_figures_are_where_node_exporter_may_read_them(installed: tuple[Machine, str]) -> None:
    machine, _ = installed
    read = "setpriv --reuid nobody --regid nogroup --clear-groups cat /run/lianqin/*.prom"
    wait_until(lambda: "lianqin_ingest_commits_total" in machine.run(read), "the projector has written its figures", 30)
    assert 'process="escalator"' in machine.run(read)


def test_a_second_district_lives_beside_the_first(installed: tuple[Machine, str]) -> None:
    machine, _ = installed
    said = followed(machine, SECOND)
    assert "== /etc/lianqin/320498.environment" in said
    assert "ok     districts: 2, and none takes another's port, database, package or state" in said
    for port in (8050, 8051):
        wait_until(lambda port=port: states(machine, port) == dict.fromkeys(NAMES, "alive"), "all are alive", 240)
    code = "curl --silent --insecure --resolve lianqin2.example.cn:443:127.0.0.1 https://lianqin2.example.cn/healthz"
    assert '"status":"up"' in machine.run(code)
    user = "redis-cli --user administrator ACL DRYRUN"
    password = "export REDISCLI_AUTH=$(sed -n 's/^user administrator on >\\([^ ]*\\) .*/\\1/p' /etc/redis/lianqin.acl)"
    for who, where in (("casesystem", "320499"), ("casesystem-320498", "320498")):
        assert machine.run(f"{password}; {user} {who} XACK 'lianqin:{{{where}}}:commands' g 1-0").strip() == "OK"
    other = machine.run(f"{password}; {user} casesystem-320498 XACK 'lianqin:{{320499}}:commands' g 1-0")
    assert "no permissions" in other
    case = '{"case_id":"S2","version":1,"status":"reported","channel":"GRID","reported_at":"2026-11-30T10:00:00+08:00"}'
    machine.run(f"lianqin-admin @320498 publish case.reported --data '{case}'")
    for name, n in (("lianqin_320498", "1"), ("lianqin", "0")):
        asked = f"runuser -u postgres -- psql -At -d {name} -c \"SELECT count(*) FROM cases WHERE case_id = 'S2'\""
        wait_until(lambda asked=asked, n=n: machine.run(asked).strip() == n, "it is in its own database alone", 30)


def test_another_version_is_put_in_and_taken_back(installed: tuple[Machine, str]) -> None:
    machine, _ = installed
    (wheel,) = machine.given.glob("lianqin-*.whl")
    newer = as_version(wheel, "9.9.9")
    machine.run(f"rm /srv/lianqin/lianqin-*.whl; cat >/srv/lianqin/{newer.name}", given=newer.read_bytes())
    before = machine.run("readlink /opt/lianqin/current").strip()
    followed(machine, UPGRADE)
    ready = "until curl --silent --fail --output /dev/null http://127.0.0.1:8050/readyz; do sleep 1; done"
    asked = f"{ready}; curl --silent http://127.0.0.1:8050/healthz"
    assert '"version":"9.9.9"' in machine.run(asked)
    assert len(machine.run("ls /var/lib/lianqin/backups").splitlines()) >= 1
    back = revisions()[-2]
    machine.run("systemctl stop lianqin.target 'lianqin-*[a-z].service'")
    assert f"at migration {back}" in machine.run(f"lianqin-admin --owner downgrade {back}")
    machine.run(f"ln -sfn {before} /opt/lianqin/current; lianqin-admin --owner upgrade; systemctl start lianqin.target")
    assert '"version":"9.9.9"' not in machine.run(asked)


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
