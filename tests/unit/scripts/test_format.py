"""Times as the page writes them, in Node: the district's calendar, not the machine's."""

import json
import subprocess
from pathlib import Path

import pytest

from services.platform.clock import parse_ms

FORMAT = Path(__file__).parents[3] / "dashboard/assets/modules/core/format.js"
SCRIPT = """
  const {makeFormat} = await import(process.argv[1]);
  const [at, now, zone] = JSON.parse(process.argv[2]);
  console.log(makeFormat({unit: {}, word: {}}, zone, () => now).hm(at));
"""


SPANS = """
  const {makeFormat} = await import(process.argv[1]);
  const unit = {day: "天", hour: "小时", minute: "分", second: "秒", tight: true};
  const format = makeFormat({unit, word: {}}, "Asia/Shanghai");
  console.log(JSON.parse(process.argv[2]).map(format.span).join(" "));
"""


def test_a_span_is_whole_minutes_and_names_nothing_that_is_zero() -> None:
    told = json.dumps([1000, 67_000, 900_000, 1_800_000, 3_600_000, 5_400_000, 90_000_000, 86_400_000])
    done = subprocess.run(
        ["node", "--input-type=module", "-e", SPANS, str(FORMAT), told], text=True, capture_output=True, check=True
    )
    assert done.stdout.split() == ["1分", "1分", "15分", "30分", "1小时", "1小时30分", "1天1小时", "1天"]


@pytest.mark.parametrize(
    ("at", "now", "zone", "said"),
    [
        ("2026-11-23T14:05:00+08:00", "2026-11-23T23:59:59+08:00", "Asia/Shanghai", "14:05"),
        ("2026-11-23T14:05:00+08:00", "2026-11-24T00:00:00+08:00", "Asia/Shanghai", "11-23 14:05"),
        ("2026-11-23T00:05:00+08:00", "2026-11-23T23:00:00+08:00", "Asia/Shanghai", "00:05"),
        ("2025-11-23T14:05:00+08:00", "2026-11-23T14:05:00+08:00", "Asia/Shanghai", "11-23 14:05"),
        ("2026-11-23T14:05:00+08:00", None, "Asia/Shanghai", "14:05"),
        ("2026-11-23T23:30:00-05:00", "2026-11-23T23:59:00-05:00", "America/New_York", "23:30"),
    ],
)
def test_a_time_of_another_day_of_the_district_names_its_day(at: str, now: str | None, zone: str, said: str) -> None:
    told = json.dumps([parse_ms(at), None if now is None else parse_ms(now), zone])
    done = subprocess.run(
        ["node", "--input-type=module", "-e", SCRIPT, str(FORMAT), told], text=True, capture_output=True, check=True
    )
    assert done.stdout.strip() == said
