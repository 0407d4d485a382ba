"""The log book as a desk shows it: by street, kind, author and words; what is said again and again is one line. Pure.

A shift's log has hundreds of entries of the system and a few of people: those are never folded away.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from services.duty.logbook import BY_PEOPLE, BY_SYSTEM, Entry, said
from services.platform.clock import MINUTE_MS

# The same sentence within so long of the one before is the same line.
FOLD_MS = 30 * MINUTE_MS
# Of a line's cases so many are named; the rest is in ``n``.
CASES_NAMED = 12
GROUPS = {"people": BY_PEOPLE, "system": BY_SYSTEM}


class LogWish(NamedTuple):
    """What of the log is wanted; what is empty asks for nothing. ``kind``: a kind, ``people`` or ``system``."""

    street: str = ""
    kind: str = ""
    who: str = ""
    words: str = ""


class LogLine(NamedTuple):
    """A line: the newest entry of those that say the same, how many, since when, and the cases that they are about."""

    entry: Entry
    text: str
    street: str
    n: int = 1
    first_at: int = 0
    cases: tuple[str, ...] = ()


def street_of_entry(entry: Entry, streets: Mapping[str, str]) -> str:
    """The street that an entry is about: its own word for it, else its case's (case → street)."""
    return said(entry)[1].get("street", "") or streets.get(entry.case_id, "")


def lines(entries: Iterable[Entry], text_of: Callable[[Entry], str], streets: Mapping[str, str]) -> list[LogLine]:
    """A line an entry, in the order of the entries."""
    return [
        LogLine(e, text_of(e), street_of_entry(e, streets), 1, e.at, (e.case_id,) if e.case_id else ()) for e in entries
    ]


def wanted(found: Iterable[LogLine], wish: LogWish) -> list[LogLine]:
    """The lines that are asked for; words are looked for in text, author and case, capitals or not."""
    kinds, words = GROUPS.get(wish.kind, (wish.kind,)), wish.words.lower().split()

    def passes(line: LogLine) -> bool:
        entry = line.entry
        if (wish.kind and entry.kind not in kinds) or (wish.street and line.street != wish.street):
            return False
        if wish.who and entry.who != wish.who:
            return False
        whole = f"{line.text} {entry.who} {entry.case_id}".lower()
        return all(word in whole for word in words)

    return [line for line in found if passes(line)]


def folded(found: Sequence[LogLine]) -> list[LogLine]:
    """The lines, newest first, with what the system says again and again in one; what people wrote stands alone."""
    shown: list[LogLine] = []
    standing: dict[tuple[str, str, str], int] = {}
    for line in found:
        key = line.entry.kind, line.text, line.street
        at = standing.get(key)
        if line.entry.kind in BY_PEOPLE or at is None or shown[at].first_at - line.first_at > FOLD_MS:
            standing[key] = len(shown)
            shown.append(line)
            continue
        before = shown[at]
        cases = tuple(dict.fromkeys((*before.cases, *line.cases)))[:CASES_NAMED]
        shown[at] = before._replace(n=before.n + 1, first_at=line.first_at, cases=cases)
    return shown
