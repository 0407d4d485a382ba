"""The values of ``policy.toml`` as a form has them: each with its unit, its group and what can be entered. Pure.

The fields are those of the policy's own classes: a value that is added there is in the form by itself.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, NamedTuple, get_args

from services.admin.toml_edit import value_at
from services.district.alarm_policy import KINDS, OFF, SEVERITIES, AlarmPolicy
from services.district.numbers import is_number
from services.district.policy import RULES, CoveragePolicy, EscalationPolicy, MergingPolicy, Mode, Policy
from services.district.report_policy import ReportPolicy
from services.platform.refusal import Refusal

_TABLES = {
    "escalation": EscalationPolicy,
    "merging": MergingPolicy,
    "alarms": AlarmPolicy,
    "reports": ReportPolicy,
    "coverage": CoveragePolicy,
}
_UNITS = (
    ("_minutes", "minutes"), ("_hours", "hours"), ("hours", "hours"), ("_days", "days"), ("_metres", "metres"),
    ("metres", "metres"), ("_per_hour", "per_hour"), ("severity", "severity"), ("px_m", "px_m"), ("_share", "share"),
    ("cameras_a_pole", "cameras"), ("flood_alarms", "alarms"), ("hot_spot_cases", "cases"),
    ("repeat_earlier", "cases"), ("returns", "times"), ("reworks", "times"),
)  # fmt: skip
LONGEST = 20


class PolicyField(NamedTuple):
    """A value: its path in the file, its group, its unit, and what it is where the file does not say.

    ``choices`` are the words that can stand there; a number has none. A share is entered in per cent.
    """

    path: tuple[str, ...]
    group: str
    unit: str
    default: float | str
    is_whole: bool = False
    choices: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name in addresses, texts and the history."""
        return ".".join(self.path)


class BadValue(Refusal):
    """What was entered cannot be; ``code`` says why: number, whole, share, least, choice."""

    texts, status = "package.bad.", 400

    def __init__(self, code: str) -> None:
        super().__init__(code, code)


def _all_fields() -> dict[str, PolicyField]:
    found = [
        PolicyField((item.name,), "targets" if item.name.startswith("target") else "lights", "share", _default(item))
        for item in fields(Policy)
        if item.type is float
    ]
    modes = EscalationPolicy().modes
    for table, kind in _TABLES.items():
        found += [
            PolicyField((table, item.name), table, _unit(item.name), _default(item), item.type is int)
            for item in fields(kind)
            if item.type in {int, float}
        ]
        if table == "escalation":
            found += [
                PolicyField((table, "modes", rule), "modes", "mode", modes[rule], choices=get_args(Mode))
                for rule in RULES
            ]
        if table == "alarms":
            grave = (OFF, *map(str, SEVERITIES))
            found += [
                PolicyField((table, "kinds", name), "kinds", "grave", str(severity), choices=grave)
                for name, severity in KINDS.items()
            ]
    return {one.key: one for one in found}


def _default(item: "Field[Any]") -> float:
    assert isinstance(item.default, int | float)
    return item.default


def _unit(name: str) -> str:
    if name.startswith("target_"):
        return "share"
    if name.startswith("follow_up_hours"):
        return "hours"
    return next(unit for end, unit in _UNITS if name.endswith(end))


FIELDS: Mapping[str, PolicyField] = _all_fields()


def values_in(content: bytes | None) -> dict[str, Any]:
    """The tables of a file that was checked already."""
    return tomllib.loads((content or b"").decode("utf-8-sig"))


def value_of(field: PolicyField, values: Mapping[str, Any]) -> float | str:
    """What the file says, else the default; a word as it is chosen."""
    found = value_at(values, field.path)
    if field.choices:
        return field.default if found is None else str(found)
    return found if is_number(found) else field.default


def entered_value(field: PolicyField, text: str) -> float | str:
    """The value that somebody typed. Raises BadValue."""
    text = text.strip().removesuffix("%").strip()
    if field.choices:
        if text not in field.choices:
            raise BadValue("choice")
        return int(text) if text.isdigit() else text
    try:
        value = float(text) if len(text) <= LONGEST else float("nan")
    except ValueError:
        raise BadValue("number") from None
    if not is_number(value):
        raise BadValue("number")
    if field.unit == "share":
        value = round(value / 100, 6)
        if not 0 < value <= 1:
            raise BadValue("share")
        return value
    if value < 0:
        raise BadValue("least")
    if value != int(value):
        if field.is_whole:
            raise BadValue("whole")
        return value
    return int(value)


def shown_value(field: PolicyField, value: float | str) -> str:
    """A value as it is typed: a share in per cent."""
    if isinstance(value, str):
        return value
    return f"{value * 100:.6g}" if field.unit == "share" else f"{value:.6g}"
