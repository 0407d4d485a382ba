"""Accounts as a test wants them, past the rules that hold for an administrator."""

from sqlalchemy import Engine

from services.access import change_store as changes
from services.platform.database import writing


def set_account(engine: Engine, now: int, user_id: str, **values: object) -> int:
    """Change an account (role, street, disabled, password …) and end its sessions; how many there were."""
    with writing(engine) as connection:
        return changes.change(connection, now, user_id, **values).ended
