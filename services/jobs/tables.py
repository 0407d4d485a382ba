"""The table of the papers that people ask for and a worker makes."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from services.platform.metadata import metadata

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
