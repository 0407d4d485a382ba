"""``lianqin demo``: everything on this machine under one supervisor, from an empty folder to a live wall."""

import contextlib
import dataclasses
import json
import socket
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.district.load import load
from services.operations.demo_accounts import FILE, make_demo_accounts
from services.operations.embedded import EmbeddedRedis
from services.operations.local import KEY_FILE, URL_FILE, forget_redis, remember_redis
from services.operations.simulator.generate import SEED, generate
from services.operations.simulator.paths import MEDIA
from services.operations.simulator.play import is_filled, kept_days
from services.operations.supervisor import Child, Supervisor
from services.platform.clock import VirtualClock, from_hash, machine_ms, to_rfc3339
from services.platform.database import open_engine
from services.platform.files import private_folder
from services.platform.migrate import upgrade
from services.platform.redis import Keys, connect
from services.platform.sealing import Sealer, make_key
from services.platform.settings import VIRTUAL, Settings
from services.platform.whole_file import write_whole
from services.projector.errands.rebuild import rebuild_if_old
from services.projector.ingest import Ingest

CLOCK_FILE = "clock.json"
# Started at once: expected from then on. The others are once they have begun.
AT_ONCE = ("projector", "web", "escalator")
# Started when the history is there: the name, and the command.
LATER = (("alarms", "alarms"), ("papers", "worker", "--only", "papers"), ("past", "worker", "--only", "past"))

Say = Callable[[str], None]


def run_demo(settings: Settings, *, simulator: bool, speed: float, days: int, say: Say) -> int:
    """Run until Ctrl-C; ``days``: of history. Returns the exit code."""
    data = private_folder(settings.data_dir)
    if not settings.district and not (data / "district" / "district.toml").is_file():
        say("making the demo district (12 streets, 706 grids; every name is invented)")
        generate(data / "district", SEED)
    district = load(settings.district_dir)
    _say_what_stays(data, days, say)
    embedded = None
    url = settings.redis_url
    if not url:
        embedded = EmbeddedRedis(data / "redis", private=True)
        embedded.start()
        url = embedded.url
        say(f"embedded Redis on 127.0.0.1:{embedded.port} under {data / 'redis'}; its address is in {data / URL_FILE}")
    remember_redis(data, url)
    engine = open_engine(settings.database)
    upgrade(engine)
    settings = with_data_key(settings, data)
    people = make_demo_accounts(engine, district, data)
    rebuild_if_old(engine, Ingest(engine, district, Sealer(settings.data_key)), machine_ms(), say)
    clock = _start_clock(url, district.code, data, speed)
    supervisor = Supervisor(_environment(settings, url, data, pictures := _free_port() if simulator else 0), say)
    supervisor.stop_on_signals()
    try:
        supervisor.start("projector", "projector")
        supervisor.start("web", "web", "--demo")
        supervisor.start("escalator", "escalator")
        if simulator:
            supervisor.start(
                "simulator", "simulate", "--history", f"{days}d", "--until-live", to_rfc3339(clock.now_ms()),
                "--pictures", str(pictures),
            )  # fmt: skip
        supervisor.watch(lambda: _is_ready(settings))
        if not supervisor.stopping:
            supervisor.start("surveyor", "surveyor")  # its first seconds are full of work: the wall comes first
            _say_where(settings, people, data / FILE, say)
        last = [0.0]
        later: list[Child] = []

        def look_after() -> bool:
            # While the history is written the store is of the past, and what it says is no alarm, nor a report.
            if not later and (not simulator or is_filled(data)):
                later.extend(supervisor.start(name, *command) for name, *command in LATER)
            if embedded is not None and embedded.has_ended:
                say("the embedded Redis has ended; starting it again")
                embedded.start()
            return _keep_clock(clock, data, last)

        supervisor.watch(look_after)
    finally:
        _keep_clock(clock, data, [0.0])
        supervisor.stop()
        forget_redis(data)
        if embedded is not None:
            embedded.stop()
    say("ended")
    return 0


def _environment(settings: Settings, url: str, data: Path, pictures: int) -> dict[str, str]:
    """What the supervisor's children are told."""
    return {
        "LIANQIN_REDIS_URL": url, "LIANQIN_DATABASE_URL": settings.database, "LIANQIN_DATA_DIR": str(data),
        "LIANQIN_DISTRICT": str(settings.district_dir.resolve()), "LIANQIN_DATA_KEY": settings.data_key,
        "LIANQIN_HOST": settings.host, "LIANQIN_PORT": str(settings.port), "LIANQIN_CONSUMER": "demo",
        "LIANQIN_CLOCK": VIRTUAL,
        "LIANQIN_DEMO_PHOTOS": f"http://127.0.0.1:{pictures}{MEDIA}" if pictures else "",
        "LIANQIN_LOG_LEVEL": settings.log_level if settings.log_level != "info" else "warning",  # a terminal's lines
        "LIANQIN_PROCESSES": ",".join(settings.processes or AT_ONCE),
    }  # fmt: skip


def _free_port() -> int:
    """A port of this machine that nobody has now, for the case system's pictures."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _say_what_stays(data: Path, days: int, say: Say) -> None:
    if (kept := kept_days(data)) not in {None, days}:
        say(f"the history that is here has {kept} days and stays: for another take another --data-dir")


def _say_where(settings: Settings, people: list[str], kept: Path, say: Say) -> None:
    at = f"http://{settings.host}:{settings.port}"
    say(f"the wall: {at}/wall   (English: /wall?lang=en)   Ctrl-C ends it all")
    say(f"the desks: {at}/login   accounts (also in {kept}):")
    for line in people:
        say(f"  {line}")
    if settings.host != "127.0.0.1" and not settings.origin:
        say(f"bound to {settings.host} without TLS: passwords travel in the clear; see LIANQIN_ORIGIN")


def with_data_key(settings: Settings, data: Path) -> Settings:
    """The settings with a data key: the demo makes one for itself and keeps it beside its data."""
    kept = data / KEY_FILE
    if settings.data_key:
        return settings
    if not kept.is_file():
        kept.touch(mode=0o600)
        kept.write_text(make_key(), "utf-8")
    return dataclasses.replace(settings, data_key=kept.read_text("utf-8").strip())


def _start_clock(url: str, code: str, data: Path, speed: float) -> VirtualClock:
    """The clock goes on where the last run stopped; at the first start it shows the machine's time.

    A clock that a replay has let stand stays where it stands.
    """
    client: Any = connect(url, code)
    key = Keys(code).clock
    fields = client.hgetall(key)
    if b"stopped_at" in fields:
        standing = from_hash(fields)
        client.close()
        assert isinstance(standing, VirtualClock)
        return standing
    real = machine_ms()
    origin = real
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
        origin = int(json.loads((data / CLOCK_FILE).read_text())["now_ms"])
    clock = VirtualClock(origin, real, speed)
    with client.pipeline(transaction=True) as pipe:
        pipe.delete(key)
        pipe.hset(key, mapping=clock.to_hash())
        pipe.execute()
    client.close()
    return clock


def _keep_clock(clock: VirtualClock, data: Path, last: list[float]) -> bool:
    """Write the clock down once a second, whole or not at all. Never says that the watch is over."""
    if clock.stopped_at_ms is None and time.monotonic() - last[0] >= 1:
        last[0] = time.monotonic()
        write_whole(data / CLOCK_FILE, json.dumps({"now_ms": clock.now_ms()}).encode())
    return False


def _is_ready(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.port}/api/v1/board", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
