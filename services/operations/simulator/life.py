"""What becomes of a case, told as a story: each ``yield`` is one event, each event carries the whole case.

The story is a function of the seed and of the state in which it begins, so nothing need be saved: told again to the
same version, it goes on in the same way (ARCHITECTURE.md, decision 1).
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from services.cases.deadlines import has_come
from services.contract.case import Step as Act
from services.operations.simulator import fate as fates
from services.operations.simulator import incidents, whistles
from services.operations.simulator.course import Course
from services.operations.simulator.fate import Fate
from services.operations.simulator.paths import photo_path
from services.operations.simulator.record import StoryRecord, is_open
from services.operations.simulator.step import StoryStep, utc
from services.platform.clock import HOUR_MS, MINUTE_MS

Story = Iterator[StoryStep]
CITIZEN_DAY = frozenset({"H12345", "APP", "MEDIA"})
_replace = msgspec.structs.replace


def tell(record: StoryRecord) -> Story:
    """The events from the record's state to the end, in order of time."""
    if is_open(record.case):
        yield from whistles.attended(record, _story(record))


def _story(record: StoryRecord) -> Story:
    if record.case.self_handled and record.case.filed_at is None:
        yield from _solve_on_the_spot(record)
        return
    if record.case.filed_at is None:
        yield from _intake(record)
    if not is_open(record.case):
        return
    if record.case.dispatched_at is None:
        yield from _Work(record).from_filing()
    else:
        yield from _Work(record).from_here()


def _solve_on_the_spot(record: StoryRecord) -> Story:
    """自行处置: the grid worker finds it and solves it."""
    actor, at = record.case.handler, record.after(14)
    if record.case.status == "reported" and record.dice.chance(0.35):
        yield record.event(
            "case.handled", at, Act(actor=actor), status="handled", handled_at=utc(at), attachments=_with_after(record)
        )
        at = record.after(6)
    handled_at = record.case.handled_at or utc(at)
    yield record.event(
        "case.closed", at, Act(actor=actor, note="自行处置"), status="closed", closed_at=utc(at), handled_at=handled_at
    )


def _with_after(record: StoryRecord) -> list[str]:
    """Whoever began with a photo takes one of the work done too, one more after each rework."""
    case = record.case
    if not case.attachments:
        return []
    return [*case.attachments, photo_path(case.case_id, len(case.attachments) + 1)]


def _intake(record: StoryRecord) -> Story:
    """受理, 核实, 立案: or a twin of an earlier report, or nothing for us."""
    case, dice = record.case, record.dice
    if case.accepted_at is None and case.channel not in {"SZCG", "DEPT"}:
        at = record.after(5)
        yield record.event("case.accepted", at, Act(actor="受理员"), status="pre_verify", accepted_at=utc(at))
    if record.twin is not None and dice.chance(0.8):
        yield record.event("case.merged", record.after(7), Act(reason="同一问题"), merged_into=record.twin)
        return
    if record.place and dice.chance(0.5):
        yield record.event("case.corrected", record.after(25), Act(note="补充位置"), **record.place)
    at = record.after(12)
    if case.channel in CITIZEN_DAY and case.severity > 2 and dice.chance(0.6):
        morning = record.office.awake(at)
        at = morning + dice.whole(0, 90) * MINUTE_MS if morning > at else at
    if case.severity == 4 and dice.chance(0.028):
        yield record.event("case.accepted", at, Act(reason="不属于受理范围"), status="not_filed")
        return
    campaign = record.scene.campaigns.get(record.domain) if dice.chance(0.3) else None
    yield record.event("case.filed", at, Act(actor="值班员"), status="filed", filed_at=utc(at), campaign=campaign)


class _Work:
    """From the filing to the closing: one course of time, one fate."""

    def __init__(self, record: StoryRecord) -> None:
        self.record, self.dice = record, record.dice
        self.course = Course(record.office, record.now_ms, record.limit)
        self.fate = Fate()

    def from_filing(self) -> Story:
        record, at = self.record, self.record.after(6)
        if record.case.severity == 4 and self.dice.chance(0.006):
            yield record.event("case.voided", at, Act(reason="误报"), status="voided", voided_at=utc(at))
            return
        self.course = Course(record.office, at, record.limit)
        self.fate = fates.draw(record, self.course)
        yield self._dispatched(at)
        if record.case.severity <= 2 and record.case.level != "district":
            yield from incidents.escalated(record, self.course, "severity", at + 1000)
        yield from self._to_handled()
        yield from self._check_and_close()

    def _dispatched(self, at: int) -> StoryStep:
        record, case, reaches = self.record, self.record.case, self.fate.reaches
        is_street = reaches != "community"
        level = "street" if is_street else "grid" if case.channel == "GRID" and self.dice.chance(0.4) else "community"
        if case.level == "district":  # a command was quicker: a case never comes down by itself
            level = "district"
        unit = record.department() if is_street and self.dice.chance(0.55) else record.brigade
        changes: dict[str, Any] = {"clocks": self.course.clocks(level)}  # type: ignore[arg-type]  # one of Level
        # A few publishers give the limit only: the reader must work the deadline out, so nothing else happens to these.
        if self.dice.chance(0.035) and case.severity > 2 and reaches != "district":
            self.fate = Fate(reaches=reaches)
            hours = (self.course.deadline_ms - at) / HOUR_MS * self.dice.between(0.15, 0.7)
            self.course.hurry(at, hours)
            changes = {"limit": record.limit}
        return record.event(
            "case.dispatched", at, Act(actor="派遣员", unit=unit), status="dispatched", lead_unit=unit or None,
            dispatched_at=utc(at), dispatches=case.dispatches + 1, level=level, highest_level=level, **changes,
        )  # fmt: skip

    def _to_handled(self) -> Story:
        """From the dispatch to «handled», reworks included."""
        record, course = self.record, self.course
        if record.case.status == "dispatched":
            soon = record.after(14 if course.is_continuous else 40)
            yield incidents.acknowledged(record, min(course.at(0.12), soon))
        for number in range(self.fate.returns):
            yield from incidents.returned(record, course.at(0.05 + 0.08 * number))
        if record.case.status == "acknowledged" and self.dice.chance(0.75):
            at = min(course.at(0.06 + 0.08 * self.fate.returns), record.after(100))
            yield record.event("case.handling", at, Act(actor=record.case.handler), status="handling")
        yield from self._incidents()
        yield self._handled()
        for _ in range(self.fate.reworks):
            at = record.after(35)
            yield record.event(
                "case.reworked",
                at,
                Act(actor="核查员", reason="整改不到位"),
                status="rework",
                reworks=record.case.reworks + 1,
                checked_at=utc(at),
            )
            course.rebase(0.9, record.now_ms)
            yield self._handled()

    def _handled(self) -> StoryStep:
        record = self.record
        at = max(self.course.at(0.93), record.now_ms + 4 * MINUTE_MS)
        clocks = incidents.stopped(record.case.clocks, "handle", at)
        act = Act(actor=record.case.handler, unit=record.case.lead_unit)
        return record.event(
            "case.handled",
            at,
            act,
            status="handled",
            handled_at=utc(at),
            clocks=clocks,
            attachments=_with_after(record),
        )

    def _incidents(self) -> Story:
        """What comes between, in order of its share of the course."""
        fate, dice, course, record = self.fate, self.dice, self.course, self.record
        is_below = record.case.level != "district"
        if fate.is_suspended:
            yield from incidents.suspended(record, course, dice.between(0.15, 0.4))
        if fate.is_whistled or (fate.reason == "needs_departments" and dice.chance(0.5)):
            yield from incidents.whistled(record, course.at(0.3))
        if fate.reaches == "district" and fate.reason != "level_deadline" and is_below:
            yield from incidents.escalated(record, course, fate.reason, course.at(dice.between(0.3, 0.55)))
        if fate.is_urged:
            yield record.event("case.urged", course.at(0.6), Act(actor="值班员", note="请抓紧处理"))
        if fate.is_extended:
            eighth = (course.deadline_ms - course.started_ms) // 8
            at = min(course.at(0.7), course.deadline_ms - eighth)
            course.extend()
            clocks = course.clocks(record.case.level or "street")
            yield record.event(
                "case.extended", at, Act(reason="需要备料"), extensions=record.case.extensions + 1, clocks=clocks
            )
        if fate.is_supervised:
            overdue = fate.is_late and record.case.level != "district"
            at = max(course.at(0.7), course.deadline_ms + 20 * MINUTE_MS) if overdue else course.at(0.8)
            yield incidents.supervised(record, at, overdue)
        if fate.reason == "level_deadline" and is_below:
            at = course.deadline_ms + dice.whole(30, 75) * MINUTE_MS
            yield from incidents.escalated(record, course, "level_deadline", at)

    def _check_and_close(self) -> Story:
        record, dice = self.record, self.dice
        if record.case.status == "handled":
            at = record.after(12)
            yield record.event("case.checked", at, Act(actor="核查员"), status="post_check", checked_at=utc(at))
        if record.case.channel in {"H12345", "APP"} and record.case.rating is None and dice.chance(0.7):
            yield incidents.rated(record, record.after(9))
        if self.fate.is_late and dice.chance(0.02):
            yield record.event("case.appealed", record.after(10), Act(reason="不可抗力"), appeal_exempt=True)
        at = record.after(7)
        status = "forced_closed" if self.fate.is_late and dice.chance(0.03) else "closed"
        watched = [s if s.ended_at else _replace(s, ended_at=utc(at)) for s in record.case.supervisions]
        clocks = incidents.stopped(record.case.clocks, "close", at)
        yield record.event(
            "case.closed",
            at,
            Act(actor="值班员"),
            status=status,
            closed_at=utc(at),
            clocks=clocks,
            supervisions=watched,
        )

    def from_here(self) -> Story:
        """Take up a dispatched case that something else left in this state (a command, a reopening), and close it."""
        record, case, dice = self.record, self.record.case, self.dice
        close = next((c for c in case.clocks if c.what == "close"), None)
        if close is not None and close.started_at is not None:
            self.course = Course(record.office, round(close.started_at.timestamp() * 1000), record.limit)
        if close is not None and close.deadline_at is not None:
            self.course.deadline_ms = round(close.deadline_at.timestamp() * 1000)
        self.fate = Fate(is_late=has_come(self.course.deadline_ms, record.now_ms))
        hours = dice.between(0.8, 7.0) if case.level != "district" else dice.between(0.5, 5.0)
        self.course.hurry(record.now_ms, hours)
        if case.status == "suspended" and case.suspensions:
            until = record.until_ms or record.office.awake(record.now_ms + dice.whole(4, 30) * 24 * 60 * MINUTE_MS)
            yield incidents.resumed(record, self.course, 0.0, until)
        if case.escalations and case.level == "district" and case.escalations[-1].acknowledged_at is None:
            yield incidents.taken(record, record.after(30))
        if record.case.status in {"filed", "returned"}:
            yield incidents.dispatched_again(record, record.after(25))
        if record.case.status not in {"handled", "post_check"}:
            yield from self._to_handled()
        yield from self._check_and_close()
