"""Eight hours on duty, tried as the duty officer, a street's staff and the leader would; what they leave is read after.

The shift is played once; the tests read the log book, the handover, the alarms, the commands and the audit.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator

import pytest
import redis
from sqlalchemy import select

from dashboard.texts import texts
from services.audit import Signer, check
from services.audit.log_service import records
from services.board.alarm import decode_alarm
from services.cases import tables as case_tables
from services.district.alarm_policy import OF_SMALL_SEATS
from services.district.package import District
from services.duty import logbook
from services.duty import tables as duty_tables
from services.duty.alarms.lives_reader import Life
from services.duty.logbook import Entry
from services.duty.service import DutyDesk, Handover
from services.duty.sheet import Flow, SheetCounts
from services.operations.embedded import EmbeddedRedis
from services.operations.simulator.record import is_open
from services.platform.clock import to_ms
from tests.reference import lives_of
from tests.shift import ADDRESSES, MINUTE, PEOPLE, PHONE, PLATFORM, STEP, Deed, Shift, at
from tests.shift_day import Known, Played, play
from tests.stores import fresh_engine
from tests.tiny import CODE

pytestmark = pytest.mark.redis
NAMES = {"night": "何静", "day": "周敏", "evening": "郑洁", "boss": "宋涛", "s1": "马骏", "s1b": "吴倩", "s2": "林芳"}


@pytest.fixture(scope="module")
def played(_redis_server: EmbeddedRedis, tiny: District, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    engine = fresh_engine(tmp_path_factory.mktemp("shift") / "store.db")
    with redis.Redis(port=_redis_server.port) as client:
        client.flushall()
        found = play(Shift(engine, client, tiny))
        print("\n" + "\n".join(found.shift.said))  # pytest -s
        yield found
    engine.dispose()


def log_of(played: Played, seat: str) -> list[Entry]:
    """The seat's whole log, the oldest first, as who may read numbers has it."""
    return DutyDesk(played.shift.engine, played.shift.district).entries(seat, 0, 1 << 50, 2000, masked=False)[::-1]


def said_in(played: Played, seat: str, *codes: str) -> Counter[tuple[str, str, int]]:
    """(code, case, moment) of what the system has written into a log."""
    found = ((logbook.said(entry)[0], entry.case_id, entry.at) for entry in log_of(played, seat))
    return Counter(one for one in found if one[0] in codes)


def sheet_of(played: Played, handover_id: str) -> Handover:
    return DutyDesk(played.shift.engine, played.shift.district).handover(CODE, handover_id)


def signed(who: str) -> str:
    return f"{who} {NAMES[who]}"


def standing(known: Known) -> SheetCounts:
    """What stands, counted from what the case system has published; lights are the board's."""
    live = [case for case in known.cases.values() if is_open(case)]
    lights = Counter(known.lights[case.case_id] for case in live)
    passed = [case for case in live if case.level == "district"]
    untaken = [case for case in passed if case.escalations[-1].acknowledged_at is None]
    return SheetCounts(len(live), lights[2], lights[1], lights[3], len(passed), len(untaken))


def _closed(known: Known) -> set[str]:
    return {case_id for case_id, case in known.cases.items() if not is_open(case)}


def test_the_log_has_every_severe_incident_and_every_escalation_once_at_the_centre_and_in_the_street(
    played: Played,
) -> None:
    cases = played.shift.system.told.values()
    grave = {case.case_id: case for case in cases if case.severity <= 2}
    assert grave.keys() == {"NIGHT-1", "SEV-1", "SEV-2", "SEV-3", "SEV-4", "GONE-1"}
    incidents = Counter(("incident", case_id, to_ms(case.reported_at)) for case_id, case in grave.items())
    assert said_in(played, CODE, "incident") == incidents
    passes = Counter(
        (code, case.case_id, to_ms(moment))
        for case in cases
        for escalation in case.escalations
        for code, moment in (("escalated", escalation.at), ("taken", escalation.acknowledged_at))
        if moment
    )
    assert said_in(played, CODE, "escalated", "taken") == passes
    assert {case_id for _, case_id, _ in passes} == {*grave, "LATE-2"}
    streets = [said_in(played, street, "incident", "escalated", "taken") for street in ("S1", "S2")]
    assert streets[0] + streets[1] == incidents + passes


def test_the_log_tells_alarms_feeds_shifts_signatures_and_what_people_wrote(played: Played) -> None:
    log = log_of(played, CODE)
    with played.shift.engine.connect() as connection:
        rows = connection.execute(select(duty_tables.alarm_lives)).all()
        reports = connection.execute(select(duty_tables.incident_reports)).all()
    for seat in (CODE, "S1", "S2"):
        told = Counter(
            (f"alarm_{row.what}", decode_alarm(row.body).subject.case_id, row.at) for row in rows if row.seat == seat
        )
        codes = tuple(f"alarm_{what}" for what in logbook.ALARM_STEPS)
        written = said_in(played, seat, *codes)
        assert written == Counter({one: n for one, n in told.items() if one[0] in codes})
    feeds = [(logbook.said(e)[0], logbook.said(e)[1]["source"]) for e in log if e.kind == "feed"]
    assert feeds == [("feed_stopped", PLATFORM), ("feed_back", PLATFORM)] * 4
    shifts = [logbook.said(e)[1] for e in log if e.kind == "shift"]
    assert [(s["shift"], s["officers"], s["leader"]) for s in shifts] == [
        ("夜班", "何静", ""),
        ("白班", "周敏", "宋涛"),
        ("晚班", "郑洁", ""),
    ]
    signatures = [(logbook.said(e)[0], logbook.said(e)[1]["who"]) for e in log if e.kind == "handover"]
    assert signatures == [
        ("signed_out", signed("night")),
        ("signed_in", signed("day")),
        ("signed_out", signed("day")),
        ("signed_in", signed("evening")),
    ]
    assert len([e for e in log if e.kind == "report"]) == len(reports) > 8
    people = [(e.who, e.text, e.shift) for e in log if e.kind in logbook.BY_PEOPLE]
    assert people == [
        (signed("day"), f"报警人来电 {PHONE}，已回复", "白班"),
        (signed("day"), "已电话报市中心", "白班"),
        (signed("boss"), "午间到岗，听取汇报", "白班"),
    ]
    assert [(e.who, e.case_id) for e in log_of(played, "S1") if e.who] == [(signed("s1"), "LATE-1")]
    for entry in log:
        assert entry.shift == ("夜班" if entry.at < at("08:00") else "白班" if entry.at < at("16:00") else "晚班")


def test_the_sheets_counts_are_those_of_a_recount(played: Played) -> None:
    sheet, begin, end = sheet_of(played, f"{CODE}-20261123T0800").sheet, played.begin, played.end
    assert (sheet.begin, sheet.end) == (standing(begin), standing(end))
    passes = [e for case in end.cases.values() for e in case.escalations]
    assert sheet.flow == Flow(
        len(end.cases.keys() - begin.cases.keys()),
        len(_closed(end) - _closed(begin)),
        sum(e.at is not None and sheet.since < to_ms(e.at) for e in passes),
        sum(e.acknowledged_at is not None and sheet.since < to_ms(e.acknowledged_at) for e in passes),
    )
    assert sheet.begin.open + sheet.flow.reported - sheet.flow.closed == sheet.end.open


def test_the_sheets_lists_are_those_of_a_recount_and_say_what_changed(played: Played) -> None:
    kept, _, whole = sheet_of(played, f"{CODE}-20261123T0800")
    sheet, end = sheet_of(played, kept.id).sheet, played.end
    assert whole and (kept.out_by, kept.in_by) == (signed("day"), signed("evening"))
    live = {case_id: case for case_id, case in end.cases.items() if is_open(case)}
    assert sheet.members["major"] == sorted(i for i, case in live.items() if case.severity <= 2)
    assert sheet.members["serious"] == sorted(i for i, case in live.items() if case.severity == 3)
    assert sheet.members["overdue"] == sorted(i for i in live if end.lights[i] == 2)
    assert sheet.members["supervised"] == sorted(i for i, case in live.items() if case.supervisions) == ["LATE-3"]
    assert sheet.members["whistled"] == ["LATE-1"]
    assert "LATE-1" not in sheet.members["proposed"], "what was declined waits for nobody"
    assert sheet.members["proposed"] == sorted(end.waiting)
    alarms = {alarm.id: alarm for alarm in end.alarms.values() if alarm.seat == CODE and alarm.state != "cleared"}
    assert {line.alarm: line.state for line in sheet.alarms} == {i: alarm.state for i, alarm in alarms.items()}
    assert {line.alarm: line.at for line in sheet.alarms} == {i: alarm.raised_at for i, alarm in alarms.items()}
    assert [(line.source, line.word) for line in sheet.sources] == [(PLATFORM, "stopped")]
    first = sheet_of(played, f"{CODE}-20261123T0000")
    assert first.is_whole and sheet.before == first.kept.id and sheet.since == first.sheet.at
    for name, change in sheet.changes.items():
        before, now = set(first.sheet.members[name]), set(sheet.members[name])
        gone = {one for ones in change.gone.values() for one in ones}
        assert (set(change.new), gone) == (now - before, before - now), name
    assert {line.case_id for line in sheet.reports} == {"SEV-1", "SEV-2", "SEV-3"}
    street = sheet_of(played, "S1-20261123T0800")
    assert street.is_whole and (street.kept.out_by, street.kept.in_by) == (signed("s1"), signed("s1b"))
    assert street.sheet.end.open == sum(played.end.streets[i] == "S1" for i in live)


def test_nothing_slips_between_the_shifts(played: Played) -> None:
    """A severe incident that was told late, a command that was answered late: the evening's sheet has both."""
    sheet = played.later
    written = [(logbook.said(entry)[0], entry.case_id) for entry in sheet.log]
    assert "SEV-4" in sheet.changes["major"].new
    assert ("incident", "SEV-4") in written
    (refused,) = [line for line in sheet.commands if line.case_id == "SEV-2"]
    assert (refused.state, refused.reason.split(":")[0]) == ("refused", "stale")
    assert sheet.changes["commands"].gone.get("done", []) == []


def test_every_alarm_was_taken_or_over_and_climbed_where_nobody_took_it(played: Played) -> None:
    with played.shift.engine.connect() as connection:
        ids = connection.execute(select(duty_tables.alarm_lives.c.alarm).distinct()).scalars().all()
        lives = {alarm: lives_of(connection, alarm) for alarm in ids}
    assert len(lives) > 20
    assert not {life[0].kind for life in lives.values()} & OF_SMALL_SEATS, "no unit and no grid has an account here"
    now, climbed = played.shift.clock.ms, set[str]()
    for alarm, life in lives.items():
        assert life[0].what == "raised"
        waits_since: int | None = life[0].at
        for step in life[1:]:
            if step.what == "climbed":
                climbed.add(step.seat)
            elif step.what in {"acknowledged", "cleared"}:
                assert step.what == "cleared" or (waits_since is not None and step.who), "nobody takes what is taken"
                if waits_since is not None and not _is_unkept(waits_since, step.at):
                    _must_climb(life, waits_since, step.at)
                waits_since = None
            elif step.alarm.state == "unacknowledged":
                waits_since = step.at
        last = life[-1].alarm
        if last.state == "unacknowledged":
            assert waits_since is not None
            _must_climb(life, waits_since, now)
        else:
            assert last.state in {"acknowledged", "cleared"}, alarm
    assert climbed == {CODE, "S1", "S2"}, "at lunch, and where nobody sits yet or any more"
    over = {life[0].alarm.subject.case_id for life in lives.values() if life[-1].what == "cleared"}
    assert {"NIGHT-1", "GONE-1"} & over == {"NIGHT-1"}, "what came and went while nobody looked called nobody"
    assert all(life[-1].what == "cleared" for life in lives.values() if life[0].alarm.subject.case_id == "NIGHT-1")


def _must_climb(life: list[Life], since: int, until: int) -> None:
    """Who waits longer than three minutes, and the next look, is the next level's too."""
    if until - since > 3 * MINUTE + STEP:
        assert any(step.what == "climbed" and since < step.at <= until for step in life), (life[0], since, until)


def _is_unkept(since: int, until: int) -> bool:
    return since < at("14:56") and until > at("14:40")


def test_every_command_was_done_or_refused_in_words_and_none_twice(played: Played) -> None:
    shift, words = played.shift, texts("zh-CN")["refusal"]
    with shift.engine.connect() as connection:
        kept = list(connection.execute(select(case_tables.commands)))
    declined = [(row.who, row.case_id, row.state) for row in kept if row.type == "proposal.decline"]
    assert declined == [("day", "LATE-1", "done")], "it stands beside the commands and is sent to nobody"
    rows = {row.command_id: row for row in kept if row.type != "proposal.decline"}
    sent = [(who, order, outcome) for who, order, outcome in shift.outcomes if outcome["state"] == "sent"]
    assert Counter(row.command_id for row in rows.values()) == Counter(outcome["command_id"] for _, _, outcome in sent)
    seen = [fields[b"id"].decode() for fields in shift.system.seen]
    assert len(seen) == len(set(seen)) and {*seen} >= {*rows}
    assert len(shift.system.executed) == len(set(shift.system.executed))
    for who, order, outcome in sent:
        row = rows[outcome["command_id"]]
        assert (row.who, row.type) == (who, order)
        assert row.state == ("done" if row.command_id in shift.system.executed else "refused")
        assert row.state == "done" or words[row.reason.partition(":")[0]]
        assert row.answered_at is not None and row.answered_at >= row.at
    refused = Counter((row.case_id, row.reason.partition(":")[0]) for row in rows.values() if row.state == "refused")
    assert refused == {("LATE-3", "stale"): 1, ("SEV-2", "stale"): 1}
    logged = [e.case_id for e in log_of(played, CODE) if logbook.said(e)[0] == "command_refused"]
    assert logged == ["LATE-3", "SEV-2"]
    at_the_door = [(who, order, out["reason"]) for who, order, out in shift.outcomes if out["state"] == "refused"]
    assert at_the_door == [("s1", "case.urge", "forbidden"), ("boss", "case.urge", "no_reason")]
    assert all(words[reason] for _, _, reason in at_the_door)
    effects = Counter(case.step.command_id for case in shift.system.told.values() if case.step)
    assert all(n == 1 for command_id, n in effects.items() if command_id)


def test_the_audit_has_every_deed_in_its_order_with_address_and_reason(played: Played) -> None:
    shift = played.shift
    with shift.engine.connect() as connection:
        rows = list(records(connection))
    checked = check(rows, signer=Signer([shift.key]))
    assert checked.broken is None and (checked.rows, checked.sealed) == (len(rows), len(rows))
    told = []
    for row in rows:
        detail = json.loads(row.detail)
        about = row.object.split(" ")[0]
        told.append(Deed(row.who, row.action, about, str(detail.get("reason", detail.get("comment", "")))))
        assert (row.address, row.role, row.street) == (
            ADDRESSES[row.who],
            *next((p.role, p.street) for p in PEOPLE if p.user_id == row.who),
        )
    assert told == shift.deeds
    (export,) = [json.loads(row.detail) for row in rows if row.action == "export" and row.who == "day"]
    lines = list(csv.reader(io.StringIO(played.csv.removeprefix("\ufeff"))))
    assert export["rows"] == sum(len(line) > 1 for line in lines) - 1
    assert [row.object for row in rows if row.action == "reveal"] == ["SEV-1"], "the leader's was refused"
    assert PHONE not in "".join(row.detail for row in rows)
