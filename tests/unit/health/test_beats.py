"""Which processes live, by what they say of themselves and by the silence that we have witnessed."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.health.beats import MISSING_AFTER_MS, SILENCE_LIMIT_MS, Process, ProcessBeat, Witness, processes, to_name

AT = 1_763_877_909_120


def beat(name: str = "projector", pid: int = 1, n: int = 1, host: str = "a", **more: Any) -> ProcessBeat:
    return ProcessBeat(name, host, pid, n, **{"at": AT + n * 1000, "started_at": AT, **more})


def found(
    *beats: ProcessBeat, silent: dict[str, int] | None = None, expected: tuple[str, ...] = (), absent: int = 1 << 20
) -> list[tuple[str, str]]:
    absent_ms = dict.fromkeys(expected, absent)
    return [(p.name, p.state) for p in processes(beats, silent or {}, absent_ms, expected)]


DEAD = SILENCE_LIMIT_MS + 1


def test_one_that_beats_and_turns_is_alive_and_one_that_only_beats_is_stuck() -> None:
    assert found(beat(idle_ms=4000)) == [("projector", "alive")]
    assert found(beat(idle_ms=6000)) == [("projector", "stuck")]
    assert found(beat(idle_ms=6000, idle_limit_ms=60_000)) == [("projector", "alive")], "a long step was told"


def test_one_that_stopped_beating_is_dead_whether_expected_or_not() -> None:
    one = beat("escalator")
    for expected in ((), ("escalator",)):
        assert found(one, silent={one.key: DEAD}, expected=expected) == [("escalator", "dead")]
    assert found(one, silent={one.key: SILENCE_LIMIT_MS}) == [("escalator", "alive")]


def test_one_that_nobody_expects_and_that_never_beat_is_not_named() -> None:
    assert found() == []
    assert found(expected=("alarms",)) == [("alarms", "missing")]
    assert found(expected=("alarms",), absent=MISSING_AFTER_MS) == [], "it may be starting"


def test_a_good_bye_is_named_only_of_one_that_is_expected() -> None:
    over = beat(is_over=True)
    assert found(over) == []
    assert found(over, expected=("projector",)) == [("projector", "stopped")]
    assert found(over, beat(pid=2), expected=("projector",)) == [("projector", "alive")]


def test_of_two_projectors_one_is_dead_and_that_is_no_false_alarm() -> None:
    first, second = beat(pid=1), beat(pid=2)
    (projector,) = processes([first, second], {first.key: DEAD}, {}, ())
    assert (projector.state, projector.alive, projector.dead) == ("alive", 1, 1)
    assert to_name([projector]) == []


def test_one_that_was_started_again_takes_the_dead_ones_place() -> None:
    dead, again = beat(pid=1, n=5), beat(pid=9, started_at=AT + 6000)
    elsewhere = beat(pid=9, host="b", started_at=AT + 6000)
    assert [(p.alive, p.dead) for p in processes([dead, again], {dead.key: DEAD}, {}, ())] == [(1, 0)]
    assert [(p.alive, p.dead) for p in processes([dead, elsewhere], {dead.key: DEAD}, {}, ())] == [(1, 1)]


def test_the_leader_speaks_for_its_name() -> None:
    leader, standby = beat("alarms", 1, role="leader"), beat("alarms", 2, n=9, role="standby")
    assert [p.role for p in processes([standby, leader], {}, {}, ())] == ["leader"]


def test_they_stand_in_the_order_in_which_they_matter() -> None:
    assert [name for name, _ in found(beat("past"), beat("web"), beat("projector"))] == ["projector", "web", "past"]


def test_silence_is_what_was_witnessed() -> None:
    """An outage of Redis and a pause of our own count for nobody; a beat ends it."""
    witness, one = Witness(), beat()
    for at in (0.0, 1.0, 2.0):
        witness.see([one], (), at)
    assert witness.silent_ms[one.key] == 2000
    witness.see([one], (), 60.0)
    assert witness.silent_ms[one.key] == 3500, "58 s in which we did not look are no 58 s of silence"
    witness.blind()
    witness.see([one], (), 90.0)
    assert witness.silent_ms[one.key] == 3500
    witness.see([beat(n=2)], (), 91.0)
    assert witness.silent_ms[one.key] == 0


def test_the_absence_of_an_expected_one_is_witnessed_too() -> None:
    witness = Witness()
    for at in range(7):
        witness.see([], ("alarms",), float(at))
    assert witness.absent_ms == {"alarms": 6000}
    witness.see([beat("alarms")], ("alarms",), 7.0)
    assert witness.absent_ms == {}


@given(st.lists(st.tuples(st.floats(0.1, 1.4), st.booleans()), max_size=40), st.integers(-(10**9), 10**9))
def test_a_clock_that_is_set_kills_nobody(looks: list[tuple[float, bool]], jump: int) -> None:
    """Whoever beats at every look lives, and whoever does not for long is dead, whatever Redis' clock says."""
    witness, now, n, since = Witness(), 0.0, 1, 0.0
    witness.see([beat()], (), now)
    for passed, beats in looks:
        now += passed
        n, since = (n + 1, 0.0) if beats else (n, since + passed)
        one = beat(n=n, at=AT + jump * n)
        witness.see([one], (), now)
        (process,) = processes([one], witness.silent_ms, {}, ())
        assert isinstance(process, Process)
        assert process.state == "dead" or since < SILENCE_LIMIT_MS / 1000 + 0.1
        assert process.state == "alive" or since > SILENCE_LIMIT_MS / 1000 - 0.1
