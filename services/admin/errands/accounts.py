"""What ``lianqin user`` does: one call an action, each returns what to say."""

import msgspec

from services.access import log_in_store as kept
from services.access import reader
from services.access import service as accounts
from services.access.account import Account
from services.admin.account_change import PLACES, PLACES_OF, Kind
from services.admin.people_service import People, PeopleActor, PeopleWish
from services.audit.service import local_who, open_log
from services.district.load import load
from services.platform.clock import machine_ms, to_rfc3339
from services.platform.database import open_engine
from services.platform.migrate import upgrade
from services.platform.settings import Settings


class UserWish(msgspec.Struct, frozen=True):
    """What stands on the command line; None and empty leave things as they are."""

    user_id: str = ""
    name: str | None = None
    role: str | None = None
    street: str | None = None
    community: str | None = None
    unit: str | None = None
    grid: str | None = None
    addresses: str | None = None
    password: str = ""
    sso: str | bool | None = None
    sso_name: str | None = None


# Whoever has the shell of the machine: a password of the database would do as much.
MACHINE = PeopleActor(local_who().user_id, local_who().user_id, local_who(), is_machine=True)


def user(settings: Settings, action: str, wish: UserWish) -> list[str]:
    """Do it. Raises AccountError, BadPassword with what is wrong."""
    engine = open_engine(settings.database)
    upgrade(engine)
    now = machine_ms()
    try:
        if action == "list":
            with engine.connect() as connection:
                found, locked = reader.all_accounts(connection), kept.locked_accounts(connection, now)
                counts = {one.user_id: len(accounts.open_sessions(connection, now, one)) for one in found}
            return [_line(one, counts[one.user_id], one.user_id in locked, now) for one in found] or ["no accounts"]
        if not wish.user_id:
            raise accounts.AccountError(f"`lianqin user {action}` needs the account's id")
        people = People(engine, open_log(engine, settings), settings.once_hours)
        machine = MACHINE._replace(people_apart=settings.security_apart)
        if action == "add":
            said = _add(settings, people, machine, now, wish)
        elif action == "reset":
            classes = settings.password_classes if wish.password else 0
            done = people.act(now, machine, PeopleWish(wish.user_id, "reset"), password=wish.password, classes=classes)
            # One that was given to us is known to whoever gave it: no terminal's history or log needs it.
            new = "the given password is set" if wish.password else f"new password {done.password}"
            said = [
                f"{wish.user_id}: {new} (must be changed at the next log-in, "
                f"opens for {settings.once_hours} hours); {done.ended} sessions ended"
            ]
        elif action == "reset-factor":
            with engine.connect() as connection:
                before = reader.account(connection, wish.user_id)
            done = people.act(now, machine, PeopleWish(wish.user_id, "reset_factor"))
            had = before is not None and before.factor_at
            said = [
                f"{wish.user_id}: {'the second factor is removed' if had else 'there was no second factor'}; "
                f"{done.ended} sessions ended"
            ]
        else:
            kind, values = _SIMPLE.get(action, ("change", {}))
            if action == "set":
                values = _changes(settings, wish)
                _check_places(settings, values)
            done = people.act(now, machine, PeopleWish(wish.user_id, kind, values))
            said = [f"{wish.user_id}: {action} done; {done.ended} sessions ended"]
        return said
    finally:
        engine.dispose()


_SIMPLE: dict[str, tuple[Kind, dict[str, object]]] = {
    "disable": ("disable", {"is_disabled": True}),
    "enable": ("enable", {"is_disabled": False}),
    "end": ("end", {}),
}


def _add(settings: Settings, people: People, machine: PeopleActor, now: int, wish: UserWish) -> list[str]:
    role = wish.role or ""
    has_sso = _has_sso(wish)
    new = Account(
        wish.user_id, wish.name or wish.user_id, role, wish.street or "", wish.community or "",
        addresses=wish.addresses or "", must_change=not wish.password and role != "wall" and not has_sso,
        subject=_subject(settings, wish), sso_name=wish.sso_name or "", unit=wish.unit or "", grid=wish.grid or "",
    )  # fmt: skip
    if has_sso and wish.password:
        raise accounts.AccountError("an account has a password or the single sign-on: leave one out")
    _check_places(settings, {name: getattr(new, name) for name in PLACES})
    is_without = has_sso or role == "wall"
    classes = settings.password_classes if wish.password else 0
    made = people.add(now, machine, new, password=wish.password, classes=classes, is_without=is_without)
    if role == "wall":
        return [f"{new.user_id}: a wall at {new.addresses}; a browser that comes from there needs no log-in"]
    if new.subject:
        return [f"{new.user_id}: {role}, by the single sign-on alone, as {new.subject}"]
    if is_without:
        name = new.sso_name or new.user_id
        return [
            f"{new.user_id}: {role}, by the single sign-on alone; the first who signs on with "
            f"{settings.oidc_claim} = {name} is this account's person from then on"
        ]
    if wish.password:
        return [f"{new.user_id}: {role}, with the given password"]
    return [
        f"{new.user_id}: {role}, password {made.password} (to be changed at the first log-in, "
        f"within {settings.once_hours} hours)"
    ]


def _has_sso(wish: UserWish) -> bool:
    return bool(wish.sso_name) or (wish.sso is not None and wish.sso is not False)


def _subject(settings: Settings, wish: UserWish) -> str:
    """``issuer|sub`` of a subject that is named on the command line; empty: the first sign-on will say it."""
    if not isinstance(wish.sso, str) or not wish.sso:
        return ""
    if not settings.oidc_issuer:
        raise accounts.AccountError("--sso SUBJECT needs LIANQIN_OIDC_ISSUER: a subject is one of an issuer's")
    return f"{settings.oidc_issuer.rstrip('/')}|{wish.sso}"


def _changes(settings: Settings, wish: UserWish) -> dict[str, object]:
    names = ("name", "role", *PLACES, "addresses")
    values: dict[str, object] = {n: v for n in names if (v := getattr(wish, n)) is not None}
    if _has_sso(wish):
        # The password goes: it would be a second way in beside the one that was just named.
        subject = _subject(settings, wish)
        values |= {
            "subject": subject,
            "sso_name": "" if subject else wish.sso_name or wish.user_id,
            "password": "",
            "must_change": False,
        }
    if not values:
        raise accounts.AccountError(f"nothing to set: give one of {', '.join(f'--{n}' for n in (*names, 'sso'))}")
    if "role" in values:
        kept = PLACES_OF.get(str(values["role"]), ())
        values = {**{name: "" for name in PLACES if name not in kept}, **values}
    return values


def _check_places(settings: Settings, values: dict[str, object]) -> None:
    """A street, community, unit or grid that the district does not have would be a seat that sees nothing."""
    street, community, unit, grid = (str(values.get(name) or "") for name in PLACES)
    if not (street or community or unit or grid):
        return
    district = load(settings.district_dir)
    if unit and unit not in district.units:
        raise accounts.AccountError(f"unit {unit!r} is unknown: {', '.join(list(district.units)[:60])}")
    if grid and grid not in district.grids:
        raise accounts.AccountError(
            f"grid {grid!r} is unknown: one of grids.geojson, as {next(iter(district.grids), '—')}"
        )
    if street and street not in district.streets:
        raise accounts.AccountError(f"street {street!r} is unknown: {', '.join(list(district.streets)[:20])}")
    if community and (community not in district.communities or district.communities[community].parent != street):
        raise accounts.AccountError(f"community {community!r} is none of street {street!r}")


def _line(one: Account, sessions: int, is_locked: bool, now: int) -> str:
    once = to_rfc3339(one.once_until)
    marks = [
        one.street and f"street {one.street}", one.community and f"community {one.community}",
        one.unit and f"unit {one.unit}", one.grid and f"grid {one.grid}",
        one.addresses and f"at {one.addresses}", one.is_disabled and "disabled", is_locked and "locked somewhere",
        one.must_change and "must change the password",
        one.once_until and f"one-time password {'opens until' if one.once_until > now else 'expired'} {once}",
        not one.password and not one.addresses and "single sign-on",
        one.subject and f"as {one.subject}", one.sso_name and f"waits for {one.sso_name} to sign on",
        one.factor_at and "second factor",
        sessions and f"{sessions} sessions",
    ]  # fmt: skip
    return f"{one.user_id:<16} {one.role:<13} {one.name}  " + ", ".join(m for m in marks if m)
