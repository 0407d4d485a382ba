"""The district's processes: which live, by their hearts; which are dead, and what to do."""

from collections.abc import Iterator, Sequence

from services.admin.doctor.finding import DoctorFinding, note, ok, wrong
from services.health.beats import Process
from services.platform.clock import to_rfc3339
from services.platform.version import our_version

COMMANDS = {
    "projector": "lianqin projector",
    "web": "lianqin web",
    "escalator": "lianqin escalator",
    "alarms": "lianqin alarms",
    "surveyor": "lianqin surveyor",
    "papers": "lianqin worker --only papers",
    "past": "lianqin worker --only past",
}


def process_findings(found: Sequence[Process]) -> Iterator[DoctorFinding]:
    """One for each process that is known or expected."""
    if not found:
        yield note(
            "processes",
            "none has ever said that it lives, and none is expected",
            "Start them; LIANQIN_PROCESSES names those that must run (docs/settings.md)",
            code="no_process",
        )
    for process in found:
        yield _of(process)


def _of(process: Process) -> DoctorFinding:
    command = COMMANDS[process.name]
    since = "" if process.at is None else f" since {to_rfc3339(process.at)}"
    told = {"process": process.name, "at": process.at, "waits_for": process.detail}
    if process.state == "dead":
        return wrong(
            process.name,
            f"dead: no beat{since}",
            f"Start `{command}`, and look at its log for how it ended",
            "process_dead",
            **told,
        )
    if process.state == "stuck":
        return wrong(
            process.name,
            f"hangs: it beats, and its loop does not turn ({process.detail or 'nothing said'})",
            f"Look at its log and at the database's locks; end it by its pid and start `{command}`",
            "process_stuck",
            **told,
        )
    if process.state == "stopped":
        return wrong(
            process.name,
            f"was ended{since}, and LIANQIN_PROCESSES expects it",
            f"Start `{command}`",
            "process_stopped",
            **told,
        )
    if process.state == "missing":
        return wrong(
            process.name, "never ran, and LIANQIN_PROCESSES expects it", f"Start `{command}`", "process_missing", **told
        )
    if process.state == "waits":
        return wrong(
            process.name,
            f"runs, and waits: {process.detail}",
            "Mend what it waits for; it goes on by itself",
            "process_waits",
            **told,
        )
    return _alive(process)


def _alive(process: Process) -> DoctorFinding:
    words = [f"{process.alive} alive" if process.alive > 1 else "alive", process.role, process.detail]
    if process.version not in {"", our_version()}:
        words.append(f"version {process.version}, this is {our_version()}")
    if process.dead:
        words.append(f"{process.dead} more dead")
        return note(
            process.name,
            ", ".join(filter(None, words)),
            f"Start `{COMMANDS[process.name]}` again where it was",
            "process_some_dead",
            process=process.name,
            n=process.dead,
        )
    return ok(
        process.name,
        ", ".join(filter(None, words)),
        "process_well",
        process=process.name,
        n=max(process.alive, 1),
        version=process.version,
    )
