"""The store: SQLAlchemy 2 Core on SQLite (WAL) and PostgreSQL, one code for both."""
