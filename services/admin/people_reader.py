"""Reads people as the administrator's page shows them: accounts with their locks, sessions and last log-in."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, select

from services.access import reader
from services.access import service as accounts
from services.access import tables as schema
from services.access.account import Account, Session
from services.access.log_in.tries_store import CODE, DEVICE, FROM, LOCKED_MINUTES
from services.admin import people_store as store
from services.admin.account_change import AccountChange, AccountWish
from services.platform.clock import DAY_MS, MINUTE_MS

UNUSED_MS = 90 * DAY_MS
_S, _T = schema.sessions.c, schema.log_in_tries.c


class LockedPlace(NamedTuple):
    """A place that waits: ``place`` is its network, or empty for a browser that is known; Unix ms."""

    place: str
    is_code: bool
    since: int
    until: int


class PersonRow(NamedTuple):
    """A line of the list."""

    account: Account
    locked: tuple[LockedPlace, ...]
    sessions: tuple[Session, ...]
    last_log_in: int
    lacks_factor: bool

    def is_unused(self, now: int) -> bool:
        """Whether nobody has come in by this account for long; a wall needs no log-in."""
        return self.account.role != "wall" and now - max(self.last_log_in, self.account.made_at) > UNUSED_MS


class PersonPanel(NamedTuple):
    """Beside the list: the person, the version that a form carries, what was changed, what waits."""

    row: PersonRow
    version: int
    changes: list[AccountChange]
    wishes: list[AccountWish]


class PeopleLook(NamedTuple):
    """Everybody, the wishes that wait, and the person who was chosen."""

    rows: list[PersonRow]
    waiting: list[AccountWish]
    panel: PersonPanel | None


def rows(connection: Connection, now: int, needs_factor: Callable[[str], bool]) -> list[PersonRow]:
    """Everybody: who is locked first, then who lacks the second factor, the disabled last; each by name."""
    people = reader.all_accounts(connection)
    sessions = accounts.sessions_by_account(connection, now, people)
    locked, last = _locked(connection, now), _last_log_ins(connection)
    found = [
        PersonRow(
            one,
            tuple(locked.get(one.user_id, ())),
            tuple(sessions.get(one.user_id, ())),
            last.get(one.user_id, 0),
            not one.factor_at and needs_factor(one.role),
        )
        for one in people
    ]
    return sorted(
        found,
        key=lambda row: (
            row.account.is_disabled,
            not row.locked,
            not row.lacks_factor,
            row.account.name,
            row.account.user_id,
        ),
    )


class PeopleReader:
    """Looks at everybody. ``needs_factor``: whether a role must have a second factor."""

    def __init__(self, engine: Engine, needs_factor: Callable[[str], bool]) -> None:
        self._engine, self._needs_factor = engine, needs_factor

    def look(self, now: int, user_id: str) -> PeopleLook:
        """Everybody, what waits for a second administrator, and one person where there is such an account."""
        with self._engine.connect() as connection:
            found = rows(connection, now, self._needs_factor)
            waiting = store.open_wishes(connection, now)
            one = next((row for row in found if row.account.user_id == user_id), None)
            if one is None:
                return PeopleLook(found, waiting, None)
            changes = store.changes_of(connection, user_id)
            own = [wish for wish in waiting if wish.user_id == user_id]
            return PeopleLook(found, waiting, PersonPanel(one, changes[0].n if changes else 0, changes, own))


def _locked(connection: Connection, now: int) -> dict[str, list[LockedPlace]]:
    query = select(_T.user_id, _T.place, _T.locked_until).where(
        _T.locked_until > now, _T.locked_until <= now + (LOCKED_MINUTES + 1) * MINUTE_MS
    )
    found: dict[str, list[LockedPlace]] = {}
    for user_id, place, until in connection.execute(query.order_by(_T.locked_until)):
        where = place.removeprefix(CODE)
        named = where.removeprefix(FROM) if where.startswith(FROM) else "" if where.startswith(DEVICE) else where
        since = until - LOCKED_MINUTES * MINUTE_MS
        found.setdefault(user_id, []).append(LockedPlace(named, place.startswith(CODE), since, until))
    return found


def _last_log_ins(connection: Connection) -> dict[str, int]:
    """When each account last came in, as far as sessions are kept (LIANQIN_KEEP_SESSIONS_DAYS)."""
    query = select(_S.user_id, func.max(_S.made_at)).where(_S.stage == "").group_by(_S.user_id)
    return {user_id: int(at) for user_id, at in connection.execute(query)}
