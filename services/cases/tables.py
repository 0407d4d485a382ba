"""The tables of the cases as they are now, and of what people here asked of them.

Times are Unix milliseconds of the district's clock, which a demo or a replay may move.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    and_,
    text,
)

from services.platform.metadata import metadata

cases = Table(
    "cases",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("event_at", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("channel", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("class_name", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("level", Text, nullable=False),
    Column("highest_level", Text, nullable=False),
    Column("self_handled", Boolean, nullable=False),
    Column("street", Text, nullable=False),
    Column("community", Text, nullable=False),
    Column("grid", Text, nullable=False),
    Column("lon", Float),
    Column("lat", Float),
    Column("lead_unit", Text, nullable=False),
    Column("reported_at", BigInteger, nullable=False),
    Column("filed_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("deadline_at", BigInteger),
    Column("soon_at", BigInteger),
    Column("deadline_estimated", Boolean, nullable=False),
    Column("suspended", Boolean, nullable=False, comment="a suspension had not ended when the event was told"),
    Column("merged", Boolean, nullable=False),
    Column("on_time", Boolean),
    Column("appeal_exempt", Boolean, nullable=False),
    Column("escalation", Text, nullable=False),
    Column("returns", Integer, nullable=False),
    Column("reworks", Integer, nullable=False),
    Column("flags", Text, nullable=False),
    Column("class_key", Text, nullable=False, comment="scheme|kind|major|minor"),
    Column("accepted_at", BigInteger),
    Column("dispatched_at", BigInteger),
    Column("handled_at", BigInteger),
    Column("handle_deadline_at", BigInteger),
    Column("dispatches", Integer, nullable=False),
    Column("wrong_dispatches", Integer, nullable=False),
    Column("extensions", Integer, nullable=False),
    Column("pauses", Text, nullable=False, comment="suspensions as [[from, until or null], …]"),
    Column("rating", Text, nullable=False, comment="cases.RatingGiven"),
    Column("asked", Text, nullable=False, comment="beyond_power or needs_departments, as the last step said"),
    Column("whistled_at", BigInteger, comment="the oldest whistle that waits for an answer"),
    Column("escalations", Integer, nullable=False),
    Column("count_at", BigInteger, comment="the earlier of deadline and closing"),
    Column("irregular", Integer, nullable=False, comment="steps that broke the table of transitions"),
    Column("acknowledged_at", BigInteger),
    Column("co_units", Text, nullable=False, comment="who works beside the lead unit: JSON"),
    Column("called", Text, nullable=False, comment="whom the open whistles call: JSON of cases.case.UnitCalled"),
    Column("counted", Text, nullable=False, comment="what this row counts for, as it was added to the roll-ups"),
)


# SQLite looks at a partial index only where the query says its condition word for word, and SQLAlchemy says «= 1».
# No index is on ``is_open`` itself: without statistics its one value would win over every range.
_IS_OPEN, _IS_SUSPENDED = text("is_open = 1"), text("is_open = 1 AND suspended = 1")


commands = Table(
    "commands",
    metadata,
    Column("command_id", Text, primary_key=True),
    Column("batch", Text, nullable=False, comment="one click, one batch"),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("seat", Text, nullable=False, comment="the street's code, or the district's"),
    Column("type", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("expected_version", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("state", Text, nullable=False, comment="sent, done, refused, unsent"),
    Column("answered_at", BigInteger),
    Column("reason", Text, nullable=False, comment="of a refusal"),
)
Index("commands_case", commands.c.case_id, commands.c.at)
Index("commands_at", commands.c.at)
Index("cases_open", cases.c.handle_deadline_at, sqlite_where=_IS_OPEN, postgresql_where=cases.c.is_open)
Index(
    "cases_suspended",
    cases.c.suspended,
    sqlite_where=_IS_SUSPENDED,
    postgresql_where=and_(cases.c.is_open, cases.c.suspended),
)
Index("cases_reported", cases.c.reported_at)
Index("cases_count", cases.c.count_at)
Index("cases_closed", cases.c.closed_at)
