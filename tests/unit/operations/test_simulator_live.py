"""The case system on a real stream: it publishes in time, goes on after a restart, obeys each command once."""

import dataclasses
import functools
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import redis

from services.contract.case import Case
from services.contract.entry import encode_entry
from services.contract.others import CommandAnswer, UnitMoved
from services.contract.parse import Event, Refused, parse
from services.operations.simulator.live import HEARTBEAT_S, HEARTBEAT_SOURCES, LiveCaseSystem
from services.operations.simulator.order import REFUSALS
from services.operations.simulator.orders import COMMANDS
from services.operations.simulator.rubbish import rubbish
from services.operations.simulator.step import utc
from services.operations.simulator.world import CaseSystem
from services.platform.clock import SetClock, to_ms
from tests.unit.operations.test_demo_district import demo_district
from tests.unit.operations.test_simulator_world import SEED, system

pytestmark = pytest.mark.redis
START_MS = to_ms(datetime(2026, 11, 24, 2, 0, tzinfo=UTC))
HOUR_MS = 3_600_000
EVENTS, COMMAND_STREAM = "lianqin:{320499}:events", "lianqin:{320499}:commands"


class Hand:
    """A real clock moved by hand, so that no test waits for a heartbeat."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@functools.cache
def without_cameras() -> CaseSystem:
    """The same cases; a day of 5,000 cameras is tens of thousands of events that most of these tests do not need."""
    return CaseSystem(dataclasses.replace(demo_district(), cameras=()), SEED)


def started(
    client: redis.Redis, clock: SetClock, cases: list[Case], hand: Hand | None = None, *, cameras: bool = False
) -> LiveCaseSystem:
    found = system() if cameras else without_cameras()
    return LiveCaseSystem(client, clock, found, cases, since_ms=START_MS, real=hand or Hand())


def work(live: LiveCaseSystem) -> None:
    while live.tick():
        pass


def published(client: redis.Redis) -> list[Event | Refused]:
    return [parse(i.decode(), f, START_MS + 400 * HOUR_MS) for i, f in client.xrange(EVENTS)]


def case_events(client: redis.Redis) -> list[Event]:
    return [e for e in published(client) if isinstance(e, Event) and e.type.startswith("case.")]


def answers(client: redis.Redis, command_id: str) -> list[tuple[str, str | None]]:
    found = [e for e in published(client) if isinstance(e, Event) and isinstance(e.body, CommandAnswer)]
    return [(e.type, e.body.reason) for e in found if e.body.command_id == command_id]


def ask(client: redis.Redis, command: str, command_id: str, /, **data: object) -> None:
    body = {"actor": {"user": "李禾舟", "role": "duty"}, "reason": "按预案", **data}
    fields = {
        "specversion": "1.0",
        "id": command_id,
        "source": "/desk",
        "type": command,
        "time": "2026-11-24T10:00:00+08:00",
        "data": msgspec.json.encode(body),
    }
    client.xadd(COMMAND_STREAM, fields)


def handling_case(**changes: object) -> Case:
    """A case of the demo's own in work at the start, with nothing due for hours."""
    for minute in range(START_MS // 60_000 - 1500, START_MS // 60_000 - 60):
        for step in system().arrivals(minute):
            case = step.case
            for later in system().following(step.case, step.time_ms):
                if later.time_ms > START_MS:
                    limit = case.clocks[-1].deadline_at if case.clocks else None
                    is_calm = later.time_ms > START_MS + 5 * HOUR_MS and limit and to_ms(limit) > later.time_ms
                    if case.status == "handling" and case.severity == 4 and is_calm and case.level != "district":
                        return msgspec.structs.replace(case, **changes)
                    break
                case = later.case
    raise AssertionError("no case is in work")


def test_it_publishes_what_the_history_would_hold(redis_client: redis.Redis):
    clock = SetClock(START_MS)
    live = started(redis_client, clock, [])
    for _ in range(20):
        clock.ms += HOUR_MS // 10
        work(live)
    ours = {e.id: e.data for e in case_events(redis_client)}
    entries = [(i, f) for i, f in system().history(START_MS, clock.ms)]
    theirs = {e.id: e.data for i, f in entries if isinstance(e := parse(i, f, clock.ms), Event)}
    assert set(ours) <= set(theirs) and len(ours) > 0.97 * len(theirs)
    assert all(theirs[i] == data for i, data in ours.items())


def test_after_a_restart_nothing_comes_twice_with_another_content(redis_client: redis.Redis):
    clock = SetClock(START_MS)
    for _ in range(6):
        clock.ms += HOUR_MS // 3
        work(started(redis_client, clock, []))  # a new process each time, which must read the stream's tail
    seen: dict[str, bytes] = {}
    for event in case_events(redis_client):
        assert seen.setdefault(event.id, event.data) == event.data
    reported = {e.body.case_id for e in case_events(redis_client)}
    expected = {s.case.case_id for m in range(START_MS // 60_000, clock.ms // 60_000) for s in system().arrivals(m)}
    assert expected <= reported


def test_every_source_has_a_heartbeat_and_the_patrols_move(redis_client: redis.Redis):
    clock, hand = SetClock(START_MS), Hand()
    live = started(redis_client, clock, [], hand)
    for _ in range(3):
        work(live)
        hand.seconds += 5
        clock.ms += 5000
    events = [e for e in published(redis_client) if isinstance(e, Event)]
    beats = [e.source for e in events if e.type == "source.heartbeat"]
    assert sorted(beats) == sorted([*HEARTBEAT_SOURCES, *HEARTBEAT_SOURCES])
    moves = [e.body for e in events if e.type == "unit.moved"]
    assert {m.unit_id for m in moves[:72]} == {r.unit_id for r in system().beats.rounds}
    assert len(moves) == 72 + 2 * (36 + 12)  # all at once, then every car and each time a third of who walks
    assert len({(m.lon, m.lat) for m in moves}) > 160


def test_rubbish_comes_too_and_each_kind_is_refused():
    found = [parse("1-0", rubbish(n, START_MS), START_MS) for n in range(6)]
    assert {f.reason for f in found if isinstance(f, Refused)} >= {
        "bad_json",
        "missing_field",
        "bad_value",
        "unknown_type",
        "not_cloudevent",
    }


DATA: dict[str, dict[str, object]] = {
    "case.dispatch": {"lead_unit": "D004", "co_units": ["D005"]},
    "case.return": {"to_unit": "D006", "reason_code": "wrong_unit"},
    "case.urge": {"to": "D004"},
    "case.supervise": {"kind": "leader", "level": 2},
    "case.escalate": {"to": "D010", "reason_code": "beyond_power"},
    "case.whistle": {"units": ["D002", "D011"], "reason_code": "needs_departments"},
    "case.extend": {},
    "case.suspend": {"until": "2026-12-01T10:00:00+08:00"},
    "case.close": {"result": "已整改"},
    "case.void": {},
    "case.split": {},
    "case.assign_unit": {"unit_id": "XF-03"},
    "case.locate": {"lon": 118.9, "lat": 31.9, "coord_sys": "WGS84"},
    "case.progress": {"what": "departed"},
    "case.handle": {"result": "已清理"},
}


@pytest.mark.parametrize("kind", DATA)
def test_a_command_is_carried_out_once_and_its_event_repeats_its_id(redis_client: redis.Redis, kind: str):
    case, clock = handling_case(), SetClock(START_MS)
    live = started(redis_client, clock, [case])
    ask(redis_client, kind, "c-1", case_id=case.case_id, expected_version=case.version, **DATA[kind])
    ask(redis_client, kind, "c-1", case_id=case.case_id, expected_version=case.version, **DATA[kind])
    work(live)
    effects = [e for e in case_events(redis_client) if e.body.step and e.body.step.command_id == "c-1"]
    assert [a for a, _ in answers(redis_client, "c-1")] == ["command.accepted", "command.accepted"]
    first = effects[0].body
    assert isinstance(first, Case)
    assert first.version == case.version + 1
    assert len({e.id for e in effects}) == len(effects) == (2 if kind in {"case.return", "case.split"} else 1)


def test_commands_that_answer_each_other(redis_client: redis.Redis):
    case, clock = handling_case(), SetClock(START_MS)
    other = msgspec.structs.replace(case, case_id="other-1")
    live = started(redis_client, clock, [case, other])
    orders = [
        ("case.escalate", {"to": "D010", "reason_code": "beyond_power"}),
        ("case.acknowledge_escalation", {}),
        ("case.take_back", {}),
        ("case.suspend", {"until": "2026-12-01T10:00:00+08:00"}),
        ("case.resume", {}),
        ("case.merge", {"into": "other-1"}),
    ]
    for number, (kind, data) in enumerate(orders):
        ask(redis_client, kind, f"c-{number}", case_id=case.case_id, expected_version=case.version + number, **data)
        work(live)
        assert answers(redis_client, f"c-{number}") == [("command.accepted", None)], kind
    last = case_events(redis_client)[-1].body
    assert isinstance(last, Case)
    assert last.merged_into == "other-1" and last.escalations[-1].returned_at is not None
    assert last.suspensions[-1].until is not None
    assert case.case_id not in live.cases


def test_a_department_takes_on_goes_there_and_finishes(redis_client: redis.Redis):
    case, clock = handling_case(), SetClock(START_MS)
    case = msgspec.structs.replace(case, status="dispatched", acknowledged_at=None, handled_at=None)
    live = started(redis_client, clock, [case])
    orders = [
        ("case.acknowledge", {}, "acknowledged"),
        ("case.progress", {"what": "departed"}, "handling"),
        ("case.progress", {"what": "arrived"}, "handling"),
        ("case.handle", {"result": "已清理"}, "handled"),
    ]
    for number, (kind, data, status) in enumerate(orders):
        ask(redis_client, kind, f"c-{number}", case_id=case.case_id, expected_version=case.version + number, **data)
        work(live)
        assert answers(redis_client, f"c-{number}") == [("command.accepted", None)], kind
        assert live.cases[case.case_id].status == status
    told = [e.body for e in case_events(redis_client)]
    assert [t.step.note for t in told[:4]] == [None, "已出发", "已到场", "已清理"]
    assert told[3].acknowledged_at == told[3].handled_at == utc(START_MS)


def test_a_called_unit_answers_comes_and_cannot_answer_twice(redis_client: redis.Redis):
    case, clock = handling_case(), SetClock(START_MS)
    live = started(redis_client, clock, [case])
    orders = [
        ("case.whistle", {"units": ["D002", "D011"]}, "command.accepted"),
        ("case.answer_whistle", {"unit": "D002", "what": "answered"}, "command.accepted"),
        ("case.answer_whistle", {"unit": "D002", "what": "answered"}, "command.rejected"),
        ("case.answer_whistle", {"unit": "D002", "what": "arrived"}, "command.accepted"),
        ("case.answer_whistle", {"unit": "D009", "what": "arrived"}, "command.rejected"),
    ]
    for number, (kind, data, said) in enumerate(orders):
        version = live.cases[case.case_id].version
        ask(redis_client, kind, f"c-{number}", case_id=case.case_id, expected_version=version, **data)
        work(live)
        ((answer, reason),) = answers(redis_client, f"c-{number}")
        assert answer == said, reason
    called, other = live.cases[case.case_id].whistles[-1].units
    assert called.answered_at == called.arrived_at == utc(START_MS)
    assert other.answered_at is None


def test_an_act_that_is_told_later_is_judged_by_whether_it_can_still_be(redis_client: redis.Redis):
    case, clock = handling_case(), SetClock(START_MS)
    live = started(redis_client, clock, [case])
    for number, (acted, said) in enumerate(
        [(HOUR_MS, "command.rejected"), (-25 * HOUR_MS, "command.rejected"), (-HOUR_MS, "command.accepted")]
    ):
        at = utc(START_MS + acted).isoformat()
        ask(
            redis_client,
            "case.handle",
            f"c-{number}",
            case_id=case.case_id,
            expected_version=1,
            result="已清理",
            acted_at=at,
        )
        work(live)
        assert answers(redis_client, f"c-{number}")[0][0] == said
    assert live.cases[case.case_id].handled_at == utc(START_MS - HOUR_MS)


def moves_of(client: redis.Redis, unit_id: str) -> list[UnitMoved]:
    bodies = [e.body for e in published(client) if isinstance(e, Event)]
    return [body for body in bodies if isinstance(body, UnitMoved) and body.unit_id == unit_id]


def test_an_assigned_unit_goes_there_even_over_a_restart_and_back_when_the_case_is_closed(redis_client: redis.Redis):
    case, clock, hand = handling_case(), SetClock(START_MS), Hand()
    live = started(redis_client, clock, [case], hand)
    ask(redis_client, "case.assign_unit", "a", case_id=case.case_id, expected_version=case.version, unit_id="XF-03")
    work(live)
    assert (moves_of(redis_client, "XF-03")[-1].status, moves_of(redis_client, "XF-03")[-1].case_id) == (
        "assigned",
        case.case_id,
    )
    again = started(redis_client, clock, list(live.cases.values()), hand)
    work(again)
    clock.ms, hand.seconds = clock.ms + HOUR_MS, hand.seconds + 5
    work(again)
    there = moves_of(redis_client, "XF-03")[-1]
    place = without_cameras().true_place(case)
    assert place is not None and there.status == "on_scene" and abs(there.lon - place[0]) < 1e-5
    now = again.cases[case.case_id]
    ask(redis_client, "case.close", "b", case_id=case.case_id, expected_version=now.version, result="已整改")
    work(again)
    clock.ms, hand.seconds = clock.ms + 10_000, hand.seconds + 5
    work(again)
    back = moves_of(redis_client, "XF-03")[-1]
    assert (back.status, back.case_id) == ("free", None) and 0 < abs(back.lon - place[0]) < 0.001


def test_a_unit_that_is_off_duty_is_not_sent(redis_client: redis.Redis):
    case, night = handling_case(), START_MS + 13 * HOUR_MS  # eleven at night
    resting = next(r.unit_id for r in without_cameras().beats.rounds if r.kind == "volunteer")
    live = LiveCaseSystem(redis_client, SetClock(night), without_cameras(), [case], since_ms=night, real=Hand())
    ask(redis_client, "case.assign_unit", "a", case_id=case.case_id, expected_version=case.version, unit_id=resting)
    live.tick()
    ((answer, reason),) = answers(redis_client, "a")
    assert answer == "command.rejected" and (reason or "").startswith(f"unit_off: {resting}")


def test_a_commanded_whistle_is_answered_department_by_department_and_ends(redis_client: redis.Redis):
    case, clock = handling_case(), SetClock(START_MS)
    live = started(redis_client, clock, [case])
    data = DATA["case.whistle"]
    ask(redis_client, "case.whistle", "w", case_id=case.case_id, expected_version=case.version, **data)
    work(live)
    for _ in range(8):  # a restart half an hour later tells the same answers
        clock.ms += HOUR_MS // 2
        work(live)
        live = started(redis_client, clock, list(live.cases.values()))
    told = [e for e in case_events(redis_client) if e.subject == case.case_id]
    assert [e.body.version for e in told] == list(range(case.version + 1, case.version + 1 + len(told)))
    last = told[-1].body
    assert isinstance(last, Case)
    (whistle,) = last.whistles
    assert whistle.at is not None and to_ms(whistle.at) == START_MS
    assert [u.unit for u in whistle.units] == ["D002", "D011"]
    assert whistle.ended_at is not None and whistle.result
    assert sum(e.type == "case.whistled" for e in told) >= 3


def test_every_command_of_the_contract_is_known():
    tested = {*DATA, "case.acknowledge_escalation", "case.take_back", "case.resume", "case.merge", "camera.repair",
              "case.acknowledge", "case.answer_whistle"}  # fmt: skip
    assert tested == set(COMMANDS)


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        ("case.close", {"expected_version": 1}, "stale: expected_version 1"),
        ("case.close", {"case_id": "nobody"}, "closed: case 'nobody'"),
        ("case.close", {"expected_version": "x"}, "bad_value: data: Expected `int`"),
        ("case.resume", {}, "not_suspended: status handling"),
        ("case.take_back", {}, "not_at_district: level"),
        ("case.acknowledge_escalation", {}, "no_escalation: "),
        ("case.suspend", {"until": "2028-12-01T10:00:00+08:00"}, "bad_value: until"),
        ("case.supervise", {"kind": "curious"}, "bad_value: kind 'curious'"),
        ("case.dispatch", {}, "missing: lead_unit"),
        ("case.merge", {"into": "nobody"}, "bad_value: into 'nobody'"),
        ("case.whistle", {"units": [""]}, "bad_value: units"),
        ("case.acknowledge", {}, "not_now: status handling"),
        ("case.handle", {}, "missing: result"),
        ("case.progress", {"what": "flown"}, "bad_value: what 'flown'"),
        ("case.answer_whistle", {"unit": "D002", "what": "answered"}, "no_whistle: "),
        ("case.applaud", {}, "unknown_type: 'case.applaud'"),
        ("case.urge", {"reason": "长" * 501}, "bad_value: reason"),
        ("case.assign_unit", {"unit_id": "XF-999"}, "unit_unknown: unit_id 'XF-999'"),
        ("camera.repair", {"camera_id": "C1", "fault": "dark"}, "camera_unknown: camera_id 'C1'"),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_refused_with_its_reason(
    redis_client: redis.Redis, kind: str, data: dict[str, object], why: str
):
    case = handling_case()
    live = started(redis_client, SetClock(START_MS), [case])
    ask(redis_client, kind, "c-9", **{"case_id": case.case_id, "expected_version": case.version, **data})
    work(live)
    ((answer, reason),) = answers(redis_client, "c-9")
    assert answer == "command.rejected" and (reason or "").startswith(why)
    assert (reason or "").partition(":")[0] in REFUSALS
    assert not case_events(redis_client)


def test_an_overdue_case_is_neither_extended_nor_suspended(redis_client: redis.Redis):
    case = handling_case()
    past = datetime.fromtimestamp(START_MS / 1000, UTC) - timedelta(minutes=5)
    late = msgspec.structs.replace(case, clocks=[msgspec.structs.replace(c, deadline_at=past) for c in case.clocks])
    live = started(redis_client, SetClock(START_MS), [late])
    ask(redis_client, "case.extend", "e", case_id=case.case_id, expected_version=case.version)
    ask(redis_client, "case.suspend", "s", case_id=case.case_id, expected_version=case.version, **DATA["case.suspend"])
    work(live)
    found = [(answers(redis_client, i))[0] for i in ("e", "s")]
    assert [a for a, _ in found] == ["command.rejected"] * 2
    assert all((why or "").startswith("overdue: ") for _, why in found)


def test_a_commanded_suspension_ends_at_its_time_even_after_a_restart(redis_client: redis.Redis):
    case, clock = handling_case(), SetClock(START_MS)
    live = started(redis_client, clock, [case])
    until = datetime.fromtimestamp(START_MS / 1000, UTC) + timedelta(hours=3)
    ask(redis_client, "case.suspend", "s", case_id=case.case_id, expected_version=case.version, until=until)
    work(live)
    clock.ms += 4 * HOUR_MS
    work(started(redis_client, clock, list(live.cases.values())))
    resumed = [e for e in case_events(redis_client) if e.subject == case.case_id and e.type == "case.resumed"]
    assert [e.time_ms for e in resumed] == [to_ms(until)]


def test_a_command_given_while_it_was_away_is_obeyed_after_the_start_and_not_again(redis_client: redis.Redis):
    case = handling_case()
    ask(redis_client, "case.urge", "c-1", case_id=case.case_id, expected_version=case.version)
    clock = SetClock(START_MS)
    first = started(redis_client, clock, [case])
    work(first)
    work(started(redis_client, clock, list(first.cases.values())))
    assert len(answers(redis_client, "c-1")) == 1


def test_a_command_changes_what_follows(redis_client: redis.Redis):
    case, clock = handling_case(), SetClock(START_MS)
    live = started(redis_client, clock, [case])
    ask(redis_client, "case.escalate", "c-1", case_id=case.case_id, expected_version=case.version, to="D010")
    work(live)
    clock.ms += 30 * HOUR_MS
    work(live)
    mine = [e for e in case_events(redis_client) if e.subject == case.case_id]
    bodies = [e.body for e in mine if isinstance(e.body, Case)]
    versions = sorted({b.version for b in bodies})
    assert versions == list(range(case.version + 1, case.version + 1 + len(versions)))
    last = max(bodies, key=lambda b: b.version)
    assert last.status in {"closed", "forced_closed"} and last.escalations[-1].acknowledged_at is not None


@pytest.mark.parametrize("case_id", ["MY-1", "20261124-095999", "20261123-000099"])
def test_a_case_of_somebody_elses_stays_as_it_is_until_a_command_touches_it(redis_client: redis.Redis, case_id: str):
    """Whether it stands in the store at the start or comes while the system runs, and whatever its id looks like."""
    theirs, clock = handling_case(case_id=case_id), SetClock(START_MS)
    late = msgspec.structs.replace(theirs, case_id="MY-2")
    live = started(redis_client, clock, [theirs])
    work(live)
    redis_client.xadd(EVENTS, encode_entry("/theirs", "case.handling", late, clock.ms, subject="MY-2"))
    for _ in range(2):
        clock.ms += 30 * HOUR_MS
        work(live)
        live = started(redis_client, clock, [*live.cases.values(), late])  # as the store would have it
    assert [e.source for e in case_events(redis_client) if e.subject in {case_id, "MY-2"}] == ["/theirs"]
    for name in (case_id, "MY-2"):
        ask(redis_client, "case.close", f"c-{name}", case_id=name, expected_version=theirs.version, result="已整改")
    work(live)
    effects = [e.subject for e in case_events(redis_client) if e.body.step and e.body.step.command_id]
    assert effects == [case_id, "MY-2"]


def test_a_command_for_a_case_that_came_since_the_start_is_obeyed(redis_client: redis.Redis):
    theirs, clock = handling_case(case_id="MY-3"), SetClock(START_MS)
    live = started(redis_client, clock, [])
    work(live)
    redis_client.xadd(EVENTS, encode_entry("/theirs", "case.handling", theirs, clock.ms, subject="MY-3"))
    ask(redis_client, "case.urge", "c-1", case_id="MY-3", expected_version=theirs.version)
    work(live)
    assert answers(redis_client, "c-1") == [("command.accepted", None)]


def test_another_districts_system_can_be_made(tiny: object):
    assert CaseSystem(tiny, SEED).arrivals(START_MS // 60_000) is not None
    assert demo_district().code == "320499"


def camera_events(client: redis.Redis) -> list[Event]:
    return [e for e in published(client) if isinstance(e, Event) and e.source == "/video-platform" and e.subject]


def test_a_repair_that_was_promised_is_done_even_after_a_restart(redis_client: redis.Redis):
    clock = SetClock(START_MS)
    live = started(redis_client, clock, [], cameras=True)
    work(live)
    out = [e.subject for e in camera_events(redis_client)]
    assert 60 < len(out) == len(set(out)) < 120
    ask(redis_client, "camera.repair", "c-1", camera_id=out[0], fault="video_lost", expected_version=0)
    work(live)
    assert answers(redis_client, "c-1") == [("command.accepted", None)]
    clock.ms += 6 * 60_000
    work(started(redis_client, clock, [], cameras=True))
    said = [e.body.status for e in camera_events(redis_client) if e.subject == out[0]]
    assert said[-1] == "online" and len(said) == 2
    work(started(redis_client, clock, [], cameras=True))
    assert [e.body.status for e in camera_events(redis_client) if e.subject == out[0]] == said


def test_the_cameras_changes_come_once_over_restarts(redis_client: redis.Redis):
    clock = SetClock(START_MS)
    for _ in range(5):
        work(started(redis_client, clock, [], cameras=True))
        clock.ms += 7 * 60_000 + 123
    events = camera_events(redis_client)
    assert len({e.id for e in events}) == len(events) > 150
    assert {e.type for e in events} >= {"camera.status", "camera.changed"}


class Fast(SetClock):
    """The clock of ``demo --speed 60`` as a process has it: told by its rate alone."""

    def rate(self) -> float:
        return 60.0


def test_heartbeats_of_a_fast_demo_tell_their_interval_in_the_districts_time(redis_client: redis.Redis) -> None:
    live = started(redis_client, Fast(START_MS), [])
    work(live)
    beats = [e.body for e in published(redis_client) if isinstance(e, Event) and e.type == "source.heartbeat"]
    assert len(beats) == len(HEARTBEAT_SOURCES)
    assert {beat.interval_s for beat in beats} == {HEARTBEAT_S * 60}
