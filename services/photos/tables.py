"""The tables of photos: by content, and which address gave which."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from services.platform.metadata import metadata

photos = Table(
    "photos",
    metadata,
    Column("hash", Text, primary_key=True, comment="SHA-256 of the photo, hex"),
    Column("photo", LargeBinary, nullable=False, comment="JPEG, at most 2,048 px, no metadata"),
    Column("small", LargeBinary, nullable=False, comment="the same, at most 480 px"),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("kept_at", BigInteger, nullable=False, comment="by the machine's clock"),
)
Index("photos_kept", photos.c.kept_at)

photo_tries = Table(
    "photo_tries",
    metadata,
    Column("address", Text, primary_key=True, comment="SHA-256 of the address, hex: the address itself may say a name"),
    Column("hash", Text, nullable=False, comment="what it gave; empty: nothing"),
    Column("fault", Text, nullable=False, comment="why it gave nothing"),
    Column("at", BigInteger, nullable=False, comment="by the machine's clock"),
)
Index("photo_tries_at", photo_tries.c.at)
