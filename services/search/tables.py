"""The tables of the search. Part of the read model: they follow the cases, and are made again from them.

Beside them stands ``search_index`` (migration 0017) with the tokens of the cases that are over: on SQLite an FTS5
table, on PostgreSQL an array with a GIN index. It is in no metadata: the two have nothing in common but their ``doc``.
"""

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text, text

from services.platform.metadata import Key, metadata

search_docs = Table(
    "search_docs",
    metadata,
    Column("doc", Key, primary_key=True, autoincrement=False, comment="reported_at in seconds, 14 bits to tell apart"),
    Column("case_id", Text, nullable=False),
    Column("text", Text, nullable=False, comment="normal lines of number, class, title and address"),
    Column("codes", Text, nullable=False, comment="street, community, grid, unit, domain: a line each"),
    Column("address", Text, nullable=False, comment="as it is shown"),
    Column("is_open", Boolean, nullable=False, comment="open ones have no tokens: they are looked at one by one"),
)
Index("search_docs_case", search_docs.c.case_id, unique=True)
_IS_OPEN = text("is_open = 1")
Index("search_docs_open", search_docs.c.doc, sqlite_where=_IS_OPEN, postgresql_where=search_docs.c.is_open)

search_people = Table(
    "search_people",
    metadata,
    Column("token", LargeBinary, primary_key=True, comment="keyed: of a reporter's whole name or phone"),
    Column("case_id", Text, primary_key=True),
    sqlite_with_rowid=False,
)
Index("search_people_case", search_people.c.case_id)
