"""The handover sheet: its lists, counts that add up, what changed since the last one, what is signed."""

import random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.cases.case import CaseRow
from services.cases.escalation import Proposal
from services.duty.handover import (
    CASE_LISTS,
    LISTS,
    SHOWN,
    WHY_GONE,
    HandoverSource,
    HandoverTurn,
    SupervisionSince,
    counts,
    flow,
    make_sheet,
)
from services.duty.logbook import Entry
from services.duty.reports import DueReport
from services.duty.roster import DutyShift
from services.duty.sheet import (
    AlarmLine,
    CommandLine,
    Sheet,
    SheetCameras,
    SourceLine,
    SpotLine,
    decode,
    digest,
    encode,
)
from services.platform.clock import to_rfc3339
from tests.tiny import NOON
from tests.unit.board.test_board import due, row

MINUTE, HOUR = 60_000, 3_600_000
DAY = DutyShift("白班", NOON - 4 * HOUR, NOON + 8 * HOUR, ("甲", "乙"), "丙")
NIGHT = DutyShift("夜班", NOON + 8 * HOUR, NOON + 20 * HOUR, ("丁",))


def turn(since: int = DAY.from_ms, at: int = NOON) -> HandoverTurn:
    return HandoverTurn("990001", "S1", DAY, NIGHT, since, at)


def sheet(*rows: CaseRow, last: Sheet | None = None, at: int = NOON, **more: Any) -> Sheet:
    return make_sheet(turn(at=at), HandoverSource(rows, **more), last, "before" if last else "")


def ids(made: Sheet, name: str) -> list[str]:
    return [line.case_id for line in made.lists[name].lines]


def escalated(case_id: str, **more: Any) -> CaseRow:
    passed = {"from": "S1", "to": "D1", "reason_code": "repeat", "at": to_rfc3339(NOON - HOUR), **more}
    return row(case_id, level="district", escalations=[passed])


def test_each_case_stands_on_the_lists_that_it_belongs_to() -> None:
    whistle = [{"at": to_rfc3339(NOON - HOUR), "units": [{"unit": "D1"}]}]
    pause = [{"from": to_rfc3339(NOON - HOUR), "until": to_rfc3339(NOON + 9 * HOUR)}]
    made = sheet(
        row("grave", severity=1), row("large", severity=3), due("late", -1), due("later", -2), row("seen"),
        escalated("untaken"), escalated("taken", acknowledged_at=to_rfc3339(NOON)), row("offered"),
        row("blown", whistles=whistle), row("held", status="suspended", suspensions=pause),
        supervised={"seen": SupervisionSince("leader", NOON)},
        proposals={"offered": Proposal("offered", 1, "repeat", "repeat", "confirm", NOON)},
    )  # fmt: skip
    found = {name: ids(made, name) for name in CASE_LISTS}
    assert found == {
        "major": ["grave"], "serious": ["large"], "overdue": ["later", "late"], "supervised": ["seen"],
        "untaken": ["untaken"], "suspended": ["held"], "proposed": ["offered"], "whistled": ["blown"],
    }  # fmt: skip
    about = {name: (made.lists[name].lines[0].about, made.lists[name].lines[0].at) for name in CASE_LISTS}
    assert about["supervised"] == ("leader", NOON) and about["untaken"] == ("repeat", NOON - HOUR)
    assert about["suspended"] == ("until", NOON + 9 * HOUR) and about["proposed"] == ("repeat", NOON)


def test_a_suspension_that_outlasts_the_next_shift_is_not_its_matter() -> None:
    pause = [{"from": to_rfc3339(NOON - HOUR), "until": to_rfc3339(NIGHT.until_ms + MINUTE)}]
    assert ids(sheet(row("held", status="suspended", suspensions=pause)), "suspended") == []


def test_the_first_twenty_overdue_are_printed_and_the_rest_are_a_number() -> None:
    made = sheet(*(due(f"L{k:02}", -1 - k / 10) for k in range(25)))
    assert made.lists["overdue"].n == 25 and made.lists["overdue"].rest == 5
    assert ids(made, "overdue")[0] == "L24" and len(ids(made, "overdue")) == SHOWN
    assert len(made.members["overdue"]) == 25


def test_no_text_of_a_case_leaves_and_of_a_sensitive_one_not_even_its_class() -> None:
    category = {"name": "家庭矛盾", "major": "09", "minor": "01"}
    secret = {"description": "王磊 13812345678", "address": "和平路 1 号", "title": "打架"}
    plain = row("A1", severity=1, lead_unit="张三 13812345678", category=category, **secret)
    hidden = msgspec.structs.replace(plain, case_id="A2", domain="09", class_name="家庭矛盾", lead_unit="李四")
    text = encode(sheet(plain, hidden, commands=[CommandLine("c", NOON, "case.urge", "A1", "refused", "13812345678")]))
    for word in ("王磊", "和平路", "打架", "李四", "13812345678"):
        assert word not in text.decode()
    lines = {line.case_id: line for line in decode(text).lists["major"].lines}
    assert lines["A1"].class_name == "家庭矛盾" and lines["A2"].class_name == ""
    assert make_sheet(turn(), HandoverSource([hidden], units={"李四": "x"})).lists["major"].lines[0].unit == "李四"


def test_what_people_wrote_is_on_the_sheet_with_numbers_hidden() -> None:
    made = sheet(log=[Entry(NOON, "S1", "白班", "u1", "phone", "回电 13812345678")])
    assert made.log[0].text == "回电 138****5678"


def test_the_sheet_says_whose_it_is() -> None:
    made = sheet()
    assert (made.seat, made.shift, made.handing, made.handing_leader) == ("S1", "白班", ["甲", "乙"], "丙")
    assert (made.next_shift, made.taking, made.taking_leader) == ("夜班", ["丁"], "")
    assert made.cameras is None and made.changes == {} and made.before == ""


def test_what_changed_says_why_a_case_has_left() -> None:
    last = sheet(
        *(due(name, -1) for name in ("shut", "void", "twin", "other", "long", "still", "held")), escalated("up")
    )
    made = sheet(
        due("still", -1), due("fresh", -2), due("long", 5), due("held", -1, status="suspended"),
        escalated("up", acknowledged_at=to_rfc3339(NOON)), last=last,
        ended=[row("shut", status="closed")],
        left=[row("void", status="voided"), row("twin", merged_into="still"), row("other", at_street="S2")],
    )  # fmt: skip
    assert made.changes["overdue"].new == ["fresh"]
    assert made.changes["overdue"].gone == {
        "better": ["long"],
        "closed": ["shut"],
        "merged": ["twin"],
        "moved": ["other"],
        "suspended": ["held"],
        "voided": ["void"],
    }
    assert made.changes["untaken"].gone == {"taken": ["up"]}
    assert made.before == "before"
    back = sheet(row("up"), last=last)
    assert back.changes["untaken"].gone == {"taken_back": ["up"]}
    assert back.changes["overdue"].gone["unknown"] == ["held", "long", "other", "shut", "still", "twin", "void"]


def test_other_lists_change_too() -> None:
    first = sheet(
        row("A1", severity=1),
        reports=[DueReport("A1", 0, NOON, 1, "S1"), DueReport("A1", 1, NOON + 1, 1, "S1")],
        alarms=[AlarmLine("a", "overdue", "shelved", NOON, NOON)],
        sources=[SourceLine("/u", "定位", "late", NOON)],
        cameras=SheetCameras(9, 1, 0, [], [SpotLine("area:1", "area", "广场", "S1")]),
        commands=[CommandLine("c1", NOON, "case.urge", "A1", "sent")],
    )
    assert [line.is_overdue for line in first.reports] == [True, False]
    then = sheet(row("A1", severity=1), reports=[DueReport("A1", 1, NOON + 1, 1, "S1")], last=first)
    assert then.changes["reports"].gone == {"done": ["A1#0"]}
    for name, one in (("alarms", "a"), ("sources", "/u"), ("lost_view", "area:1"), ("commands", "c1")):
        assert then.changes[name].gone == {"done": [one]}


def test_a_list_that_the_last_sheet_did_not_have_is_not_compared() -> None:
    last = msgspec.structs.replace(sheet(), members={"major": []})
    assert set(sheet(row("A1", severity=1), last=last).changes) == {"major"}


def test_the_sheet_goes_round_through_json_and_one_letter_more_is_another_digest() -> None:
    made = sheet(due("A1", -1), row("A2", severity=1), log=[Entry(NOON, "S1", "白班", "", "shift", "x")])
    assert decode(encode(made)) == made
    assert digest(decode(encode(made))) == digest(made)
    assert digest(msgspec.structs.replace(made, seat="S2")) != digest(made)
    turned = msgspec.structs.replace(made, members=dict(reversed(made.members.items())))
    assert encode(turned) == encode(made), "the order in which it was put together is not signed"


@st.composite
def states(draw: st.DrawFn) -> list[CaseRow]:
    """Some of twelve cases, each open or ended, severe, late, escalated, suspended or none of it."""
    rng = random.Random(draw(st.integers(0, 10_000)))
    found = []
    for number in range(12):
        if rng.random() < 0.3:
            continue
        reported = NOON - rng.randrange(1, 600) * MINUTE
        state: dict[str, Any] = {"severity": rng.choice([1, 3, 4]), "reported_at": to_rfc3339(reported)}
        if rng.random() < 0.4:
            state["escalations"] = [{"to": "D1", "at": to_rfc3339(NOON - rng.randrange(1, 300) * MINUTE)}]
            state["level"] = "district"
        status = rng.choice(["handling", "handling", "closed", "voided", "not_filed"])
        if status == "closed":
            state["closed_at"] = to_rfc3339(NOON - rng.randrange(0, 400) * MINUTE)
        state["clocks"] = [
            {
                "what": "close",
                "started_at": to_rfc3339(NOON - 10 * HOUR),
                "deadline_at": to_rfc3339(NOON + rng.randrange(-300, 300) * MINUTE),
            }
        ]
        found.append(row(f"C{number}", status=status, **state))
    return found


def _split(rows: list[CaseRow]) -> dict[str, Any]:
    return {"rows": [r for r in rows if r.is_open], "ended": [r for r in rows if not r.is_open]}


@given(states(), states())
def test_before_and_new_without_gone_is_after(first: list[CaseRow], second: list[CaseRow]) -> None:
    before = make_sheet(turn(), HandoverSource(**_split(first)))
    after = make_sheet(turn(), HandoverSource(**_split(second)), before, "x")
    assert set(after.changes) == set(LISTS)
    for name in LISTS:
        change = after.changes[name]
        gone = [one for why in change.gone.values() for one in why]
        assert not set(change.new) & set(before.members[name])
        assert set(change.gone) <= set(WHY_GONE)
        assert sorted({*before.members[name], *change.new} - {*gone}) == after.members[name]
        assert len(gone) == len(set(gone)) and set(gone) <= set(before.members[name])


@given(states(), st.integers(0, 700))
def test_open_and_reported_without_closed_is_open(rows: list[CaseRow], minutes: int) -> None:
    since = NOON - minutes * MINUTE
    begin, end = counts(rows, since, NOON), counts(rows, NOON, NOON)
    came = flow(rows, turn(since))
    assert begin.open + came.reported - came.closed == end.open
    assert end.open == sum(r.is_open for r in rows)
    assert end.overdue + end.due_soon + end.suspended <= end.open
    assert end.untaken <= end.at_district <= end.open
    assert end.overdue == make_sheet(turn(since), HandoverSource(**_split(rows))).lists["overdue"].n
