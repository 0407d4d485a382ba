"""The tables of figures: sums by minute, what is to be added later, and marks of cases."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Table,
    Text,
)

from services.indicators.case_counts import MEASURES
from services.platform.metadata import metadata

# On SQLite a roll-up lies in the tree of its key itself: one page to touch instead of two.
rollups = Table(
    "rollups",
    metadata,
    Column("cut", Text, primary_key=True, comment="indicators.cells.CUTS"),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("street", Text, primary_key=True),
    Column("a", Text, primary_key=True),
    Column("b", Text, primary_key=True),
    *(Column(name, Integer, nullable=False, server_default="0") for name in MEASURES),
    sqlite_with_rowid=False,
)


# What only windows that end at or behind the cut of day ``seen`` see: a late closing, a suspension.
rollups_later = Table(
    "rollups_later",
    metadata,
    Column("cut", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("street", Text, primary_key=True),
    Column("a", Text, primary_key=True),
    Column("b", Text, primary_key=True),
    Column("measure", Integer, primary_key=True, autoincrement=False, comment="its place in MEASURES"),
    Column("seen", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
    sqlite_with_rowid=False,
)


# What a case bears besides its counts (services.cases.marks), in the order of time: a leader's month is one range.
case_marks = Table(
    "case_marks",
    metadata,
    Column("what", Text, primary_key=True, comment="district, supervision, campaign"),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False, comment="its place in the case's list"),
    Column("code", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("until", BigInteger, nullable=False, comment="when it ended; marks.STANDS while it has not"),
    Column("street", Text, nullable=False),
    Column("unit", Text, nullable=False),
    sqlite_with_rowid=False,
)
Index("case_marks_until", case_marks.c.what, case_marks.c.until)
