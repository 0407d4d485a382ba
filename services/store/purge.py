"""What is not kept for ever: unit positions, after 7 days (issue: «thinned to one per 10 s and kept 7 days»)."""

from sqlalchemy import Engine, and_, delete, func, select

from services.store import schema
from services.store.engine import writing

UNITS_KEPT_MS = 7 * 86_400_000


def purge(engine: Engine, now_ms: int) -> int:
    """Delete unit positions older than 7 days, and the units that have none younger. Returns the rows deleted."""
    before = now_ms - UNITS_KEPT_MS
    h, t = schema.history.c, schema.things.c
    old = and_(h.type == "unit.moved", h.time < before, h.entry < before << 20)
    gone = and_(t.kind == "unit", t.version < before)
    with engine.connect() as connection:
        if not connection.execute(select(func.count()).select_from(schema.things).where(gone)).scalar_one() and not (
            connection.execute(select(h.entry).where(old).limit(1)).first()
        ):
            return 0
    with writing(engine) as connection:
        deleted = connection.execute(delete(schema.history).where(old)).rowcount
        return deleted + connection.execute(delete(schema.things).where(gone)).rowcount
