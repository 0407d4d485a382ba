"""``policy.toml``: targets, lights and rules, each with the default of DOMAIN.md; read and checked here."""

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from services.district.alarm_policy import AlarmPolicy, read_alarm_policy
from services.district.numbers import Complain, is_number, numbers
from services.district.report_policy import ReportPolicy

Mode = Literal["off", "confirm", "auto"]
# The rules by which a case goes to the district, in the order in which they are asked (services.cases.escalation).
RULES = ("severity", "ping_pong", "unheld", "rework_limit", "asked", "whistle", "repeat", "level_deadline")


def _modes() -> dict[str, Mode]:
    return {rule: "auto" if rule == "severity" else "confirm" for rule in RULES}


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """When a case is the district's (DOMAIN.md §5). Times in minutes, distances in metres."""

    after_level_deadline_minutes: float = 30
    returns: int = 2
    reworks: int = 2
    unheld_minutes: float = 60
    whistle_minutes: float = 30
    repeat_metres: float = 30
    repeat_days: float = 30
    repeat_earlier: int = 2
    automatic_severity: int = 2
    modes: dict[str, Mode] = field(default_factory=_modes)


@dataclass(frozen=True, slots=True)
class MergingPolicy:
    """When two cases may be the same matter, and when cases gather into a hot spot."""

    metres: float = 50
    hours: float = 24
    hot_spot_cases: int = 4
    hot_spot_metres: float = 30
    hot_spot_days: float = 30


@dataclass(frozen=True, slots=True)
class CoveragePolicy:
    """What counts as seen, and how need is weighed (docs/coverage.md). Metres, days; shares of 1."""

    level_px_m: float = 25
    covered_share: float = 0.9
    target_online: float = 0.98
    target_intact: float = 0.98
    half_life_days: float = 10
    window_days: float = 30
    road_metres: float = 15
    place_metres: float = 50
    cameras_a_pole: int = 2
    class_weights: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole file."""

    target_on_time: float = 0.90
    target_grid: float = 0.80
    target_street: float = 0.80
    target_district: float = 0.04
    due_soon_share: float = 0.25
    escalation: EscalationPolicy = field(default_factory=EscalationPolicy)
    merging: MergingPolicy = field(default_factory=MergingPolicy)
    coverage: CoveragePolicy = field(default_factory=CoveragePolicy)
    reports: ReportPolicy = field(default_factory=ReportPolicy)
    alarms: AlarmPolicy = field(default_factory=AlarmPolicy)


def read_policy(found: dict[str, Any], complain: Complain) -> Policy:
    """The policy that the file's values say. ``complain(key, what is wrong, remedy)`` hears of each bad one."""
    shares = {}
    for item in fields(Policy):
        if item.type is not float:  # a table
            continue
        value = found.get(item.name, item.default)
        if not is_number(value) or not 0 < value <= 1:
            complain(item.name, f"is {value!r}", "Write a share above 0 and up to 1")
        else:
            shares[item.name] = float(value)
    escalation = numbers(EscalationPolicy, found, "escalation", complain)
    modes = _modes() | _read_modes(found, complain)
    return Policy(
        **shares,
        escalation=EscalationPolicy(**escalation, modes=modes),
        merging=MergingPolicy(**numbers(MergingPolicy, found, "merging", complain)),
        coverage=CoveragePolicy(
            class_weights=_class_weights(found, complain),
            **_above_zero(numbers(CoveragePolicy, found, "coverage", complain), complain),
        ),
        reports=ReportPolicy(**numbers(ReportPolicy, found, "reports", complain)),
        alarms=read_alarm_policy(found, complain),
    )


def _class_weights(found: dict[str, Any], complain: Complain) -> dict[str, float]:
    """``[coverage.class_weights]``: unified class = how much more (or less) a case of it weighs."""
    coverage = found.get("coverage")
    given = coverage.get("class_weights", {}) if isinstance(coverage, dict) else {}
    weights: dict[str, float] = {}
    for domain, weight in given.items() if isinstance(given, dict) else ():
        if not is_number(weight) or weight < 0:
            complain(f"coverage.class_weights.{domain}", f"is {weight!r}", "Write a number from 0 on")
        else:
            weights[str(domain)] = float(weight)
    return weights


def _above_zero(values: dict[str, Any], complain: Complain) -> dict[str, Any]:
    """Of ``[coverage]`` everything is above zero, and its shares are at most one."""
    kept = {}
    for name, value in values.items():
        is_share = name.startswith("target_") or name == "covered_share"
        if value <= 0 or (is_share and value > 1):
            remedy = "Write a share above 0 and up to 1" if is_share else "Write a number above 0"
            complain(f"coverage.{name}", f"is {value!r}", remedy)
        else:
            kept[name] = value
    return kept


def _read_modes(found: dict[str, Any], complain: Complain) -> dict[str, Mode]:
    """``[escalation.modes]``: rule = "off", "confirm" or "auto"."""
    escalation = found.get("escalation")
    given = escalation.get("modes", {}) if isinstance(escalation, dict) else {}
    modes: dict[str, Mode] = {}
    for rule, mode in given.items() if isinstance(given, dict) else ():
        if rule not in RULES or mode not in get_args(Mode):
            remedy = f"Rules are {', '.join(RULES)}; modes are off, confirm, auto"
            complain(f"escalation.modes.{rule}", f"is {mode!r}", remedy)
        else:
            modes[rule] = mode
    return modes
