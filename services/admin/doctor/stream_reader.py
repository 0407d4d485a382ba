"""Redis as it should be: new enough, with AOF, never evicting; the stream read; its clock and the machine's alike."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import redis

from services.admin.doctor.finding import DoctorFinding, note, ok, wrong
from services.admin.doctor.process_reader import process_findings
from services.contract.entry import entry_order
from services.health.around_reader import forgotten_groups
from services.health.beats import Process
from services.health.watching_reader import look_once
from services.platform.clock import MINUTE_MS, VirtualClock, from_hash, to_rfc3339
from services.platform.redis import GROUP, Keys, connect, where_is
from services.platform.settings import VIRTUAL, Settings

LOWEST_VERSION = 7
READS_WITHIN_MS = 15_000
PENDING_TOO_LONG_MS = MINUTE_MS
SKEW_NOTED_MS, SKEW_WRONG_MS = 1_000, 5_000


def redis_findings(settings: Settings, code: str) -> Iterator[DoctorFinding]:
    """Everything about Redis; ``code`` is the district's, or empty when the package cannot be read."""
    if not settings.redis_url:
        yield note(
            "Redis",
            "LIANQIN_REDIS_URL is not set and no demo runs here",
            "`lianqin demo` starts one of its own; in production give the address of the district's Redis",
            "no_redis",
        )
        return
    client = connect(settings.redis_url, code)
    try:
        yield from open_redis_findings(client, settings, code)
    finally:
        client.close()


def open_redis_findings(client: redis.Redis, settings: Settings, code: str) -> Iterator[DoctorFinding]:
    """``redis_findings`` of a connection that is open."""
    yield from _master(client, settings.redis_url.partition("://")[0])
    try:
        info = client.info()
    except redis.AuthenticationError:
        yield wrong("Redis", "does not let us in", "Put user and password into LIANQIN_REDIS_URL", "redis_shut")
        return
    except (redis.RedisError, OSError, ValueError) as error:
        yield wrong(
            "Redis",
            f"does not answer: {error}",
            "Start it, or mend LIANQIN_REDIS_URL; walls keep their last picture and say that the stream is cut",
            "redis_down",
        )
        return
    yield from _server(info)
    yield from _clock(client, code, follows=settings.clock == VIRTUAL)
    if code:
        found = look_once(client, code, settings.processes)
        yield from _stream(client, Keys(code), _projector(found))
        yield from process_findings(found)


def _master(client: redis.Redis, form: str) -> Iterator[DoctorFinding]:
    """Where the master is, as the Sentinels or the cluster's nodes say, and who of them is silent."""
    if (where := where_is(client)) is None:
        return
    asked = ", ".join(f"{host}:{port}" for host, port in where.asked)
    if where.host is None:
        yield wrong(
            "Redis master",
            f"nobody names one: asked were {asked}",
            f"Start them; LIANQIN_REDIS_URL ({form}://…) must name them, and the master as they call it "
            "(`redis-cli -p 26379 SENTINEL MASTERS`, `redis-cli CLUSTER SLOTS`)",
            "redis_no_master",
            asked=asked,
        )
        return
    host = f"{where.host[0]}:{where.host[1]}"
    yield ok("Redis master", f"is {host}, says {asked}", "redis_master", host=host, asked=asked)
    if where.silent:
        silent = ", ".join(f"{host}:{port}" for host, port in where.silent)
        yield wrong(
            "Redis master",
            f"{silent} of {len(where.asked)} does not say where it is",
            "Start what is down: when too few are left, nobody takes over from a master that fails",
            "redis_silent",
            silent=silent,
            n=len(where.asked),
        )


def _server(info: Mapping[str, Any]) -> Iterator[DoctorFinding]:
    name, version = str(info.get("server_name", "redis")), str(info.get("redis_version", "0"))
    own = str(info.get("valkey_version", version))
    if int(version.partition(".")[0]) < LOWEST_VERSION:
        yield wrong(
            "Redis",
            f"version {own}",
            f"Run Redis or Valkey {LOWEST_VERSION} or newer: a gap cannot be measured before",
            "redis_old",
            version=own,
            least=LOWEST_VERSION,
        )
    else:
        yield ok("Redis", f"{name} {own} answers", "redis_answers", name=name, version=own)
    if info.get("role", "master") != "master":
        yield wrong(
            "Redis role",
            "a read-only replica: nobody can publish here, and nothing can be acknowledged",
            "Put the address of its master into LIANQIN_REDIS_URL, or promote it (REPLICAOF NO ONE)",
            "redis_replica",
        )
    if info.get("aof_enabled"):
        yield ok("Redis AOF", "on", "aof_on")
    else:
        yield wrong(
            "Redis AOF",
            "off: a restart loses what was not read yet",
            "CONFIG SET appendonly yes, and write it down",
            "aof_off",
        )
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if policy == "noeviction":
        yield ok("Redis memory", "noeviction", "keeps_all")
    else:
        yield wrong(
            "Redis memory",
            f"policy {policy} may throw the stream away",
            "CONFIG SET maxmemory-policy noeviction",
            "evicts",
            policy=policy,
        )
    used, limit = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if limit and used > limit * 0.9:
        yield wrong(
            "Redis memory",
            f"{used / limit:.0%} of maxmemory is used",
            "Raise maxmemory: publishers are about to be refused",
            "redis_full",
            share=used / limit,
        )


def _clock(client: redis.Redis, code: str, *, follows: bool) -> Iterator[DoctorFinding]:
    before = time.time()
    seconds, micros = client.time()
    after = time.time()
    ahead_ms = ((before + after) / 2 - (seconds + micros / 1e6)) * 1000
    allowed_ms = (after - before) * 500
    if abs(ahead_ms) > SKEW_WRONG_MS + allowed_ms:
        yield wrong(
            "clock",
            f"this machine is {ahead_ms / 1000:+.1f} s against Redis",
            "Set both by NTP (timedatectl set-ntp true)",
            "clock_wrong",
            seconds=ahead_ms / 1000,
        )
    elif abs(ahead_ms) > SKEW_NOTED_MS + allowed_ms:
        yield note(
            "clock", f"this machine is {ahead_ms / 1000:+.1f} s against Redis", "", "clock_off", seconds=ahead_ms / 1000
        )
    else:
        yield ok("clock", "this machine and Redis agree", "clock_well")
    fields = cast(dict[bytes, bytes], client.hgetall(Keys(code).clock)) if code else {}
    if not fields:
        return
    if not follows:
        yield wrong(
            "virtual clock",
            f"{Keys(code).clock} is set, and not obeyed: LIANQIN_CLOCK is not virtual here",
            f"Somebody has written to Redis who should not: look at its ACL (docs/operations.md), "
            f"DEL {Keys(code).clock}. For a demo or a replay set LIANQIN_CLOCK=virtual",
            "clock_ignored",
            key=Keys(code).clock,
        )
        return
    try:
        virtual = from_hash(fields)
    except (ValueError, KeyError) as error:
        yield wrong(
            "virtual clock",
            f"cannot be read: {error}",
            f"DEL {Keys(code).clock}",
            "clock_unreadable",
            key=Keys(code).clock,
        )
        return
    assert isinstance(virtual, VirtualClock)
    pace = "stands" if virtual.rate() == 0 else f"runs at ×{virtual.rate():g}"
    yield note(
        "virtual clock",
        f"it is {to_rfc3339(virtual.now_ms())} for every process; the clock {pace}",
        f"Right for a demo or a replay; in production: DEL {Keys(code).clock}",
        "clock_virtual",
        at=virtual.now_ms(),
    )


def _projector(found: Sequence[Process]) -> str:
    """What to do for a stream that nobody reads."""
    state = next((p.state for p in found if p.name == "projector"), "missing")
    if state in {"alive", "waits", "stuck"}:
        return "A projector runs: see below what it waits for, and look at its log"
    return "Start `lianqin projector`, or look at its log"


def _stream(client: redis.Redis, keys: Keys, remedy: str) -> Iterator[DoctorFinding]:
    if not client.exists(keys.events):
        yield note(
            "stream",
            f"{keys.events} is not there: nobody has published yet",
            "docs/contract.md shows publishers how",
            "no_stream",
        )
        return
    yield from _ahead(client, keys)
    length = client.xlen(keys.events)
    groups = {_text(g["name"]): g for g in client.xinfo_groups(keys.events)}
    yield from _forgotten(client, keys)
    if (ours := groups.get(GROUP)) is None:
        yield wrong(
            "stream",
            f"{length:,} entries, and no projector has ever read them",
            "Start `lianqin projector`",
            "never_read",
            n=length,
        )
        return
    lag, pending = ours.get("lag"), int(ours["pending"])
    if ours["last-delivered-id"] == client.xinfo_stream(keys.events)["last-generated-id"]:
        lag = 0  # what Redis counts itself may be off after its restart
    # Redis cannot always count the lag (after XDEL, or with a group made by hand): then it says nil.
    unread = "an unknown number" if lag is None else f"{int(lag):,}"
    consumers = client.xinfo_consumers(keys.events, GROUP)
    idle_ms = min((int(c["idle"]) for c in consumers), default=None)
    what = f"{length:,} entries, {unread} unread, {pending:,} not acknowledged"
    # A consumer that waits for news looks idle to Redis before 7.2: only beside unread entries does it mean a thing.
    if idle_ms is None or (lag != 0 and idle_ms > READS_WITHIN_MS):
        since = "ever" if idle_ms is None else f"for {idle_ms / 1000:,.0f} s"
        yield wrong(
            "stream",
            f"{what}; no projector has read {since}",
            remedy,
            "not_read",
            n="?" if lag is None else int(lag),
            minutes=(idle_ms or 0) // MINUTE_MS,
        )
        return
    yield ok(
        "stream",
        f"{what}; {len(consumers)} projector{'s' * (len(consumers) != 1)}",
        "stream_read",
        n="?" if lag is None else int(lag),
        pending=pending,
    )
    if pending:
        yield from _held(client, keys)


def _held(client: redis.Redis, keys: Keys) -> Iterator[DoctorFinding]:
    """The oldest entry that a projector has taken and not finished."""
    oldest = client.xpending_range(keys.events, GROUP, "-", "+", 1)
    if oldest and int(oldest[0]["time_since_delivered"]) > PENDING_TOO_LONG_MS:
        who, age = _text(oldest[0]["consumer"]), int(oldest[0]["time_since_delivered"]) / 1000
        yield wrong(
            "stream",
            f"{who} has held an entry for {age:,.0f} s",
            "A running projector takes it over after 30 s: look at its log (the database?)",
            "held",
            who=who,
            seconds=age,
        )


def _forgotten(client: Any, keys: Keys) -> Iterator[DoctorFinding]:
    for name in forgotten_groups(client, keys):
        yield wrong(
            "stream",
            f"group {name!r} has read nothing for more than an hour: no entry behind its place is trimmed",
            f"Start its reader, or: redis-cli XGROUP DESTROY '{keys.events}' '{name}'",
            "forgotten_group",
            group=name,
        )


def _ahead(client: Any, keys: Keys) -> Iterator[DoctorFinding]:
    """Whether the stream's last id lies in the future: Redis numbers on from it, whatever its clock says."""
    last = client.xinfo_stream(keys.events)["last-generated-id"].decode()
    seconds, micros = client.time()
    ahead_ms = entry_order(last)[0] - (seconds * 1000 + micros // 1000)
    if ahead_ms <= SKEW_WRONG_MS:
        return
    yield note(
        "stream",
        f"its last id, {last}, is {_span(ahead_ms)} ahead of Redis' own clock",
        "Redis' clock was ahead once, or a publisher names ids. Until the clock has come there Redis counts the "
        "sequence on: every entry is taken in, in order, but its id does not say when it came. Set the clocks by NTP; "
        "publishers: XADD with *",
        "stream_ahead",
    )


def _span(ms: int) -> str:
    days, seconds = divmod(ms // 1000, 86_400)
    return f"{days:,} days" if days else f"{seconds:,} s"


def _text(raw: object) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
