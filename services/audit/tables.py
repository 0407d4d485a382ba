"""The table of the audit. Triggers of the database take the next row alone, and change none."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from services.platform.metadata import Key, metadata

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
