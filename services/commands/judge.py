"""What a person wishes of cases, and whether it may be sent. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from services.access.rights import DISTRICT, Person, may, seat_of
from services.cases.case import CaseRow
from services.cases.whose import may_case
from services.contract.case import Code
from services.contract.commands import COMMANDS, NEED_NO_REASON, AnswerWhistle
from services.district.package import District
from services.platform.clock import DAY_MS, to_ms

# Wider than ``REASON_MOST``: whoever writes somewhat too much hears it in words.
Reason = Annotated[str, Meta(max_length=10_000)]


MOST_CASES, REASON_LEAST, REASON_MOST = 500, 2, 500


YEAR_MS = 366 * DAY_MS


# Why nothing was sent for a case; the screens have words for each, and for what the case system itself refuses.
REFUSALS = (
    "unknown_type", "no_case", "too_many", "no_reason", "long_reason", "closed", "forbidden", "stale", "bad_value",
    "unknown_unit", "bad_until", "bad_into", "outside", "not_sent", "no_camera",
)  # fmt: skip


Version = Annotated[int, Meta(ge=0, le=2**53)]


class Wish(msgspec.Struct, frozen=True):
    """One click (``batch``): a command for one or many cases, each with the version that the person saw."""

    batch: Code
    type: Code
    cases: Annotated[list[tuple[Code, Version]], Meta(max_length=2000)]
    reason: Reason = ""
    data: Annotated[dict[str, Any], Meta(max_length=40)] = {}


class CommandOutcome(msgspec.Struct, frozen=True):
    """What became of it for one case: ``state`` is sent, done, refused (``reason`` a code of REFUSALS) or unsent."""

    case_id: str
    command_id: str
    state: str
    reason: str = ""
    detail: str = ""


class Situation(msgspec.Struct, frozen=True):
    """What a wish is judged against: the open cases, the patrols (id → street, empty for none), and the moment."""

    rows: Mapping[str, CaseRow]
    units: Mapping[str, str]
    now: int


class Sent(msgspec.Struct, frozen=True):
    """One row of ``commands``. ``state``: unsent, sent, done, refused."""

    command_id: str
    batch: str
    at: int
    who: str
    role: str
    seat: str
    type: str
    case_id: str
    expected_version: int
    data: bytes
    state: str = "unsent"
    answered_at: int | None = None
    reason: str = ""


def command_id(district: str, user_id: str, batch: str, case_id: str) -> str:
    """The id of one click's command on one case."""
    return "cmd-" + hashlib.sha256(f"{district}|{user_id}|{batch}|{case_id}".encode()).hexdigest()[:40]


def judge(
    wish: Wish, person: Person, district: District, situation: Situation
) -> tuple[list[Sent], list[CommandOutcome]]:
    """The commands to send, and what is refused before it leaves. Pure."""
    if (fault := _of_all(wish)) is not None:
        return [], [CommandOutcome(case_id, "", "refused", fault) for case_id, _ in wish.cases] or [
            CommandOutcome("", "", "refused", fault)
        ]
    sent: list[Sent] = []
    refused: list[CommandOutcome] = []
    for case_id, version in dict(wish.cases).items():
        row = situation.rows.get(case_id)
        if row is None:
            refused.append(CommandOutcome(case_id, "", "refused", "closed"))
        elif not may_case(person, wish.type, row):
            refused.append(CommandOutcome(case_id, "", "refused", "forbidden"))
        elif version != row.version:
            refused.append(CommandOutcome(case_id, "", "refused", "stale"))
        else:
            made, fault, detail = _body(wish, person, row, district, situation)
            if made is None:
                refused.append(CommandOutcome(case_id, "", "refused", fault, detail))
                continue
            ours = command_id(district.code, person.user_id, wish.batch, case_id)
            sent.append(
                Sent(
                    ours, wish.batch, situation.now, person.user_id, person.role, seat_of(person, district.code),
                    wish.type, case_id, version, msgspec.json.encode(made),
                )
            )  # fmt: skip
    return sent, refused


def _of_all(wish: Wish) -> str | None:
    """What is wrong with the whole click."""
    if wish.type not in COMMANDS or not wish.type.startswith("case."):
        return "unknown_type"
    if not wish.cases or not 8 <= len(wish.batch) <= 64:
        return "no_case"
    if len(wish.cases) > MOST_CASES:
        return "too_many"
    if len(wish.reason.strip()) < REASON_LEAST and wish.type not in NEED_NO_REASON:
        return "no_reason"
    return "long_reason" if len(wish.reason) > REASON_MOST else None


def _body(
    wish: Wish, person: Person, row: CaseRow, district: District, situation: Situation
) -> tuple[msgspec.Struct | None, str, str]:
    """(the command's data, '', ''), or (None, why not, which field)."""
    actor = {"user": person.user_id, "role": person.role, **({"street": person.street} if person.street else {})}
    fixed = {
        "case_id": row.case_id,
        "expected_version": row.version,
        "actor": actor,
        "reason": wish.reason.strip() or None,
    }
    try:
        made = msgspec.convert({**wish.data, **fixed}, COMMANDS[wish.type])
    except msgspec.ValidationError as error:
        return None, "bad_value", str(error)[:200]
    for name in ("lead_unit", "to", "to_unit"):
        code = getattr(made, name, None)
        if code and code not in district.units and code != f"{district.code}-center":
            return None, "unknown_unit", str(code)
    for code in (*getattr(made, "units", ()), *getattr(made, "co_units", ())):
        if code not in district.units:
            return None, "unknown_unit", str(code)
    if (unit := getattr(made, "unit_id", None)) is not None and (
        unit not in situation.units or not may(person, "see_units", situation.units[unit] or DISTRICT)
    ):
        return None, "unknown_unit", str(unit)
    if isinstance(made, AnswerWhistle) and person.unit not in {"", made.unit}:
        return None, "forbidden", made.unit  # a department answers for itself alone
    until = getattr(made, "until", None)
    if until is not None and not situation.now < to_ms(until) <= situation.now + YEAR_MS:
        return None, "bad_until", ""
    into = getattr(made, "into", None)
    if into is not None:
        other = situation.rows.get(into)
        if other is None or into == row.case_id or not may_case(person, wish.type, other):
            return None, "bad_into", str(into)
    return made, "", ""


def answer_of(body: bytes | msgspec.Raw) -> tuple[str, str]:
    """(state, reason) of the case system's answer, as the read model keeps it."""
    answer = msgspec.json.decode(body)
    return "done" if answer["accepted"] else "refused", str(answer["reason"] or "")[:500]
