"""A district's figures for Prometheus: its stream, its store, its papers, the age of its backup.

The same from every web process; each keeps what it saw for a while, so that whoever asks often asks the database
seldom. What cannot be asked is left out, and said by a figure of its own.
"""

import time
from typing import Any

import redis
from sqlalchemy import Connection, Engine, func, select

from services.admin.size_reader import size_of
from services.backup.age_reader import last_backup
from services.contract.entry import entry_order
from services.jobs.tables import jobs
from services.platform.clock import machine_ms
from services.platform.errors import REDIS_ERRORS, STORE_ERRORS
from services.platform.metric import Metric, gauge
from services.platform.redis import GROUP, Keys, another
from services.projector.store import tables as schema
from services.projector.store.write import read_feed

KEPT_S = 10.0


class DistrictFigures:
    """Looks at Redis and the database by connections of the process. Called away from the loop."""

    def __init__(self, engine: Engine, client: redis.Redis, code: str) -> None:
        self._engine, self._client, self._keys = engine, client, Keys(code)
        self._kept: tuple[float, list[Metric]] | None = None

    def look(self) -> list[Metric]:
        """What is known, at most ``KEPT_S`` old. Never raises for a store or a Redis that is away."""
        kept = self._kept
        if kept is None or time.monotonic() - kept[0] > KEPT_S:
            self._kept = kept = time.monotonic(), [*self._stream(), *self._store()]
        return kept[1]

    def _stream(self) -> list[Metric]:
        up, about = "lianqin_redis_up", "whether Redis answers: 1 or 0"
        try:
            with another(self._client) as client:
                return [gauge(up, about, 1), *stream_figures(client, self._keys)]
        except REDIS_ERRORS:
            return [gauge(up, about, 0)]

    def _store(self) -> list[Metric]:
        up, about = "lianqin_database_up", "whether the database answers: 1 or 0"
        try:
            with self._engine.connect() as connection:
                return [gauge(up, about, 1), *store_figures(connection, machine_ms())]
        except STORE_ERRORS:
            return [gauge(up, about, 0)]


def stream_figures(client: Any, keys: Keys) -> list[Metric]:
    """The stream and our group: what lies there, what nobody has read, since when. Raises what Redis raises."""
    memory = client.info("memory")
    found = [
        gauge("lianqin_redis_memory_bytes", "memory that Redis uses", int(memory["used_memory"]), "bytes"),
        gauge("lianqin_redis_memory_limit_bytes", "its maxmemory; 0: none", int(memory.get("maxmemory", 0)), "bytes"),
    ]
    if not client.exists(keys.events):
        return found
    found.append(gauge("lianqin_stream_entries", "entries that lie in the stream", int(client.xlen(keys.events))))
    ours = next((group for group in client.xinfo_groups(keys.events) if group["name"] == GROUP.encode()), None)
    if ours is None:
        return found
    pending = client.xpending(keys.events, GROUP)
    seconds, micros = client.time()
    next_one = client.xrange(keys.events, min=f"({ours['last-delivered-id'].decode()}", count=1)
    waiting = [entry for entry, _ in next_one] + ([pending["min"]] if pending["min"] else [])
    oldest = min((entry_order(entry.decode())[0] for entry in waiting), default=None)
    waits_s = 0.0 if oldest is None else max(seconds + micros / 1e6 - oldest / 1000, 0.0)
    found += [
        gauge("lianqin_stream_pending_entries", "read and not yet acknowledged", int(pending["pending"])),
        gauge(
            "lianqin_stream_oldest_waiting_seconds",
            "how long the oldest entry that is not taken in has waited; 0: none waits",
            waits_s,
            "seconds",
        ),
    ]
    # What Redis counts may be off after its restart, and it cannot always count.
    if (unread := ours.get("lag") if next_one else 0) is not None:
        found.append(gauge("lianqin_stream_unread_entries", "that nobody has read yet", int(unread)))
    return found


def store_figures(connection: Connection, now_ms: int) -> list[Metric]:
    """The store: its size and revision, what was lost and refused, papers, the backup."""
    found = [gauge("lianqin_database_size_bytes", "what the database takes", size_of(connection), "bytes")]
    if (feed := read_feed(connection)) is not None:
        found.append(gauge("lianqin_store_revision", "of the read model; one more a commit", feed.revision))
        found.append(gauge("lianqin_store_lost_entries", "trimmed away before they were read, ever", feed.lost))
    d = schema.dead.c
    reasons = connection.execute(select(d.reason, func.count()).group_by(d.reason).order_by(d.reason)).all()
    about = "refused entries that are kept, by reason"
    found.append(Metric("lianqin_dead_entries", "gauge", about, tuple(({"reason": r}, n) for r, n in reasons)))
    counts = connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state)).all()
    states: dict[str, int] = {row[0]: row[1] for row in counts}
    about = "papers that are kept, by state"
    papers = tuple(({"state": s}, states.get(s, 0)) for s in ("waiting", "running", "done", "failed"))
    found.append(Metric("lianqin_jobs", "gauge", about, papers))
    if (at := last_backup(connection).at) is not None:
        age_s = max(now_ms - at, 0) / 1000
        found.append(gauge("lianqin_backup_age_seconds", "since the last backup was made", age_s, "seconds"))
    return found
