"""What an administrator may do to an account, and when it takes two: the rules. Pure.

Two are needed where the change opens what is personal or the record of who did what, and where it opens the
administration itself: whoever could make an administrator alone could also confirm alone.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

import msgspec

from services.access.account import Account
from services.access.rights import RIGHTS, ROLES, Person, may
from services.platform.clock import HOUR_MS
from services.platform.refusal import Refusal

Kind = Literal["add", "change", "disable", "enable", "unlock", "reset", "reset_factor", "end"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# The columns that a person's page changes, in the order in which it shows them.
COLUMNS = ("name", "role", "street", "community", "unit", "grid", "addresses", "is_disabled")
# Where a role sits; an account that changes its role keeps only what the new one has.
PLACES = ("street", "community", "unit", "grid")
PLACES_OF = {"street_staff": ("street", "community"), "department": ("unit",), "grid_worker": ("grid",)}
# What leaves nothing behind that could be put back.
FINAL = frozenset({"unlock", "reset", "reset_factor", "end"})
# What opens more than one person should open alone.
GRAVE_RIGHTS = ("reveal", "read_audit", "export_audit", "manage_people")
# A wish that nobody has confirmed for so long is no wish any more.
WISH_MS = 24 * HOUR_MS
SHORTEST_REASON, LONGEST_REASON = 2, 200


class PeopleRefused(Refusal):
    """What is asked cannot be done; ``fields`` is what stands in its words."""

    texts = "admin.refused."

    def __init__(self, code: str, **fields: object) -> None:
        super().__init__(code, code, **fields)


class AccountChange(msgspec.Struct, frozen=True):
    """One row of ``account_changes``."""

    user_id: str
    n: int
    at: int
    by_id: str
    by_name: str
    what: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    reason: str = ""
    undoes: int = 0
    second_id: str = ""


class AccountWish(msgspec.Struct, frozen=True):
    """One row of ``account_wishes``: a change that waits for a second administrator."""

    id: str
    user_id: str
    n: int
    what: str
    values: Mapping[str, object]
    reason: str
    undoes: int
    by_id: str
    by_name: str
    at: int
    expires_at: int
    state: str = "open"
    decided_by: str = ""
    decided_at: int = 0


def person_of(account: Account, people_apart: bool) -> Person:
    """The account as one who asks."""
    role = next(role for role in ROLES if role == account.role)
    return Person(account.user_id, account.name, role, people_apart=people_apart)


def is_grave(role: str) -> bool:
    """Whether a role may reveal what is personal, read the audit, or look after people."""
    return any(role in RIGHTS[right] for right in GRAVE_RIGHTS)


def needs_second(what: str, before: Account | None, after: Account) -> bool:
    """Whether one administrator alone is not enough."""
    if what == "reset_factor":
        return True
    if what == "reset":  # whoever has an administrator's new password could confirm in that name
        return is_grave_administrator(after.role)
    if what not in {"add", "change", "enable"} or not is_grave(after.role):
        return False
    # A duty officer's name, or a street staff's other street, opens nothing that was shut; another role does.
    return before is None or before.role != after.role or (what == "enable" and is_grave_administrator(after.role))


def is_grave_administrator(role: str) -> bool:
    """Whether a role looks after people: it could confirm what another one asks."""
    return role in RIGHTS["manage_people"]


def seconds(accounts: Iterable[Account], by: str, about: str, tainted: Iterable[str], people_apart: bool) -> list[str]:
    """Who could confirm what ``by`` asks about ``about``: an active administrator who is neither of them.

    ``tainted``: those whom ``by`` has made or let in anew of late, who might be ``by`` again.
    """
    out = {by, about, *tainted}
    return [
        one.user_id
        for one in accounts
        if not one.is_disabled and one.user_id not in out and may(person_of(one, people_apart), "manage_people")
    ]


def lost_right(accounts: Iterable[Account], before: Account, after: Account, people_apart: bool) -> str:
    """The right that nobody would have any more after this change; empty: none is lost."""
    others = [one for one in accounts if one.user_id != before.user_id and not one.is_disabled]
    for right in ("manage_people", "manage_system"):
        had = not before.is_disabled and may(person_of(before, people_apart), right)
        has = not after.is_disabled and may(person_of(after, people_apart), right)
        if had and not has and not any(may(person_of(one, people_apart), right) for one in others):
            return right
    return ""


def columns_of(account: Account) -> dict[str, object]:
    """The account's columns that a page changes."""
    return {name: getattr(account, name) for name in COLUMNS}


def changed(before: Account, values: Mapping[str, object]) -> dict[str, object]:
    """Those of ``values`` that differ from the account."""
    return {name: value for name, value in values.items() if getattr(before, name) != value}


def counter_change(one: AccountChange, now: Account) -> tuple[Kind, dict[str, object]]:
    """What takes a change back: the kind and the columns. Raises PeopleRefused where that cannot be.

    Only where the columns still stand as the change has left them: what came later is taken back first.
    """
    if one.what in FINAL:
        raise PeopleRefused("final")
    if one.what == "add":
        return "disable", {"is_disabled": True}
    if any(getattr(now, name) != value for name, value in one.after.items()):
        raise PeopleRefused("changed_later")
    kind: Kind = {"disable": "enable", "enable": "disable"}.get(one.what, "change")  # type: ignore[assignment]  # Kinds
    return kind, dict(one.before)
