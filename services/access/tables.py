"""The tables of who may come in: accounts, sessions, tries, known browsers, recovery codes, saved views.

Times are Unix milliseconds of the machine's clock.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from services.platform.metadata import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False, comment="rights.ROLES"),
    Column("street", Text, nullable=False, comment="of street_staff: the one street; else empty"),
    Column("community", Text, nullable=False, comment="of a workstation's seat: narrower than the street; else empty"),
    Column("unit", Text, nullable=False, comment="of a department's account: the unit; else empty"),
    Column("grid", Text, nullable=False, comment="of a grid worker: the grid; else empty"),
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
    Column("once_until", BigInteger, nullable=False, comment="until when a one-time password opens; 0: it is none"),
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

person_notices = Table(
    "person_notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False, comment="what was done to the account, as services.admin names it"),
    Column("detail", Text, nullable=False, comment="JSON: who did it, what was before and after; no secret"),
    Column("read_at", BigInteger, nullable=False, comment="when the person said that they have read it; 0: not yet"),
)
Index("person_notices_unread", person_notices.c.user_id, person_notices.c.read_at)

saved_views = Table(
    "saved_views",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("page", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("body", Text, nullable=False, comment="JSON of the desk's own making: filters, sort, grouping"),
    Column("at", BigInteger, nullable=False),
)
