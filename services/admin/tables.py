"""The tables of the administrator's work: what was changed on each account, what waits for a second administrator, and
what was uploaded for the package and is not saved yet.

Times are Unix milliseconds of the machine's clock.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from services.platform.metadata import metadata

account_changes = Table(
    "account_changes",
    metadata,
    Column("user_id", Text, primary_key=True, comment="whose account"),
    Column("n", Integer, primary_key=True, autoincrement=False, comment="from 1, dense: the account's version"),
    Column("at", BigInteger, nullable=False),
    Column("by_id", Text, nullable=False, comment="the administrator, or cli:<user of the machine>"),
    Column("by_name", Text, nullable=False),
    Column("what", Text, nullable=False, comment="account_change.KINDS"),
    Column("before", Text, nullable=False, comment="JSON: the columns that were changed, as they were; no secret"),
    Column("after", Text, nullable=False, comment="JSON: as they are since"),
    Column("reason", Text, nullable=False),
    Column("undoes", Integer, nullable=False, comment="the change that this one takes back; 0: none"),
    Column("second_id", Text, nullable=False, comment="the administrator who confirmed it; empty: none did"),
)
Index("account_changes_at", account_changes.c.at)

account_wishes = Table(
    "account_wishes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("n", Integer, nullable=False, comment="the account's version when it was asked for"),
    Column("what", Text, nullable=False, comment="account_change.KINDS"),
    Column("values", Text, nullable=False, comment="JSON: what the account's columns are to be"),
    Column("reason", Text, nullable=False),
    Column("undoes", Integer, nullable=False),
    Column("by_id", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False, comment="open, confirmed, declined, withdrawn"),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
)
Index("account_wishes_open", account_wishes.c.state, account_wishes.c.expires_at)

package_uploads = Table(
    "package_uploads",
    metadata,
    Column("user_id", Text, primary_key=True, comment="whose; one a person, for a day"),
    Column("id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False, comment="a table's name, or package"),
    Column("said", Text, nullable=False, comment="the file's name, as it was given"),
    Column("how", Text, nullable=False, comment="as what it came: csv, xlsx, zip, folder"),
    Column("is_whole", Boolean, nullable=False, comment="files of the package that it has not go"),
    Column("seen", BigInteger, nullable=False, comment="the newest version of its files when it was read"),
    Column("left_out", Text, nullable=False, comment="JSON: names of files that are none of a package's"),
    Column("files", LargeBinary, nullable=False, comment="zlib of MessagePack: name → bytes"),
)
