"""The tables. Times are Unix milliseconds in UTC; ``entry`` is a stream id as one integer (events.numbering)."""

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
    text,
)

from services.platform.clock import MINUTE_MS
from services.platform.metadata import Key, metadata

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
LATE_MS = MINUTE_MS
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


proposals = Table(
    "proposals",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False, comment="of the case when it was proposed"),
    Column("rule", Text, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("mode", Text, nullable=False, comment="confirm: waits for a person; auto: was commanded; declined"),
    Column("at", BigInteger, nullable=False),
    Column("occasion", Integer, nullable=False, comment="how often the case had gone to the district before"),
    Column("command_id", Text, nullable=False, comment="of the command that carries it out, once it is sent"),
    Column("declined", Text, nullable=False, server_default="", comment="cases.escalation.DeclinedProposal; or empty"),
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

search_due = Table(
    "search_due",
    metadata,
    Column("n", Key, primary_key=True, autoincrement=True),
    Column("case_id", Text, nullable=False, comment="changed, and not yet taken up by the search's index"),
    Column("is_whole", Boolean, nullable=False, comment="its people are to be read anew, not only what has come"),
)

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
