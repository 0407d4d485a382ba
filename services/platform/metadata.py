"""The one metadata to which every context adds its own tables."""

from sqlalchemy import (
    BigInteger,
    Integer,
    MetaData,
)

# On SQLite only a column of type INTEGER is the row id itself.
Key = BigInteger().with_variant(Integer, "sqlite")


metadata = MetaData()
