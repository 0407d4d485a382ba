"""The tables. Times are Unix milliseconds in UTC; ``entry`` is a stream id as one integer (events.numbering)."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    and_,
    text,
)

from services.indicators.measures import MEASURES

# On SQLite only a column of type INTEGER is the row id itself.
Key = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("district", Text, nullable=False, comment="the code whose store this is"),
    Column("revision", BigInteger, nullable=False, comment="of the read model; rises by one a commit"),
    Column("position", Text, nullable=False, comment="every entry up to this stream id is in the store"),
    Column("last_entry", Text, nullable=False, comment="the newest stream id that is in the store"),
    Column("processed", BigInteger, nullable=False, comment="entries of the present stream taken in or refused"),
    Column("lost", BigInteger, nullable=False, comment="entries trimmed away before they were read, ever"),
    Column("lost_at", BigInteger, comment="when the last gap was measured"),
    Column("emptied_at", BigInteger, comment="when the stream was last found emptied"),
    Column("model", Integer, nullable=False, server_default="0", comment="projector.rebuild.MODEL that made the rest"),
    Column(
        "epoch",
        Text,
        nullable=False,
        server_default="",
        comment="random: another one after a restore, a promotion or a rebuild",
    ),
    Column("segments", Integer, nullable=False, server_default="0", comment="rows of entry_segments"),
)

entry_segments = Table(
    "entry_segments",
    metadata,
    Column("first_id", Text, primary_key=True, comment="from this stream id on"),
    Column("key", BigInteger, nullable=False, comment="numbers are counted from this one"),
    Column("is_stray", Boolean, nullable=False, comment="this id alone"),
)

passed = Table(
    "passed",
    metadata,
    Column("entry_id", Text, primary_key=True, comment="above the position, taken in without a row"),
)

beats = Table(
    "beats",
    metadata,
    Column("source", Text, primary_key=True),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger, nullable=False, comment="the last heartbeat without a pause before it"),
    Column("interval_s", Float, nullable=False),
)
Index("beats_until", beats.c.until)

history = Table(
    "history",
    metadata,
    Column("entry", Key, primary_key=True, autoincrement=False),
    Column("received_at", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("flags", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, comment="the reporter, encrypted with the district's key"),
)
Index("history_subject", history.c.subject, history.c.entry)
# The past is read by when we knew (services.past); what came late is rare, and found without looking at the rest.
LATE_MS = 60_000
Index("history_received", history.c.received_at)
_IS_LATE = text(f"received_at - time > {LATE_MS}")
Index("history_late", history.c.received_at, sqlite_where=_IS_LATE, postgresql_where=_IS_LATE)
# What the history does not keep (store.purge): few rows of many.
PASSING = "type IN ('unit.moved', 'source.heartbeat')"
_PASSING = text(PASSING)
Index(
    "history_passing",
    history.c.type,
    history.c.received_at,
    history.c.time,
    sqlite_where=_PASSING,
    postgresql_where=_PASSING,
)

moments = Table(
    "moments",
    metadata,
    Column("at", Key, primary_key=True, autoincrement=False, comment="the board as it stood then, by what was known"),
    Column("made_of", Text, nullable=False, comment="past.moments.made_of: another program or package makes another"),
    Column("body", LargeBinary, nullable=False, comment="past.moments.Moment, packed"),
    Column("blind", LargeBinary, comment="the coverage's tiles of that hour, packed; none: nobody kept them"),
)

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
    Column("counted", Text, nullable=False, comment="what this row counts for, as it was added to the roll-ups"),
)

# SQLite looks at a partial index only where the query says its condition word for word, and SQLAlchemy says «= 1».
# No index is on ``is_open`` itself: without statistics its one value would win over every range.
_IS_OPEN, _IS_SUSPENDED = text("is_open = 1"), text("is_open = 1 AND suspended = 1")
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

proposals = Table(
    "proposals",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False, comment="of the case when it was proposed"),
    Column("rule", Text, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("mode", Text, nullable=False, comment="confirm: waits for a person; auto: was commanded"),
    Column("at", BigInteger, nullable=False),
    Column("occasion", Integer, nullable=False, comment="how often the case had gone to the district before"),
    Column("command_id", Text, nullable=False, comment="of the command that carries it out, once it is sent"),
)

things = Table(
    "things",
    metadata,
    Column("kind", Text, primary_key=True, comment="camera, camera_status, unit, notice, command, source, heartbeat"),
    Column("key", Text, primary_key=True),
    Column("version", BigInteger, nullable=False, comment="what decides which event wins"),
    Column("entry", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

tallies = Table(
    "tallies",
    metadata,
    Column("what", Text, primary_key=True, comment="refused:<reason>, or a flag"),
    Column("source", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
)

dead = Table(
    "dead",
    metadata,
    Column("entry", Key, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("masked", Text, nullable=False),
    Column("sealed", LargeBinary),
)

Index("dead_at", dead.c.at)

outbox = Table(
    "outbox",
    metadata,
    Column("revision", Key, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column(
        "token",
        Text,
        nullable=False,
        server_default="",
        comment="random: another commit of the same revision has another one",
    ),
)

packages = Table(
    "packages",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("loaded_at", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("archive", LargeBinary, nullable=False, comment="the folder as a zip file"),
)

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
