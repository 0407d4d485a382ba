"""Do to an account what an administrator asks: one transaction with its history, its audit row and its notice.

A page's form carries the account's version: where somebody has changed it meanwhile nothing is done, and what was
changed is told. What takes two administrators is kept as a wish until a second one confirms it; where there is no
second, it is done, the audit says so first, and the person is told (services.admin.account_change has the rules).
The machine's command line needs no second: where there are administrators who could confirm in the browser, the audit
marks what it does alone, and the person is told.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from services.access import change_store, log_in_store, notices_store, passwords, reader
from services.access import store as access_store
from services.access.account import Account
from services.access.log_in import factors_service as factors
from services.access.log_in.account import AccountError
from services.access.log_in.own_sessions_service import name_of_session
from services.access.notice import PersonNotice
from services.access.rights import Person
from services.admin import people_store as store
from services.admin.account_change import (
    FINAL,
    LONGEST_REASON,
    SHORTEST_REASON,
    WISH_MS,
    AccountChange,
    AccountWish,
    Kind,
    PeopleRefused,
    changed,
    columns_of,
    counter_change,
    lost_right,
    needs_second,
    seconds,
)
from services.audit import Deed, Who
from services.audit.log_service import AuditLog
from services.contract.personal import mask_text
from services.platform.clock import DAY_MS, HOUR_MS, to_rfc3339
from services.platform.database import writing

# Whom one administrator has let in within this time does not count as a second one beside them.
TAINTED_MS = 7 * DAY_MS
RECORDED: dict[str, str] = {
    "add": "account_added", "change": "role_changed", "disable": "account_disabled", "enable": "account_disabled",
    "unlock": "account_unlocked", "reset": "account_reset", "reset_factor": "factor_reset", "end": "session_ended",
}  # fmt: skip
# What the person is told at the next log-in.
TOLD = frozenset({"change", "enable", "reset", "reset_factor"})


class PeopleActor(NamedTuple):
    """Who asks. ``is_machine``: somebody with the machine's shell, whom neither a second nor a version holds up."""

    user_id: str
    name: str
    who: Who
    people_apart: bool = False
    is_machine: bool = False


class PeopleWish(NamedTuple):
    """What is asked of an account: ``values`` are columns, or for ``end`` the session's name (none: all)."""

    user_id: str
    what: Kind
    values: Mapping[str, object] = {}
    reason: str = ""
    version: int | None = None
    undoes: int = 0


class Outcome(NamedTuple):
    """What came of it. ``state``: done, alone (done without the second that it takes), proposed.

    ``password`` is shown once and kept nowhere, and opens until ``once_until`` (Unix ms); ``ended``: how many sessions.
    """

    state: str
    ended: int = 0
    password: str = ""
    user_id: str = ""
    once_until: int = 0


def actor_of(person: Person) -> PeopleActor:
    """An administrator in a browser."""
    who = Who(person.user_id, person.role, person.street, person.address)
    return PeopleActor(person.user_id, person.name, who, person.people_apart)


class People:
    """The acts. Each raises PeopleRefused, AccountError, BadPassword, or what the database raises: nothing is done."""

    def __init__(
        self, engine: Engine, log: AuditLog, once_hours: int, make_password: Callable[[], str] = passwords.make
    ) -> None:
        """``once_hours``: for how long a one-time password opens."""
        self._engine, self._log, self._make_password = engine, log, make_password
        self._once_ms = once_hours * HOUR_MS

    def act(self, now: int, actor: PeopleActor, wish: PeopleWish, *, password: str = "", classes: int = 0) -> Outcome:
        """Do it, or keep it for a second administrator. ``password``: one that was given, for ``reset`` alone."""
        _check_reason(actor, wish)
        secret = _Secret(self._make_password if wish.what == "reset" else None, password, wish.user_id, classes)
        with writing(self._engine) as connection:
            store.wait_for_turn(connection)
            found = _account(connection, wish.user_id, actor)
            everybody = reader.all_accounts(connection)
            values = changed(found, wish.values) if wish.what != "end" else dict(wish.values)
            self._check(connection, actor, found, everybody, wish._replace(values=values))
            after = msgspec.structs.replace(found, **values) if wish.what != "end" else found
            alone = False
            if needs_second(wish.what, found, after):
                has_second = self._has_second(connection, now, actor, wish.user_id, everybody)
                if has_second and not actor.is_machine:
                    return self._propose(connection, now, actor, wish._replace(values=values))
                alone = has_second if actor.is_machine else True
            deed = _Doing(wish._replace(values=values), actor, alone=alone)
            return self._do(connection, now, deed, found, secret)

    def add(
        self, now: int, actor: PeopleActor, new: Account, reason: str = "", *, password: str = "", classes: int = 0,
        is_without: bool = False,
    ) -> Outcome:  # fmt: skip
        """Add an account; without ``password`` one is made, and must be changed at the first log-in.

        ``is_without``: none is made, the single sign-on lets the person in; for a wall and a named person it is so.
        """
        is_without = is_without or new.role == "wall" or bool(new.subject) or bool(new.sso_name)
        wish = PeopleWish(new.user_id, "add", columns_of(new), reason)
        _check_reason(actor, wish)
        alone = False
        if needs_second("add", None, new):
            with writing(self._engine) as connection:
                store.wait_for_turn(connection)
                is_there = reader.account(connection, new.user_id) is not None
                if is_there and not actor.is_machine:
                    raise PeopleRefused("exists", user=new.user_id)
                has_second = self._has_second(connection, now, actor, new.user_id, reader.all_accounts(connection))
                if has_second and not actor.is_machine:
                    return self._propose(connection, now, actor, wish)
                alone = has_second if actor.is_machine else True
        return self._add(now, _Doing(wish, actor, alone=alone), new, password, classes, is_without=is_without)

    def undo(self, now: int, actor: PeopleActor, wish: PeopleWish) -> Outcome:
        """Take the change ``wish.undoes`` back by its counter-change, under the same rules as any other."""
        n = wish.undoes
        with self._engine.connect() as connection:
            found = _account(connection, wish.user_id, actor)
            one = next((c for c in store.changes_of(connection, wish.user_id, n - 1) if c.n == n), None)
        if one is None:
            raise PeopleRefused("no_change")
        kind, values = counter_change(one, found)
        return self.act(now, actor, wish._replace(what=kind, values=values))

    def confirm(self, now: int, actor: PeopleActor, wish_id: str) -> Outcome:
        """Do what another administrator has asked for."""
        with self._engine.connect() as connection:
            kept = store.wish(connection, wish_id)
        if kept is None:
            raise PeopleRefused("no_wish")
        wish = PeopleWish(kept.user_id, kept.what, kept.values, kept.reason, kept.n, kept.undoes)  # type: ignore[arg-type]  # KINDS
        if kept.what == "add":
            new = Account(kept.user_id, must_change=True, **kept.values)  # type: ignore[arg-type]  # its columns
            return self._add(now, _Doing(wish, actor, asked=kept), new, "", 0, is_without=new.role == "wall")
        secret = _Secret(self._make_password if kept.what == "reset" else None, "", kept.user_id, 0)
        with writing(self._engine) as connection:
            store.wait_for_turn(connection)
            kept = self._to_decide(connection, now, actor, wish_id)
            found = _account(connection, kept.user_id, actor)
            self._check(connection, actor, found, reader.all_accounts(connection), wish)
            store.decide(connection, wish_id, "confirmed", actor.user_id, now)
            return self._do(connection, now, _Doing(wish, actor, asked=kept), found, secret)

    def drop(self, now: int, actor: PeopleActor, wish_id: str) -> str:
        """Decline what another has asked for, or withdraw what one has asked for oneself; which of the two."""
        with writing(self._engine) as connection:
            store.wait_for_turn(connection)
            kept = store.wish(connection, wish_id, to_decide=True)
            if kept is None or kept.state != "open":
                raise PeopleRefused("no_wish")
            state = "withdrawn" if kept.by_id == actor.user_id else "declined"
            store.decide(connection, wish_id, state, actor.user_id, now)
            detail = {"verb": state, "what": kept.what, "asked_by": kept.by_id}
            self._log.append_many(now, actor.who, [Deed("account_wish", kept.user_id, detail)], within=connection)
            return state

    def _check(
        self, connection: Connection, actor: PeopleActor, found: Account, everybody: list[Account], wish: PeopleWish
    ) -> None:
        """Raise PeopleRefused where this must not be done."""
        if actor.is_machine:
            return
        if found.user_id == actor.user_id:
            raise PeopleRefused("self")
        if wish.version is not None and wish.version != store.version(connection, found.user_id):
            raise PeopleRefused("stale", changes=store.changes_of(connection, found.user_id, wish.version))
        if wish.what not in FINAL and not wish.values:
            raise PeopleRefused("nothing")
        if wish.what == "reset_factor" and not found.factor_at:
            raise PeopleRefused("no_factor")
        if wish.what in {"reset", "reset_factor"} and found.role == "wall":
            raise PeopleRefused("wall")
        after = msgspec.structs.replace(found, **wish.values) if wish.what != "end" else found
        if lost := lost_right(everybody, found, after, actor.people_apart):
            raise PeopleRefused("last_admin", right=lost)

    def _has_second(
        self, connection: Connection, now: int, actor: PeopleActor, about: str, everybody: list[Account]
    ) -> bool:
        """Whether somebody could confirm it: of the machine, whether two administrators could have done it instead."""
        if actor.is_machine:
            return len(seconds(everybody, "", "", (), actor.people_apart)) > 1
        tainted = store.let_in_by(connection, actor.user_id, now - TAINTED_MS)
        return bool(seconds(everybody, actor.user_id, about, tainted, actor.people_apart))

    def _to_decide(self, connection: Connection, now: int, actor: PeopleActor, wish_id: str) -> AccountWish:
        """The wish, held, that this administrator may confirm. Raises PeopleRefused."""
        kept = store.wish(connection, wish_id, to_decide=True)
        if kept is None or kept.state != "open":
            raise PeopleRefused("no_wish")
        if kept.expires_at <= now:
            raise PeopleRefused("expired")
        if kept.by_id == actor.user_id:
            raise PeopleRefused("own_wish")
        if actor.user_id in store.let_in_by(connection, kept.by_id, now - TAINTED_MS):
            raise PeopleRefused("tainted")
        return kept

    def _propose(self, connection: Connection, now: int, actor: PeopleActor, wish: PeopleWish) -> Outcome:
        if any(one.what == wish.what for one in store.open_wishes(connection, now, wish.user_id)):
            raise PeopleRefused("asked_already")
        one = AccountWish(
            secrets.token_hex(8), wish.user_id, wish.version or 0, wish.what, dict(wish.values),
            mask_text(wish.reason), wish.undoes, actor.user_id, actor.name, now, now + WISH_MS,
        )  # fmt: skip
        store.put_wish(connection, one)
        detail = {"verb": "propose", "what": wish.what, "after": one.values, "reason": one.reason}
        self._log.append_many(now, actor.who, [Deed("account_wish", wish.user_id, detail)], within=connection)
        return Outcome("proposed", user_id=wish.user_id)

    def _do(self, connection: Connection, now: int, doing: "_Doing", found: Account, secret: "_Secret") -> Outcome:
        """Change the row, and write down beside it what was before and after."""
        wish, user_id, ended, once_until = doing.wish, found.user_id, 0, 0
        before: dict[str, object] = {}
        if wish.what == "unlock":
            log_in_store.forget_tries(connection, user_id)
        elif wish.what == "end":
            ended = _end_sessions(connection, now, user_id, str(wish.values.get("session", "")))
        elif wish.what == "reset_factor":
            ended = factors.reset_in(connection, now, user_id)[1]
        elif wish.what == "reset":
            once_until = now + self._once_ms
            ended = change_store.change(
                connection, now, user_id, password=secret.hashed, must_change=True, once_until=once_until
            ).ended
        else:
            done = change_store.change(connection, now, user_id, **wish.values)
            ended, columns = done.ended, columns_of(done.before)
            before = {name: columns[name] for name in wish.values if name in columns}
        self._write_down(connection, now, doing, before, ended, once_until=once_until)
        return Outcome("alone" if doing.alone else "done", ended, secret.shown, user_id, once_until)

    def _add(
        self, now: int, doing: "_Doing", new: Account, password: str, classes: int, *, is_without: bool
    ) -> Outcome:
        made_up = "" if password or is_without else self._make_password()
        once_until = now + self._once_ms if made_up else 0
        new = msgspec.structs.replace(new, must_change=bool(made_up), once_until=once_until)
        made = change_store.prepared(now, new, password or made_up, classes)
        try:
            with writing(self._engine) as connection:
                store.wait_for_turn(connection)
                if doing.asked is not None:
                    self._to_decide(connection, now, doing.actor, doing.asked.id)
                    store.decide(connection, doing.asked.id, "confirmed", doing.actor.user_id, now)
                change_store.add(connection, made)
                self._write_down(connection, now, doing, {}, 0, once_until=once_until)
        except IntegrityError:
            if doing.actor.is_machine:
                raise AccountError(
                    f"there is an account {new.user_id!r} already: `lianqin user reset` changes it"
                ) from None
            raise PeopleRefused("exists", user=new.user_id) from None
        return Outcome("alone" if doing.alone else "done", 0, made_up, new.user_id, once_until)

    def _write_down(
        self,
        connection: Connection,
        now: int,
        doing: "_Doing",
        before: dict[str, object],
        ended: int,
        *,
        once_until: int = 0,
    ) -> None:
        """The history's row, the person's notice, the audit's rows; the last, for others wait behind them."""
        wish, actor, asked = doing.wish, doing.actor, doing.asked
        after = {name: wish.values[name] for name in before} if wish.what != "add" else dict(wish.values)
        reason = mask_text(wish.reason)
        by = (actor.user_id, actor.name) if asked is None else (asked.by_id, asked.by_name)
        second = actor.user_id if asked is not None else ""
        store.put(connection, AccountChange(
            wish.user_id, store.version(connection, wish.user_id) + 1, now, *by, wish.what, before, after, reason,
            wish.undoes, second,
        ))  # fmt: skip
        told = {
            "before": before,
            "after": after,
            "reason": reason,
            "sessions": ended,
            "asked_by": by[0] if second else "",
            "once_until": to_rfc3339(once_until) if once_until else "",
        }
        if wish.what in TOLD and (doing.alone or not actor.is_machine):
            detail = {"by": by[1], "before": before, "after": after, "alone": doing.alone}
            notices_store.tell(connection, PersonNotice(secrets.token_hex(8), wish.user_id, now, wish.what, detail))
        deeds = [Deed("done_alone", wish.user_id, {"what": wish.what, **told})] if doing.alone else []
        kept = {key: value for key, value in told.items() if value not in ({}, "", 0)}
        deeds.append(Deed(RECORDED[wish.what], wish.user_id, kept))
        self._log.append_many(now, actor.who, deeds, within=connection)


class _Doing(NamedTuple):
    """What is being done, by whom; ``asked``: the wish of another administrator that it fulfils."""

    wish: PeopleWish
    actor: PeopleActor
    asked: AccountWish | None = None
    alone: bool = False


class _Secret:
    """A new password: made here and shown once, or given. Hashed before the transaction begins."""

    def __init__(self, make: Callable[[], str] | None, given: str, user_id: str, classes: int) -> None:
        self.shown = "" if make is None or given else make()
        if given:
            passwords.check(given, user_id, classes=classes)
        self.hashed = passwords.hashed(given or self.shown) if given or self.shown else ""


def _check_reason(actor: PeopleActor, wish: PeopleWish) -> None:
    if not actor.is_machine and not SHORTEST_REASON <= len(wish.reason.strip()) <= LONGEST_REASON:
        raise PeopleRefused("no_reason", least=SHORTEST_REASON, most=LONGEST_REASON)


def _account(connection: Connection, user_id: str, actor: PeopleActor) -> Account:
    found = reader.account(connection, user_id, to_change=True)
    if found is None:
        if actor.is_machine:
            raise AccountError(f"there is no account {user_id!r}: `lianqin user list` shows all")
        raise PeopleRefused("gone", user=user_id)
    return found


def _end_sessions(connection: Connection, now: int, user_id: str, name: str) -> int:
    """End the session of this name, or all."""
    if not name:
        return access_store.end_sessions(connection, user_id, now)
    open_ones = [one.token_hash for one in access_store.open_sessions(connection, user_id)]
    return sum(access_store.end_session(connection, one, now) for one in open_ones if name_of_session(one) == name)
