"""In which order the desk's queue stands: its groups, and in each group the column that is sorted. Pure.

The same rules as in the browser: ``assets/modules/desk/queue-groups.js`` and ``queue-columns.js``.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from services.board.case_export import ExportedCase
from services.board.queue_filter import TextOf
from services.cases.deadlines import LIGHTS

_OVERDUE, _SOON, _SUSPENDED = (LIGHTS.index(name) for name in ("overdue", "due_soon", "suspended"))
# By the clock: what nobody has taken comes first, what has no deadline last.
CLOCK: Final = ("untaken", "district", "overdue", "soon", "normal", "suspended", "none")
# Behind every deadline; what has none stands behind what is suspended.
_NEVER = 2**52

_Key = Callable[[ExportedCase], Any]
_GROUPS: dict[str, _Key] = {
    "street": lambda one: one.row.street,
    "grid": lambda one: one.row.grid,
    "domain": lambda one: one.row.domain,
    "unit": lambda one: one.row.lead_unit,
    "channel": lambda one: one.row.channel,
    "status": lambda one: one.row.status,
}
GROUPS: Final = frozenset({*_GROUPS, "clock", "none"})


class QueueOrder(msgspec.Struct, frozen=True):
    """What is sorted by: a column of the queue, and the grouping; ``is_district`` on the district's own desk."""

    column: str = "left"
    is_descending: bool = False
    group: str = "none"
    is_district: bool = False

    def sorted(self, cases: Sequence[ExportedCase], texts: TextOf, *, is_english: bool) -> list[ExportedCase]:
        """The cases as they stand on the screen, those of folded groups too."""
        found = sorted(cases, key=_columns(texts, is_english=is_english)[self.column], reverse=self.is_descending)
        if self.group == "none":
            return found
        if self.group == "clock":
            return sorted(found, key=lambda one: CLOCK.index(_clock(one, is_district=self.is_district)))
        key = _GROUPS[self.group]
        sizes = Counter(map(key, found))
        return sorted(found, key=lambda one: (-sizes[key(one)], key(one)))  # the largest group first


def _clock(one: ExportedCase, *, is_district: bool) -> str:
    if one.row.level == "district":
        return "untaken" if is_district and one.is_untaken else "district"
    named = {_OVERDUE: "overdue", _SOON: "soon", _SUSPENDED: "suspended"}
    return named.get(one.light) or ("none" if one.row.deadline_at is None else "normal")


def _columns(texts: TextOf, *, is_english: bool) -> dict[str, _Key]:
    """Column → by what it sorts; equal texts stand by their deadlines, then all by their numbers."""

    def by(of: _Key) -> _Key:
        return lambda one: (of(one), one.row.case_id)

    def text(name: str) -> _Key:
        def key(one: ExportedCase) -> tuple[Any, int]:
            said = texts[name](one.row)
            # The column of the class says the number as well; what is sorted is the class.
            said = said.removesuffix(f" {one.row.case_id}") if name == "case" else said
            return _spelt(said, is_english=is_english), _deadline(one)

        return by(key)

    return {
        "left": by(_deadline), "takeover": by(_takeover), "case": text("case"), "street": text("street"),
        "grid": text("grid"), "unit": text("unit"), "status": text("status"), "channel": text("channel"),
        "id": text("id"), "reported": by(lambda one: one.row.reported_at),
        "back": by(lambda one: -(one.row.returns + one.row.reworks)),
    }  # fmt: skip


def _deadline(one: ExportedCase) -> int:
    if one.light == _SUSPENDED:
        return _NEVER
    return _NEVER + 1 if one.row.deadline_at is None else one.row.deadline_at


def _takeover(one: ExportedCase) -> tuple[int, int]:
    """By who has a case: whom nobody has taken, what the district holds, what is proposed to it, then by the clock."""
    if one.row.level == "district":
        return (0 if one.is_untaken else 1), _deadline(one)
    if one.is_proposed:
        return 2, _deadline(one)
    return (4, _deadline(one)) if one.takeover_at is None else (3, one.takeover_at)


def _spelt(text: str, *, is_english: bool) -> tuple[tuple[int, bytes], ...]:
    """A text as a browser sorts it: signs, digits, then in Chinese the Chinese by its pinyin and the Latin behind it.

    GB 18030 lays the common characters in the order of their pinyin. Capitals and small letters are one. In English the
    Latin stands first, and the Chinese by its code.
    """
    coding, han, other = ("utf-32-be", 3, 2) if is_english else ("gb18030", 2, 3)

    def place(char: str) -> tuple[int, bytes]:
        kind = han if "\u3400" <= char <= "\u9fff" else 1 if char.isdigit() else other if char.isalpha() else 0
        return kind, char.encode(coding, "replace")

    return tuple(map(place, text.casefold()))


COLUMNS: Final = frozenset(_columns({}, is_english=False))
