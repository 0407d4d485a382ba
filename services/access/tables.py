"""The tables of what people do here: accounts, sessions, audit, commands, alarms' lives, the log and the handover.

None of it comes from the stream, so ``rebuild`` leaves it alone. Times are Unix milliseconds: of the machine's clock
in accounts, sessions and the audit, of the district's clock (which a demo or a replay may move) in all others.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from services.projector.store.tables import Key, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False, comment="rights.ROLES"),
    Column("street", Text, nullable=False, comment="of street_staff: the one street; else empty"),
    Column("community", Text, nullable=False, comment="of a workstation's seat: narrower than the street; else empty"),
    Column("password", Text, nullable=False, comment="argon2id; empty: no log-in by password"),
    Column("subject", Text, nullable=False, comment="issuer|sub of the single sign-on; empty: none"),
    Column("addresses", Text, nullable=False, comment="of a wall: the networks that it may come from, with blanks"),
    Column("is_disabled", Boolean, nullable=False),
    Column("must_change", Boolean, nullable=False, comment="the password must be changed at the next log-in"),
    Column("made_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False, comment="sessions made before it have ended"),
    Column("sso_name", Text, nullable=False, comment="what LIANQIN_OIDC_CLAIM says at the first sign-on; empty: never"),
    Column("password_at", BigInteger, nullable=False, comment="when the password was chosen"),
    Column("factor", LargeBinary, comment="the TOTP secret, encrypted with the data key; null: none is enrolled"),
    Column("factor_at", BigInteger, nullable=False, comment="when it was enrolled; 0: none is"),
    Column("factor_step", BigInteger, nullable=False, comment="the last time step whose code was accepted"),
)
Index("accounts_subject", accounts.c.subject)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True, comment="SHA-256 of the cookie's token"),
    Column("user_id", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("ended_at", BigInteger),
    Column("stage", Text, nullable=False, comment="factor, enrol: the password alone was shown; empty: logged in"),
    Column("how", Text, nullable=False, comment="password, sso"),
    Column("device", Text, nullable=False, comment="browser and system, in words"),
    Column("proved_at", BigInteger, nullable=False, comment="when the person last proved who they are; 0: not yet"),
)
Index("sessions_user", sessions.c.user_id)
Index("sessions_seen", sessions.c.seen_at)

log_in_tries = Table(
    "log_in_tries",
    metadata,
    Column("user_id", Text, primary_key=True, comment="as it was typed: of an account or of none"),
    Column("place", Text, primary_key=True, comment="from:<network>, device:<hash>, code from:…, code device:…, open"),
    Column("failures", Integer, nullable=False, comment="wrong ones since ``since``"),
    Column("since", BigInteger, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
)
Index("log_in_tries_since", log_in_tries.c.since)

known_devices = Table(
    "known_devices",
    metadata,
    Column("device", Text, primary_key=True, comment="SHA-256 of the device cookie's token"),
    Column("user_id", Text, primary_key=True, comment="who has logged in there"),
    Column("seen_at", BigInteger, nullable=False),
)
Index("known_devices_seen", known_devices.c.seen_at)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("code_hash", Text, primary_key=True, comment="SHA-256 of account and code; a code has 118 bits"),
    Column("used_at", BigInteger),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=False, comment="dense, from 1"),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("street", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False, comment="audit.ACTIONS"),
    Column("object", Text, nullable=False, comment="what it was done to: a case, an account, an export"),
    Column("detail", Text, nullable=False, comment="JSON"),
    Column("hash", Text, nullable=False, comment="of this row and the hash before it"),
)
Index("audit_who", audit.c.who, audit.c.number)
Index("audit_at", audit.c.at)

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
Index("alarm_lives_at", alarm_lives.c.at)
Index("alarm_lives_alarm", alarm_lives.c.alarm, alarm_lives.c.id)

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
Index("log_book_seat", log_book.c.seat, log_book.c.at)

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
)
Index("handovers_seat", handovers.c.seat, handovers.c.shift_from)

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

saved_views = Table(
    "saved_views",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("page", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("body", Text, nullable=False, comment="JSON of the desk's own making: filters, sort, grouping"),
    Column("at", BigInteger, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False, comment="pdf, xlsx"),
    Column("wanted", Text, nullable=False, comment="what exactly (JSON)"),
    Column("who", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False, comment="by the machine's clock, as all times of a job"),
    Column("state", Text, nullable=False, comment="waiting, running, done, failed"),
    Column("tries", Integer, nullable=False),
    Column("seen_at", BigInteger, nullable=False, comment="when its worker last said that it is at it"),
    Column("said", Text, nullable=False, comment="how far it is, or why it failed"),
    Column("name", Text, nullable=False, comment="of the file"),
    Column("file", LargeBinary, comment="the result: whole, or not there"),
)
Index("jobs_waiting", jobs.c.state, jobs.c.asked_at)
Index("jobs_asked", jobs.c.asked_at)
