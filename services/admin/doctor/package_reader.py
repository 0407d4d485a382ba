"""The package as it is in force: which stored version, from when, by whom; and whether every process has it."""

from collections.abc import Iterator, Sequence

import redis
from sqlalchemy import Engine

from services.admin import package_store as store
from services.admin.changes import PackageVersion
from services.admin.doctor.finding import DoctorFinding, note, ok, wrong
from services.admin.loading_service import shadowed_files
from services.district.doors import district_clock, load_present
from services.health.beats import ProcessBeat
from services.health.heart import hash_key, read_beats
from services.platform.clock import SystemClock, to_rfc3339
from services.platform.settings import Settings

LISTED = 500
# A process that has not beaten for so long says nothing of what it has; a new package is with all sooner. Milliseconds.
HEARD_MS, TAKEN_OVER_MS = 10_000, 120_000


def package_findings(
    engine: Engine, client: redis.Redis | None, settings: Settings, code: str
) -> Iterator[DoctorFinding]:
    """What lies over the folder, what comes, what was replaced beside it; of each process whether it follows.

    Raises PackageError where the two together are no package.
    """
    now = SystemClock().now_ms() if client is None else district_clock(settings, client, code).now_ms()
    with engine.connect() as connection:
        versions = store.versions(connection, limit=LISTED)
    in_force = [one for one in versions if one.effective_at <= now]
    digest = load_present(engine, settings.district_dir, now).digest
    yield from _versions(in_force, [one for one in versions if one.effective_at > now])
    for file in shadowed_files(engine, settings.district_dir):
        yield note(
            "package",
            f"{file} was replaced in the folder under a change made in the browser, which counts",
            "`lianqin district load` decides which",
            "package_shadowed",
            file=file,
        )
    if client is not None:
        since = max((one.effective_at for one in in_force), default=0)
        yield from followers(read_beats(client, hash_key(code)), digest, just_changed=now - since < TAKEN_OVER_MS)


def _versions(in_force: Sequence[PackageVersion], pending: Sequence[PackageVersion]) -> Iterator[DoctorFinding]:
    if in_force:
        one = max(in_force, key=lambda version: version.number)
        by = one.name or one.who
        yield ok(
            "package",
            f"version {one.number} is in force since {to_rfc3339(one.effective_at)}, by {by}: {one.reason}",
            "package_in_force",
            n=one.number,
            at=one.effective_at,
            by=by,
            reason=one.reason,
        )
    else:
        yield ok("package", "as it lies in the folder: nothing was changed in the browser", "package_plain")
    for one in sorted(pending, key=lambda version: version.effective_at):
        by = one.name or one.who
        yield note(
            "package",
            f"version {one.number}, by {by}, comes into force at {to_rfc3339(one.effective_at)}",
            f"`lianqin district undo {one.number}` takes it back",
            "package_pending",
            n=one.number,
            at=one.effective_at,
            by=by,
        )


def followers(beats: Sequence[ProcessBeat], digest: str, *, just_changed: bool) -> Iterator[DoctorFinding]:
    """Of the processes that live and say which package they have: who has another. For two minutes nobody is late."""
    newest = max((one.at for one in beats), default=0)
    living = [one for one in beats if not one.is_over and newest - one.at < HEARD_MS and one.package]
    behind = [one for one in living if one.package != digest]
    for one in behind:
        told = {"process": one.name, "host": one.host, "pid": str(one.pid)}
        what = f"{one.name} on {one.host} ({one.pid}) has another package than the one in force"
        if just_changed:
            yield note("package", what, "It takes it over within two minutes", "package_taking_over", **told)
        else:
            yield wrong(
                "package",
                what,
                "Look at its log for why it cannot read it, or end it by its pid and start it again",
                "package_behind",
                **told,
            )
    if living and not behind:
        yield ok("package", f"{len(living)} processes have it", "package_followed", n=len(living))
