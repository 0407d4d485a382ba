"""The tables of the district packages that were loaded, and of what was changed in them in the browser."""

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

package_versions = Table(
    "package_versions",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="dense from 1; parent: the one before"),
    Column("at", BigInteger, nullable=False, comment="the district's clock"),
    Column("effective_at", BigInteger, nullable=False, comment="from when it lies over the files; never before `at`"),
    Column("who", Text, nullable=False, comment="the account, or cli:…"),
    Column("name", Text, nullable=False, comment="the person's name"),
    Column("reason", Text, nullable=False),
    Column("act", Text, nullable=False, comment="change, undo, back, or load: files of a package that was loaded"),
    Column("undoes", BigInteger, comment="the version that an undo takes back"),
    Column("part", Text, nullable=False, comment="policy, roster, campaigns, areas, departments, classes"),
    Column("about", Text, nullable=False, comment="a key of policy.toml, the code of a row or an area"),
    Column("changes", Text, nullable=False, comment="[[what, before, after], …] as JSON"),
    Column("digest", Text, nullable=False, comment="of the whole package with it"),
)
package_files = Table(
    "package_files",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("file", Text, primary_key=True),
    Column("before", LargeBinary, comment="the whole file; null: there was none"),
    Column("after", LargeBinary, comment="the whole file; null: there is none"),
    Column("hash_before", Text, nullable=False, comment="SHA-256 in hex; empty: there was none"),
    Column("hash_after", Text, nullable=False),
)
