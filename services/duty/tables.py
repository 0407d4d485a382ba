"""The tables of the duty: alarms' lives, the log book, handovers, reports of incidents.

None of it comes from the stream, so ``rebuild`` leaves it alone. Times are Unix milliseconds of the district's clock.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from services.platform.metadata import Key, metadata

alarm_lives = Table(
    "alarm_lives",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("alarm", Text, nullable=False),
    Column("seat", Text, nullable=False, comment="the street's code, or the district's"),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False, comment="alarms.life.What, but its QUIET"),
    Column("who", Text, nullable=False, comment="empty: the system"),
    Column("comment", Text, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the alarm as it stood then (JSON)"),
)


log_book = Table(
    "log_book",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("seat", Text, nullable=False, comment="the street's code, or the district's"),
    Column("shift", Text, nullable=False),
    Column("who", Text, nullable=False, comment="empty: the system"),
    Column("kind", Text, nullable=False, comment="duty.logbook.KINDS"),
    Column("text", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("mark", Text, nullable=False, unique=True, comment="what the entry is about: written once"),
)


handovers = Table(
    "handovers",
    metadata,
    Column("id", Text, primary_key=True, comment="seat-from of the shift that ends, as yyyymmddThhmm"),
    Column("seat", Text, nullable=False),
    Column("shift", Text, nullable=False),
    Column("shift_from", BigInteger, nullable=False),
    Column("shift_until", BigInteger, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("sheet", LargeBinary, nullable=False, comment="duty.handover.Sheet (JSON)"),
    Column("digest", Text, nullable=False, comment="SHA-256 of the sheet: what was signed"),
    Column("out_by", Text, nullable=False),
    Column("out_at", BigInteger),
    Column("in_by", Text, nullable=False),
    Column("in_at", BigInteger),
    Column(
        "out_reason", Text, nullable=False, server_default="", comment="why a stranger to the roster signed; else empty"
    ),
    Column("in_reason", Text, nullable=False, server_default="", comment="the same of who came"),
    Column(
        "accepted_by", Text, nullable=False, server_default="", comment="the leader who accepted strangers; else empty"
    ),
    Column("accepted_at", BigInteger),
)


handover_notes = Table(
    "handover_notes",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("handover", Text, nullable=False, comment="handovers.id, also before anybody has signed"),
    Column("seat", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("is_addition", Boolean, nullable=False, comment="written after both had signed"),
)


desk_notices = Table(
    "desk_notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seat", Text, nullable=False, comment="a street's code; empty: every desk"),
    Column("text", Text, nullable=False, comment="as desks show it, people's numbers masked"),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("by_id", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("ended_at", BigInteger, comment="when somebody took it down before its time"),
    Column("ended_by", Text, nullable=False),
)
Index("desk_notices_until", desk_notices.c.until)


incident_reports = Table(
    "incident_reports",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column(
        "number", Integer, primary_key=True, autoincrement=False, comment="0 by phone, 1 in writing, 2 … follow-ups"
    ),
    Column("done_at", BigInteger, nullable=False),
    Column("done_by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("is_last", Boolean, nullable=False, comment="no further follow-up is due"),
)
Index("alarm_lives_at", alarm_lives.c.at)
Index("alarm_lives_alarm", alarm_lives.c.alarm, alarm_lives.c.id)
Index("log_book_seat", log_book.c.seat, log_book.c.at)
Index("handover_notes_handover", handover_notes.c.handover, handover_notes.c.id)
Index("handovers_seat", handovers.c.seat, handovers.c.shift_from)
