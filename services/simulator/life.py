"""What becomes of a case, told as a story: each ``yield`` is one event, each event carries the whole case.

The story is a function of the seed and of the state in which it begins, so nothing need be saved: told again to the
same version, it goes on in the same way (ARCHITECTURE.md, decision 1).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from services.events.case import Case, CaseClock, Escalation, Limit, Rating, Supervision, Suspension, Whistle, WhistledUnit
from services.events.case import Step as Act
from services.simulator import names
from services.simulator.course import Course, length_of
from services.simulator.dice import Dice
from services.simulator.office import DAY_MS, HOUR_MS, OfficeHours
from services.simulator.scene import Scene
from services.simulator.step import Step, utc

MINUTE_MS = 60_000
Story = Iterator[Step]
_replace = msgspec.structs.replace


@dataclass(slots=True)
class Fate:
    """What will happen on the way, drawn when work begins; shares of the course say when."""

    is_late: bool = False
    reaches: str = "grid"
    reason: str = ""
    returns: int = 0
    reworks: int = 0
    is_suspended: bool = False
    is_extended: bool = False
    is_urged: bool = False
    is_supervised: bool = False
    is_whistled: bool = False


@dataclass(slots=True)
class Life:
    """A case, the moment of its last event, and the dice of its fate."""

    case: Case
    now_ms: int
    dice: Dice
    scene: Scene
    office: OfficeHours
    street: str
    domain: str
    limit: Limit
    twin: str | None = None
    place: dict[str, Any] = field(default_factory=dict)
    course: Course = field(init=False)
    fate: Fate = field(default_factory=Fate)

    def tell(self) -> Story:
        """The events from here to the end, in order of time."""
        case = self.case
        if case.merged_into is not None or case.status in {"closed", "forced_closed", "not_filed", "voided"}:
            return
        if case.self_handled and case.filed_at is None:
            yield from self._solve_on_the_spot()
            return
        if case.filed_at is None:
            yield from self._intake()
            if self.case.status == "not_filed" or self.case.merged_into is not None:
                return
        if self.case.dispatched_at is None:
            yield from self._dispatch()
            if self.case.status == "voided":
                return
            yield from self._work(0.0)
        else:
            yield from self._resume()
        yield from self._check_and_close()

    # — one event —

    def _event(self, kind: str, at_ms: int, act: Act | None = None, **changes: Any) -> Step:
        self.now_ms = at_ms = max(at_ms, self.now_ms + 1000)
        self.case = _replace(self.case, version=self.case.version + 1, step=act, **changes)
        return Step(at_ms, kind, self.case)

    def _after(self, mean_minutes: float) -> int:
        return self.now_ms + int((0.3 + self.dice.wait(mean_minutes)) * MINUTE_MS)

    @property
    def _brigade(self) -> str:
        return self.scene.brigades.get(self.street, "")

    def _department(self, domain: str = "") -> str:
        choices = self.scene.departments.get(domain or self.domain) or self.scene.departments.get("") or ("",)
        return self.dice.pick(choices)

    # — the stages —

    def _solve_on_the_spot(self) -> Story:
        """自行处置: the grid worker finds it and solves it."""
        actor, level = self.case.handler, self.case.level or "grid"
        at = self._after(14)
        if self.case.status == "reported" and self.dice.chance(0.35):
            yield self._event("case.handled", at, Act(actor=actor), status="handled", handled_at=utc(at), level=level)
            at = self._after(6)
        yield self._event("case.closed", at, Act(actor=actor, note="自行处置"), status="closed", closed_at=utc(at),
                          handled_at=self.case.handled_at or utc(at))  # fmt: skip

    def _intake(self) -> Story:
        channel = self.case.channel
        if self.case.accepted_at is None and channel not in {"SZCG", "DEPT"}:
            at = self._after(5)
            yield self._event("case.accepted", at, Act(actor="受理员"), status="pre_verify", accepted_at=utc(at))
        if self.twin is not None and self.dice.chance(0.8):
            yield self._event("case.merged", self._after(7), Act(reason="同一问题"), merged_into=self.twin)
            return
        if self.place and self.dice.chance(0.5):
            yield self._event("case.corrected", self._after(25), Act(note="补充位置"), **self.place)
        at = self._after(12)
        if channel in {"H12345", "APP", "MEDIA"} and self.case.severity > 2 and self.dice.chance(0.6):
            at = max(at, self.office.awake(at) + (self.dice.whole(0, 90) * MINUTE_MS if self.office.awake(at) > at else 0))
        if self.case.severity == 4 and self.dice.chance(0.028):
            yield self._event("case.accepted", at, Act(reason="不属于受理范围"), status="not_filed")
            return
        campaign = self.scene.campaigns.get(self.domain)
        yield self._event("case.filed", at, Act(actor="值班员"), status="filed", filed_at=utc(at),
                          campaign=campaign if campaign and self.dice.chance(0.3) else None)  # fmt: skip

    def _dispatch(self) -> Story:
        at = self._after(6)
        if self.case.severity == 4 and self.dice.chance(0.006):
            yield self._event("case.voided", at, Act(reason="误报"), status="voided", voided_at=utc(at))
            return
        self._draw_fate(at)
        level = "community" if self.fate.reaches in {"grid", "community"} else "street"
        if self.case.channel == "GRID" and self.fate.reaches == "grid":
            level = "grid"
        unit = self._brigade if level != "street" or self.dice.chance(0.45) else self._department()
        # A few publishers give the limit only: the reader must work the deadline out.
        bare = self.dice.chance(0.035) and self.case.severity > 2 and self.fate.reaches != "district"
        if bare:
            self.course.deadline_ms = min(self.course.deadline_ms, self.course.estimate_ms)
            self.fate = Fate(reaches=self.fate.reaches)
            self.course.take(0.08 + 0.15 * self.dice.share())
        clocks: dict[str, Any] = {"limit": self.limit} if bare else {"clocks": self.course.clocks(level)}
        highest = "street" if level == "street" else self.case.highest_level or "grid"
        yield self._event("case.dispatched", at, Act(actor="派遣员", unit=unit), status="dispatched", lead_unit=unit or None,
                          dispatched_at=utc(at), dispatches=self.case.dispatches + 1, level=level,
                          highest_level="community" if level == "community" else highest, **clocks)  # fmt: skip
        if self.case.severity <= 2:
            yield from self._escalate("severity", at)

    def _draw_fate(self, start_ms: int) -> None:
        dice, late = self.dice, self.scene.late.get(self.street, 0.08)
        self.course = Course(self.office, start_ms, self.limit)
        is_late = length_of(self.course, late, dice)
        fate = self.fate = Fate(is_late=is_late)
        chance = dice.share()
        fate.returns = 1 if chance < 0.05 + late / 4 else 0
        fate.returns += 1 if chance < 0.007 else 0
        fate.reworks = 2 if dice.chance(0.004) else 1 if dice.chance(0.03 + late / 5) else 0
        fate.reaches = self._reach(late)
        fate.is_suspended = not is_late and dice.chance(0.02) and self.course.hours > 4
        fate.is_extended = not is_late and not fate.is_suspended and fate.reaches != "district" and dice.chance(0.035)
        fate.is_urged = dice.chance(0.16 if is_late else 0.02)
        fate.is_supervised = dice.chance(0.12 if is_late else 0.007)
        fate.is_whistled = fate.reaches == "street" and dice.chance(0.05)
        if fate.is_extended:
            self.course.take(dice.between(1.05, 1.75))

    def _reach(self, late: float) -> str:
        """How high the case goes, and why it leaves the street."""
        fate, chance = self.fate, self.dice.share()
        if fate.returns > 1 or fate.reworks > 1:
            if chance < 0.6:
                fate.reason = "ping_pong" if fate.returns > 1 else "rework_limit"
                return "district"
        elif fate.is_late and chance < 0.17:
            fate.reason = "level_deadline"
            return "district"
        elif chance < 0.037:
            fate.reason = ("beyond_power", "needs_departments", "repeat")[int(chance / 0.037 * 2.35)]
            return "district"
        return "street" if chance < 0.275 + late / 3 else "community"

    # — work —

    def _work(self, done: float) -> Story:
        """From the dispatch (or the share already done) to «handled»."""
        course, fate, dice = self.course, self.fate, self.dice
        if self.case.status == "dispatched":
            at = min(course.at(max(done, 0.12)), self._after(14 if course.is_continuous else 40))
            yield self._acknowledged(at)
        for _ in range(fate.returns):
            yield from self._return(course.at(done + 0.05))
            done += 0.08
        if self.case.status == "acknowledged" and dice.chance(0.75):
            yield self._event("case.handling", course.at(done + 0.06), Act(actor=self.case.handler), status="handling")
        yield from self._incidents(done)
        at = self._handled_at()
        for _ in range(fate.reworks):
            yield self._handled(at)
            at = self._after(35)
            yield self._event("case.reworked", at, Act(actor="核查员", reason="整改不到位"), status="rework",
                              reworks=self.case.reworks + 1, checked_at=utc(at))  # fmt: skip
            course.rebase(0.9, self.now_ms)
            at = self._handled_at()
        yield self._handled(at)

    def _acknowledged(self, at: int) -> Step:
        name = self.case.handler or names.person(self.dice)[0]
        return self._event("case.acknowledged", at, Act(actor=name, unit=self.case.lead_unit), status="acknowledged",
                           acknowledged_at=utc(at), handler=name)  # fmt: skip

    def _handled_at(self) -> int:
        return max(self.course.at(0.93), self.now_ms + 4 * MINUTE_MS)

    def _handled(self, at: int) -> Step:
        return self._event("case.handled", at, Act(actor=self.case.handler, unit=self.case.lead_unit), status="handled",
                           handled_at=utc(at), **self._stopped(handled_ms=at))  # fmt: skip

    def _stopped(self, handled_ms: int | None = None, closed_ms: int | None = None) -> dict[str, Any]:
        """The clocks with the handling or the closing one stopped."""
        stop = {"handle": handled_ms, "close": closed_ms}
        clocks: list[CaseClock] = [
            c if stop[c.what] is None else _replace(c, stopped_at=utc(stop[c.what] or 0)) for c in self.case.clocks
        ]
        return {"clocks": clocks} if clocks else {}

    def _return(self, at: int) -> Story:
        """退回: the unit says it is not its own; another one gets it, and no clock starts again."""
        is_wrong, before = self.dice.chance(0.8), self.case.lead_unit
        code = "wrong_unit" if is_wrong else "beyond_power"
        yield self._event("case.returned", at, Act(unit=before, reason_code=code, reason="不属于本单位职责"), status="returned",
                          returns=self.case.returns + 1,
                          wrong_dispatches=self.case.wrong_dispatches + int(is_wrong))  # fmt: skip
        unit = self._department()
        if unit == before:
            unit = self._department("01") or unit
        yield self._event("case.dispatched", self._after(22), Act(actor="派遣员", unit=unit, from_unit=before),
                          status="dispatched", lead_unit=unit, dispatches=self.case.dispatches + 1, handler=None)  # fmt: skip
        yield self._acknowledged(self._after(18))

    def _incidents(self, done: float) -> Story:
        """What comes between, in order of its share of the course."""
        fate, dice, course = self.fate, self.dice, self.course
        if fate.is_suspended:
            share = dice.between(max(done, 0.15), max(done, 0.15) + 0.25)
            yield from self._suspend(share, course.at(share), self.now_ms + 0)
        if fate.is_whistled or (fate.reason == "needs_departments" and dice.chance(0.5)):
            yield from self._whistle(course.at(max(done, 0.3)))
        if fate.reaches == "district" and fate.reason != "level_deadline" and self.case.level != "district":
            yield from self._escalate(fate.reason, course.at(max(done, dice.between(0.3, 0.55))))
        if fate.is_urged:
            yield self._event("case.urged", course.at(0.6), Act(actor="值班员", note="请抓紧处理"))
        if fate.is_extended:
            at = min(course.at(0.7), course.deadline_ms - (course.deadline_ms - course.started_ms) // 8)
            course.extend()
            level = self.case.level or "street"
            yield self._event("case.extended", at, Act(reason="需要备料"), extensions=self.case.extensions + 1,
                              clocks=course.clocks(level))  # fmt: skip
        if fate.is_supervised:
            at = course.at(0.8) if not fate.is_late else max(course.at(0.7), course.deadline_ms + 20 * MINUTE_MS)
            kind = "overdue" if fate.is_late else dice.pick(("leader", "important"))
            seen = Supervision(kind=kind, level=dice.whole(1, 3), at=utc(max(at, self.now_ms + 1000)))
            yield self._event("case.supervised", at, Act(actor="值班长"), supervisions=[*self.case.supervisions, seen])
        if fate.reason == "level_deadline" and self.case.level != "district":
            yield from self._escalate("level_deadline", course.deadline_ms + dice.whole(30, 75) * MINUTE_MS)

    def _suspend(self, share: float, at: int, _: int) -> Story:
        at = max(at, self.now_ms + 1000)
        until = self.office.awake(at + int(self.dice.between(4, 45) * DAY_MS))
        yield self._event("case.suspended", at, Act(reason="需专项资金"), status="suspended",
                          suspensions=[*self.case.suspensions, Suspension(from_=utc(at))])  # fmt: skip
        yield self._resumed(share, at, until)

    def _resumed(self, share: float, from_ms: int, until_ms: int) -> Step:
        self.course.pause(share, from_ms, until_ms)
        past = [*self.case.suspensions[:-1], _replace(self.case.suspensions[-1], until=utc(until_ms))]
        clocks = {"clocks": self.course.clocks(self.case.level or "street")} if self.case.clocks else {}
        return self._event("case.resumed", until_ms, Act(note="挂账期满"), status="handling", suspensions=past, **clocks)

    def _whistle(self, at: int) -> Story:
        """吹哨报到: departments are called and answer."""
        units = list(dict.fromkeys(self._department(d) for d in (self.domain, "02", "06")))[:3]
        called = Whistle(at=utc(max(at, self.now_ms + 1000)), reason_code="needs_departments",
                         units=[WhistledUnit(unit=u) for u in units])  # fmt: skip
        yield self._event("case.whistled", at, Act(unit=self._brigade), whistles=[*self.case.whistles, called],
                          co_units=units)  # fmt: skip
        at = self._after(14)
        there = at + 20 * MINUTE_MS
        answers = [WhistledUnit(unit=u, answered_at=utc(at), arrived_at=utc(there)) for u in units]
        done = _replace(called, units=answers, ended_at=utc(there + HOUR_MS), result="现场联合处置")
        yield self._event("case.whistled", there + HOUR_MS, Act(note="部门报到"), whistles=[*self.case.whistles[:-1], done])

    def _escalate(self, reason: str, at: int) -> Story:
        """升级: the district centre takes it, acknowledges it, and works quickly from then on."""
        at, dice = max(at, self.now_ms + 1000), self.dice
        to = self._department()
        hours = dice.between(1, 3) if reason == "severity" else dice.between(2, 9)
        passed = Escalation(from_=self._brigade or None, to=to, reason_code=reason, at=utc(at),
                            deadline_at=utc(at + int(hours * HOUR_MS)))  # fmt: skip
        yield self._event("case.escalated", at, Act(unit=to, from_unit=self._brigade, reason_code=reason), level="district",
                          highest_level="district", lead_unit=to or None, escalations=[*self.case.escalations, passed])  # fmt: skip
        slow = dice.chance(0.07)
        seen = self.now_ms + int((dice.between(25, 150) if slow else 1 + dice.wait(4)) * MINUTE_MS)
        yield self._taken(seen)
        self.course.rebase(0.0, self.now_ms)
        self.course.hours = hours * (dice.between(0.45, 0.95) if dice.chance(0.85) else dice.between(1.05, 1.6))

    def _taken(self, at: int) -> Step:
        who = names.person(self.dice)[0]
        taken = _replace(self.case.escalations[-1], acknowledged_at=utc(at), acknowledged_by=who)
        return self._event("case.acknowledged", at, Act(actor=who, unit=taken.to),
                           escalations=[*self.case.escalations[:-1], taken])  # fmt: skip

    def _check_and_close(self) -> Story:
        dice = self.dice
        if self.case.status == "handled":
            at = self._after(12)
            yield self._event("case.checked", at, Act(actor="核查员"), status="post_check", checked_at=utc(at))
        if self.case.channel in {"H12345", "APP"} and self.case.rating is None and dice.chance(0.7):
            yield self._rated(self._after(9))
        if self.fate.is_late and dice.chance(0.02):
            yield self._event("case.appealed", self._after(10), Act(reason="不可抗力"), appeal_exempt=True)
        at = self._after(7)
        forced = self.fate.is_late and dice.chance(0.03)
        watched = [_replace(s, ended_at=utc(at)) for s in self.case.supervisions]
        yield self._event("case.closed", at, Act(actor="值班员"), status="forced_closed" if forced else "closed",
                          closed_at=utc(at), supervisions=watched, **self._stopped(closed_ms=at))  # fmt: skip

    def _rated(self, at: int) -> Step:
        dice, late = self.dice, self.scene.late.get(self.street, 0.08)
        if dice.chance(0.12):
            answer = Rating(valid=False, contacted=False, at=utc(at))
        else:
            solved = not dice.chance(0.05 + late)
            satisfied = dice.pick(("yes", "yes", "yes", "yes", "fairly")) if solved else dice.pick(("no", "no", "fairly"))
            answer = Rating(valid=True, contacted=True, solved="yes" if solved else "no", satisfied=satisfied, at=utc(at))  # type: ignore[arg-type]
        return self._event("case.rated", at, Act(actor="回访员"), rating=answer)

    # — going on from a state that the story did not bring about: a command did, or a restart —

    def _resume(self) -> Story:
        """Take up a dispatched case where it stands and bring it to «handled»."""
        case, dice = self.case, self.dice
        close = next((c for c in case.clocks if c.what == "close"), None)
        start = (close and close.started_at) or case.dispatched_at or case.reported_at
        self.course = Course(self.office, int(start.timestamp() * 1000), self.limit)
        if close is not None and close.deadline_at is not None:
            self.course.deadline_ms = int(close.deadline_at.timestamp() * 1000)
        self.course.rebase(0.0, self.now_ms)
        self.course.hours = dice.between(0.8, 7.0) if case.level != "district" else dice.between(0.5, 5.0)
        self.fate = Fate(is_late=self.now_ms > self.course.deadline_ms)
        if case.status == "suspended" and case.suspensions:
            from_ms = int(case.suspensions[-1].from_.timestamp() * 1000)
            yield self._resumed(0.0, from_ms, max(self.now_ms + 1000, self.place_until(from_ms)))
        if case.escalations and case.level == "district" and case.escalations[-1].acknowledged_at is None:
            yield self._taken(self._after(40))
            self.course.rebase(0.0, self.now_ms)
        if self.case.status in {"filed", "returned"}:
            unit = self._department()
            yield self._event("case.dispatched", self._after(25), Act(actor="派遣员", unit=unit), status="dispatched",
                              lead_unit=unit, dispatches=case.dispatches + 1)  # fmt: skip
        if self.case.status not in {"handled", "post_check"}:
            yield from self._work(0.0)

    def place_until(self, from_ms: int) -> int:
        """When a suspension that a command began ends by itself."""
        return self.office.awake(from_ms + int(self.dice.between(4, 30) * DAY_MS))
