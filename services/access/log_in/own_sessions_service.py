"""What people do with their own sessions: end one or all others, and prove in one of them again who they are."""

from sqlalchemy import Engine

from services.access import reader, store
from services.access.rights import Person
from services.platform.database import writing


def end_own_session(engine: Engine, now: int, person: Person, which: str) -> int:
    """End one of one's own sessions, by ``name_of_session``, or all others (``others``); how many were open."""
    with writing(engine) as connection:
        if which == "others":
            return store.end_sessions(connection, person.user_id, now, but=person.session)
        mine = [one.token_hash for one in store.open_sessions(connection, person.user_id)]
        return sum(store.end_session(connection, one, now) for one in mine if name_of_session(one) == which)


def name_of_session(token_hash: str) -> str:
    """What a session is called on its owner's page: a part of the hash, from which nobody makes a cookie."""
    return token_hash[:16]


def prove(engine: Engine, now: int, person: Person) -> None:
    """Write down that the person of this session has proved again who they are."""
    with writing(engine) as connection:
        store.prove_session(connection, person.session, now)


def prove_as(engine: Engine, now: int, person: Person, subject: str) -> bool:
    """The single sign-on has asked again and names ``subject``; whether that is whose session this is."""
    with writing(engine) as connection:
        found = reader.account(connection, person.user_id)
        if found is None or not subject or found.subject != subject:
            return False
        store.prove_session(connection, person.session, now)
        return True
