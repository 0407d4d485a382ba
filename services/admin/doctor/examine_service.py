"""Look at everything that a process needs, one thing after another; nothing here changes anything or raises."""

from collections.abc import Callable, Iterator
from pathlib import Path

import redis
from sqlalchemy import Engine

from services.admin.doctor import machine_reader as machine
from services.admin.doctor import stream_reader
from services.admin.doctor.finding import DoctorFinding, note, ok, wrong
from services.admin.doctor.package_reader import package_findings
from services.admin.doctor.store_reader import open_store_findings, store_findings
from services.district.calendar import holidays_missing
from services.district.load import PackageError, load
from services.district.package import District
from services.platform.clock import SystemClock
from services.platform.database import open_engine
from services.platform.errors import REDIS_ERRORS, STORE_ERRORS
from services.platform.migrate import head, revision_of
from services.platform.redis import connect
from services.platform.settings import Settings

FAULTS_SHOWN = 20


def examine(settings: Settings) -> list[DoctorFinding]:
    """Every finding, in the order in which to mend what is wrong. Never raises."""
    district, findings = _package(settings)
    code = district.code if district is not None else ""
    if district is not None:
        findings += _safely("package", lambda: _in_force(settings, code))
    checks: tuple[tuple[str, Callable[[], Iterator[DoctorFinding]]], ...] = (
        ("Redis", lambda: stream_reader.redis_findings(settings, code)),
        ("database", lambda: store_findings(settings, code)),
        ("web port", lambda: machine.port_findings(settings)),
        ("data key", lambda: machine.key_findings(settings)),
        ("disk", lambda: machine.disk_findings(settings)),
        ("fonts", machine.font_findings),
    )
    for subject, check in checks:
        findings += _safely(subject, check)
    return findings


def examine_running(engine: Engine, client: redis.Redis, settings: Settings, district: District) -> list[DoctorFinding]:
    """What concerns a process that runs, by its own connections: no port, no package to read. Never raises."""
    code, findings = district.code, _holidays(district)
    for subject, check in (
        ("package", lambda: package_findings(engine, client, settings, code)),
        ("Redis", lambda: stream_reader.open_redis_findings(client, settings, code)),
        ("database", lambda: open_store_findings(engine, settings, code)),
        ("data key", lambda: machine.key_findings(settings)),
        ("disk", lambda: machine.disk_findings(settings)),
    ):
        findings += _safely(subject, check)
    return findings


def _in_force(settings: Settings, code: str) -> Iterator[DoctorFinding]:
    """The stored versions of the package, where there is a store that can be asked; the database's own line says why
    there is none.
    """
    path = Path(settings.database.removeprefix("sqlite:///")) if settings.database.startswith("sqlite") else None
    if path is not None and not path.exists():
        return
    engine = open_engine(settings.database)
    client = connect(settings.redis_url, code) if settings.redis_url else None
    try:
        if revision_of(engine) == head():
            yield from package_findings(engine, client if _answers(client) else None, settings, code)
    except STORE_ERRORS:  # said under «database»
        return
    finally:
        engine.dispose()
        if client is not None:
            client.close()


def _answers(client: redis.Redis | None) -> bool:
    try:
        return client is not None and bool(client.ping())
    except REDIS_ERRORS:  # said under «Redis»
        return False


def _package(settings: Settings) -> tuple[District | None, list[DoctorFinding]]:
    folder = settings.district_dir
    if not settings.district and not folder.exists():
        return None, [
            note("district", f"no package at {folder}", "`lianqin demo` makes one; LIANQIN_DISTRICT names yours")
        ]
    try:
        district = load(folder)
    except PackageError as error:
        faults = [
            wrong("district", f"{f.file} {f.feature}".rstrip() + f": {f.problem}", f.remedy) for f in error.faults
        ]
        more = len(faults) - FAULTS_SHOWN
        rest = (
            [wrong("district", f"{more} more faults", f"`lianqin district check {folder}` lists all")]
            if more > 0
            else []
        )
        return None, [*faults[:FAULTS_SHOWN], *rest]
    except Exception as error:
        return None, [
            wrong("district", f"{folder} cannot be read: {_words(error)}", "Mend the file, or its permissions")
        ]
    found = ok(
        "district", f"{district.code} {district.name}, {len(district.streets)} streets, package {district.digest}"
    )
    absent = (
        [note("district", f"absent: {', '.join(district.absent)}", "Not drawn, not counted")] if district.absent else []
    )
    return district, [found, *absent, *_holidays(district)]


def _holidays(district: District) -> list[DoctorFinding]:
    missing = holidays_missing(district, SystemClock().now_ms())
    remedy = "Add them to holidays.csv (date, kind), or install a newer chinesecalendar; then `lianqin rebuild`"
    return [note("holidays", missing, remedy, "holidays_missing")] if missing else []


def _safely(subject: str, check: Callable[[], Iterator[DoctorFinding]]) -> list[DoctorFinding]:
    findings: list[DoctorFinding] = []
    try:
        findings.extend(check())
    except Exception as error:  # a doctor who faints helps nobody: what a check did not foresee is a finding too
        said = _words(error)
        findings.append(
            wrong(subject, f"could not be looked at: {said}", "See what the message names", "not_looked_at", error=said)
        )
    return findings


def _words(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200] if lines else ''}"
