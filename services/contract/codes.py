"""The closed vocabularies of the contract, in the order in which people read them (DOMAIN.md §2–§5)."""

from typing import Literal, get_args

Status = Literal[
    "reported", "pre_verify", "not_filed", "filed", "dispatched", "acknowledged", "handling", "returned", "suspended",
    "handled", "post_check", "rework", "closed", "forced_closed", "voided",
]  # fmt: skip
Channel = Literal["GRID", "APP", "H12345", "SZCG", "ZZ", "VIDEO", "PATROL", "DEPT", "LEADER", "MEDIA", "IOT"]
Level = Literal["grid", "community", "street", "district"]
CoordSys = Literal["CGCS2000", "WGS84", "GCJ02", "BD09"]
LimitUnit = Literal["UH", "UD", "WH", "WD"]
DeadReason = Literal[
    "not_cloudevent", "bad_json", "too_large", "missing_field", "bad_value", "unknown_type", "outside_district"
]

STATUSES: tuple[str, ...] = get_args(Status)
CHANNELS: tuple[str, ...] = get_args(Channel)
LEVELS: tuple[str, ...] = get_args(Level)
DEAD_REASONS: tuple[str, ...] = get_args(DeadReason)
DOMAINS = (*(f"{n:02d}" for n in range(1, 17)), "99")
ENDED_STATUSES = frozenset({"not_filed", "closed", "forced_closed", "voided"})
CLOSED_STATUSES = frozenset({"closed", "forced_closed"})
# A dispute or a special-population case: on the wall at its grid's centre, without text (DOMAIN.md §8).
SENSITIVE_DOMAINS = frozenset({"09", "10"})

CASE_TYPES = frozenset(
    f"case.{what}"
    for what in (
        "reported accepted filed dispatched acknowledged handling handled checked closed reopened returned reworked "
        "extended suspended resumed escalated taken_back supervised urged whistled appealed rated voided merged split "
        "corrected"
    ).split()
)

# The status's own time: a status whose time is missing takes the event's (CONTRACT.md).
STATUS_TIME = {
    "filed": "filed_at",
    "dispatched": "dispatched_at",
    "acknowledged": "acknowledged_at",
    "handled": "handled_at",
    "closed": "closed_at",
    "forced_closed": "closed_at",
    "voided": "voided_at",
}
