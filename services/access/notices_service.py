"""What a person is told at the log-in, until they say that they have read it."""

from sqlalchemy import Engine

from services.access import notices_store as store
from services.access.notice import PersonNotice
from services.access.rights import Person
from services.platform.database import writing


def unread(engine: Engine, person: Person) -> list[PersonNotice]:
    """What this person has not read yet, the oldest first."""
    with engine.connect() as connection:
        return store.unread(connection, person.user_id)


def read(engine: Engine, now: int, person: Person, until: int) -> int:
    """The person has read what came up to ``until`` (Unix ms): what came later is shown yet. How many there were."""
    with writing(engine) as connection:
        return store.mark_read(connection, person.user_id, until, now)
