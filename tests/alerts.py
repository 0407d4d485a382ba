"""What Prometheus makes of our figures: scrapes in the order of time, judged with the rules of deploy/ by `promtool`.

A scrape is the text that a process has told, or None where it did not answer. A spell is some scrapes that stay as they
are for so many minutes, as a state of the product does.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

RULES = Path(__file__).parents[1] / "deploy/prometheus/lianqin.rules.yml"
PROMTOOL = shutil.which("promtool")
WHY_NOT = "promtool (Debian: prometheus) is not installed: the rules are parsed alone"
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
FIRING = 'sort(group by (alertname) (ALERTS{alertstate="firing"}))'


class Spell(NamedTuple):
    """So many minutes of the same scrapes, by instance; ``fires``: the alerts that fire at its end, and no other."""

    minutes: int
    scrapes: Mapping[str, str | None]
    fires: frozenset[str] = frozenset()


def spell(minutes: int, *texts: str | None, fires: Sequence[str] = ()) -> Spell:
    """The scrapes of the first instance, the second …"""
    return Spell(minutes, {f"127.0.0.1:{8050 + n}": text for n, text in enumerate(texts)}, frozenset(fires))


def alerts() -> list[str]:
    """The names of all rules."""
    found = yaml.safe_load(RULES.read_text("utf-8"))
    return [rule["alert"] for group in found["groups"] for rule in group["rules"]]


def judge(folder: Path, spells: Sequence[Spell], every_s: int = 15) -> None:
    """Let promtool play the spells one after another. Raises AssertionError with what fires instead."""
    assert PROMTOOL is not None
    steps = [one.minutes * 60 // every_s for one in spells]
    values = [_values(one.scrapes) for one in spells]
    series = sorted({name for one in values for name in one})
    written = [{"series": name, "values": _told([one.get(name) for one in values], steps)} for name in series]
    asked = [
        {
            "expr": FIRING,
            "eval_time": f"{(sum(steps[: n + 1]) - 1) * every_s}s",
            "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(one.fires)],
        }
        for n, one in enumerate(spells)
    ]
    test = {"interval": f"{every_s}s", "input_series": written, "promql_expr_test": asked}
    whole = {"rule_files": [str(RULES)], "evaluation_interval": f"{every_s}s", "tests": [test]}
    path = folder / "alerts.yml"
    path.write_text(yaml.safe_dump(whole, allow_unicode=True), "utf-8")
    found = subprocess.run([PROMTOOL, "test", "rules", str(path)], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def _values(scrapes: Mapping[str, str | None]) -> dict[str, float]:
    """Series → value of everything that a rule names, as it stands in the texts."""
    named = set(re.findall(r"\blianqin_\w+", RULES.read_text("utf-8")))
    found: dict[str, float] = {}
    for instance, text in scrapes.items():
        where = f'job="lianqin",instance="{instance}"'
        found[f"up{{{where}}}"] = 0 if text is None else 1
        for name, labels, value in SAMPLE.findall(text or ""):
            if name in named:
                found[f"{name}{{{where}{labels and ','}{labels}}}"] = float(value)
    return found


def _told(values: Sequence[float | None], steps: Sequence[int]) -> str:
    """In promtool's notation; a series that is gone is stale at once, as after a scrape without it."""
    parts, was = [], False
    for value, n in zip(values, steps, strict=True):
        if value is None:
            parts.append(f"stale _x{n - 1}" if was else f"_x{n}")
        else:
            parts.append(f"{value!r}+0x{n - 1}")
        was = value is not None
    return " ".join(parts)
