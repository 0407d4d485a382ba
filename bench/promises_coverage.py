"""What is promised of the coverage engine (docs/coverage.md)."""

from typing import Any

from bench.promise import Promise


def coverage() -> list[Promise]:
    """Its rows."""
    engine, city, live, siting = "coverage", "coverage-city", "coverage-live", "siting-quality"

    def pair(f: Any, low: str = "p50", high: str = "p95") -> str:
        return f"{f[low]:.1f} / {f[high]:.1f} ms"

    return [
        Promise(engine, "5,000 cameras among 57,000 buildings, from nothing to every figure", "6 s",
                lambda f: f"{f['build_s']:.1f} s, {f['buildings']:,} buildings, 45,000 cases",
                lambda f: f["build_s"] <= 6 and f["buildings"] >= 57_000),
        Promise(engine, "one camera's change in the engine, p50 / p95", "p95 10 ms",
                lambda f: f"{pair(f['change_ms'])}; after {1000:,} of them a recount differs in {f['recount']} places",
                lambda f: f["change_ms"]["p95"] <= 10 and f["recount"] == 0),
        Promise(engine, "500 cameras lost at once, in the engine", "1 s", lambda f: f"{f['lost_500_s']:.2f} s",
                lambda f: f["lost_500_s"] <= 1),
        Promise(engine, "20 sites among 2,000 poles × 13 configurations", "3 s",
                lambda f: f"{f['plan_s']:.1f} s, {f['plan_candidates']:,} candidates",
                lambda f: f["plan_s"] <= 3 and f["plan_candidates"] >= 26_000 and f["plan_sites"] == 20),
        Promise(city, "100,000 cameras among 1.1 million buildings, from shapes to every figure", "60 s",
                lambda f: f"{f['build_s']:.0f} s, {f['buildings']:,} buildings",
                lambda f: f["build_s"] <= 60 and f["buildings"] >= 1_100_000),
        Promise(city, "the same: memory", "4 GB", lambda f: f"{f['rss_mb'] / 1024:.2f} GiB",
                lambda f: f["rss_mb"] <= 4000),
        Promise(live, "a camera fails: XADD → the figures of /coverage, p50 / p95", "p95 400 ms",
                lambda f: pair(f["coverage"], "p50_ms", "p95_ms"), lambda f: f["coverage"]["p95_ms"] <= 400),
        Promise(live, "a camera fails: XADD → the wall, p50 / p95", "p95 400 ms",
                lambda f: pair(f["wall"], "p50_ms", "p95_ms"), lambda f: f["wall"]["p95_ms"] <= 400),
        Promise(live, "500 fail at once: XADD → /coverage, the wall", "1 s",
                lambda f: f"{f['coverage_500_ms']:.0f} ms, {f['wall_500_ms']:.0f} ms",
                lambda f: max(f["coverage_500_ms"], f["wall_500_ms"]) <= 1000),
        Promise(siting, "greedy siting ÷ exact optimum where candidates overlap heavily, worst / mean", "0.632",
                lambda f: f"{f['plain']['worst']} / {f['plain']['mean']} of {f['cases']} cases",
                lambda f: f["plain"]["worst"] >= 0.632),
        Promise(siting, "with one camera a pole", "0.5", lambda f: f"{f['cap']['worst']} / {f['cap']['mean']}",
                lambda f: f["cap"]["worst"] >= 0.5),
        Promise(siting, "with a budget, the better of two greedies", "0.393",
                lambda f: f"{f['budget']['worst']} / {f['budget']['mean']}", lambda f: f["budget"]["worst"] >= 0.393),
    ]  # fmt: skip
