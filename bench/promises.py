"""docs/promises.md, written from the results: nothing in it is typed by hand."""

from collections.abc import Callable, Mapping
from typing import Any

Results = Mapping[str, Any]
PEER_HEAD = ("product", "20/s, 500 cases", "held, p99 there", "10,000 cases: drawn", "10,000 cases, 20/s")
PEERS = {"nicegui-canvas": "NiceGUI, canvas", "nodered": "Node-RED worldmap", "dash-interval": "Dash, 1 s interval"}


def page(machine: Mapping[str, str], results: Results) -> str:
    """The whole page."""
    facts = "\n".join(f"- {name}: {value}" for name, value in machine.items())
    chromium = results.get("ours-latency", {}).get("machine", {})
    facts += f"\n- Chromium {chromium.get('chromium', '?')}, Redis {chromium.get('redis', '?')}"
    dates = sorted(r["at"] for r in results.values() if "at" in r)
    span = f"{dates[0]} to {dates[-1]}" if dates else "never"
    return f"""# Promises and what was measured

Written by `make bench` from its results ({span}); `python -m bench.run --only NAME` measures one again. Chromium,
Redis, the publisher and the product share the machine's cores: compare figures of one run, not absolutes of machines.

{facts}

## XADD → the DOM shows it, the full product, database in the path

{_table(("promise", "bound", "measured", "kept", "again with"), [*_speed(results)])}

## Beside the peers, in the same run

p50 / p99 in ms; none of the peers stores anything. «held» is the highest rate at which every event was shown in time.

{_table(PEER_HEAD, _peers(results))}

## Size, ingest, start

{_table(("promise", "bound", "measured", "kept", "again with"), [*_size(results)])}

## Promises held by tests

| promise | tests |
|---|---|
| nothing acknowledged is lost or counted twice | tests/faults, tests/integration/test_store.py |
| a bad entry stops nothing | tests/integration/test_rubbish.py |
| a late screen says so, comes back by itself | tests/browser/test_bad_days.py, test_socket.py |
| one slow client harms nobody | tests/browser/test_bad_days.py |
| text is text | tests/browser/test_wall.py |
| nothing personal leaves for the wall | tests/browser/test_socket.py |
"""


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def _row(  # noqa: PLR0917  # the columns of a row
    results: Results, name: str, what: str, bound: str, told: Callable[[Any], str], kept: Callable[[Any], bool]
) -> tuple[str, ...]:
    result = results.get(name)
    if not result:
        return what, bound, "not measured", "—", f"`--only {name}`"
    if "error" in result:
        return what, bound, f"failed: {str(result['error']).splitlines()[-1][:80]}", "no", f"`--only {name}`"
    try:
        return what, bound, told(result), "yes" if kept(result) else "**no**", f"`--only {name}`"
    except (KeyError, TypeError, StopIteration):
        return what, bound, "not measured", "—", f"`--only {name}`"


def _pair(found: Mapping[str, Any]) -> str:
    return f"{found['p50_ms']} / {found['p99_ms']} ms"


def _step(found: Mapping[str, Any], rate: int) -> Mapping[str, Any]:
    step: Mapping[str, Any] = next(s for s in found["steps"] if s["rate"] == rate)
    return step


def _speed(r: Results) -> list[tuple[str, ...]]:
    return [
        _row(r, "ours-latency", "20 events/s, 500 open cases, SQLite: p50 / p99", "20 / 60 ms", _pair,
             lambda f: f["p50_ms"] <= 20 and f["p99_ms"] <= 60),
        _row(r, "ours-latency-postgres", "the same on PostgreSQL", "20 / 60 ms", _pair,
             lambda f: f["p50_ms"] <= 20 and f["p99_ms"] <= 60),
        _row(r, "ours-big", "20 events/s, 10,000 open cases", "20 / 60 ms", lambda f: _pair(f["at_20_per_s"]),
             lambda f: f["at_20_per_s"]["p50_ms"] <= 20 and f["at_20_per_s"]["p99_ms"] <= 60),
        _row(r, "ours-rate", "400 events/s: p99", "150 ms", lambda f: _pair(_step(f, 400)),
             lambda f: _step(f, 400)["p99_ms"] <= 150),
        _row(r, "ours-rate", "3,200 events/s held by coalescing: p99", "400 ms", lambda f: _pair(_step(f, 3200)),
             lambda f: _step(f, 3200)["p99_ms"] <= 400 and _step(f, 3200)["kept_up"]),
        _row(r, "fanout", "500 browsers on one web process, 5 deltas/s: p99", "300 ms",
             lambda f: f"{_pair(f)}, {f['web_cpu']:.0%} of a core", lambda f: f["p99_ms"] <= 300
             and f["heard"] == f["wanted"]),
        _row(r, "fanout", "the same beside a client that reads nothing: p99", "2 × before",
             lambda f: _pair(f["beside_a_stuck_client"]),
             lambda f: f["beside_a_stuck_client"]["p99_ms"] <= 2 * f["p99_ms"]),
    ]  # fmt: skip


def _size(r: Results) -> list[tuple[str, ...]]:
    return [
        _row(r, "ours-big", "10,000 open cases, all drawn after navigation", "2 s",
             lambda f: f"{f['open']['drawn_s']} s", lambda f: f["open"]["drawn_s"] <= 2),
        _row(r, "map-100000", "100,000 open cases, all drawn", "6 s", lambda f: f"{f['drawn_s']} s",
             lambda f: f["drawn_s"] <= 6),
        _row(r, "map-100000", "100,000: browser heap", "200 MB", lambda f: f"{f['heap_mb']} MB",
             lambda f: f["heap_mb"] <= 200),
        _row(r, "map-100000", "100,000: panning in a 1600×900 map", "30 frames/s",
             lambda f: f"{f['pan_fps']} frames/s in {f['map'][0]}×{f['map'][1]}", lambda f: f["pan_fps"] >= 30),
        _row(r, "map-100000", "100,000: 100 changes a second cost the main thread", "300 ms/s",
             lambda f: f"{1000 * f['main_thread_s_per_s']:.0f} ms/s (idle {1000 * f['idle_main_thread_s_per_s']:.0f})",
             lambda f: f["main_thread_s_per_s"] - f["idle_main_thread_s_per_s"] <= 0.3),
        _row(r, "fanout", "the web process with 10,000 open cases and 500 browsers", "300 MB",
             lambda f: f"{f['web_rss_mb']} MB (with gunicorn's parent {f['all_web_rss_mb']} MB)",
             lambda f: f["web_rss_mb"] <= 300),
        _row(r, "ingest-sqlite", "ingest of 1.2 kB events, SQLite: share of a bare loop", "0.40",
             lambda f: f"{f['ratio']} ({f['per_s']['ours']:,}/s of {f['per_s']['bare']:,}/s)",
             lambda f: f["ratio"] >= 0.4),
        _row(r, "ingest-sqlite", "in absolute terms (a goal)", "12,000/s", lambda f: f"{f['per_s']['ours']:,}/s",
             lambda f: f["per_s"]["ours"] >= 12_000),
        _row(r, "ingest-postgres", "ingest, PostgreSQL: share of a bare executemany loop", "0.35",
             lambda f: f"{f['ratio']} ({f['per_s']['ours']:,}/s of {f['per_s']['bare']:,}/s; of a bare unnest loop "
                       f"{f['ratio_to_unnest']})", lambda f: f["ratio"] >= 0.35),
        _row(r, "ingest-postgres", "in absolute terms (a goal)", "6,000/s", lambda f: f"{f['per_s']['ours']:,}/s",
             lambda f: f["per_s"]["ours"] >= 6_000),
        _row(r, "rebuild", "1,000,000 events rebuilt", "240 s", lambda f: f"{f['rebuild_s']} s",
             lambda f: f["rebuild_s"] <= 240 and f["events"] >= 1_000_000),
        _row(r, "start", "first `make demo`: the wall usable", "15 s", lambda f: f"{f['first_usable_s']} s",
             lambda f: f["first_usable_s"] <= 15),
        _row(r, "start", "first `make demo`: 30 days of history whole", "60 s", lambda f: f"{f['first_whole_s']} s",
             lambda f: f["first_whole_s"] <= 60),
        _row(r, "start", "second `make demo`: first live frame", "10 s", lambda f: f"{f['second_live_frame_s']} s",
             lambda f: f["second_live_frame_s"] <= 10),
    ]  # fmt: skip


def _peers(results: Results) -> list[tuple[str, ...]]:
    rows = []
    for name, title in {"ours": "**lianqin** (SQLite)", **PEERS}.items():
        latency, rate, big = (results.get(f"{name}-{phase}", {}) for phase in ("latency", "rate", "big"))
        held = rate.get("highest_held")
        at_held = next((s for s in rate.get("steps", []) if s["rate"] == held), None)
        rows.append((
            title, _or_error(latency, lambda f: f"{f['p50_ms']} / {f['p99_ms']}"),
            f"{held}/s, {at_held['p99_ms']}" if at_held else _or_error(rate, lambda _f: "none"),
            _or_error(big, lambda f: f"{f['open']['drawn_s'] or f['open']['counter_s']} s"),
            _or_error(big, _after_big),
        ))  # fmt: skip
    return rows


def _after_big(found: Mapping[str, Any]) -> str:
    at = found["at_20_per_s"]
    return f"{at['p50_ms']} / {at['p99_ms']}" + (f", {at['reloads']} reloads" if at["reloads"] else "")


def _or_error(found: Mapping[str, Any], told: Callable[[Any], str]) -> str:
    if not found:
        return "not measured"
    return f"broke: {str(found['error'])[:60]}" if "error" in found else told(found)
