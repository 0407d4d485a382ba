"""``lianqin report``: the papers of a span, as a timer of the machine would make them. Parse, call, print."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from services.platform.settings import Settings

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

KINDS = ("pdf", "xlsx", "csv")
# What people wait seconds for gives way to what they wait milliseconds for.
NICE = 10


def add_commands(commands: "Commands", local: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add it to the parser; ``local`` adds the options that say where the data lie."""
    text = "make the report of a day, week, month or any span: PDF, Excel and CSV"
    report = commands.add_parser("report", help=text, description=text)
    local(report)
    span = report.add_mutually_exclusive_group()
    span.add_argument("--day", metavar="DAY", help="yesterday (default), today, or 2026-11-26")
    span.add_argument("--last", choices=("day", "week", "month", "quarter"), help="the last whole one")
    span.add_argument("--span", metavar="TEXT", help="2026-W48, 2026-11, 2026-Q4 or 2026-11-01..2026-11-15")
    report.add_argument("--street", default="", metavar="CODE", help="of one street; default: the district")
    report.add_argument("--unit", default="", metavar="CODE", help="of one department")
    report.add_argument("--format", action="append", choices=KINDS, default=[], help="may repeat; default: all")
    report.add_argument("--cases", action="store_true", help="the cases too, as a sheet of the workbook")
    report.add_argument("--language", choices=("zh-CN", "en"), default="zh-CN")
    report.add_argument("--out", type=Path, required=True, metavar="DIR")
    report.set_defaults(command=_report)

    text = "make the papers and the past rooms that people ask for; several may run"
    worker = commands.add_parser("worker", help=text, description=text)
    local(worker)
    parts = ("papers", "past")
    worker.add_argument("--only", choices=parts, help="one of the two, so that neither waits for the other")
    worker.set_defaults(command=_worker)


def _worker(options: argparse.Namespace, settings: Settings) -> int:
    from dashboard.cli.running import RunsUntilStopped, Together, with_each_package
    from dashboard.papers.worker import PaperWorker
    from services.district.doors import OpenDoors
    from services.health.hearts import Hearts
    from services.past.worker import Answerer

    def parts(doors: OpenDoors, hearts: Hearts) -> RunsUntilStopped:
        # A paper of a year, a room of a busy day: minutes in which the loop stands.
        names = [options.only] if options.only else ["papers", "past"]
        pulses = {name: hearts.begin(name, idle_limit_s=600, silence_limit_s=20) for name in names}
        makers: dict[str, Callable[[], RunsUntilStopped]] = {
            "papers": lambda: PaperWorker(doors.engine, doors.district, doors.clock, pulses["papers"]),
            "past": lambda: Answerer(doors.engine, doors.redis, doors.district, doors.clock, pulses["past"]),
        }
        return Together([makers[name]() for name in names])

    os.nice(NICE)
    return with_each_package(settings, parts)


def _report(options: argparse.Namespace, settings: Settings) -> int:
    from dashboard.papers.make import PaperWish, write_papers
    from services.audit.service import local_who

    wanted = PaperWish(
        text=options.span or options.day or "",
        last=options.last or "day",
        street=options.street,
        unit=options.unit,
        kinds=tuple(options.format or KINDS),
        with_cases=options.cases,
        language=options.language,
    )
    for path in write_papers(settings, wanted, options.out, local_who().user_id):
        print(path)
    return 0
