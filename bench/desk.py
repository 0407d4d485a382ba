"""A desk at work: 10,000 open cases and 20 events a second: a row's panel, a filter, 100 cases dispatched at once.

python -m bench.desk [--cases 10000] [--rounds 30]
"""

import argparse
import json
import os
import threading
import time
from typing import Any

import redis

from bench.harness import Stage, percentile
from bench.product import Lianqin
from services.district.calendar import calendar_of
from services.district.load import load
from services.operations.simulator.office import OfficeHours
from services.platform.clock import SystemClock
from tests.browser.shown import inside, wait_inside
from tests.case_system import TinyCaseSystem

PER_S = 20
AT_ONCE = 100
# Ms from the click on a row to its panel, complete with its life.
CLICKED = """id => new Promise((resolve, reject) => {
  const body = document.getElementById('case-panel-body'), start = performance.now();
  const look = () => body.textContent.includes(id) && body.querySelector('ol li');
  const watch = new MutationObserver(() => { if (look()) { watch.disconnect(); resolve(performance.now() - start); } });
  watch.observe(body, {subtree: true, childList: true, characterData: true});
  setTimeout(() => { watch.disconnect(); reject(new Error(`no panel of ${id}`)); }, 10000);
  document.querySelector(`.ag-row[row-id="${id}"] [col-id="case"]`).click();
})"""
# The mouse rests on a row, as it does before a click: the panel is drawn ahead meanwhile.
RESTED = """id => {
  const cell = document.querySelector(`.ag-row[row-id="${id}"] [col-id="case"]`);
  for (const name of ["mouseenter", "mouseover", "mousemove"])
    cell.dispatchEvent(new MouseEvent(name, {bubbles: true}));
}"""
REST_MS = 350
# Ms from the click on a filter to the frame in which the table has another number of rows.
FILTERED = """name => new Promise((resolve, reject) => {
  const start = performance.now();
  dash_ag_grid.getApi('queue-grid').addEventListener('modelUpdated', function done() {
    dash_ag_grid.getApi('queue-grid').removeEventListener('modelUpdated', done);
    requestAnimationFrame(() => resolve(performance.now() - start));
  });
  document.querySelector(`[data-only="${name}"]`).click();
  setTimeout(() => reject(new Error('no filter')), 10000);
})"""
# Ms from sending one click for many cases until each of them is told as done.
DISPATCHED = inside("""cases => new Promise((resolve, reject) => {
  const start = performance.now(), left = new Set(cases.map(c => c[0]));
  const heard = rows => { for (const [, id, state] of rows) if (state === 'done') left.delete(id);
    if (!left.size) { lianqin.live.socket.off('commands', heard); resolve(performance.now() - start); } };
  lianqin.live.socket.on('commands', heard);
  lianqin.commands.send('case.urge', cases, '实测', {}, lianqin.commands.newBatch());
  setTimeout(() => reject(new Error(`${left.size} without an answer`)), 20000);
})""")


ROWS = "() => [...document.querySelectorAll('.ag-row[row-id^=B]')].map(e => e.getAttribute('row-id'))"


class Desk(Lianqin):
    """The product, opened as the duty officer's desk."""

    path = "/desk"


def measure(cases: int, rounds: int) -> dict[str, Any]:
    """p50 and p95 of each, in ms."""
    with Stage(Desk(), cases) as stage:
        page, target = stage.watched.page, stage.target
        assert isinstance(target, Desk)
        name, _, token = target.cookie.partition("=")
        page.context.add_cookies([{"name": name, "value": token, "url": f"http://127.0.0.1:{stage.room.http_port}"}])
        page.goto(f"http://127.0.0.1:{stage.room.http_port}/desk")
        page.wait_for_selector("#desk[data-queue=ready]", state="attached", timeout=60_000)
        wait_inside(page, f"() => lianqin.live.state.rows.size >= {int(cases * 0.98)}", timeout=60_000)
        page.wait_for_timeout(2000)
        stop = threading.Event()
        publisher = threading.Thread(target=_publish, args=(stage, stop), daemon=True)
        publisher.start()
        found = {
            "cases": cases,
            "events_per_s": PER_S,
            "open_rows": page.evaluate(inside("() => lianqin.live.state.rows.size")),
        }
        page.wait_for_timeout(2000)
        picked = ""
        for name, rest_ms in (("panel", 0), ("panel_of_a_row_the_mouse_rests_on", REST_MS)):
            panels = []
            for number in range(rounds):
                # Never the one that is open, whose panel does not change, nor the one that the keys come to next.
                ids = [row for row in page.evaluate(ROWS) if row != picked]
                picked = ids[(number * 5) % max(len(ids) - 2, 1)]
                if rest_ms:
                    page.evaluate(RESTED, picked)
                    page.wait_for_timeout(rest_ms)
                panels.append(page.evaluate(CLICKED, picked))
                page.wait_for_timeout(150)
            found[name] = _of(panels)
        filters = []
        for number in range(rounds):
            filters.append(page.evaluate(FILTERED, ("overdue", "soon")[number // 2 % 2]))
            page.wait_for_timeout(250)
        found["filter"] = _of(filters)
        stop.set()
        publisher.join(5)
        found["dispatched_ms"] = _dispatch(stage, target, page)
        found["load1"] = round(os.getloadavg()[0], 1)
        return found


def _dispatch(stage: Stage, target: Desk, page: Any) -> list[float]:
    """Three clicks of 100 cases each; the case system is one that obeys at once."""
    entries = [fields for _, fields in stage.client.xrange(target.stream)]
    office = OfficeHours(8 * 3_600_000, calendar_of(load(target.folder / "district")))
    code = target.stream.partition("{")[2].partition("}")[0]
    system = TinyCaseSystem(redis.Redis(port=stage.room.redis_port), SystemClock(), office, entries, code)
    try:
        took = []
        for turn in range(3):
            cases = page.evaluate(
                inside("n => [...lianqin.live.state.rows.values()].slice(n, n + 100).map(r => [r[0], r[1]])"),
                turn * AT_ONCE,
            )
            took.append(round(page.evaluate(DISPATCHED, cases), 1))
            page.wait_for_timeout(1000)
        return took
    finally:
        system.stop()


def _publish(stage: Stage, stop: threading.Event) -> None:
    """So many events a second until told to stop."""
    client = redis.Redis(port=stage.room.redis_port)
    began, n = time.perf_counter(), 0
    while not stop.wait(max(began + n / PER_S - time.perf_counter(), 0)):
        client.xadd(stage.target.stream, dict(stage.target.change()))
        n += 1


def _of(took: list[float]) -> dict[str, float]:
    return {"p50_ms": percentile(took, 0.5), "p95_ms": percentile(took, 0.95), "max_ms": round(max(took), 1)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A desk at work")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    print(json.dumps(measure(options.cases, options.rounds), indent=1))
