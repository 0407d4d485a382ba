"""An alarm as the screens hear of it: the body of the thing ``alarm``, whose key is the alarm's id.

The states are ISA-18.2's, short of «returned to normal, unacknowledged»: what is over is ``cleared``, taken or not, and
stays on the list for some hours.
"""

import hashlib
from typing import Literal

import msgspec

State = Literal["unacknowledged", "acknowledged", "shelved", "cleared"]
WhatToDo = Literal[
    "acknowledge_escalation", "confirm_proposal", "open_case", "open_camera", "check_source", "write_report"
]
# Who hears of it: the officer on duty, the second officer, the duty leader (带班领导).
OFFICER, SECOND_OFFICER, LEADER = range(3)
# So many earlier raises an alarm carries along: more of them in an hour than ``rearm_minutes`` lets happen.
EARLIER_KEPT = 12


class Subject(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an alarm is about; the fields that do not fit are empty."""

    case_id: str = ""
    camera_id: str = ""
    source: str = ""
    street: str = ""


class Alarm(msgspec.Struct, frozen=True, omit_defaults=True):
    """One alarm of one seat. Times are Unix milliseconds; a field that is not there has its default.

    ``seat`` is a street's, unit's or grid's code, or the district's for the centre; ``severity`` is 1, the highest,
    to 3.
    ``class_name`` and ``domain`` name a case's class (the name empty where the class is sensitive), ``number`` is of
    cameras, cases, entries, or the report that is due, ``due_at`` when what it warns of happens. ``cases`` has the ids
    of an alarm that is about several, the most urgent first: that one is its subject.

    ``n`` is how many times it came, ``raised_at`` the last of them that was announced, ``earlier`` those before.
    ``waits_since`` is from when on nobody has it; ``lapses_at`` when the acknowledgement runs out; ``level`` whom it
    has climbed to. After a lapse ``acked_at`` lies before ``waits_since``: it says who had it.
    """

    id: str
    seat: str
    kind: str
    severity: int
    what_to_do: WhatToDo
    raised_at: int
    waits_since: int
    state: State = "unacknowledged"
    subject: Subject = Subject()
    class_name: str = ""
    domain: str = ""
    number: int = 0
    cases: list[str] = []
    due_at: int | None = None
    level: int = OFFICER
    n: int = 1
    earlier: list[int] = []
    acked_at: int | None = None
    acked_by: str = ""
    comment: str = ""
    lapses_at: int | None = None
    climbed_at: int | None = None
    shelved_until: int | None = None
    shelved_by: str = ""
    cleared_at: int | None = None

    @property
    def case_ids(self) -> list[str]:
        """Every case that it is about."""
        return self.cases or [case_id for case_id in [self.subject.case_id] if case_id]

    @property
    def is_taken(self) -> bool:
        """Whether the last thing that happened to it was that somebody took it; still true once it has cleared."""
        return self.acked_at is not None and self.acked_at >= self.waits_since


encode_alarm = msgspec.json.Encoder().encode
decode_alarm = msgspec.json.Decoder(Alarm).decode


def alarm_id(kind: str, seat: str, subject: Subject, occasion: str) -> str:
    """The same text for whoever sees the same condition: 64 characters at most."""
    named = "|".join((kind, seat, subject.case_id, subject.camera_id, subject.source, occasion))
    return f"{kind}-{hashlib.sha256(named.encode()).hexdigest()[:32]}"
