"""The table of the district packages that were loaded."""

from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    Table,
    Text,
)

from services.platform.metadata import metadata

packages = Table(
    "packages",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("loaded_at", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("archive", LargeBinary, nullable=False, comment="the folder as a zip file"),
)
