"""The log book of a seat (值班日志): what people write, and what the system writes by itself. Pure.

An entry of the system is a code and its values, so that each reader has it in a language of his own; its ``mark`` says
what it is about, the same for every process that sees it: the store keeps one entry a mark.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from services.board.alarm import decode_alarm
from services.cases.case import CaseRow
from services.contract.personal import mask_text
from services.district.report_policy import ReportPolicy
from services.duty.passes import NO_PASSES, Passes, passes_of
from services.duty.reports import Done
from services.duty.roster import DutyShift
from services.platform.text import visible

BY_PEOPLE = ("note", "phone", "instruction", "inspection")
BY_SYSTEM = ("alarm", "incident", "escalation", "command", "feed", "shift", "report", "handover")
KINDS = (*BY_PEOPLE, *BY_SYSTEM)
MOST_CHARACTERS = 2000
# Of an alarm's life what the log tells: the rest is in the alarm's own record.
ALARM_STEPS = ("raised", "acknowledged", "climbed", "shelved")
# What the system's entries say: the screens have a sentence for each in [log.said].
SAID = (
    *(f"alarm_{step}" for step in ALARM_STEPS), "incident", "escalated", "taken", "command_refused", "command_unsent",
    "command_done", "command_sent",
    "feed_stopped", "feed_back", "shift", "report_phone", "report_written", "report_follow_up", "report_last",
    "signed_out", "signed_in",
)  # fmt: skip
# Of a system entry's values those that a person wrote.
_WRITTEN = {"comment", "reason"}


class Entry(msgspec.Struct, frozen=True):
    """One entry; ``who`` is empty for the system's, whose ``text`` is ``[code, {name: value}]`` in JSON.

    ``shift`` is the one on duty ``at`` the entry's moment: whoever keeps the book fills it in.
    """

    at: int
    seat: str
    shift: str
    who: str
    kind: str
    text: str
    case_id: str = ""
    mark: str = ""
    id: int = 0


class AlarmStep(NamedTuple):
    """A row of ``alarm_lives``."""

    at: int
    alarm: str
    seat: str
    kind: str
    what: str
    who: str
    comment: str
    body: bytes = b""


class CommandState(NamedTuple):
    """What the log tells of a command (a row of ``commands``)."""

    command_id: str
    at: int
    seat: str
    type: str
    case_id: str
    state: str
    answered_at: int | None
    reason: str
    who: str = ""


class Stop(NamedTuple):
    """A feed that the log says has stopped, since its last sign of life (Unix ms)."""

    source: str
    since: int


def cleaned(text: str) -> str:
    """The same without blanks around it."""
    return visible(text).strip()


def refusal(kind: str, text: str) -> str:
    """Why a person's entry cannot be written, as a code: ``kind``, ``empty``, ``too_long``; empty when it can."""
    if kind not in BY_PEOPLE:
        return "kind"
    plain = cleaned(text)
    if not plain:
        return "empty"
    return "too_long" if len(plain) > MOST_CHARACTERS else ""


def said(entry: Entry) -> tuple[str, dict[str, str]]:
    """What an entry of the system says: a code of ``SAID`` and its values; ("", {}) for a person's."""
    if entry.kind not in BY_SYSTEM:
        return "", {}
    try:
        return msgspec.json.decode(entry.text, type=tuple[str, dict[str, str]])
    except msgspec.DecodeError:
        return "", {}


def masked(entry: Entry) -> Entry:
    """The entry with people's numbers hidden in what people wrote: ids and times of the system's stay whole."""
    code, values = said(entry)
    if not code:
        return msgspec.structs.replace(entry, text=mask_text(entry.text))
    hidden = {name: mask_text(value) if name in _WRITTEN else value for name, value in values.items()}
    return msgspec.structs.replace(entry, text=msgspec.json.encode((code, hidden)).decode())


def of_alarm(step: AlarmStep) -> Entry | None:
    """An alarm raised, acknowledged, climbed to the next level or shelved."""
    if step.what not in ALARM_STEPS:
        return None
    values = {"kind": step.kind, "alarm": step.alarm, "who": step.who, "comment": step.comment[:200]}
    case_id = ""
    if step.body:
        subject = decode_alarm(step.body).subject
        case_id = subject.case_id
        values |= {"street": subject.street, "about": subject.source or subject.camera_id}
    mark = f"alarm|{step.seat}|{step.alarm}|{step.what}|{step.at}"
    return _entry(step.at, step.seat, "alarm", f"alarm_{step.what}", values=values, mark=mark, case_id=case_id)


def of_shift(seat: str, duty: DutyShift) -> Entry | None:
    """A shift that has begun, with those who have it; none where the roster names no shift."""
    if not duty.shift:
        return None
    values = {"shift": duty.shift, "officers": " ".join(duty.officers), "leader": duty.leader}
    return _entry(duty.from_ms, seat, "shift", "shift", values=values, mark=f"shift|{seat}|{duty.from_ms}")


def of_feeds(seat: str, sources: Iterable[Sequence[object]], standing: Iterable[Stop], now: int) -> list[Entry]:
    """Feeds that have stopped, or are back, by the rows of ``liveboard.sources`` and the stops that the log has.

    A stop is marked by the feed's last sign of life, its end by that stop: another process comes to the same marks.
    """
    known = {stop.source: stop.since for stop in standing}
    found = []
    for source, name, word, seen_at in sources:
        key, values = str(source), {"source": str(source), "name": str(name)}
        if word == "stopped" and key not in known:
            since = int(seen_at) if isinstance(seen_at, int) else 0
            values["since"] = str(since)
            found.append(_entry(now, seat, "feed", "feed_stopped", values=values, mark=f"feed|{seat}|{key}|{since}"))
        elif word == "live" and key in known:
            values["since"] = str(known[key])
            found.append(
                _entry(now, seat, "feed", "feed_back", values=values, mark=f"feed|{seat}|{key}|{known[key]}|back")
            )
    return found


def standing_stops(entries: Iterable[Entry]) -> list[Stop]:
    """The feeds that stand still by the log's entries of kind ``feed``, the oldest first."""
    found: dict[str, int] = {}
    for entry in entries:
        code, values = said(entry)
        if code == "feed_stopped":
            found[values["source"]] = int(values["since"])
        elif code == "feed_back":
            found.pop(values["source"], None)
    return [Stop(*item) for item in found.items()]


def of_case(seat: str, row: CaseRow, policy: ReportPolicy, told: Passes = NO_PASSES) -> list[Entry]:
    """What a case brings into the log: that it is severe, each time that it went to the district and was taken there.

    Also of a case that has ended: it may have come and gone while nobody kept the book.
    """
    found = []
    if row.severity <= policy.severity:
        values = {"severity": str(row.severity), "street": row.street, "domain": row.domain}
        mark = f"incident|{seat}|{row.case_id}"
        found.append(
            _entry(row.reported_at, seat, "incident", "incident", values=values, mark=mark, case_id=row.case_id)
        )
    for one in passes_of(row, told):
        mark = f"escalation|{seat}|{row.case_id}|{one.number}"
        values = {"reason": one.reason or "unknown", "street": row.street}
        if one.at is not None:
            found.append(_entry(one.at, seat, "escalation", "escalated", values=values, mark=mark, case_id=row.case_id))
        if one.taken_at is not None:
            found.append(
                _entry(
                    one.taken_at, seat, "escalation", "taken", values=values, mark=f"{mark}|taken", case_id=row.case_id
                )
            )
    return found


def of_command(command: CommandState) -> Entry | None:
    """A command that the case system has refused, or that could not be sent."""
    code = {"refused": "command_refused", "unsent": "command_unsent"}.get(command.state)
    if code is None:
        return None
    values = {"type": command.type, "reason": command.reason[:200]}
    mark = f"command|{command.command_id}|{command.state}"
    at = command.answered_at if command.answered_at is not None else command.at
    return _entry(at, command.seat, "command", code, values=values, mark=mark, case_id=command.case_id)


def of_act(command: CommandState) -> Entry:
    """A command as an act of the person who gave it, at the moment of the click: done, refused, sent or still here."""
    values = {"type": command.type, "reason": command.reason[:200]}
    mark = f"act|{command.command_id}"
    act = _entry(
        command.at,
        command.seat,
        "command",
        f"command_{command.state}",
        values=values,
        mark=mark,
        case_id=command.case_id,
    )
    return msgspec.structs.replace(act, who=command.who)


def of_report(seat: str, done: Done) -> Entry:
    """A first or follow-up report that went out; its own text stays with the report."""
    code = (
        "report_last" if done.is_last else ("report_phone", "report_written", "report_follow_up")[min(done.number, 2)]
    )
    values = {"number": str(done.number - 1), "who": done.done_by}
    mark = f"report|{seat}|{done.case_id}|{done.number}"
    return _entry(done.done_at, seat, "report", code, values=values, mark=mark, case_id=done.case_id)


def of_signature(seat: str, *, handover_id: str, who: str, at: int, digest: str, is_in: bool) -> Entry:
    """A handover that was signed: out by those who go, in by those who come."""
    code = "signed_in" if is_in else "signed_out"
    values = {"handover": handover_id, "who": who}
    mark = f"handover|{handover_id}|{code}|{digest[:16]}"
    return _entry(at, seat, "handover", code, values=values, mark=mark)


def _entry(
    at: int, seat: str, kind: str, code: str, *, values: Mapping[str, str], mark: str, case_id: str = ""
) -> Entry:
    text = msgspec.json.encode((code, {name: cleaned(value) for name, value in values.items()})).decode()
    return Entry(at, seat, "", "", kind, text, case_id, mark)
