"""``lianqin simulate``: 30 days of history once, in bulk through the store's own path; then the live case system."""

import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from services.clock import parse_ms
from services.district.package import District
from services.doors import OpenDoors, make_ingest
from services.events.case import Case
from services.events.entry import entry_key
from services.projector.ingest import Entry
from services.simulator.generate import SEED
from services.simulator.world import CaseSystem
from services.store import read
from services.wakeups import Wakeups

HISTORY_DAYS = 30
BATCH = 1000
DAY_MS = 86_400_000
MARK = "history.json"

Say = Callable[[str], None]


def play(doors: OpenDoors, until_live: str, stop: Callable[[], bool], say: Say) -> None:
    """Write the history if it is not there yet, then publish live until ``stop`` says so."""
    mark = doors.settings.data_dir / MARK
    state = json.loads(mark.read_text()) if mark.is_file() else {}
    if not state.get("done"):
        end_ms = state.get("until") or (parse_ms(until_live) if until_live else doors.clock.now_ms())
        tell_filling(doors.settings.data_dir, end_ms, 0.0)
        if not write_history(doors, end_ms, stop, say):
            return
        tell_filling(doors.settings.data_dir, end_ms, 1.0, done=True)
        state = {"until": end_ms}
    with doors.engine.connect() as connection:
        decode = msgspec.json.Decoder(Case).decode
        open_cases = [decode(body) for body in read.open_case_bodies(connection)]
    from services.simulator import live

    live.run(doors.redis, doors.clock, doors.district, open_cases, stop, since_ms=state.get("until"))


def tell_filling(data_dir: Path, end_ms: int, share: float, *, done: bool = False) -> None:
    """Write down how far the history has come: the next start and the wall read it."""
    partial = data_dir / f"{MARK}.partial"
    partial.write_text(json.dumps({"until": end_ms, "share": round(share, 2), "done": done}))
    partial.replace(data_dir / MARK)


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


def write_history(doors: OpenDoors, end_ms: int, stop: Callable[[], bool], say: Say) -> bool:
    """Tell 30 days up to ``end_ms``; False when stopped half way. Told again from the start it changes nothing.

    The telling runs in a process of its own beside the writing: two cores, half the time.
    """
    ingest, wakeups = make_ingest(doors), Wakeups(doors.redis, doors.district.code)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    teller = multiprocessing.Process(target=_tell, args=(doors.district, end_ms, sender, receiver), daemon=True)
    teller.start()
    sender.close()
    started, written, told_at = time.monotonic(), 0, 0.0
    try:
        for batch, share in _received(receiver):
            if stop():
                return False
            received = {entry_id: entry_key(entry_id) >> 20 for entry_id, _ in batch}
            outcome = ingest.apply(batch, end_ms, received=received)
            written += len(batch)
            if outcome.revision:
                wakeups.tell(outcome.revision)
            if time.monotonic() - told_at > 2:
                told_at = time.monotonic()
                tell_filling(doors.settings.data_dir, end_ms, share)
                say(f"history of {HISTORY_DAYS} days: {share:.0%}, {written:,} events")
    finally:
        teller.terminate()
        teller.join()
    say(f"history of {HISTORY_DAYS} days: {written:,} events in {time.monotonic() - started:.0f} s")
    return True


def _received(receiver: Connection) -> Iterator[tuple[list[Entry], float]]:
    while True:
        try:
            yield receiver.recv()
        except EOFError:
            return


def _tell(district: District, end_ms: int, sender: Connection, receiver: Connection) -> None:
    """Runs in the child: SIGTERM ends it, whatever the parent does with that, and so does the parent's death."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's affair
    receiver.close()
    share = [0.0]

    def progress(done: float) -> None:
        share[0] = done

    batch: list[Entry] = []
    for entry in CaseSystem(district, SEED).history(end_ms - HISTORY_DAYS * DAY_MS, end_ms, progress):
        batch.append(entry)
        if len(batch) == BATCH:
            sender.send((batch, share[0]))
            batch = []
    if batch:
        sender.send((batch, 1.0))
    sender.close()
