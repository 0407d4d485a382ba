"""A person's saved views of a desk, each in a transaction of its own."""

from sqlalchemy import Engine

from services.access import saved_views_store as store
from services.platform.database import writing

MOST = store.MOST


class SavedViews:
    """The views of everybody; every call blocks on the database and raises what it raises."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, user_id: str, page: str) -> list[tuple[str, str]]:
        """(name, JSON) of each of a person's, by name."""
        with self._engine.connect() as connection:
            return store.views(connection, user_id, page)

    def save(self, user_id: str, page: str, *, name: str, body: str, now: int) -> bool:
        """Keep it in the place of one of that name; False when there are ``MOST`` already."""
        with writing(self._engine) as connection:
            return store.save(connection, user_id, page, name=name, body=body, now=now)

    def drop(self, user_id: str, page: str, name: str) -> None:
        """Forget one."""
        with writing(self._engine) as connection:
            store.drop(connection, user_id, page, name)
