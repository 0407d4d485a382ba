"""A case file read whole: what will be sent, in time order, what cannot be used and why, and what is counted."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.contract.entry import encode_entry
from services.district.place import Placer
from services.files.tables import TableRow
from services.operations.replay import counting, life
from services.operations.replay.formats import Format, recognise
from services.operations.replay.source import ReplayError, RowError, SourceCase, Unusable, open_case_file
from services.platform.clock import to_ms

Entry = tuple[int, dict[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What a replay will send. ``moments`` holds (time in ms, index of the case, version), sorted.

    ``remarks`` counts what was odd in rows that are used all the same. Cases opened after ``until_ms`` are not in
    ``cases``; ``later`` says how many they are. ``note``: what there is to say of the file's encoding.
    """

    form: Format
    cases: tuple[SourceCase, ...]
    moments: tuple[tuple[int, int, int], ...]
    unusable: tuple[Unusable, ...]
    remarks: Counter[str]
    later: int
    until_ms: int | None
    note: str = ""

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self.moments)

    @property
    def first_ms(self) -> int:
        """The first event's time."""
        return self.moments[0][0]

    @property
    def stands_at_ms(self) -> int:
        """Where the clock stands at the end: at ``until``, else at the last event."""
        return self.until_ms if self.until_ms is not None else self.moments[-1][0]

    def entries(self) -> Iterator[Entry]:
        """(time in ms, fields to XADD), in time order. Ids are the same each time: sending twice is harmless."""
        for time_ms, index, version in self.moments:
            case = self.cases[index]
            kind, body = life.event(case, version, self.form.name)
            event_id = f"{case.case_id}/{version}"
            yield (
                time_ms,
                encode_entry(self.form.source, kind, body, time_ms, subject=case.case_id, event_id=event_id),
            )

    def counts(self, placer: Placer | None = None) -> counting.ReplayCounts:
        """What a board must show where the clock stands. With a placer also cases known by their position only."""
        return counting.count(self.cases, self.stands_at_ms, placer)


def plan(path: Path, until_ms: int | None = None, told: Format | None = None) -> ReplayPlan:
    """Read a case file, as the form ``told`` or as what it is.

    Raises ReplayError for a file of no known form, or one with nothing to send.
    """
    file = open_case_file(path)
    form = recognise(path, file.columns, (row.cells for row in file.rows), told)
    cases, unusable = _read(form, file.rows)
    if not cases:
        raise ReplayError(f"{path.name}: not one of its rows can be used; the first: {unusable[:1]}")
    written = max(max(life.reported_ms(c), life.ended_ms(c) or 0) for c in cases)
    known = [c for c in cases if until_ms is None or life.reported_ms(c) <= until_ms]
    if not known:
        first = min(c.reported_at for c in cases).isoformat()
        raise ReplayError(f"{path.name}: its first case was opened at {first}, after the moment asked for")
    moments = sorted(
        (time_ms, index, version)
        for index, case in enumerate(known)
        for time_ms, version in life.moments(case, written)
        if until_ms is None or time_ms <= until_ms
    )
    return ReplayPlan(
        form=form, cases=tuple(known), moments=tuple(moments), unusable=tuple(unusable),
        remarks=Counter(remark for c in known for remark in _remarks(c)), later=len(cases) - len(known),
        until_ms=until_ms, note=file.note,
    )  # fmt: skip


def _read(form: Format, rows: Iterable[TableRow]) -> tuple[list[SourceCase], list[Unusable]]:
    zone = form.city.zone
    cases: list[SourceCase] = []
    unusable: list[Unusable] = []
    seen: dict[str, int] = {}
    for number, _, cells, fault in rows:
        try:
            if fault is not None:
                raise RowError(fault.problem)
            case = form.read(number, cells, zone)
            if (first := seen.setdefault(case.case_id, number)) != number:
                raise RowError(f"case {case.case_id} stands twice: first in row {first}")
        except RowError as error:
            unusable.append(Unusable(number, str(error)))
        else:
            cases.append(case)
    return cases, unusable


def _remarks(case: SourceCase) -> Iterator[str]:
    yield from case.remarks
    if case.ended and case.closed_at is None:
        yield "closed, but not told when: closed from the report on"
    elif case.closed_at is not None and to_ms(case.closed_at) < to_ms(case.reported_at):
        yield "closed before it was reported: closes at the report"
