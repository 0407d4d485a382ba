"""An alarm's life: raised, taken, lapsed, climbing, shelved, cleared, back again. Pure; ``now`` is an argument.

``step`` holds the alarms that stand against the conditions of this moment. Done again at the same moment it changes
nothing, so a keeper that was killed, or a second one, raises nothing twice. After it the alarms that are not cleared
are exactly the conditions': nothing is dropped, however many there are; a flood folds on the screen only.

Chattering (ISA-18.2: an alarm that comes and goes) is answered by a dead time after the end: what comes back within
``rearm_minutes`` is the same alarm, counted (``n``) and not announced: still taken if it was taken, else waiting on.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from msgspec.structs import replace

from services.board.alarm import EARLIER_KEPT, LEADER, OFFICER, Alarm
from services.district.alarm_policy import OF_SMALL_SEATS, AlarmPolicy
from services.duty.alarms.conditions import AlarmCondition
from services.platform.clock import HOUR_MS, MINUTE_MS
from services.platform.refusal import Refusal

COMMENT_LENGTH = 500

What = Literal[
    "raised", "returned", "acknowledged", "lapsed", "climbed", "shelved", "unshelved", "cleared", "updated", "forgotten"
]
# What changes without being an event of the alarm's life: words of it, and that it leaves the list.
QUIET = frozenset({"updated", "forgotten"})
Code = Literal[
    "unknown_alarm", "not_yours", "already_acknowledged", "already_cleared", "is_shelved", "not_shelved", "no_reason",
    "too_long", "past", "nobody",
]  # fmt: skip
REFUSALS: dict[Code, str] = {
    "unknown_alarm": "no such alarm: it has cleared and left the list",
    "not_yours": "it is another seat's: whoever sits there must act",
    "already_acknowledged": "somebody was first: see acked_by",
    "already_cleared": "its condition is over: there is nothing to do",
    "is_shelved": "it is shelved: take it off the shelf first",
    "not_shelved": "it is not shelved",
    "no_reason": "give a reason",
    "too_long": "it may not be shelved so long: see [alarms] shelve_most_hours",
    "past": "the end lies in the past: give a later one",
    "nobody": "say who does it",
}


class AlarmRefused(Refusal):
    """What was asked cannot be done. ``alarm`` is how it stands, where it may be known: it says who was first."""

    def __init__(self, code: Code, alarm: Alarm | None = None, alarm_id: str = "") -> None:
        who, at = (alarm.acked_by, alarm.acked_at) if alarm is not None else ("", None)
        super().__init__(f"alarm {alarm.id if alarm else alarm_id}: {REFUSALS[code]}", code, who=who, at=at)
        self.alarm, self.status = alarm, 403 if code == "not_yours" else 409


class AlarmChange(NamedTuple):
    """What happened to an alarm, how it is after it, who did it (empty: the system) and what they said."""

    what: What
    alarm: Alarm
    who: str = ""
    comment: str = ""


def step(
    standing: Iterable[Alarm],
    conditions: Iterable[AlarmCondition],
    now: int,
    policy: AlarmPolicy,
    *,
    is_blind: bool = False,
) -> list[AlarmChange]:
    """What the conditions and the clock change at ``now``; ``standing`` are all that are kept, cleared ones too.

    An alarm may change twice: the later change has what it is now. ``is_blind``: nobody can say what is so now; of what
    stands nothing clears, and only the clock works on it.
    """
    alarms = {alarm.id: alarm for alarm in standing}
    found: list[AlarmChange] = []
    seen: set[str] = set()
    for condition in conditions:
        if condition.id in seen:
            continue
        seen.add(condition.id)
        alarm = alarms.get(condition.id)
        if alarm is None:
            found.append(AlarmChange("raised", _raised(condition, now)))
        elif alarm.state == "cleared":
            back = _again(alarm, condition, now, policy)
            found.append(back)
            # It waits on as if it had never been away: one that chatters climbs all the same.
            if (change := _goes_on(back.alarm, condition, now, policy)) is not None:
                found.append(change)
        elif (change := _goes_on(alarm, condition, now, policy)) is not None:
            found.append(change)
    for alarm in alarms.values():
        if alarm.id in seen:
            continue
        stays = is_blind and alarm.state != "cleared"
        change = _goes_on(alarm, None, now, policy) if stays else _over(alarm, now, policy)
        if change is not None:
            found.append(change)
    return found


def acknowledge(alarm: Alarm, who: str, comment: str, now: int, policy: AlarmPolicy) -> AlarmChange:
    """Take it. Raises AlarmRefused: already_acknowledged, already_cleared, is_shelved, nobody."""
    _must_say(alarm, who)
    if alarm.state == "acknowledged":
        raise AlarmRefused("already_acknowledged", alarm)
    if alarm.state == "cleared":
        raise AlarmRefused("already_cleared", alarm)
    if alarm.state == "shelved":
        raise AlarmRefused("is_shelved", alarm)
    comment = comment.strip()[:COMMENT_LENGTH]
    # A clock that was set back must not make it untaken again.
    waits_since = min(alarm.waits_since, now)
    taken = replace(
        alarm,
        state="acknowledged",
        acked_at=now,
        acked_by=who,
        comment=comment,
        waits_since=waits_since,
        lapses_at=now + _acknowledgement(policy),
    )
    return AlarmChange("acknowledged", taken, who, comment)


def shelve(alarm: Alarm, who: str, until: int, reason: str, *, now: int, policy: AlarmPolicy) -> AlarmChange:
    """Out of sight and sound until then. Raises AlarmRefused: already_cleared, no_reason, too_long, past, nobody."""
    _must_say(alarm, who)
    if alarm.state == "cleared":
        raise AlarmRefused("already_cleared", alarm)
    reason = reason.strip()[:COMMENT_LENGTH]
    if not reason:
        raise AlarmRefused("no_reason", alarm)
    if until <= now:
        raise AlarmRefused("past", alarm)
    if until > now + policy.shelve_most_hours * HOUR_MS:
        raise AlarmRefused("too_long", alarm)
    return AlarmChange(
        "shelved", replace(alarm, state="shelved", shelved_until=until, shelved_by=who, comment=reason), who, reason
    )


def unshelve(alarm: Alarm, who: str, now: int) -> AlarmChange:
    """Off the shelf before its end: it waits for somebody again. Raises AlarmRefused: not_shelved, nobody."""
    _must_say(alarm, who)
    if alarm.state != "shelved":
        raise AlarmRefused("not_shelved", alarm)
    return AlarmChange("unshelved", _waiting(alarm, now), who)


def _must_say(alarm: Alarm, who: str) -> None:
    if not who:
        raise AlarmRefused("nobody", alarm)


def _raised(condition: AlarmCondition, now: int) -> Alarm:
    return Alarm(
        condition.id, condition.seat, condition.kind, condition.severity, condition.what_to_do, now, now,
        subject=condition.subject, class_name=condition.class_name, domain=condition.domain, number=condition.number,
        due_at=condition.due_at, cases=list(condition.cases),
    )  # fmt: skip


def _described(alarm: Alarm, condition: AlarmCondition) -> Alarm:
    """The alarm with what its condition says now: the class that was corrected, the cameras that are back."""
    return replace(
        alarm, severity=condition.severity, what_to_do=condition.what_to_do, subject=condition.subject,
        class_name=condition.class_name, domain=condition.domain, number=condition.number, due_at=condition.due_at,
        cases=list(condition.cases),
    )  # fmt: skip


def _again(alarm: Alarm, condition: AlarmCondition, now: int, policy: AlarmPolicy) -> AlarmChange:
    """A condition that was over is back."""
    known, alarm = alarm, _described(alarm, condition)
    back = replace(alarm, n=alarm.n + 1, cleared_at=None)
    if alarm.shelved_until is not None and now < alarm.shelved_until:
        return AlarmChange("returned", replace(back, state="shelved"))
    back = replace(back, shelved_until=None, shelved_by="")
    is_soon = alarm.cleared_at is not None and now - alarm.cleared_at < policy.rearm_minutes * MINUTE_MS
    chatters = is_soon and set(alarm.cases) <= set(known.cases)
    if chatters and not alarm.is_taken:
        return AlarmChange("returned", replace(back, state="unacknowledged"))
    if chatters and now < (until := _holds_until(alarm, condition, policy)):
        return AlarmChange("returned", replace(back, state="acknowledged", lapses_at=until))
    fresh = _raised(condition, now)
    earlier = [*alarm.earlier, alarm.raised_at][-EARLIER_KEPT:]
    return AlarmChange("raised", replace(fresh, n=back.n, earlier=earlier))


def _goes_on(alarm: Alarm, condition: AlarmCondition | None, now: int, policy: AlarmPolicy) -> AlarmChange | None:
    """A condition that stays (None: that nobody sees): at most one thing happens to its alarm at a time."""
    known, alarm = alarm, alarm if condition is None else _described(alarm, condition)
    if alarm.state == "shelved" and now >= (alarm.shelved_until or 0):
        return AlarmChange("unshelved", _waiting(alarm, now))
    if alarm.state == "acknowledged" and not set(alarm.cases) <= set(known.cases):
        return AlarmChange("lapsed", _waiting(alarm, now))  # whoever took it has not seen the one that joined
    if alarm.state == "acknowledged" and now >= (alarm.lapses_at or 0):
        if now >= (until := _holds_until(alarm, condition, policy)):
            return AlarmChange("lapsed", _waiting(alarm, now))
        alarm = replace(alarm, lapses_at=until)  # something has happened: it is in good hands
    climbs = alarm.level < LEADER and alarm.kind not in OF_SMALL_SEATS
    if alarm.state == "unacknowledged" and climbs and now >= _climbs_at(alarm, policy):
        return AlarmChange("climbed", replace(alarm, level=alarm.level + 1, climbed_at=now))
    return AlarmChange("updated", alarm) if alarm != known else None


def _over(alarm: Alarm, now: int, policy: AlarmPolicy) -> AlarmChange | None:
    """No condition any more: it clears, and after some hours it leaves the list."""
    if alarm.cleared_at is None:
        return AlarmChange("cleared", replace(alarm, state="cleared", cleared_at=now))
    return AlarmChange("forgotten", alarm) if leaves_the_list(alarm, now, policy) else None


def leaves_the_list(alarm: Alarm, now: int, policy: AlarmPolicy) -> bool:
    """Whether it has been over for so long that no list has it any more."""
    is_on_the_shelf = alarm.shelved_until is not None and now < alarm.shelved_until
    kept_ms = policy.clear_kept_hours * HOUR_MS
    return alarm.cleared_at is not None and now - alarm.cleared_at >= kept_ms and not is_on_the_shelf


def _waiting(alarm: Alarm, now: int) -> Alarm:
    """Nobody has it from now on; who had it stays written."""
    acked_at = None if alarm.acked_at is None else min(alarm.acked_at, now - 1)
    return replace(
        alarm, state="unacknowledged", waits_since=now, acked_at=acked_at, level=OFFICER, climbed_at=None,
        shelved_until=None, shelved_by="",
    )  # fmt: skip


def _holds_until(alarm: Alarm, condition: AlarmCondition | None, policy: AlarmPolicy) -> int:
    """An acknowledgement runs out so long after the last that happened: being taken, or a step of its subject."""
    moved_at = 0 if condition is None else condition.moved_at
    return max(alarm.lapses_at or 0, moved_at + _acknowledgement(policy))


def _climbs_at(alarm: Alarm, policy: AlarmPolicy) -> int:
    since = alarm.waits_since if alarm.climbed_at is None else max(alarm.climbed_at, alarm.waits_since)
    return since + int(policy.climb_minutes * MINUTE_MS)


def _acknowledgement(policy: AlarmPolicy) -> int:
    return int(policy.acknowledgement_minutes * MINUTE_MS)
