"""docs/promises.md, written from the results: no figure in it is typed by hand.

A promise is short of its bound when its rule says so, and then the row says so.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bench.promise import Promise
from bench.promises_coverage import coverage
from bench.promises_desk import desks, leaders
from bench.promises_page import HELD_BY_TESTS, PAGE

Results = Mapping[str, Any]
PEERS = {"nicegui-canvas": "NiceGUI, canvas", "nodered": "Node-RED worldmap", "dash-interval": "Dash, 1 s interval"}
HEAD = ("promise", "bound", "measured", "kept", "measure it again")
PEER_HEAD = (
    "product",
    "500 cases, 20/s",
    "highest rate held",
    "p99 there",
    "10,000 cases: drawn",
    "10,000 cases, 20/s",
)
RATIO_HEAD = (
    "lianqin ÷ peer (below 1 is ahead)",
    "p50, 500 cases",
    "p99, 500 cases",
    "p99 at the peer's highest held rate",
    "10,000 cases: drawn",
    "p99, 10,000 cases",
)


def page(machine: Mapping[str, str], results: Results) -> str:
    """The whole page."""
    parts = {
        "speed": _speed(), "crowd": _crowd(), "size": _size(), "ingest": _ingest(), "rules": _rules(),
        "coverage": coverage(), "desks": [*desks(), *leaders()], "start": _start(),
    }  # fmt: skip
    promises = [promise for part in parts.values() for promise in part]
    kept = [_verdict(p, results) for p in promises]
    short = [p.what for p, verdict in zip(promises, kept, strict=True) if verdict is False]
    facts = "\n".join(f"- {name}: {value}" for name, value in {**machine, **_commits(results)}.items())
    return PAGE.format(
        span=_span(results), n_kept=sum(k is True for k in kept), n=len(kept), short=_said_short(short), facts=facts,
        load=_load(results), peers=_table(PEER_HEAD, _peers(results)), ratios=_table(RATIO_HEAD, _ratios(results)),
        rounds=_rounds(results), held_by_tests=HELD_BY_TESTS,
        **{name: _promises(part, results) for name, part in parts.items()},
    )  # fmt: skip


def _said_short(short: list[str]) -> str:
    return f" **Short of its bound: {'; '.join(short)}.**" if short else ""


def _span(results: Results) -> str:
    dates = sorted(r["at"] for r in results.values() if "at" in r)
    return f"{dates[0][:16].replace('T', ' ')} to {dates[-1][:16].replace('T', ' ')} UTC" if dates else "never"


def _commits(results: Results) -> dict[str, str]:
    """What was measured at which commit, and when: jobs may have been run again by themselves."""
    found: dict[str, list[str]] = {}
    for name, result in sorted(results.items(), key=lambda item: str(item[1].get("at"))):
        found.setdefault(f"at commit {result.get('code', '?')}", []).append(f"{name} {result.get('at', '')[11:16]}")
    return {code: ", ".join(names) for code, names in found.items()}


def _load(results: Results) -> str:
    loads = [r[name] for r in results.values() for name in ("load1_before", "load1_after") if name in r]
    return f"load {min(loads)} to {max(loads)} between the jobs" if loads else "load unknown"


def _rounds(results: Results) -> str:
    rounds = {
        len(r["rounds_per_s"]["ours"]) for name, r in results.items() if name.startswith("ingest-") and "per_s" in r
    }
    return f" of {max(rounds)}" if rounds else ""


def _table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    head = tuple(head)
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def _promises(promises: Iterable[Promise], results: Results) -> str:
    return _table(HEAD, (_row(promise, results) for promise in promises))


def _verdict(promise: Promise, results: Results) -> bool | None:
    result = results.get(promise.result)
    if not result or "error" in result:
        return None if not result else False
    try:
        return promise.kept(result)
    except (KeyError, StopIteration):
        return None
    except TypeError:  # a figure that never came
        return False


def _row(promise: Promise, results: Results) -> tuple[str, ...]:
    again = f"`python -m bench.run --only {promise.result}`"
    verdict, result = _verdict(promise, results), results.get(promise.result, {})
    if "error" in result:
        told = f"failed: {str(result['error']).strip().splitlines()[-1][:80]}"
    else:
        told = "not measured" if verdict is None else promise.told(result).replace("None s", "never")
    return promise.what, promise.bound, told, {True: "yes", False: "**short**", None: "—"}[verdict], again


def _pair(found: Mapping[str, Any]) -> str:
    return f"{found['p50_ms']} / {found['p99_ms']} ms"


def _step(found: Mapping[str, Any], rate: int) -> Mapping[str, Any]:
    step: Mapping[str, Any] = next(s for s in found["steps"] if s["rate"] == rate)
    return step


def _within(found: Mapping[str, Any], p50: float, p99: float) -> bool:
    return bool(found["p50_ms"] <= p50 and found["p99_ms"] <= p99)


def _speed() -> list[Promise]:
    return [
        Promise("ours-latency", "20 events/s, 500 open cases, SQLite: p50 / p99", "20 / 60 ms", _pair,
                lambda f: _within(f, 20, 60)),
        Promise("ours-latency-postgres", "the same on PostgreSQL", "20 / 60 ms", _pair, lambda f: _within(f, 20, 60)),
        Promise("ours-big", "20 events/s, 10,000 open cases: p50 / p99", "20 / 60 ms",
                lambda f: _pair(f["at_20_per_s"]), lambda f: _within(f["at_20_per_s"], 20, 60)),
        Promise("ours-rate", "400 events/s: p99", "150 ms", lambda f: f"{_step(f, 400)['p99_ms']} ms",
                lambda f: _step(f, 400)["p99_ms"] <= 150 and _step(f, 400)["kept_up"]),
        Promise("ours-rate", "3,200 events/s held by coalescing: p99", "400 ms",
                lambda f: f"{_step(f, 3200)['p99_ms']} ms",
                lambda f: _step(f, 3200)["p99_ms"] <= 400 and _step(f, 3200)["kept_up"]),
    ]  # fmt: skip


def _crowd() -> list[Promise]:
    def beside(f: Any) -> Any:
        return f["beside_a_stuck_client"]

    def each(f: Any) -> str:
        return "; ".join(f"{kind} {k['before_p99_ms']} → {k['p99_ms']} ms" for kind, k in f["kinds"].items())

    return [
        Promise("fanout", "500 browsers on one web process, 5 deltas/s: p99", "300 ms",
                lambda f: f"{f['p99_ms']} ms (p50 {f['p50_ms']}), {f['web_cpu']:.0%} of a core, "
                          f"{f['heard']:,} of {f['wanted']:,} heard",
                lambda f: f["p99_ms"] <= 300 and f["heard"] == f["wanted"]),
        Promise("fanout", "one that reads nothing beside them: the others' p99", "2 × before",
                lambda f: f"{beside(f)['p99_ms']} ms, {beside(f)['p99_ms'] / f['p99_ms']:.1f} × before; "
                          f"{f['others_lost']} of the others lost",
                lambda f: beside(f)["p99_ms"] <= 2 * f["p99_ms"] and not f["others_lost"]),
        Promise("fanout", "a client that reads nothing is dropped", "10 s",
                lambda f: "not within a minute" if f["dropped_after_s"] is None else f"after {f['dropped_after_s']} s",
                lambda f: f["dropped_after_s"] is not None and f["dropped_after_s"] <= 10),
        Promise("hostile", "50 browsers beside one hostile client of each kind: their p99", "2 × before",
                each,
                lambda f: not f["others_lost"] and all((k["times"] or 99) <= 2 for k in f["kinds"].values())),
        Promise("hostile", "what a hostile client makes the web process keep", "20 MB",
                lambda f: f"at most {max(k['grown_mb'] for k in f['kinds'].values())} MB",
                lambda f: all(k["grown_mb"] <= 20 for k in f["kinds"].values())),
        Promise("fanout", "the web process with 10,000 open cases and 500 browsers", "300 MB",
                lambda f: f"worker {f['web_mb']['worker']} MB (without browsers {f['web_before_mb']['worker']}); "
                          f"gunicorn's arbiter beside it {f['web_mb']['arbiter']} MB",
                lambda f: f["web_mb"]["worker"] <= 300),
    ]  # fmt: skip


def _size() -> list[Promise]:
    def main_thread(f: Any) -> str:
        return f"{1000 * f['main_thread_s_per_s']:.0f} ms/s, at rest {1000 * f['idle_main_thread_s_per_s']:.0f}"

    many = "map-100000"
    return [
        Promise("ours-big", "10,000 open cases: all drawn after navigation", "2 s",
                lambda f: f"{f['open']['drawn_s']} s", lambda f: f["open"]["drawn_s"] <= 2),
        Promise(many, "100,000 open cases: all drawn", "6 s", lambda f: f"{f['drawn_s']} s",
                lambda f: f["drawn_s"] <= 6),
        Promise(many, "100,000: browser heap", "200 MB",
                lambda f: f"{f['heap_mb']} MB, after a collection {f['heap_live_mb']}", lambda f: f["heap_mb"] <= 200),
        Promise(many, "100,000: panning in a 1600×900 map", "30 frames/s",
                lambda f: f"{f['pan_fps']} frames/s, p95 {f['pan_frame_p95_ms']} ms, in {f['map'][0]}×{f['map'][1]}",
                lambda f: f["pan_fps"] >= 30),
        Promise("map-10000", "10,000, 100 changes/s, 1600×900: the main thread", "300 ms/s", main_thread,
                lambda f: f["main_thread_s_per_s"] <= 0.3),
        Promise(many, "100,000, 100 changes/s, 1600×900: the main thread", "300 ms/s", main_thread,
                lambda f: f["main_thread_s_per_s"] <= 0.3),
    ]  # fmt: skip


def _ingest() -> list[Promise]:
    def share(f: Any) -> str:
        s = f["per_s"]
        others = [
            f"{f[f'ratio_to_{n}']:.0%} of {what} ({s[n]:,}/s)"
            for n, what in (
                ("bare_whole", "one that decodes the whole contract type"),
                ("bare_unnest", "one with an unnest upsert"),
            )
            if n in s
        ]
        return f"{f['ratio_to_bare']:.0%} of {s['bare']:,}/s; {'; '.join(others)}"

    def per_s(f: Any) -> str:
        return f"{f['per_s']['ours']:,}/s of {f['event_bytes']:,} bytes"

    return [
        Promise("ingest-sqlite", "SQLite: share of a bare loop", "40 %", share, lambda f: f["ratio_to_bare"] >= 0.4),
        Promise("ingest-sqlite", "SQLite: events a second (a goal)", "12,000/s", per_s,
                lambda f: f["per_s"]["ours"] >= 12_000),
        Promise("ingest-postgres", "PostgreSQL: share of a bare loop (executemany)", "35 %", share,
                lambda f: f["ratio_to_bare"] >= 0.35),
        Promise("ingest-postgres", "PostgreSQL: events a second (a goal)", "6,000/s", per_s,
                lambda f: f["per_s"]["ours"] >= 6_000),
        Promise("rebuild", "1,000,000 events rebuilt (SQLite), the same outcome", "240 s",
                lambda f: f"{f['rebuild_s']} s for {f['events']:,}, {f['per_s']:,}/s, "
                          f"{'the same' if f['same'] else 'NOT the same'}",
                lambda f: f["rebuild_s"] <= 240 and f["events"] >= 1_000_000 and f["same"]),
    ]  # fmt: skip


def _rules() -> list[Promise]:
    def pair(f: Any) -> str:
        return f"{f['p50_ms']} / {f['p95_ms']} ms"

    def both(f: Any, past: str, present: str) -> str:
        return f"{pair(f[past])}; up to this moment {pair(f[present])}"

    found = []
    for kind, name in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")):
        for millions in (2, 4):
            result, of = f"figures-{kind}-{millions}m", f"{name}, {millions} million cases"
            found += [
                Promise(result, f"{of}: a street's month, every indicator, p50 / p95", "5 ms",
                        lambda f: both(f, "street_month", "street_this_month"),
                        lambda f: f["street_month"]["p50_ms"] <= 5),
                Promise(result, f"{of}: all streets × 31 days × 12 indicators, p50 / p95", "50 ms",
                        lambda f: both(f, "streets_by_day", "streets_by_day_now"),
                        lambda f: max(f["streets_by_day"]["p50_ms"], f["streets_by_day_now"]["p50_ms"]) <= 50),
                Promise(result, f"{of}: the history made", "10 min", lambda f: f"{f['made_s']} s",
                        lambda f: f["made_s"] <= 600),
            ]  # fmt: skip
    return [
        *found,
        Promise(
            "escalation",
            "one pass of the escalation rules over 100,000 open cases, p50 / p95",
            "200 ms",
            lambda f: f"{pair(f)}; the first one, which looks at every neighbourhood, {f['first_ms']:.0f} ms",
            lambda f: f["p50_ms"] <= 200 and f["open"] >= 100_000,
        ),
        Promise(
            "calendar",
            "deadlines on the working calendar, one by one",
            "200,000/s",
            lambda f: f"{f['deadlines_per_s']:,}/s; whole cases with their flags {f['cases_per_s']:,}/s",
            lambda f: f["deadlines_per_s"] >= 200_000,
        ),
        Promise(
            "early-scan",
            "early recognition: one scan of a class over 706 grids × 30 days, p50 / p95; 999 replicates",
            "5 ms; 2 s",
            lambda f: f"{f['look_ms']} / {f['look_p95_ms']} ms; {f['replicates_s']} s",
            lambda f: f["look_ms"] <= 5 and f["replicates_s"] <= 2 and f["replicates"] == 999,
        ),
    ]


def _start() -> list[Promise]:
    return [
        Promise("start", "first start: the wall is live with 1,000 open cases", "15 s",
                lambda f: f"{f['first_usable_s']} s (first live frame {f['first_live_frame_s']} s)",
                lambda f: f["first_usable_s"] <= 15),
        Promise("start", "first start: 30 days of history are there", "60 s", lambda f: f"{f['first_whole_s']} s",
                lambda f: f["first_whole_s"] <= 60),
        Promise("start", "second start: first live frame", "10 s", lambda f: f"{f['second_live_frame_s']} s",
                lambda f: f["second_live_frame_s"] <= 10),
        Promise("start", "Ctrl-C leaves nothing running", "0 processes", lambda f: f"{f['left_behind']}",
                lambda f: f["left_behind"] == 0),
    ]  # fmt: skip


def _phases(results: Results, name: str) -> tuple[Any, Any, Any]:
    latency, rate, big = (results.get(f"{name}-{phase}", {}) for phase in ("latency", "rate", "big"))
    return latency, rate, big


def _peers(results: Results) -> list[tuple[str, ...]]:
    rows = []
    for name, title in {"ours": "**lianqin** (SQLite)", **PEERS}.items():
        latency, rate, big = _phases(results, name)
        rows.append(
            (
                title,
                _or_error(latency, lambda f: f"{f['p50_ms']} / {f['p99_ms']}"),
                _or_error(rate, lambda f: f"{f['highest_held']:,}/s" if f["highest_held"] else "none"),
                _or_error(rate, lambda f: f"{_step(f, f['highest_held'])['p99_ms']}" if f["highest_held"] else "—"),
                _or_error(big, lambda f: f"{_painted(f)} s"),
                _or_error(big, _after_big),
            )
        )
    return rows


def _painted(big: Mapping[str, Any]) -> float | None:
    """All drawn; where nobody can count what is on a canvas, the right counter."""
    drawn: float | None = big["open"]["drawn_s"] or big["open"]["counter_s"]
    return drawn


def _ratios(results: Results) -> list[tuple[str, ...]]:
    ours = _phases(results, "ours")
    rows = []
    for name, title in PEERS.items():
        theirs = _phases(results, name)
        held = theirs[1].get("highest_held", 0)
        rows.append((
            title, _ratio(ours[0], theirs[0], lambda f: f["p50_ms"]), _ratio(ours[0], theirs[0], lambda f: f["p99_ms"]),
            _ratio(ours[1], theirs[1], lambda f, rate=held: _step(f, rate)["p99_ms"]) + f" (at {held:,}/s)",
            _ratio(ours[2], theirs[2], _painted), _ratio(ours[2], theirs[2], lambda f: f["at_20_per_s"]["p99_ms"]),
        ))  # fmt: skip
    return rows


def _ratio(ours: Any, theirs: Any, of: Callable[[Any], Any]) -> str:
    try:
        ratio = of(ours) / of(theirs)
    except (KeyError, TypeError, StopIteration, ZeroDivisionError):
        return "—"
    told = f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}"
    return told if ratio <= 1 else f"**{told}**, behind"


def _after_big(found: Mapping[str, Any]) -> str:
    at = found["at_20_per_s"]
    return f"{at['p50_ms']} / {at['p99_ms']}" + (f", reloads itself {at['reloads']} ×" if at["reloads"] else "")


def _or_error(found: Mapping[str, Any], told: Callable[[Any], str]) -> str:
    if not found:
        return "not measured"
    return f"broke: {str(found['error'])[:60]}" if "error" in found else told(found)
