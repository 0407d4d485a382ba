"""Look at everything that a process needs, one thing after another; nothing here changes anything or raises."""

from collections.abc import Callable, Iterator

from services.district.calendar import holidays_missing
from services.district.load import PackageError, load
from services.district.package import District
from services.operations.doctor import machine, stream_side
from services.operations.doctor.finding import DoctorFinding, note, ok, wrong
from services.operations.doctor.store_side import store_findings
from services.platform.clock import SystemClock
from services.platform.settings import Settings

FAULTS_SHOWN = 20


def examine(settings: Settings) -> list[DoctorFinding]:
    """Every finding, in the order in which to mend what is wrong. Never raises."""
    district, findings = _package(settings)
    code = district.code if district is not None else ""
    checks: tuple[tuple[str, Callable[[], Iterator[DoctorFinding]]], ...] = (
        ("Redis", lambda: stream_side.redis_findings(settings, code)),
        ("database", lambda: store_findings(settings, code)),
        ("web port", lambda: machine.port_findings(settings)),
        ("data key", lambda: machine.key_findings(settings)),
        ("disk", lambda: machine.disk_findings(settings)),
        ("fonts", machine.font_findings),
    )
    for subject, check in checks:
        findings += _safely(subject, check)
    return findings


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
    missing = holidays_missing(district, SystemClock().now_ms())
    remedy = "Add them to holidays.csv (date, kind), or install a newer chinesecalendar; then `lianqin rebuild`"
    return district, [found, *absent, *([note("holidays", missing, remedy)] if missing else [])]


def _safely(subject: str, check: Callable[[], Iterator[DoctorFinding]]) -> list[DoctorFinding]:
    findings: list[DoctorFinding] = []
    try:
        findings.extend(check())
    except Exception as error:  # a doctor who faints helps nobody: what a check did not foresee is a finding too
        findings.append(wrong(subject, f"could not be looked at: {_words(error)}", "See what the message names"))
    return findings


def _words(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200] if lines else ''}"
