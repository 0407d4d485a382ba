"""``lianqin replay``: a case file through the district's stream, with everything that is odd about it said."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import redis

from services.district.load import load
from services.district.place import Placer
from services.operations.replay.districts import write_package
from services.operations.replay.formats import form_named
from services.operations.replay.mapping import read_mapping
from services.operations.replay.plan import ReplayPlan, plan
from services.operations.replay.player import play
from services.operations.replay.source import ReplayError
from services.platform.clock import parse_ms, to_rfc3339
from services.platform.errors import OperationError
from services.platform.every import Every
from services.platform.redis import open_redis
from services.platform.settings import Settings
from services.platform.stopping import SignalledStop

Say = Callable[[str], None]

STOPPED = 130  # what a shell gives a command that Ctrl-C ended
REASONS_SHOWN, ROWS_SHOWN = 12, 5
SAY_EVERY_S = 2.0


def replay(  # what the command line says
    file: Path, settings: Settings, *, speed: float | None, instant: bool, until: str | None, say: Say,
    form: str = "", mapping: Path | None = None,
) -> int:  # fmt: skip
    """Send ``file``; returns the exit code. Raises OperationError, NotConfigured or ValueError before it sends.

    ``form`` names the file's form, ``mapping`` is a file that describes it; without both it is recognised.
    """
    todo = _plan(file, parse_ms(until) if until else None, form, mapping)
    city = todo.form.city
    district = load(settings.district_dir)
    if district.code != city.code:
        raise OperationError(
            f"{file.name} holds cases of {city.name_en} ({city.code}), the district here is {district.code}: write its "
            f"package with `lianqin replay {file} --make-district DIR` and set LIANQIN_DISTRICT=DIR"
        )
    for line in describe(todo):
        say(line)
    with open_redis(settings, district.code) as client, _ctrl_c() as stop:
        told = _Progress(say)
        try:
            sent = play(
                client, todo, code=district.code, speed=speed, instant=instant, progress=told, stop=stop.is_set,
                wait=stop.wait,
            )  # fmt: skip
        except redis.RedisError as error:
            say(f"Redis broke off after {told.done:,} of {len(todo):,}: {error}. Run it again: the ids are the same")
            return 1
        if sent < len(todo):
            say(f"stopped after {sent:,} of {len(todo):,}; run it again to go on: the ids are the same")
            return STOPPED
    total, outside = (counts := todo.counts(Placer(district))).total, counts.outside
    say(f"sent {sent:,} entries; the clock stands at {to_rfc3339(todo.stands_at_ms)}")
    say(f"the wall shows then: {total.open:,} open ({total.overdue:,} overdue), {total.closed:,} closed")
    if outside:
        say(f"  {len(outside):,} cases lie outside the district: in `lianqin dead list`, {_some(outside)}")
    return 0


def make_district(
    file: Path, folder: Path, boundaries: Path | None, say: Say, *, form: str = "", mapping: Path | None = None
) -> int:
    """Write the package that ``file`` belongs to into ``folder`` and check it; returns the exit code."""
    if (folder / "district.toml").exists():
        raise OperationError(f"{folder} holds a district package: give a new folder, or remove that one first")
    todo = _plan(file, None, form, mapping)
    try:
        write_package(todo, boundaries, folder)
    except ReplayError as error:
        raise OperationError(str(error)) from error
    district = load(folder)
    drawn = sum(area.geometry is not None for area in district.streets.values())
    say(
        f"wrote {district.code} {district.name_en} to {folder}: {len(district.streets)} streets, {drawn} drawn, "
        f"{len(district.communities)} communities, {len(district.units)} units"
    )
    if not drawn:
        say("without outlines: cases are counted by street, not drawn (--boundaries names a folder of outlines)")
    return 0


def describe(todo: ReplayPlan) -> Iterator[str]:
    """What will be sent, what cannot be used and why, what is odd: each counted, with its first rows."""
    first, last = to_rfc3339(todo.first_ms), to_rfc3339(todo.moments[-1][0])
    yield f"{todo.form.name}: {len(todo.cases):,} cases, {len(todo):,} events from {first} to {last}"
    if todo.note:
        yield f"  the file {todo.note}"
    if todo.later:
        yield f"  {todo.later:,} more cases were opened after {to_rfc3339(todo.stands_at_ms)}: not sent"
    reasons: dict[str, list[int]] = {}
    for unusable in todo.unusable:
        reasons.setdefault(unusable.reason, []).append(unusable.row)
    if todo.unusable:
        yield f"  {len(todo.unusable):,} rows cannot be used (the header is row 1):"
    ranked = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    for reason, rows in ranked[:REASONS_SHOWN]:
        yield f"    {len(rows):,} × {reason}: row {_some(rows)}"
    if len(ranked) > REASONS_SHOWN:
        left = sum(len(rows) for _, rows in ranked[REASONS_SHOWN:])
        yield f"    {left:,} × {len(ranked) - REASONS_SHOWN} other reasons"
    for remark, n in todo.remarks.most_common(REASONS_SHOWN):
        yield f"  {n:,} × used all the same: {remark}"


def _plan(file: Path, until_ms: int | None, form: str, mapping: Path | None) -> ReplayPlan:
    try:
        told = read_mapping(mapping) if mapping is not None else form_named(form) if form else None
        return plan(file, until_ms, told)
    except ReplayError as error:
        raise OperationError(str(error)) from error


def _some(items: Any) -> str:
    shown = ", ".join(str(item) for item in islice(items, ROWS_SHOWN))
    return shown + (" …" if len(items) > ROWS_SHOWN else "")


class _Progress:
    """Says how far it is, every two seconds."""

    def __init__(self, say: Say) -> None:
        self.done = 0
        self._say, self._every = say, Every(SAY_EVERY_S)
        self._every.begin()

    def __call__(self, done: int, total: int) -> None:
        self.done = done
        if self._every.take():
            self._say(f"sent {done:,} of {total:,} ({done / total:.0%})")


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """An end that Ctrl-C and SIGTERM ask for; the old handlers come back."""
    stop = SignalledStop()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    old = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
