"""What the duty asks over HTTP: alarms to take, the log book, handovers and their sheets, incident reports, grids.

Everything here belongs to a seat: a street's code, a unit's for its handover, or the district's for the centre; alarms
and a log of their acts are a unit's and a grid's too. The right is asked for that seat.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import flask
import msgspec
from dash import html
from flask import Flask, Response

from dashboard.callbacks.duty_doors import DutyDoors
from dashboard.callbacks.handover_signer import BeforeSigning, is_on_roster
from dashboard.door.access import person, refuse
from dashboard.door.bodies import Text, Whole, as_json, body, number
from dashboard.layouts.handover_brief import Signatures, brief_lines, sheet_title
from dashboard.layouts.handover_sheet import sheet_page
from dashboard.layouts.log_lines import log_text, shift_name, street_name
from dashboard.layouts.moments import minute_text
from dashboard.layouts.navigation import menu, refused
from dashboard.texts import texts
from services.access.reveal_rules import RevealRefused, reason_of
from services.access.rights import Person, may_seat, seat_of
from services.contract.case import Code
from services.contract.personal import mask_text
from services.district.package import District
from services.duty import log_view
from services.duty.acts_reader import SeatActs
from services.duty.alarms.lives_reader import lives_between
from services.duty.alarms.service import AlarmDesk
from services.duty.grid_reader import GridReader
from services.duty.logbook import BY_PEOPLE
from services.duty.notes_service import HandoverNotes
from services.duty.seats import ALL_SEATS, WITH_BOOK, WITH_HANDOVER, SeatKind, seat_kind
from services.duty.service import DutyDesk, DutyRefused
from services.platform.clock import DAY_MS, HOUR_MS


class AlarmAct(msgspec.Struct, frozen=True):
    """What is done with an alarm: ``until`` (Unix ms) where it is shelved."""

    comment: Text = ""
    until: Whole = 0


class Note(msgspec.Struct, frozen=True):
    """An entry of the log; the token makes a double click one entry. ``called_at``: when a call came (Unix ms)."""

    seat: Code
    kind: Code
    text: Text
    token: Code
    case_id: Code = ""
    called_at: Whole = 0


class SeatOnly(msgspec.Struct, frozen=True):
    """Whose handover begins; ``reason``: why it is signed by somebody who is not on the roster."""

    seat: Code
    reason: Text = ""


class FreeNote(msgspec.Struct, frozen=True):
    """What is left to the next shift in words of one's own."""

    seat: Code
    text: Text


class SignIn(msgspec.Struct, frozen=True):
    """The sheet that was read; ``reason`` as in ``SeatOnly``."""

    seat: Code
    digest: Annotated[str, msgspec.Meta(max_length=200)]  # with its key and seal
    reason: Text = ""


class ReportOut(msgspec.Struct, frozen=True):
    """A report that went out."""

    seat: Code
    case_id: Code
    number: Whole
    text: Text
    is_last: bool = False


def signed(asking: Person) -> str:
    """How a person stands in the log, on alarms and on sheets: the account and the name."""
    return f"{asking.user_id} {asking.name}"


class DutyPage:
    """What the addresses of the duty share."""

    def __init__(self, doors: DutyDoors) -> None:
        self.access, self.district, self.room, self.clock = doors.access, doors.district, doors.room, doors.clock
        self.offload, self.record, self.wakeups, self.people = doors.offload, doors.record, doors.wakeups, doors.people
        engine = doors.access.engine
        self.grids = GridReader(engine, doors.district, doors.offload)
        self.desk = DutyDesk(engine, doors.district, doors.offload, self.grids.areas, doors.signer)
        self.acts = SeatActs(engine, doors.offload)
        self.notes = HandoverNotes(engine, self.desk, doors.offload)

    def seat(
        self, right: str, seat: str | None = None, kinds: frozenset[SeatKind] = WITH_HANDOVER
    ) -> tuple[Person, str]:
        """Who asks, and the seat of one of these kinds, which they have the right for; 403 otherwise."""
        asking = person()
        wanted = seat if seat is not None else flask.request.args.get("seat") or seat_of(asking, self.district.code)
        kind = seat_kind(self.district, wanted)
        if kind is None:
            refuse(404, "no such seat")
        if kind not in kinds or not may_seat(asking, right, wanted, self.district.code, kind):
            refuse(403, f"not allowed: {right}")
        return asking, wanted

    def words(self) -> dict[str, Any]:
        """The words of the page that asks."""
        return texts(flask.request.args.get("lang", ""))

    def sheet(self, seat: str, sheet: str, words: dict[str, Any]) -> html.Div:
        """The page of a handover: a kept one by its id, or ``now``, as it would be signed at this moment."""
        asking, centre, kind = person(), self.district.code, seat_kind(self.district, seat)
        if kind is None or kind not in WITH_HANDOVER or not may_seat(asking, "see_log", seat, centre, kind):
            return refused(words["word"]["not_allowed"], asking, words)
        self.record.look(asking, f"/handover/{seat}/{sheet}"[:200], "see_page")
        before = BeforeSigning(asking, seat, self.district, words)
        try:
            if sheet == "now":
                now = self.clock.now_ms()
                signs = Signatures(warning=before.out(self.desk.going(seat, now)))
                found = self.desk.sheet_now(self.room.board(), seat, now)
                notes = self.notes.of(self.desk.present_id(seat, now))
            else:
                handover = self.desk.handover(seat, sheet)
                found, kept = handover.sheet, handover.kept
                signs = Signatures(
                    kept.out_by, kept.out_at, kept.in_by, kept.in_at, kept.digest, is_whole=handover.is_whole,
                    is_keyed=self.desk.is_keyed(kept), out_reason=kept.out_reason, in_reason=kept.in_reason,
                    accepted_by=kept.accepted_by, accepted_at=kept.accepted_at,
                    warning=before.into(kept, (*found.taking, found.taking_leader)),
                )  # fmt: skip
                notes = self.notes.of(kept.id)
        except DutyRefused as error:
            return refused(words["handover"]["refused"][error.code], asking, words)
        back = "/desk" if kind == "centre" else f"/{kind}/{seat}"
        named: Any = {"data-title": sheet_title(found, words, self.district)}
        to_print = html.Button(words["desk"]["print"], id="print", **named)
        tools = html.Nav([html.A(words["login"]["back"], href=back), to_print, menu(asking, words)])
        page = sheet_page(found, signs, words, self.district, notes)
        return html.Div([tools, page], className="sheet-page", lang=words["language"])

    def check_signer(self, asking: Person, seat: str, names: Sequence[str], side: str, reason: str) -> str:
        """Let who is on the roster sign, and others with a reason, which is on the audit before they do; returns it.

        Raises DutyRefused.
        """
        if is_on_roster(asking, seat, names, self.district.code):
            return ""
        try:
            why = reason_of(reason)
        except RevealRefused:
            raise DutyRefused("not_on_roster", f"{asking.name} is not on it ({', '.join(names)}): say why") from None
        told_why = self.people.masked(why)
        self.record("handover_stranger", asking, seat, {"as": side, "reason": told_why, "on_duty": list(names)})
        return told_why


def register_duty(server: Flask, duty: DutyPage) -> None:
    """Add the addresses."""
    _alarms(server, duty)
    _log(server, duty)
    _handover(server, duty)
    _reports(server, duty)
    _grids(server, duty)


def _alarms(server: Flask, duty: DutyPage) -> None:
    alarm_desk = AlarmDesk(duty.access.engine, duty.wakeups, duty.district.policy.alarms, duty.offload)

    def act(alarm_id: str, verb: str, wish: AlarmAct) -> Response:
        asking, now = person(), duty.clock.now_ms()
        who = signed(asking)

        cases = alarm_desk.cases_of(alarm_id) if wish.comment or asking.community else []

        def allowed(seat: str) -> bool:
            kind = seat_kind(duty.district, seat) or ""
            if not may_seat(asking, "take_alarm", seat, duty.district.code, kind):
                return False
            if not asking.community:
                return True
            rows = [duty.room.board().rows.get(case_id) for case_id in cases]
            return bool(rows) and all(row is not None and row.community == asking.community for row in rows)

        comment = duty.people.without(wish.comment, cases) if wish.comment else ""
        if verb == "acknowledge":
            done = alarm_desk.acknowledge(now, alarm_id, who=who, comment=comment, seat_allowed=allowed)
        elif verb == "shelve":
            done = alarm_desk.shelve(now, alarm_id, who=who, until=wish.until, reason=comment, seat_allowed=allowed)
        else:
            done = alarm_desk.unshelve(now, alarm_id, who=who, seat_allowed=allowed)
        action = "alarm_acknowledge" if verb == "acknowledge" else "alarm_shelve"
        duty.record(action, asking, alarm_id, {"kind": done.kind, "verb": verb, "comment": mask_text(comment)[:500]})
        return as_json({})

    @server.post("/api/v1/alarms/<alarm_id>/acknowledge")
    def acknowledge_alarm(alarm_id: str) -> Response:
        return act(alarm_id, "acknowledge", body(AlarmAct))

    @server.post("/api/v1/alarms/<alarm_id>/shelve")
    def shelve_alarm(alarm_id: str) -> Response:
        return act(alarm_id, "shelve", body(AlarmAct))

    @server.post("/api/v1/alarms/<alarm_id>/unshelve")
    def unshelve_alarm(alarm_id: str) -> Response:
        return act(alarm_id, "unshelve", body(AlarmAct))

    @server.get("/api/v1/alarms/lives")
    def alarm_lives() -> Response:
        _, seat = duty.seat("see_acts", kinds=ALL_SEATS)
        now = duty.clock.now_ms()
        hours = number("hours", 24, 1, 24 * 31)

        def read() -> list[Any]:
            with duty.access.engine.connect() as connection:
                return list(lives_between(connection, now - hours * HOUR_MS, now + 1, seat=seat, limit=500))

        found = [
            msgspec.to_builtins(life) if isinstance(life, msgspec.Struct) else life._asdict()
            for life in duty.offload(read)
        ]
        for life in found:
            life.pop("body", None)
        return as_json({"lives": found})


# So many entries of a span are looked through; so many lines of them are answered, where nothing else is asked for.
LOG_READ, LOG_SHOWN = 5000, 300
CALL_BACK_MS = DAY_MS  # a call is written down within a day


def _log(server: Flask, duty: DutyPage) -> None:
    @server.get("/api/v1/log")
    def log_entries() -> Response:
        _, seat = duty.seat("see_acts", kinds=ALL_SEATS)
        now, words, given = duty.clock.now_ms(), duty.words(), flask.request.args
        hours = number("hours", 24, 1, 24 * 31)
        has_book = seat_kind(duty.district, seat) in WITH_BOOK
        found = (duty.desk if has_book else duty.acts).entries(seat, now - hours * HOUR_MS, now + 1, LOG_READ)
        rows = duty.room.board().rows if duty.room.is_loaded else {}
        streets = {e.case_id: row.street for e in found if (row := rows.get(e.case_id)) is not None}
        whole = log_view.lines(found, lambda e: log_text(e, words, duty.district), streets)
        wish = log_view.LogWish(*(given.get(name, "")[:200] for name in ("street", "kind", "who", "q")))
        wanted = log_view.wanted(whole, wish)
        lines = log_view.folded(wanted)[: number("limit", LOG_SHOWN, 1, 1000)]
        return as_json(
            {
                "entries": [_line(line, words, duty.district) for line in lines],
                "n": len(wanted),
                "all": len(whole),
                "authors": sorted({e.who for e in found if e.who}),
                "streets": sorted({line.street for line in whole} - {""}),
            }
        )

    @server.post("/api/v1/log")
    def add_log_entry() -> Response:
        note, now = body(Note), duty.clock.now_ms()
        asking, seat = duty.seat("write_log", note.seat, WITH_BOOK)
        if note.called_at and not now - CALL_BACK_MS <= note.called_at <= now:
            refuse(400, "called_at: a moment of the last 24 hours, in Unix ms")
        text = duty.people.without(note.text, [note.case_id])
        if note.called_at and text.strip():  # in front of the text: so it stands on every sheet and in every file
            at = minute_text(note.called_at, duty.district.zone)
            text = duty.words()["log"]["called"].format(time=at, text=text)
        duty.desk.add_entry(
            now, seat, "", signed(asking), kind=note.kind, text=text, case_id=note.case_id[:64], token=note.token[:64]
        )
        duty.record("log_entry", asking, seat, {"kind": note.kind, "case": note.case_id[:64]})
        return as_json({})


def _line(line: log_view.LogLine, words: dict[str, Any], district: District) -> dict[str, Any]:
    entry = line.entry
    return {
        "at": entry.at, "first_at": line.first_at, "n": line.n, "shift": shift_name(entry.shift, words),
        "who": entry.who, "kind": entry.kind, "case_id": entry.case_id, "cases": line.cases, "text": line.text,
        "street": line.street, "street_name": street_name(line.street, words, district) if line.street else "",
        "by_people": entry.kind in BY_PEOPLE,
    }  # fmt: skip


def _plain(kept: Any) -> dict[str, Any]:
    values = {name: value for name, value in kept._asdict().items() if name != "sheet"}
    return values | {"waits_for_leader": kept.waits_for_leader, "is_over": kept.is_over}


def _notes(duty: DutyPage, handovers: list[str]) -> dict[str, list[Any]]:
    return {one: [msgspec.to_builtins(note) for note in duty.notes.of(one)] for one in dict.fromkeys(handovers)}


def _on_duty(duty: DutyPage, seat: str, now: int, words: dict[str, Any]) -> dict[str, Any]:
    """Whose shift it is at the seat, and the shift's name."""
    now_there = duty.desk.roster.at(seat, now)
    return {**msgspec.to_builtins(now_there), "shift": shift_name(now_there.shift, words)}


def _handover(server: Flask, duty: DutyPage) -> None:
    @server.get("/api/v1/handover")
    def handovers() -> Response:
        asking, seat = duty.seat("see_log")
        now = duty.clock.now_ms()
        found = duty.desk.handovers(seat)
        present, words = duty.desk.present_id(seat, now), duty.words()
        return as_json(
            {
                "warnings": BeforeSigning(asking, seat, duty.district, words).all(duty.desk, now, found),
                "handovers": [_plain(kept) for kept in found],
                "me": signed(asking),
                "present": present,
                "notes": _notes(duty, [present, *(kept.id for kept in found[:2])]),
                "duty": _on_duty(duty, seat, now, words),
            }
        )

    @server.post("/api/v1/handover/out")
    def sign_out() -> Response:
        wish = body(SeatOnly)
        asking, seat = duty.seat("sign_handover", wish.seat)
        why = duty.check_signer(asking, seat, duty.desk.going(seat, duty.clock.now_ms()), "out", wish.reason)
        kept = duty.desk.sign_out(duty.room.board(), seat, duty.clock.now_ms(), signed(asking), reason=why)
        duty.record("handover_sign", asking, kept.id, {"as": "out", "digest": kept.digest})
        return as_json({"handover": _plain(kept)})

    @server.post("/api/v1/handover/<handover_id>/in")
    def sign_in(handover_id: str) -> Response:
        wish = body(SignIn)
        asking, seat = duty.seat("sign_handover", wish.seat)
        why = duty.check_signer(asking, seat, duty.desk.coming(seat, handover_id), "in", wish.reason)
        kept = duty.desk.sign_in(seat, handover_id, signed(asking), wish.digest, now=duty.clock.now_ms(), reason=why)
        duty.record("handover_sign", asking, kept.id, {"as": "in", "digest": kept.digest})
        return as_json({"handover": _plain(kept)})

    @server.post("/api/v1/handover/<handover_id>/notes")
    def add_note(handover_id: str) -> Response:
        wish = body(FreeNote)
        asking, seat = duty.seat("note_handover", wish.seat)
        text = duty.people.without(wish.text, [])
        note = duty.notes.add(seat, handover_id[:64], signed(asking), text, duty.clock.now_ms())
        duty.record("handover_note", asking, note.handover, {"is_addition": note.is_addition})
        return as_json({"note": msgspec.to_builtins(note)})

    @server.post("/api/v1/handover/<handover_id>/accept")
    def accept_handover(handover_id: str) -> Response:
        asking, _ = duty.seat("accept_handover", body(SeatOnly).seat)
        kept = duty.notes.accept(handover_id[:64], signed(asking), duty.clock.now_ms())
        duty.record("handover_accept", asking, kept.id, {"digest": kept.digest})
        return as_json({"handover": _plain(kept)})

    @server.get("/api/v1/handover/<handover_id>/brief")
    def brief(handover_id: str) -> Response:
        asking, seat = duty.seat("see_log")
        handover = duty.desk.handover(seat, handover_id[:64])
        duty.record.look(asking, f"/handover/{seat}/{handover_id[:64]}", "see_page")
        return as_json({"lines": brief_lines(handover.sheet, duty.words(), duty.district)})


def _reports(server: Flask, duty: DutyPage) -> None:
    @server.get("/api/v1/reports")
    def reports_due() -> Response:
        _, seat = duty.seat("see_log", kinds=WITH_BOOK)
        return as_json({"due": [msgspec.to_builtins(due) for due in duty.desk.reports_due(seat)]})

    @server.post("/api/v1/reports")
    def report_done() -> Response:
        out = body(ReportOut)
        asking, seat = duty.seat("write_report", out.seat, WITH_BOOK)
        text = duty.people.without(out.text, [out.case_id])
        duty.desk.report_done(
            duty.clock.now_ms(), seat, out.case_id[:64], out.number, who=signed(asking), text=text, is_last=out.is_last
        )
        duty.record("report", asking, out.case_id[:64], {"number": out.number, "is_last": out.is_last})
        return as_json({})


def _grids(server: Flask, duty: DutyPage) -> None:
    @server.get("/api/v1/grids")
    def grids() -> Response:
        asking, seat = duty.seat("see_street", flask.request.args.get("seat", ""))
        now = duty.clock.now_ms()
        found = duty.grids.grids(duty.room.board(), seat, now) if seat in duty.district.streets else []
        mine = [grid for grid in found if not asking.community or grid.community == asking.community]
        watched = duty.grids.watched(seat, now)
        return as_json({"grids": mine, "watched": watched, "as_of": now, "day_ms": DAY_MS})
