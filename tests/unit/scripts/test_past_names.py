"""The names of a past board, in Node: those of then, and the present ones again when the moment moves on."""

import json
import subprocess
from pathlib import Path

import pytest

NAMES = Path(__file__).parents[3] / "dashboard/assets/modules/board/past-names.js"
SCRIPT = """
  const {makePastNames} = await import(process.argv[1]);
  const places = {streets: {S1: {name: "东街"}, S2: {name: "西街"}}, units: {D1: "市政中心"}};
  const take = makePastNames(places, process.argv[2] === "en"), said = [];
  const then = {streets: {S1: ["老街", "Old Street"]}, units: {D1: ["老局", "Old Office"], D9: ["没了", "Gone"]}};
  for (const names of [{streets: {}, units: {}}, then, then, undefined])
    said.push([take(names), places.streets.S1.name, places.streets.S2.name, places.units.D1, places.units.D9 || ""]);
  console.log(JSON.stringify(said));
"""


@pytest.mark.parametrize(
    ("language", "old"), [("zh-CN", ["老街", "老局", "没了"]), ("en", ["Old Street", "Old Office", "Gone"])]
)
def test_names_of_then_are_taken_over_and_given_back(language: str, old: list[str]) -> None:
    done = subprocess.run(
        ["node", "--input-type=module", "-e", SCRIPT, str(NAMES), language], text=True, capture_output=True, check=True
    )
    street, unit, gone = old
    present = ["东街", "西街", "市政中心", ""]
    assert json.loads(done.stdout) == [
        [False, *present],
        [True, street, "西街", unit, gone],
        [False, street, "西街", unit, gone],
        [True, *present],
    ]
