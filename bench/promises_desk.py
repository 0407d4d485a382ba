"""The rows of docs/promises.md about people: at their desks, and the leader in the morning."""

from typing import Any

from bench.promise import Promise


def desks() -> list[Promise]:
    """What one person waits for at a desk of 10,000 open cases, and fifty people at once."""

    def told(name: str) -> Any:
        return lambda f: f"p50 {f[name]['p50_ms']} ms, p95 {f[name]['p95_ms']} ms"

    beside = "20 events/s beside"
    return [
        Promise(
            "desk",
            f"10,000 open cases, {beside}: a click on a row shows its panel",
            "150 ms",
            told("panel"),
            lambda f: f["panel"]["p95_ms"] <= 150,
        ),
        Promise(
            "desk",
            f"10,000 open cases, {beside}: a filter",
            "200 ms",
            told("filter"),
            lambda f: f["filter"]["p95_ms"] <= 200,
        ),
        Promise(
            "desk",
            "100 cases dispatched at once: each told as done",
            "1 s",
            lambda f: " / ".join(f"{ms:.0f} ms" for ms in f["dispatched_ms"]),
            lambda f: max(f["dispatched_ms"]) <= 1000,
        ),
        Promise(
            "fanout-desks",
            "50 people at their desks, 5 deltas/s: p99",
            "300 ms, as the wall",
            lambda f: (
                f"{f['p99_ms']} ms (p50 {f['p50_ms']}), {f['web_cpu']:.0%} of a core, "
                f"{f['heard']:,} of {f['wanted']:,} heard"
            ),
            lambda f: f["p99_ms"] <= 300 and f["heard"] == f["wanted"],
        ),
    ]


def leaders() -> list[Promise]:
    """What a leader waits for, however long the history is."""

    def papers(f: Any) -> str:
        pdf, book = f["papers"]["pdf"], f["papers"]["xlsx_100k"]
        return f"PDF {pdf['s']} s, Excel {book['s']} s ({book['file_mb']} MB file, {book['most_mb']} MB of memory)"

    def visit(f: Any, name: str) -> str:
        return f"figures {f['phone'][name]['figures_ms']} ms, charts too {f['phone'][name]['whole_ms']} ms"

    def times(f: Any) -> float:
        return float(f["beside_readers"]["p99_ms"] / f["p99_ms"])

    return [
        Promise(
            "leader",
            "a phone, 1.6 Mbit/s, 4 × slower: the first visit",
            "2 s, 8 s",
            lambda f: visit(f, "first"),
            lambda f: f["phone"]["first"]["figures_ms"] <= 2000 and f["phone"]["first"]["whole_ms"] <= 8000,
        ),
        Promise(
            "leader",
            "the same phone: the next visit",
            "2 s",
            lambda f: visit(f, "second"),
            lambda f: f["phone"]["second"]["whole_ms"] <= 2000,
        ),
        Promise(
            "leader",
            "a month's PDF; a workbook of 100,000 cases, with the process's start",
            "8 s; 15 s, 500 MB",
            papers,
            lambda f: (
                f["papers"]["pdf"]["s"] <= 8
                and f["papers"]["xlsx_100k"]["s"] <= 15
                and f["papers"]["xlsx_100k"]["most_mb"] <= 500
            ),
        ),
        Promise(
            "fanout-leader",
            "the wall's p99 while ten people open the page again and again",
            "1.5 × idle",
            lambda f: (
                f"{f['beside_readers']['p99_ms']} ms, {times(f):.1f} × {f['p99_ms']} ms; "
                f"their pages p50 {f['pages']['p50_ms']} ms"
            ),
            lambda f: times(f) <= 1.5,
        ),
        *_replayed(),
        *_long_histories(),
    ]


def _replayed() -> list[Promise]:
    """The past, sought and played."""
    return [
        Promise(
            "replay",
            "any moment of 90 days, from the wish to the frame: p95, the slowest",
            "1.5 s",
            lambda f: f"{f['seek_ms']['p95']} ms, {f['seek_ms']['most']} ms ({f['events']:,} events)",
            lambda f: f["seek_ms"]["most"] <= 1500,
        ),
        Promise(
            "replay",
            "playing at 600×, 1920×1080: frames in the worst second",
            "20 a second",
            lambda f: (
                f"{f['play_600']['fps_least']}, mean {f['play_600']['fps_mean']}; it ran at {f['play_600']['speed']}×"
            ),
            lambda f: f["play_600"]["fps_least"] >= 20,
        ),
    ]


def _long_histories() -> list[Promise]:
    """A page's data of millions of cases."""

    def pair(f: Any, name: str) -> str:
        return f"{f[name]['p50_ms']} / {f[name]['p95_ms']} ms"

    return [
        Promise(
            f"figures-sqlite-{millions}m",
            f"SQLite, {millions} million cases: a page's data, p50 / p95",
            "300 ms",
            lambda f: f"a month {pair(f, 'leaders_month')}, a day {pair(f, 'leaders_day')}",
            lambda f: max(f["leaders_month"]["p50_ms"], f["leaders_day"]["p50_ms"]) <= 300,
        )
        for millions in (2, 10)
    ]
