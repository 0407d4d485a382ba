"""The faults that the package's check found, in the reader's language, with line and column where they have one."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from services.district.load import PackageFault

MOST = 40


def fault_lines(faults: Iterable[PackageFault], words: dict[str, Any]) -> list[str]:
    """A sentence for each fault, a bounded number of them."""
    found = [_line(fault, words) for fault in faults]
    rest = len(found) - MOST
    return found if rest <= 0 else [*found[:MOST], words["package"]["and_more"].format(n=rest)]


def _line(fault: PackageFault, words: dict[str, Any]) -> str:
    labels = words["package"]["fault"]
    where = fault.feature
    if line := re.fullmatch(r"line (\d+)", where):
        where = labels["line"].format(n=line.group(1))
    column = re.match(r"column ([^:]+): ", fault.problem)
    problem = fault.problem[column.end() :] if column else fault.problem
    if column:
        where = f"{where} {labels['column'].format(n=column.group(1))}".strip()
    name = labels["file"].get(fault.file.replace(".", "_"), fault.file)
    return f"{name} {where}{labels['colon']}{_said(problem, fault.remedy, words)}"


def _said(problem: str, remedy: str, words: dict[str, Any]) -> str:
    if words["language"] == "en":
        return f"{problem}. {remedy}"
    for pattern, said in _patterns(
        words["language"], tuple(tuple(one) for one in words["package"]["fault"]["patterns"])
    ):
        if found := pattern.search(problem):
            return said.format(*found.groups(""))
    return str(words["package"]["fault"]["other"]).format(problem)


@lru_cache(maxsize=4)
def _patterns(_language: str, rows: tuple[tuple[str, str], ...]) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern), said) for pattern, said in rows]
