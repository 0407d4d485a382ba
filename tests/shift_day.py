"""The day that is played: a severe incident, feeds that stop and come back, a lunch, a leader, a keeper that is away.

What each does at which moment, from the night's last half hour to the evening's first one.
"""

from typing import Any, NamedTuple

from services.board.alarm import Alarm
from services.cases.case import decode_escalation
from services.contract.case import Case
from services.duty.service import DutyDesk
from services.duty.sheet import Sheet
from tests.shift import PHONE, Shift, at
from tests.tiny import CODE, middle


class Known(NamedTuple):
    """What the case system has published by a moment, and what the web's board shows of it."""

    moment: int
    cases: dict[str, Case]
    lights: dict[str, int]
    alarms: dict[str, Alarm]
    waiting: set[str]
    streets: dict[str, str]


class Played(NamedTuple):
    """The shift that was played: what was known at its begin and its end, and the sheet that the evening looked at."""

    shift: Shift
    begin: Known
    end: Known
    later: Sheet
    csv: str


def known(shift: Shift) -> Known:
    """What is known at this moment."""
    board = shift.board
    return Known(
        shift.clock.ms,
        dict(shift.system.told),
        dict(board.lights),
        dict(board.alarms),
        {case_id for case_id, proposal in board.proposals.items() if proposal.mode == "confirm"},
        {case_id: row.street for case_id, row in board.rows.items()},
    )


def hand_over(shift: Shift, seat: str, leaving: str, coming: str) -> None:
    """One signs out, the other reads the sheet and signs in; nobody signs both."""
    kept = shift.ask(leaving, "/api/v1/handover/out", {"seat": seat})["handover"]
    signing = f"/api/v1/handover/{kept['id']}/in"
    shift.ask(leaving, signing, {"seat": seat, "digest": kept["digest"]}, 409)
    shift.ask(coming, signing, {"seat": seat, "digest": "0" * 64}, 409)
    shift.ask(coming, signing, {"seat": seat, "digest": kept["digest"]})


def play(shift: Shift) -> Played:
    """The whole day, on an empty store."""
    seen: dict[str, Any] = {}
    away = set[str]()

    def always() -> None:
        """What each does all the time: alarms, what the street passed up, reports before their countdown ends."""
        officer = next((who for who in ("evening", "day", "night") if who in shift.clients), "")
        if officer and officer not in away:
            shift.take_alarms(officer, CODE)
            for case_id in sorted(shift.board.escalated):
                passed = decode_escalation(shift.board.rows[case_id].escalation)
                if passed.acknowledged_at is None and not shift.system.silent.is_set():
                    shift.command(officer, "case.acknowledge_escalation", case_id, "接收处理")
            shift.write_reports(officer, CODE)
        for who, seat in (("s1", "S1"), ("s2", "S2")):
            if who in shift.clients:
                shift.take_alarms(who, seat)
        shift.beat(lives="platform" not in away)

    def night() -> None:
        shift.log_in("night")
        shift.report("NIGHT-1", 1, severity=2)
        shift.report("LATE-1", 0, deadline_at=shift.now(60).isoformat())
        shift.report("LATE-2", 2, deadline_at=shift.now(60).isoformat())
        shift.report("LATE-3", 2, deadline_at=shift.now(60).isoformat())

    def begin() -> None:
        shift.log_in("day")
        shift.log_in("s1")
        hand_over(shift, CODE, "night", "day")
        shift.log_out("night")
        seen["begin"] = known(shift)

    def severe() -> None:
        shift.note("day", CODE, f"报警人来电 {PHONE}，已回复")
        shift.report("SEV-1", 0, severity=2, reporter={"name": "张三丰", "phone": PHONE})

    def street() -> None:
        shift.command("s1", "case.whistle", "LATE-1", "需要联合执法", units=["D1", "D2"])
        shift.command("s1", "case.assign_unit", "LATE-1", "就近处置", unit_id="U1")
        shift.command("s1", "case.locate", "LOST-1", "居民指认", **middle(1, 1))
        refused = shift.command("s1", "case.urge", "LATE-2", "顺手催办", to="D1")
        assert (refused["state"], refused["reason"]) == ("refused", "forbidden")
        shift.ask("s1", "/api/v1/log?seat=S2", code=403)
        shift.note("s1", CODE, "不是我的", code=403)
        shift.note("s1", "S1", "已到现场", "LATE-1")
        theirs = next(alarm.id for alarm in shift.board.alarms.values() if alarm.seat == "S2")
        shift.ask("s1", f"/api/v1/alarms/{theirs}/acknowledge", {"comment": "代收"}, 403)

    def unplaced() -> None:
        shift.report("LOST-1", 0, street="S1", lon=..., lat=..., coord_sys=...)
        unit = {
            "unit_id": "U1",
            "at": shift.now(0).isoformat(),
            "kind": "car",
            "street": "S1",
            "status": "free",
            **middle(0, 0),
        }
        shift.tell(unit, "unit.moved")

    def proposals() -> None:
        assert shift.board.proposals.keys() >= {"LATE-1", "LATE-2", "LATE-3"}
        shift.answer("day", "LATE-2", "confirm", "超时未结，提级")
        shift.answer("day", "LATE-1", "decline", "街道已在现场")

    def officer() -> None:
        shift.command("day", "case.dispatch", "LATE-3", "改派城管局", lead_unit="D2")
        shift.command("day", "case.urge", "LATE-3", "请尽快到场", to="D2")
        shift.command("day", "case.supervise", "LATE-3", "重点关注", kind="important", level=2)
        for case_id in ("LATE-2", "NIGHT-1"):
            shift.command("day", "case.take_back", case_id, "街道可自行处置")

    def silence() -> None:
        shift.system.silent.set()
        away.add("platform")

    def in_silence() -> None:
        shift.report("SEV-2", 2, severity=2)
        shift.change("LATE-3", "case.handling", status="handling")
        stale = shift.command("day", "case.urge", "LATE-3", "再催一次", to="D2")
        assert stale["state"] == "sent"

    def back() -> None:
        shift.system.silent.clear()
        away.discard("platform")

    def leader() -> None:
        shift.log_in("boss")
        shift.log_in("s2")
        shift.command("boss", "case.urge", "SEV-1", "市领导关注，请加快", to="D1")
        assert shift.command("boss", "case.urge", "SEV-1", " ", to="D1")["reason"] == "no_reason"
        shift.ask("boss", "/api/v1/cases/SEV-1/reveal", {"field": "reporter.phone", "reason": "想要回电"}, 403)
        wish = {
            "batch": "boss-dispatch",
            "type": "case.dispatch",
            "reason": "改派",
            "cases": [["SEV-1", 1]],
            "data": {},
        }
        shift.ask("boss", "/api/v1/commands", wish, 403)
        shift.note("boss", CODE, "午间到岗，听取汇报")

    def revealed() -> None:
        told = shift.ask("day", "/api/v1/cases/SEV-1/reveal", {"field": "reporter.phone", "reason": "回电核实报警人"})
        assert told["text"] == PHONE
        seen["csv"] = shift.take_along("day", "/api/v1/cases.csv")

    def shut() -> None:
        shift.change("NIGHT-1", "case.closed", status="closed", closed_at=shift.now())
        shift.system.paused.set()

    def unanswered() -> None:
        seen["urged"] = shift.command("day", "case.urge", "SEV-1", "请报进展", to="D1")["command_id"]
        shift.open_web()  # it was restarted, and forgets who waits for which answer

    def worst() -> None:
        (found,) = shift.ask("day", f"/api/v1/commands?ids={seen['urged']}")["commands"]
        assert found[2] == "done", "the answer is taken over, whoever waited for it"
        shift.report("SEV-3", 3, severity=1)

    def unkept() -> None:
        shift.is_kept = False
        shift.report("GONE-1", 2, severity=2)

    def gone() -> None:
        shift.change("GONE-1", "case.closed", status="closed", closed_at=shift.now())

    def kept() -> None:
        shift.is_kept = True

    def last_minutes() -> None:
        shift.report("SEV-4", 1, severity=2)
        shift.change("SEV-2", "case.handling", status="handling")
        shift.command("day", "case.urge", "SEV-2", "请报进展", to="D1")

    def end() -> None:
        shift.log_in("evening")
        shift.log_in("s1b")
        seen["end"] = known(shift)
        hand_over(shift, CODE, "day", "evening")
        hand_over(shift, "S1", "s1", "s1b")
        for who in ("day", "s1", "boss"):
            shift.log_out(who)

    shift.play(at("16:30"), always, {
        "07:35": night, "08:00": begin, "09:00": severe, "09:15": lambda: shift.note("day", CODE, "已电话报市中心"),
        "09:20": unplaced, "09:30": street, "10:00": proposals, "10:15": officer, "11:00": silence, "11:20": in_silence,
        "11:40": back, "12:00": lambda: away.add("day"), "12:05": lambda: away.add("platform"),
        "12:20": lambda: away.discard("platform"), "12:30": lambda: away.discard("day"), "13:00": leader,
        "13:30": revealed, "14:00": shut, "14:10": unanswered, "14:30": shift.system.paused.clear, "14:35": worst,
        "14:40": unkept, "14:50": gone, "14:55": kept, "15:30": lambda: away.add("platform"),
        "15:40": lambda: away.discard("platform"), "15:45": silence, "15:50": last_minutes, "16:00": end, "16:10": back,
    })  # fmt: skip
    shift.flow()
    desk = DutyDesk(shift.engine, shift.district)
    later = desk.sheet_now(shift.board, CODE, shift.clock.ms)
    shift.log_in("audit")
    shift.take_along("audit", "/api/v1/audit.csv")
    return Played(shift, seen["begin"], seen["end"], later, seen["csv"])
