"""``lianqin export …``: cases as a file for analysis. Parse, call, print."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from services.platform.settings import Settings

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

FORMATS = ("csv", "parquet", "xlsx")


def add_commands(commands: "Commands", local: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add it to the parser; ``local`` adds the options that say where the data lie."""
    text = "files for analysis: docs/analysis.md tells their columns and how to read them"
    actions = commands.add_parser("export", help=text, description=text).add_subparsers(required=True, metavar="what")
    text = "the cases reported in some days, one row a case, masked; classes 09 and 10 without place"
    cases = actions.add_parser("cases", help=text, description=text)
    cases.set_defaults(command=_cases)
    local(cases)
    cases.add_argument("--from", dest="first", required=True, metavar="DAY", help="the first day, 2026-11-01")
    cases.add_argument("--to", dest="last", required=True, metavar="DAY", help="the last day; it is in")
    cases.add_argument("--format", choices=FORMATS, help="default: by the name of FILE, else csv")
    cases.add_argument("--out", type=Path, metavar="FILE", help="default: cases-DISTRICT-FROM-TO.FORMAT, here")


def _cases(options: argparse.Namespace, settings: Settings) -> int:
    from services.indicators.case_frame.errands import CaseExport, export_cases
    from services.indicators.case_frame.frame import FORMS

    named = options.format or (options.out.suffix.removeprefix(".") if options.out is not None else "")
    form = next((form for form in FORMS if form == named), FORMS[0])
    print(export_cases(settings, CaseExport(options.first, options.last, form, options.out)))
    return 0
