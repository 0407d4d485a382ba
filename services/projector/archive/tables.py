"""The tables of months that were written to files."""

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    Table,
    Text,
)

from services.platform.metadata import metadata

archives = Table(
    "archives",
    metadata,
    Column("month", Text, primary_key=True, comment="of the district's calendar: 2026-08"),
    Column("file", Text, nullable=False, comment="below the archive's folder"),
    Column("rows", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False, comment="of the file"),
    Column("first_entry", BigInteger, nullable=False),
    Column("last_entry", BigInteger, nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("removing_at", BigInteger, comment="since when the store may hold less of the month than the file"),
    Column("removed_at", BigInteger, comment="when the last row went that could; null: not removed, or half"),
)


archived_events = Table(
    "archived_events",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("n", Integer, nullable=False, comment="events of the case that are in that month's file alone"),
    sqlite_with_rowid=False,
)
