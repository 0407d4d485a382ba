"""Who may do what: the one table of rights, and the one question that is asked of it. Pure.

Rights are checked on the server, in every callback, socket event, address and export (dashboard.door.access); a
street's staff have theirs for their own street only, a workstation's for its community. What is not in the table is
forbidden. The table stands in docs/security.md, and a test walks the app's own registries against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from services.contract.commands import COMMANDS

Role = Literal[
    "wall", "duty_officer", "street_staff", "department", "grid_worker", "leader", "auditor", "security", "admin"
]
ROLES: tuple[Role, ...] = get_args(Role)
# ``own``: of a street's staff their street, of a department the cases that concern its unit, of a grid worker those of
# their grid (services.cases.whose). ``lead``: of a department the cases that its unit leads.
Reach = Literal["all", "own", "lead"]

DISTRICT = ""  # the place of what belongs to no street
# What `admin` has not where people are managed apart (LIANQIN_SECURITY_APART): then `security` alone has it (三权分立).
APART = frozenset({"manage_people"})


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: an account in one session. ``street`` and ``community``, ``unit`` or ``grid`` narrow what is their own.

    ``people_apart``: the district has its people managed by `security` alone.
    """

    user_id: str
    name: str
    role: Role
    street: str = ""
    community: str = ""
    address: str = ""
    session: str = ""
    people_apart: bool = False
    unit: str = ""
    grid: str = ""


def _all(*roles: Role) -> dict[Role, Reach]:
    return dict.fromkeys(roles, "all")


def _own(*roles: Role) -> dict[Role, Reach]:
    return _all(*roles) | {"street_staff": "own"}


def _also(
    which: dict[Role, Reach], department: Reach | None = None, grid_worker: Reach | None = None
) -> dict[Role, Reach]:
    """The same with how far a department and a grid worker have it."""
    more: dict[Role, Reach | None] = {"department": department, "grid_worker": grid_worker}
    return which | {role: reach for role, reach in more.items() if reach is not None}


_WITH_LOG_IN: tuple[Role, ...] = tuple(role for role in ROLES if role != "wall")
# A right → the roles that have it, and how far it reaches. Rights on commands are their type's name.
RIGHTS: dict[str, dict[Role, Reach]] = {
    "be_here": _all(*ROLES),
    "keep_account": _all(*_WITH_LOG_IN),
    "change_factor": _all(*_WITH_LOG_IN),
    "see_wall": _all("wall", "duty_officer", "leader"),
    "see_coverage": _all("wall", "duty_officer", "leader"),
    "see_leadership": _own("duty_officer", "leader"),
    "see_replay": _all("duty_officer", "leader"),
    "see_figures": _own("wall", "duty_officer", "leader"),
    "see_lists": _own("duty_officer", "leader"),
    "search": _also(_own("duty_officer", "leader"), "own", "own"),
    "see_ground": _all("wall", "duty_officer", "leader", "street_staff", "department", "grid_worker"),
    "see_case": _also(_own("wall", "duty_officer", "leader"), "own", "own"),
    "see_texts": _also(_own("duty_officer", "leader"), "own", "own"),
    "see_sensitive": _also(_own("duty_officer"), "lead"),
    "see_desk": _all("duty_officer", "leader"),
    "see_street": _own("duty_officer", "leader"),
    "see_unit": _also(_all("duty_officer", "leader"), "own"),
    "see_grid": _also(_all("duty_officer", "leader"), None, "own"),
    "see_units": _own("duty_officer", "leader"),
    "see_acts": _also(_own("duty_officer", "leader"), "own", "own"),
    "see_log": _also(_own("duty_officer", "leader"), "own"),
    "see_metrics": _all("admin"),
    "manage_people": _all("security", "admin"),
    "manage_package": _all("admin"),
    "see_system": _all("admin"),
    "manage_system": _all("admin"),
    "command": _also(_own("duty_officer", "leader"), "own", "own"),
    "keep_views": _also(_own("duty_officer", "leader"), "own", "own"),
    "take_alarm": _also(_own("duty_officer"), "own", "own"),
    "write_log": _own("duty_officer", "leader"),
    "note_handover": _also(_own("duty_officer", "leader"), "own"),
    "sign_handover": _also(_own("duty_officer"), "own"),
    "accept_handover": _all("leader"),
    "write_report": _own("duty_officer"),
    "reveal": _also(_own("duty_officer"), "lead"),
    "search_people": _own("duty_officer"),
    "export_cases": _also(_own("duty_officer", "leader"), "own"),
    "export_report": _own("duty_officer", "leader"),
    "export_review": _all("duty_officer", "leader"),
    "export_plan": _all("duty_officer", "leader"),
    "read_audit": _all("auditor"),
    "export_audit": _all("auditor"),
    "decide_proposal": _all("duty_officer"),
    "case.dispatch": _own("duty_officer"),
    "case.return": _also(_own("duty_officer"), "lead", "own"),
    "case.urge": _own("duty_officer", "leader"),
    "case.extend": _also(_own("duty_officer"), "lead"),
    "case.supervise": _all("duty_officer", "leader"),
    "case.suspend": _own("duty_officer"),
    "case.resume": _own("duty_officer"),
    "case.escalate": _own("duty_officer"),
    "case.acknowledge_escalation": _all("duty_officer"),
    "case.take_back": _all("duty_officer"),
    "case.close": _own("duty_officer"),
    "case.void": _own("duty_officer"),
    "case.whistle": _own("duty_officer"),
    "case.merge": _own("duty_officer"),
    "case.split": _own("duty_officer"),
    "case.assign_unit": _own("duty_officer"),
    "case.locate": _own("duty_officer"),
    "case.acknowledge": _also(_own(), "lead", "own"),
    "case.progress": _also(_own(), "lead", "own"),
    "case.handle": _also(_own(), "lead", "own"),
    "case.answer_whistle": _also(_own("duty_officer"), "own"),
    "camera.repair": _all("duty_officer"),
}
assert RIGHTS.keys() >= COMMANDS.keys()

# How long a session lives without a touch of its person, and in all; a wall's never ends. Minutes.
IDLE_MINUTES: Mapping[Role, int] = {
    "duty_officer": 60, "street_staff": 60, "department": 60, "grid_worker": 60, "leader": 30, "auditor": 15,
    "security": 15, "admin": 15,
}  # fmt: skip
LONGEST_MINUTES: Mapping[Role, int] = {
    "duty_officer": 13 * 60, "street_staff": 13 * 60, "department": 13 * 60, "grid_worker": 13 * 60,
    "leader": 12 * 60, "auditor": 8 * 60, "security": 8 * 60, "admin": 8 * 60,
}  # fmt: skip


def reach_of(person: Person, right: str) -> Reach | None:
    """How far the person has the right; None: not at all."""
    if person.people_apart and person.role == "admin" and right in APART:
        return None
    return RIGHTS.get(right, {}).get(person.role)


def may_desk(person: Person, right: str, kind: str, code: str) -> bool:
    """``may`` for the desk of a street, a unit or a grid (``kind``); «seat»: of whichever the code is."""
    if kind == "seat":
        return may_desk(person, right, "street", code) or may_desk(person, right, "unit", code)
    if kind == "street":
        return may(person, right, code)
    reach = reach_of(person, right)
    own = {"unit": person.unit, "grid": person.grid}[kind]
    return reach == "all" or (reach is not None and bool(own) and own == code)


def may(person: Person, right: str, street: str | None = None, community: str | None = None) -> bool:
    """Whether the person has the right over what lies in ``street`` and ``community``.

    ``street`` None asks whether they have it anywhere; ``DISTRICT`` is what belongs to no street. A right that the
    table does not know belongs to nobody. Over one case: services.cases.whose.may_case.
    """
    reach = reach_of(person, right)
    if reach is None or reach == "all" or street is None:
        return reach is not None
    if not person.street or street != person.street:
        return False
    return not person.community or community is None or community == person.community


def seat_of(person: Person, district: str) -> str:
    """The seat whose work is this person's: their street's, unit's or grid's, else the district's."""
    return person.street or person.unit or person.grid or district


def may_seat(person: Person, right: str, seat: str, district: str, kind: str = "street") -> bool:
    """``may`` for what belongs to a seat (alarms, log, handover): a street's code, or the district's.

    A unit's and a grid's seat are named by their ``kind``.
    """
    if kind in {"unit", "grid"}:
        return may_desk(person, right, kind, seat)
    return may(person, right, DISTRICT if seat == district else seat)


def home(person: Person) -> str:
    """The address that a person's log-in leads to."""
    return {
        "wall": "/wall", "duty_officer": "/desk", "street_staff": f"/street/{person.street}",
        "department": f"/unit/{person.unit}", "grid_worker": f"/grid/{person.grid}", "leader": "/leadership",
        "auditor": "/audit", "security": "/admin", "admin": "/admin",
    }[person.role]  # fmt: skip
