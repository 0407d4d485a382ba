"""Our product as a target of the harness: projector, database and web process, as ``lianqin demo`` runs them.

python -m bench.product --phase latency|rate|big [--database sqlite|postgres] [--cases N] [--json OUT]
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import redis

from bench.harness import CASES, PHASES, RATES, Fields, Room, Target, measure
from bench.page import Counter
from bench.processes import Child, wait_for_http
from services.access import service as accounts
from services.access.account import Account
from services.contract.entry import encode_entry
from services.district.load import load
from services.operations.simulator.generate import generate
from services.platform.clock import machine_ms, to_rfc3339
from services.platform.database import open_engine
from services.platform.migrate import upgrade
from services.platform.redis import Keys
from tests.browser.shown import inside

PASSWORD = "four Plain words here"
STATUSES = ("filed", "dispatched", "acknowledged", "handling", "handled")
# How many cases the map has drawn: 0 until both its canvases were drawn after the last case came (data-open tells).
DRAWN = inside("""() => {
  const html = document.documentElement, layer = lianqin.layer;
  if (!window.__filled) {
    const look = () => {
      const n = +html.dataset.open || 0;
      if (n > __filled.n) __filled = {n, at: performance.now()};
    };
    window.__filled = {n: 0, at: 0};
    look();
    new MutationObserver(look).observe(html, {attributes: true, attributeFilter: ["data-open"]});
  }
  return layer && layer._map && Math.min(layer._dotsAt, layer._marksAt) >= __filled.at ? layer.store.n : 0;
}""")
DESCRIPTION = "现场描述：路面井盖破损，存在安全隐患，请尽快安排维修处置。" * 8


class Cases:
    """Cases that change as the peers' do: 80 % move on, 10 % close, 10 % open again; events of about 1.2 kB."""

    def __init__(self, folder: Path, seed: int = 7) -> None:
        self.random = random.Random(seed)
        self.grids = [a.centre for a in load(folder).grids.values() if a.centre is not None]
        self.versions: dict[int, int] = {}
        self.places: dict[int, tuple[float, float]] = {}
        self.now = machine_ms()

    def event(self, number: int, status: str, at: int | None = None) -> Fields:
        """The next version of case ``number``."""
        version = self.versions[number] = self.versions.get(number, 0) + 1
        at = at or machine_ms()
        # A case stays where it is, but for one event in ten: then it is moved, as the peers' are.
        if number not in self.places or self.random.random() < 0.1:
            lon, lat = self.random.choice(self.grids)
            self.places[number] = lon + self.random.uniform(-5e-4, 5e-4), lat + self.random.uniform(-5e-4, 5e-4)
        lon, lat = self.places[number]
        opened = self.now - 1000 * (1 + number % 86_400)
        body: dict[str, Any] = {
            "case_id": f"B{number:07d}", "version": version, "status": status, "channel": "GRID",
            "reported_at": to_rfc3339(opened), "filed_at": to_rfc3339(opened), "domain": f"{1 + number % 8:02d}",
            "title": "井盖破损需要维修", "description": DESCRIPTION,
            "address": "某路与某街交叉口东北角", "severity": 4 if number % 50 else 3, "level": "street",
            "category": {"scheme": "demo", "kind": "component", "major": "01", "minor": "02", "name": "污水井盖"},
            "lon": lon, "lat": lat, "coord_sys": "WGS84", "lead_unit": "D01",
            "clocks": [{"what": "close", "started_at": to_rfc3339(opened), "limit": {"value": 4, "unit": "UH"},
                        "deadline_at": to_rfc3339(self.now + 3_600_000 * (number % 40 - 1))}],
            "step": {"actor": "bench", "note": "实测"},
        }  # fmt: skip
        if status == "closed":
            body["closed_at"] = to_rfc3339(at)
        return encode_entry("/bench", f"case.{'closed' if status == 'closed' else 'handling'}", body, at)

    def change(self, cases: int) -> Fields:
        """A change of one of the first ``cases`` cases."""
        status = "closed" if self.random.random() < 0.1 else self.random.choice(STATUSES)
        return self.event(self.random.randrange(cases), status)


class Lianqin(Target):
    """The full product: XADD → projector → store → outbox → live board → socket → DOM."""

    name = "lianqin"
    counter = Counter("html", "data-last-entry")
    path = "/wall"
    drawn_js = DRAWN

    def __init__(self, database: str = "sqlite") -> None:
        self.name = f"lianqin-{database}"
        self.database = database
        self.folder = Path(tempfile.mkdtemp(prefix="lianqin-bench-"))
        generate(self.folder / "district")
        self.cases = Cases(self.folder / "district")
        self.stream = Keys(load(self.folder / "district").code).events
        self.count = 0
        self._postgres: Any = None

    def seed(self, cases: int) -> Iterator[Fields]:
        """Every case once."""
        self.count = cases
        for number in range(cases):
            yield self.cases.event(number, "dispatched")

    def change(self) -> Fields:
        """As the peers' generator."""
        return self.cases.change(self.count)

    def start(self, room: Room, *, are_limits_raised: bool = True) -> list[Child]:
        """Projector and web, each a process of its own; a bench opens more sockets than one address and log-in may."""
        limits = {
            "LIANQIN_SOCKETS_PER_ADDRESS": "4000",
            "LIANQIN_SOCKETS_PER_SESSION": "4000",
            "LIANQIN_CONNECTION_RATE": "4000",
        }
        url = f"sqlite:///{self.folder / 'store.db'}"
        if self.database == "postgres":
            from tests.servers import Postgres

            self._postgres = Postgres()
            self._postgres.create()
            url = self._postgres.url
        engine = open_engine(url)
        upgrade(engine)
        now = machine_ms()
        accounts.add(engine, now, Account("wall", "bench", "wall", addresses="127.0.0.0/8"), "")
        accounts.add(engine, now, Account("duty", "bench", "duty_officer"), PASSWORD)
        self.cookie = f"lianqin={accounts.log_in(engine, now, 'duty', PASSWORD, '127.0.0.1').token}"
        engine.dispose()
        environment = {
            **os.environ,
            "LIANQIN_REDIS_URL": room.redis_url,
            "LIANQIN_DATABASE_URL": url,
            "LIANQIN_DISTRICT": str(self.folder / "district"),
            "LIANQIN_PORT": str(room.http_port),
            "LIANQIN_MONITORS": "127.0.0.0/8",
            **(limits if are_limits_raised else {}),
        }
        command = [sys.executable, "-m", "dashboard.cli"]
        return [Child([*command, name], room.log, env=environment) for name in ("projector", "web")]

    def ready(self, room: Room, children: Sequence[Child]) -> None:
        """Until the projector has drunk the seed and the board shows it."""
        address = f"http://127.0.0.1:{room.http_port}/api/v1/board"
        wait_for_http(address, children)
        seeded = redis.Redis(port=room.redis_port).xinfo_stream(self.stream)["last-generated-id"].decode()
        end = time.monotonic() + 300
        while time.monotonic() < end:
            with urllib.request.urlopen(address, timeout=10) as answer:
                if json.load(answer)["last_entry"] == seeded:
                    return
            time.sleep(0.2)
        raise TimeoutError("the projector did not drink the seed within 5 minutes")

    def clean_up(self) -> None:
        """Remove the data."""
        if self._postgres is not None:
            self._postgres.remove()
        shutil.rmtree(self.folder, ignore_errors=True)


def web_memory(web: Child) -> dict[str, int]:
    """Resident MB of gunicorn's worker, which does everything, and of its arbiter, which only watches it."""
    arbiter, *workers = (round(process.memory_info().rss / 1e6) for process in web.family())
    return {"worker": sum(workers), "arbiter": arbiter}


def main() -> None:
    """Measure one phase and print it."""
    parser = argparse.ArgumentParser(description="Measure our own product with the peers' harness")
    parser.add_argument("--phase", choices=PHASES, required=True)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--cases", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rates", type=int, nargs="+", default=RATES, help="the steps of the rate phase")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    more: dict[str, Any] = {"seconds": options.seconds} if options.seconds else {}
    if options.phase == "rate":
        more["rates"] = options.rates
    result = measure(
        lambda: Lianqin(options.database), options.phase, cases=options.cases or CASES[options.phase], **more
    )
    text = json.dumps(result, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text)


if __name__ == "__main__":
    main()
