"""The pace of the deltas: a lone one never waits, a stream of them follows what telling everybody costs."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from dashboard.live.pace import FRAME_S, Pace


class Hand:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_delta_leaves_at_once_and_so_does_a_lone_one() -> None:
    clock = Hand()
    pace = Pace(clock)
    assert pace.is_due()
    pace.begin()
    clock.now += 0.001
    pace.out()
    clock.now += 0.05
    assert pace.is_due()


@pytest.mark.parametrize(("took", "left"), [(0.001, FRAME_S - 0.001), (0.01, 0.01), (0.2, 0.2)])
def test_the_next_waits_for_a_frame_or_as_long_as_the_last_took(took: float, left: float) -> None:
    clock = Hand()
    pace = Pace(clock)
    pace.begin()
    clock.now += took
    pace.out()
    assert pace.left_s() == pytest.approx(left)
    clock.now += left
    assert pace.left_s() == pytest.approx(0, abs=1e-9)


def test_nothing_leaves_while_one_is_leaving() -> None:
    clock = Hand()
    pace = Pace(clock)
    pace.begin()
    clock.now += 5
    assert not pace.is_due()
    assert pace.left_s() == FRAME_S
    pace.out()
    assert pace.left_s() == pytest.approx(5)


PACE = Path(__file__).parents[3] / "dashboard/assets/modules/core/pace.js"
SCRIPT = """
const {DrawPace} = await import(process.argv[1]);
let now = 100;
const pace = new DrawPace(() => now), left = [];
const draw = ms => { pace.begin(); pace.took(ms); left.push(pace.left); };
left.push(pace.left);
draw(0); draw(10); draw(10);
now += 12; left.push(pace.left);
now += 1000; left.push(pace.left);
draw(900); left.push(pace.left);
process.stdout.write(JSON.stringify(left));
"""


def test_a_page_draws_a_lone_change_at_once_and_a_stream_in_a_quarter_of_its_time() -> None:
    node = shutil.which("node")
    assert node is not None
    call = [node, "--input-type=module", "-e", SCRIPT, str(PACE)]
    done = subprocess.run(call, capture_output=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr.decode()
    # Half of what is known counts on: 10 ms weigh 5, then 7.5; nothing waits longer than a quarter of a second.
    assert json.loads(done.stdout) == [0, 0, 20, 30, 18, 0, 250, 250]
