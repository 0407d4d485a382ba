"""The table of boards kept every four hours, from which a past room is folded."""

from sqlalchemy import (
    Column,
    LargeBinary,
    Table,
    Text,
)

from services.platform.metadata import Key, metadata

moments = Table(
    "moments",
    metadata,
    Column("at", Key, primary_key=True, autoincrement=False, comment="the board as it stood then, by what was known"),
    Column("made_of", Text, nullable=False, comment="past.moments.made_of: another program or package makes another"),
    Column("body", LargeBinary, nullable=False, comment="past.moments.Moment, packed"),
    Column("blind", LargeBinary, comment="the coverage's tiles of that hour, packed; none: nobody kept them"),
)
