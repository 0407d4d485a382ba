"""From a stream entry to a checked event, in one pass.

The fast path is one strict msgspec decode. Only when that meets an unknown field is the text decoded loosely, the
unknown fields left out and counted, and the rest checked: publishers grow (CONTRACT.md).
"""

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from services.contract.case import Case, Part
from services.contract.codes import CASE_TYPES, DOMAINS, DeadReason
from services.contract.others import BODIES, TEXT_LIMITS
from services.contract.pauses import odd_times
from services.contract.personal import PERSONAL_FIELDS, mask_text
from services.contract.set_apart import Personal, set_apart
from services.platform.clock import MINUTE_MS, parse_ms, to_ms, whole_time

MAX_ENTRY_BYTES = 256 * 1024
MAX_NESTING = 16
CLOCK_SKEW_MS = 5 * MINUTE_MS
# Outside these a time is a mistake, and the calendar's own arithmetic ends not far beyond.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
EARLIEST_MS, LATEST_MS = to_ms(EARLIEST), to_ms(LATEST)
_FIRST_YEAR, _LAST_YEAR = EARLIEST.year, LATEST.year - 1
SHOWN_CHARACTERS = 80
# Of id, source and subject; a type has half.
LONGEST_ATTRIBUTE, LONGEST_TYPE = 200, 100

_CASE_DECODER = msgspec.json.Decoder(Case)
_DECODERS = {name: msgspec.json.Decoder(body) for name, body in BODIES.items()}
# A string without an end runs to the end of the text: looked for anew at every quote, it would take minutes.
_BRACKETS = re.compile(rb'(?s)"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}]')
_PATH = re.compile(r" - at `\$([^`]*)`$")
# How msgspec says that a limit has no unit: none at all, null, or an empty text.
_UNITLESS = re.compile(r"missing required field `unit`|(?:got `null`|enum value '').* - at `\$[^`]*limit\.unit`")
# How msgspec says that a text is no time: it may be one of the contract all the same (``clock.whole_time``).
_NO_TIME = "Invalid RFC3339 encoded datetime"
_PATH_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Event:
    """An accepted entry. ``data`` is the text to keep: without unknown fields, and without what is ``personal``.

    ``is_judged``: what is odd about its times is among the flags; of an event kept by an older version it may not be.
    """

    entry_id: str
    source: str
    id: str
    type: str
    subject: str
    time_ms: int
    data: bytes
    body: Part
    flags: tuple[str, ...] = ()
    unknown_fields: int = 0
    is_judged: bool = False
    personal: Personal | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused entry: why, and a sentence that names the field and the value."""

    entry_id: str
    reason: DeadReason
    detail: str
    source: str
    type: str


class _RefusedError(Exception):
    """Why the entry is refused; ``parse`` makes a Refused of it."""

    def __init__(self, reason: DeadReason, detail: str) -> None:
        self.reason, self.detail = reason, detail


def parse(entry_id: str, fields: Mapping[bytes, bytes], now_ms: int) -> Event | Refused:
    """Parse and check one entry of the ``events`` stream. Never raises for what a publisher may have written."""
    source = _text(fields.get(b"source")) or "(none)"
    kind = _text(fields.get(b"type")) or "(none)"
    try:
        event_id, time_ms = _attributes(fields, source, kind)
        body, data, unknown, unitless = _body(kind, fields[b"data"])
        body, flags = _cut(body)
        personal = None
        if isinstance(body, Case):
            body, personal, more = _settle_case(kind, body, time_ms, unitless)
            flags += more
            # Encoded anew: a text that names a field twice decodes to the last one, and would keep the first.
            data = _ENCODER.encode(body)
        elif flags:
            data = _ENCODER.encode(body)
    except _RefusedError as error:
        detail = _clip(mask_text(error.detail))
        return Refused(entry_id, error.reason, detail, source[:LONGEST_ATTRIBUTE], kind[:LONGEST_TYPE])
    if time_ms > now_ms + CLOCK_SKEW_MS:
        flags.append("clock_skew")
    subject = _text(fields.get(b"subject"))
    if len(subject) > LONGEST_ATTRIBUTE:
        subject = subject[:LONGEST_ATTRIBUTE]
        flags.append("cut_subject")
    return Event(entry_id, source, event_id, kind, subject, time_ms, data, body, tuple(flags), unknown, True, personal)


def _attributes(fields: Mapping[bytes, bytes], source: str, kind: str) -> tuple[str, int]:
    """The event's id and time (Unix ms). Raises _RefusedError for an attribute that is missing or wrong."""
    if sum(map(len, fields.keys())) + sum(map(len, fields.values())) > MAX_ENTRY_BYTES:
        raise _RefusedError("too_large", f"the entry is larger than {MAX_ENTRY_BYTES} bytes")
    for name in (b"specversion", b"id", b"source", b"type"):
        if not fields.get(name):
            raise _RefusedError("not_cloudevent", f"attribute {name.decode()} is missing: an entry is a CloudEvent 1.0")
    if fields[b"specversion"] != b"1.0":
        raise _RefusedError("not_cloudevent", f"specversion is {_text(fields[b'specversion'])!r}: only 1.0 is read")
    event_id = _text(fields[b"id"])
    is_source = source.isprintable() and len(source) <= LONGEST_ATTRIBUTE
    if not event_id or "\x00" in event_id or len(event_id) > LONGEST_ATTRIBUTE or not is_source:
        field = f"id {event_id[:60]!a}" if is_source else f"source {source[:60]!a}"
        raise _RefusedError("bad_value", f"{field} is not printable text of at most {LONGEST_ATTRIBUTE} characters")
    if not kind.isprintable() or len(kind) > LONGEST_TYPE:
        raise _RefusedError(
            "unknown_type", f"type {kind[:60]!a} is not printable text of at most {LONGEST_TYPE} characters"
        )
    for name in (b"time", b"data"):
        if name not in fields:
            raise _RefusedError("missing_field", f"attribute {name.decode()} is missing")
    try:
        time_ms = parse_ms(fields[b"time"].decode())
    except (ValueError, OverflowError) as error:
        raise _RefusedError("bad_value", f"attribute time: {error}") from None
    if not EARLIEST_MS <= time_ms <= LATEST_MS:
        raise _RefusedError("bad_value", f"attribute time: {_text(fields[b'time'])} is not between 1900 and 2200")
    return event_id, time_ms


def _body(kind: str, data: bytes) -> tuple[Part, bytes, int, int]:
    """What ``_decode`` returns. Raises _RefusedError for a type or a text that is not of the contract."""
    if _too_deep(data):
        raise _RefusedError("bad_json", f"data is nested deeper than {MAX_NESTING}")
    body_type = Case if kind.startswith("case.") else BODIES.get(kind)
    if body_type is None:
        raise _RefusedError("unknown_type", f"type {kind!r} is not in the contract")
    try:
        return _decode(kind, body_type, data)
    except msgspec.ValidationError as error:
        reason: DeadReason = "missing_field" if "missing required field" in str(error) else "bad_value"
        raise _RefusedError(reason, f"data: {error}{_value_at(str(error), data)}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _RefusedError("bad_json", f"data: {error}") from None


def _decode(kind: str, body_type: type[Part], data: bytes) -> tuple[Part, bytes, int, int]:
    """The body, the text to keep, how many unknown fields were left out and how many limits without a unit."""
    decoder: msgspec.json.Decoder[typing.Any] = _CASE_DECODER if body_type is Case else _DECODERS[kind]
    try:
        return decoder.decode(data), data, 0, 0
    except msgspec.ValidationError as error:
        is_loose = "unknown field" in str(error) or _NO_TIME in str(error) or _UNITLESS.search(str(error))
        if not is_loose:
            raise
    loose = msgspec.json.decode(data)
    known, unknown = _leave_out_unknown(loose, body_type)
    unitless = _leave_out_unitless(known) if body_type is Case else 0
    body = msgspec.convert(known, body_type)
    return body, _ENCODER.encode(body), unknown, unitless


def _leave_out_unitless(case: typing.Any) -> int:
    """Take out every limit without a unit: nobody can say what it means, but the case stands. Returns how many."""
    clocks = case.get("clocks") if isinstance(case, dict) else None
    holders = [case, *(clocks if isinstance(clocks, list) else ())]
    found = 0
    for holder in holders:
        limit = holder.get("limit") if isinstance(holder, dict) else None
        if isinstance(limit, dict) and limit.get("unit") in (None, ""):
            del holder["limit"]
            found += 1
    return found


def _leave_out_unknown(value: typing.Any, kind: typing.Any) -> tuple[typing.Any, int]:
    """Return ``value`` without the fields that the struct type ``kind`` does not know, and how many there were.

    Times of the contract that msgspec does not read are written as it does.
    """
    while (origin := typing.get_origin(kind)) in {typing.Union, types.UnionType, typing.Annotated}:
        kind = next(k for k in typing.get_args(kind) if k is not type(None))
    if kind is datetime and isinstance(value, str):
        return whole_time(value) or value, 0
    if origin is list and isinstance(value, list):
        pairs = [_leave_out_unknown(item, typing.get_args(kind)[0]) for item in value]
        return [item for item, _ in pairs], sum(n for _, n in pairs)
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict)):
        return value, 0
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    known: dict[str, typing.Any] = {}
    unknown = 0
    for name, item in value.items():
        if name not in fields:
            unknown += 1
            continue
        known[name], inner = _leave_out_unknown(item, fields[name])
        unknown += inner
    return known, unknown


def _cut(body: Part) -> tuple[Part, list[str]]:
    """The body with its free texts cut to their lengths, and a flag for each that was longer."""
    changes: dict[str, str] = {}
    for name, limit in TEXT_LIMITS.get(type(body), {}).items():
        text = getattr(body, name)
        if text is not None and len(text) > limit:
            changes[name] = text[:limit]
    if not changes:
        return body, []
    return msgspec.structs.replace(body, **changes), [f"cut_{name}" for name in changes]


def _settle_case(kind: str, case: Case, time_ms: int, unitless: int) -> tuple[Case, Personal | None, list[str]]:
    """Mend an unknown domain, set apart what is personal (the caller seals it), and flag what is odd.

    Raises _RefusedError for a time that cannot be meant.
    """
    if (problem := _impossible_time(case)) is not None:
        raise _RefusedError("bad_value", problem)
    flags: list[str] = []
    if case.domain is not None and case.domain not in DOMAINS:
        case = msgspec.structs.replace(case, domain=None)
        flags.append("unknown_domain")
    kept, personal = set_apart(case)
    if kind not in CASE_TYPES:
        flags.append("unknown_type")
    if unitless:
        flags.append("limit_no_unit")
    flags += odd_times(kept, time_ms)
    return kept, personal, flags


def _impossible_time(case: Case) -> str | None:
    """The first time that decides about a counting day and cannot be meant."""
    times_of_case = (case.reported_at, case.filed_at, case.dispatched_at, case.closed_at, case.deadline_at)
    times_of_clocks = [at for clock in case.clocks for at in (clock.started_at, clock.deadline_at)]
    times_of_clocks += [at for e in case.escalations for at in (e.at, e.deadline_at, e.acknowledged_at)]
    # A look at the years lets nearly every case through; the exact limits are asked only at the edge.
    for at in (*times_of_case, *times_of_clocks):
        if at is not None and not _FIRST_YEAR < at.year < _LAST_YEAR:
            break
    else:
        return None
    names = ("reported_at", "filed_at", "dispatched_at", "closed_at", "deadline_at")
    times: list[tuple[str, datetime | None]] = [(name, getattr(case, name)) for name in names]
    for i, clock in enumerate(case.clocks):
        times += [(f"clocks[{i}].started_at", clock.started_at), (f"clocks[{i}].deadline_at", clock.deadline_at)]
    for i, e in enumerate(case.escalations):
        times += [(f"escalations[{i}].at", e.at), (f"escalations[{i}].deadline_at", e.deadline_at)]
        times.append((f"escalations[{i}].acknowledged_at", e.acknowledged_at))
    for name, at in times:
        if at is not None and not EARLIEST <= at <= LATEST:
            return f"data: {at.isoformat()} is not between 1900 and 2200 - at `$.{name}`"
    return None


def _value_at(error: str, data: bytes) -> str:
    """What stands where ``error`` points: «, found -3»; nothing where it cannot be said, nor what is personal."""
    path = _PATH.search(error)
    if path is None or "missing required field" in error or "Invalid enum value" in error:
        return ""
    steps = [step.group(1) or int(step.group(2)) for step in _PATH_STEP.finditer(path.group(1))]
    if any(step in PERSONAL_FIELDS for step in steps):
        return ""
    try:
        value = msgspec.json.decode(data)
        for step in steps:
            value = value[step]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, LookupError, TypeError):
        return ""
    if isinstance(value, dict | list):
        return ""
    shown = _ENCODER.encode(value).decode() if not isinstance(value, int) else str(value)[:SHOWN_CHARACTERS]
    return f", found {shown[:SHOWN_CHARACTERS]}"


def _too_deep(data: bytes) -> bool:
    if data.count(b"{") + data.count(b"[") <= MAX_NESTING:
        return False
    depth = 0
    for match in _BRACKETS.finditer(data):
        token = match.group()
        if token in {b"{", b"["}:
            depth += 1
            if depth > MAX_NESTING:
                return True
        elif token in {b"}", b"]"}:
            depth -= 1
    return False


def _text(raw: bytes | None) -> str:
    return raw.decode("utf-8", "replace") if raw else ""


def _clip(detail: str) -> str:
    return detail if len(detail) <= 400 else detail[:400] + "…"
