"""``lianqin simulate``: a history once, in bulk through the store's own path; then the live case system.

Its last 90 days have every event; what is older has cases and roll-ups only (services.operations.simulator.older).
"""

import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from services.contract.case import Case
from services.contract.entry import entry_key
from services.district.doors import OpenDoors
from services.district.package import District
from services.operations.simulator.generate import SEED
from services.operations.simulator.world import CaseSystem
from services.platform.clock import DAY_MS, parse_ms
from services.platform.every import Every
from services.platform.redis import another
from services.platform.wakeups import Wakeups
from services.platform.whole_file import write_whole
from services.projector.batch import Entry
from services.projector.bootstrap import make_ingest
from services.projector.store import read

HISTORY_DAYS = 30
# Of so many days the events are told; what is older is made set by set.
EVENT_DAYS = 90
MOST_DAYS = 3 * 366
BATCH = 1000
MARK = "history.json"

Say = Callable[[str], None]


def play(doors: OpenDoors, until_live: str, stop: Callable[[], bool], say: Say, days: int = HISTORY_DAYS) -> None:
    """Write the history if it is not there yet, then publish live until ``stop`` says so."""
    mark = doors.settings.data_dir / MARK
    state = json.loads(mark.read_text()) if mark.is_file() else {}
    if not state.get("done"):
        end_ms = state.get("until") or (parse_ms(until_live) if until_live else doors.clock.now_ms())
        days = int(state.get("days", days))
        tell_filling(doors.settings.data_dir, end_ms, 0.0, days=days)
        if not write_history(doors, end_ms, stop, say, days):
            return
        tell_filling(doors.settings.data_dir, end_ms, 1.0, days=days, done=True)
        state = {"until": end_ms}
    with doors.engine.connect() as connection:
        decode = msgspec.json.Decoder(Case).decode
        open_cases = [decode(body) for body in read.open_case_bodies(connection)]
    from services.operations.simulator import live

    with another(doors.redis) as client:
        live.run(client, doors.clock, doors.district, open_cases, stop, since_ms=state.get("until"))


def days_of(text: str) -> int:
    """``400d`` → 400. Raises ValueError for what is no number of days that can be made."""
    number = text.removesuffix("d")
    if not number.isascii() or not number.isdecimal() or not 1 <= int(number) <= MOST_DAYS:
        raise ValueError(f"{text!r} is no history: write a number of days up to {MOST_DAYS}d, for example 400d")
    return int(number)


def tell_filling(data_dir: Path, end_ms: int, share: float, *, days: int, done: bool = False) -> None:
    """Write down how far the history has come: the next start and the wall read it."""
    content = {"until": end_ms, "days": days, "share": round(share, 2), "done": done}
    write_whole(data_dir / MARK, json.dumps(content).encode())


def filling(data_dir: Path) -> float | None:
    """The share of the demo's history that is written, while it is being written; else None."""
    try:
        state = json.loads((data_dir / MARK).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return None if state.get("done") else float(state.get("share", 0.0))


def is_filled(data_dir: Path) -> bool:
    """Whether the whole history is written."""
    try:
        return bool(json.loads((data_dir / MARK).read_text()).get("done"))
    except (FileNotFoundError, ValueError):
        return False


def kept_days(data_dir: Path) -> int | None:
    """Of how many days the history is that was begun here; None where none was."""
    try:
        return int(json.loads((data_dir / MARK).read_text()).get("days", HISTORY_DAYS))
    except (FileNotFoundError, ValueError):
        return None


def write_history(doors: OpenDoors, end_ms: int, stop: Callable[[], bool], say: Say, days: int = HISTORY_DAYS) -> bool:
    """Tell ``days`` up to ``end_ms``; False when stopped half way. Told again from the start nothing changes.

    The telling runs in a process of its own beside the writing: two cores, half the time.
    """
    told_days = min(days, EVENT_DAYS)
    whole = told_days / days if days > EVENT_DAYS else 1.0  # of the work: what is older goes faster
    ingest, wakeups = make_ingest(doors), Wakeups(doors.redis, doors.district.code)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    teller = multiprocessing.Process(
        target=_tell, args=(doors.district, end_ms, told_days, sender, receiver), daemon=True
    )
    teller.start()
    sender.close()
    started, written, tell_every = time.monotonic(), 0, Every(2)
    try:
        for batch, share in _received(receiver):
            if stop():
                return False
            received = {entry_id: entry_key(entry_id) >> 20 for entry_id, _ in batch}
            outcome = ingest.apply(batch, end_ms, received=received)
            written += len(batch)
            if outcome.revision:
                wakeups.tell(outcome.revision)
            if tell_every.take():
                tell_filling(doors.settings.data_dir, end_ms, share * whole, days=days)
                say(f"history of {told_days} days: {share:.0%}, {written:,} events")
    finally:
        teller.terminate()
        teller.join()
    say(f"history of {told_days} days: {written:,} events in {time.monotonic() - started:.0f} s")
    return days <= EVENT_DAYS or _write_older(doors, end_ms, stop, say, days)


def _write_older(doors: OpenDoors, end_ms: int, stop: Callable[[], bool], say: Say, days: int) -> bool:
    from services.operations.simulator.older import write_older

    started, whole = time.monotonic(), EVENT_DAYS / days

    def progress(share: float) -> None:
        tell_filling(doors.settings.data_dir, end_ms, whole + share * (1 - whole), days=days)
        say(f"history of {days} days: {share:.0%} of what is older than {EVENT_DAYS}")

    written = write_older(
        doors.engine, doors.district, end_ms, days=days, event_days=EVENT_DAYS, progress=progress, stop=stop
    )
    if written is None:
        return False
    say(f"history of {days} days: {written:,} older cases in {time.monotonic() - started:.0f} s")
    return True


def _received(receiver: Connection) -> Iterator[tuple[list[Entry], float]]:
    while True:
        try:
            yield receiver.recv()
        except EOFError:
            return


def _tell(district: District, end_ms: int, days: int, sender: Connection, receiver: Connection) -> None:
    """Runs in the child: SIGTERM ends it, whatever the parent does with that, and so does the parent's death."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's affair
    receiver.close()
    share = [0.0]

    def progress(done: float) -> None:
        share[0] = done

    batch: list[Entry] = []
    for entry in CaseSystem(district, SEED).history(end_ms - days * DAY_MS, end_ms, progress):
        batch.append(entry)
        if len(batch) == BATCH:
            sender.send((batch, share[0]))
            batch = []
    if batch:
        sender.send((batch, 1.0))
    sender.close()
