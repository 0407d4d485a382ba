"""What a server is installed from: units, settings, proxy, alert rules. They name what there is; tools take them."""

import configparser
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from dashboard.callbacks.health import board_figures, process_figures
from services.access.log_in.rules import rules_of
from services.admin import figures_reader
from services.admin.doctor.process_reader import COMMANDS
from services.admin.upload import MOST_UPLOADED
from services.board.state import Share
from services.health.beats import Process
from services.health.own_reader import own_figures
from services.platform.metric import as_text
from services.platform.sealing import make_key
from services.platform.settings import ENVIRONMENT, NAMES, from_environment

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS, NGINX = DEPLOY / "systemd", DEPLOY / "nginx"
SERVICES, TIMERS = sorted(UNITS.glob("*.service")), sorted(UNITS.glob("*.timer"))
COMMON = UNITS / "lianqin-.service.d/10-lianqin.conf"
PROGRAM = "/opt/lianqin/current/bin/lianqin"


class Unit(configparser.RawConfigParser):
    """A unit as text; a name that is there several times keeps its last value."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#", ";"), interpolation=None)
        self.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their capitals
        self.read(path, "utf-8")


def command(path: Path) -> str:
    return Unit(path)["Service"]["ExecStart"]


def all_of(path: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", path.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("end", ["", "@"])
def test_every_process_has_a_unit_that_its_target_starts(end: str) -> None:
    started = all_of(UNITS / f"lianqin{end}.target", "Wants")
    instance = "@%i" if end else ""
    timers = [path.stem.rstrip("@").removeprefix("lianqin-") for path in TIMERS]
    expected = [f"lianqin-{name}{instance}.service" for name in NAMES]
    assert sorted(started) == sorted([*expected, *(f"lianqin-{name}{instance}.timer" for name in set(timers))])
    for name in NAMES:
        unit = UNITS / f"lianqin-{name}{end}.service"
        assert command(unit) == PROGRAM + COMMANDS[name].removeprefix("lianqin")
        assert all_of(unit, "PartOf") == all_of(unit, "WantedBy") == [f"lianqin{instance}.target"]
        assert Unit(unit)["Service"]["Restart"] == "always"
        assert all_of(unit, "MemoryMax")
        assert all_of(unit, "After") == ([] if name == "projector" else [f"lianqin-projector{instance}.service"])


def test_a_second_districts_units_are_the_firsts_with_places_of_its_own() -> None:
    plain = [path for path in UNITS.iterdir() if path.is_file() and "@" not in path.name]
    assert len(plain) == len(SERVICES) // 2 + len(TIMERS) // 2 + 1
    for path in plain:
        other = path.with_name(f"{path.stem}@{path.suffix}").read_text("utf-8")
        told = re.sub(r"Lianqin %i:? ?", "Lianqin ", other).replace("%S/lianqin-%i", "%S/lianqin")
        told = told.replace("=lianqin-%i\n", "=lianqin\n").replace("/%i.environment", "/environment")
        told = told.replace("@%i.", ".").replace("this district", "the district")
        assert told == re.sub(r"Lianqin: ", "Lianqin ", path.read_text("utf-8")), path.name


def test_every_unit_is_closed_in_and_writes_its_state_and_the_cache_alone() -> None:
    common = Unit(COMMON)["Service"]
    for name in (
        "NoNewPrivileges",
        "PrivateTmp",
        "PrivateDevices",
        "ProtectHome",
        "ProtectKernelTunables",
        "LockPersonality",
    ):
        assert common[name] == "yes"
    assert (common["ProtectSystem"], common["User"], common["UMask"]) == ("strict", "lianqin", "0077")
    assert common["CacheDirectory"] == "lianqin"
    assert {"NUMBA_CACHE_DIR=%C/lianqin/numba", "LIANQIN_METRICS=%t/lianqin"} <= set(common["Environment"].split())
    assert (common["RuntimeDirectory"], common["RuntimeDirectoryMode"]) == ("lianqin", "0755")
    for path in SERVICES:
        own = Unit(path)["Service"]
        assert "ReadWritePaths" not in own
        assert own["WorkingDirectory"] == f"%S/{own['StateDirectory']}"
        assert own["Environment"] == f"LIANQIN_DATA_DIR=%S/{own['StateDirectory']}"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed: the units are parsed alone")
@pytest.mark.parametrize("target", ["lianqin.target", "lianqin@320498.target"])
def test_systemd_takes_the_units(target: str, tmp_path: Path) -> None:
    shutil.copytree(UNITS, tmp_path / "units")
    for path in (tmp_path / "units").glob("*.service"):
        path.write_text(path.read_text("utf-8").replace(PROGRAM, "/bin/true"), "utf-8")
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", target],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path / 'units'}:"},
        cwd=tmp_path / "units",
        capture_output=True,
        text=True,
        check=False,
    )
    about_us = [line for line in (found.stdout + found.stderr).splitlines() if "lianqin" in line]
    assert about_us == []


def settings_of(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_the_sample_environment_names_settings_that_are_read_and_asks_for_a_second_factor() -> None:
    sample = settings_of(DEPLOY / "lianqin.environment")
    owner = settings_of(DEPLOY / "lianqin.owner.environment")
    assert set(sample) <= set(ENVIRONMENT)
    assert set(owner) == {"LIANQIN_DATABASE_URL"}
    found = from_environment({**sample, "LIANQIN_DATA_KEY": make_key()})
    assert found.second_factor == ("admin", "security", "auditor", "leader")
    assert found.processes == NAMES
    assert (found.host, found.proxies) == ("127.0.0.1", 1)
    assert found.origin == f"https://{found.hosts[0]}"
    assert rules_of(found).second_factor


# nginx says `http2` on a line of its own from 1.25.1 on.
OWN_LINE = (1, 25, 1)


def nginx_version() -> tuple[int, ...]:
    said = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    return tuple(int(n) for n in re.findall(r"nginx/(\d+)\.(\d+)\.(\d+)", said)[0])


def test_the_servers_of_nginx_differ_in_port_and_http2_alone() -> None:
    found = {}
    for path in NGINX.glob("lianqin*.conf"):
        if path.name in {"lianqin-zones.conf", "lianqin-proxy.conf"}:
            continue
        text = re.sub(r"(?m)^#.*\n", "", path.read_text("utf-8")).partition("}\n")[0]
        is_old, port = path.name.endswith("-debian12.conf"), "8443" if "port" in path.name else "443"
        assert re.findall(r"listen (?:\[::\]:)?(\d+) ssl( http2)?;", text) == [(port, " http2" if is_old else "")] * 2
        assert ("http2 on;" in text) is not is_old
        found[path.name] = re.sub(r"  listen .*\n|  http2 on;\n", "", text)
    assert len(found) == 4
    assert len(set(found.values())) == 1


def test_nginx_passes_on_what_the_web_process_counts_on() -> None:
    text = (NGINX / "lianqin-proxy.conf").read_text("utf-8")
    headers = dict(re.findall(r"proxy_set_header (\S+)\s+(\S+);", text))
    assert headers == {
        "Host": "$http_host",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": "$scheme",
        "Upgrade": "$http_upgrade",
        "Connection": "$lianqin_connection",
    }
    most = [int(n) * 2**20 for n in re.findall(r"client_max_body_size\s+(\d+)m;", text)]
    assert most == [2**20, MOST_UPLOADED + 2**20]


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed: its files are parsed alone")
@pytest.mark.parametrize("name", ["lianqin", "lianqin-port"])
def test_nginx_takes_its_files(name: str, tmp_path: Path) -> None:
    shutil.copytree(NGINX, tmp_path / "snippets")
    key, certificate = tmp_path / "own.key", tmp_path / "own.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=lianqin.example.cn", "-keyout", key, "-out", certificate], check=True, capture_output=True,
    )  # fmt: skip
    server = NGINX / f"{name}{'' if nginx_version() >= OWN_LINE else '-debian12'}.conf"
    text = server.read_text("utf-8").replace("/etc/nginx/tls/lianqin.key", str(key))
    (tmp_path / "server.conf").write_text(text.replace("/etc/nginx/tls/lianqin.crt", str(certificate)), "utf-8")
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nerror_log {tmp_path}/log;\nevents {{}}\nhttp {{\naccess_log off;\n"
        + "".join(
            f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + "include snippets/lianqin-zones.conf;\ninclude server.conf;\n}\n"
    )
    found = subprocess.run(
        ["nginx", "-t", "-q", "-p", tmp_path, "-c", tmp_path / "nginx.conf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")


def told_metrics() -> str:
    total = Share()
    board = SimpleNamespace(total=lambda: total, revision=7, lost=0, tallies={("refused:no_id", "/szcg"): 4})
    follower: Any = SimpleNamespace(board=board, health=SimpleNamespace(fresh_ms=lambda: 3))
    room: Any = SimpleNamespace(browsers=lambda: 3, dropped=1, refusals=SimpleNamespace(counts=Counter(origin=2)))
    found = [*board_figures(room, follower, 4), *process_figures([Process("web", "alive")]), *own_figures()]
    return as_text(found)


def test_every_metric_of_an_alert_rule_is_told() -> None:
    groups = yaml.safe_load((DEPLOY / "prometheus/lianqin.rules.yml").read_text("utf-8"))["groups"]
    told = set(re.findall(r"^# TYPE (\w+)", told_metrics(), re.MULTILINE)) | {"up"}
    told |= set(re.findall(r'"(lianqin_\w+)"', Path(figures_reader.__file__).read_text("utf-8")))
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 5
    for rule in rules:
        named = set(re.findall(r"\b(lianqin_\w+|up)\b", rule["expr"]))
        assert named, rule["alert"]
        assert named <= told, rule["alert"]
        assert {"summary", "description"} <= set(rule["annotations"])
        assert rule["labels"]["severity"] in {"critical", "warning"}
    (job,) = yaml.safe_load((DEPLOY / "prometheus/scrape.yml").read_text("utf-8"))["scrape_configs"]
    assert job["job_name"] == "lianqin"
    assert job["static_configs"][0]["targets"] == [f"127.0.0.1:{from_environment({}).port}"]
