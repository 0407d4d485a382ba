"""``lianqin key rotate`` and ``check``: encrypt everything anew with the first key; say which keys are still needed."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cryptography.fernet import InvalidToken
from sqlalchemy import Engine, Table

from services.audit.log_service import details_of
from services.audit.service import local_who, open_log, signer_of
from services.platform.clock import machine_ms
from services.platform.database import open_engine, writing
from services.platform.errors import OperationError
from services.platform.sealing import Sealer, name_of
from services.platform.settings import Settings
from services.projector.sealed import store as sealed
from services.projector.store.upsert import read_people_anew

BATCH = 500
SAID_EVERY = 100  # batches


class Rotated(NamedTuple):
    """What a rotation did: encrypted anew, found done already, could not be opened and left as they were."""

    done: int = 0
    before: int = 0
    closed: int = 0


def rotate_keys(settings: Settings, say: Callable[[str], None]) -> tuple[list[str], int]:
    """``lianqin key rotate``: what was done in lines, and how many texts no key opens. It is written down."""
    engine = open_engine(settings.database)
    try:
        sealer = Sealer(settings.data_key)
        found = rotate(engine, sealer, say)
        with engine.connect() as connection:
            signer = signer_of(settings).learning(details_of(connection, "key_rotated"))
        open_log(engine, settings).append(
            machine_ms(), local_who(), "key_rotated", name_of(sealer.keys[0]), **found._asdict(), seals=signer.wrapped()
        )
    finally:
        engine.dispose()
    lines = [
        f"encrypted anew with the first key ({name_of(sealer.keys[0])}): {found.done:,}; "
        f"were so already: {found.before:,}"
    ]
    if found.closed:
        lines.append(f"no key of the list opens {found.closed:,}: left as they are")
    return lines, found.closed


def check_keys(settings: Settings) -> list[str]:
    """``lianqin key check``, in lines."""
    engine = open_engine(settings.database)
    try:
        sealer = Sealer(settings.data_key)
        return told_keys(count_keys(engine, sealer), sealer)
    finally:
        engine.dispose()


def rotate(engine: Engine, sealer: Sealer, say: Callable[[str], None]) -> Rotated:
    """Encrypt everything anew with the first key, a batch a transaction: killed half way it goes on where it was.

    Raises OperationError without a key.
    """
    _need_key(sealer)
    done = before = closed = 0
    for table, batch, number in _batches(engine):
        changes = []
        for one in batch:
            if (place := sealer.key_of(one.sealed)) is None:
                closed += 1
            elif place:
                try:
                    changes.append((one, sealer.again(one.sealed)))
                except InvalidToken:  # cannot be: a key has just opened it
                    closed += 1
            else:
                before += 1
        if changes:
            with writing(engine) as connection:
                sealed.replace(connection, table, changes)
            done += len(changes)
        if number % SAID_EVERY == 0:
            say(f"key rotate: {table.name}, {done:,} encrypted anew so far")
    if done:
        with writing(engine) as connection:
            read_people_anew(connection)
    return Rotated(done, before, closed)


def count_keys(engine: Engine, sealer: Sealer) -> Counter[tuple[str, int | None]]:
    """How many texts of each table each key (its place in the list; None: none of them) opens."""
    _need_key(sealer)
    found: Counter[tuple[str, int | None]] = Counter()
    for table, batch, _ in _batches(engine):
        found.update((table.name, sealer.key_of(one.sealed)) for one in batch)
    return found


def told_keys(counts: Counter[tuple[str, int | None]], sealer: Sealer) -> list[str]:
    """The counts in lines for a person, and whether the oldest key can go."""
    lines = []
    for place, key in enumerate(sealer.keys):
        role = "encrypts and opens" if place == 0 else "opens"
        lines.append(f"key {place + 1} ({name_of(key)}, {role}): {_each(counts, place)}")
    if any(n for (_, place), n in counts.items() if place is None):
        lines.append(f"no key of the list opens {_each(counts, None)}: find the key, or leave them closed")
    if len(sealer.keys) > 1:
        last = len(sealer.keys) - 1
        if sum(n for (_, place), n in counts.items() if place == last):
            lines.append(f"the oldest key ({name_of(sealer.keys[last])}) is still needed: `lianqin key rotate`")
        else:
            lines.append(
                f"the oldest key ({name_of(sealer.keys[last])}) can be taken out of LIANQIN_DATA_KEY. Keep it apart as "
                "long as backups of its time are kept"
            )
    return lines


def _each(counts: Counter[tuple[str, int | None]], place: int | None) -> str:
    return ", ".join(f"{counts[table.name, place]:,} in {table.name}" for table in sealed.TABLES)


def _batches(engine: Engine) -> Iterator[tuple[Table, list[sealed.Sealed], int]]:
    number = 0
    with engine.connect() as connection:
        for table in sealed.TABLES:
            for batch in sealed.batches(connection, table, BATCH):
                number += 1
                yield table, batch, number


def _need_key(sealer: Sealer) -> None:
    if not sealer:
        raise OperationError("LIANQIN_DATA_KEY is not set: make a key with `lianqin key make` (docs/settings.md)")
