"""Keys change without a stop, on both databases: killed half way, resumed, and what cannot be opened stays."""

import pytest
from sqlalchemy import Engine, select, update

from services.district.package import District
from services.platform.database import writing
from services.platform.errors import OperationError
from services.platform.sealing import Sealer, make_key
from services.projector.errands import keys as key_rotation
from services.projector.errands.keys import Rotated, count_keys, rotate, told_keys
from services.projector.ingest import Ingest
from services.projector.sealed import store as sealed
from services.projector.store import tables as schema
from tests.tiny import NOON, case, entry, numbered

OLD, NEW, LOST = make_key(), make_key(), make_key()
SECRET = {"name": "张三丰", "phone": "13812345678"}


def fill(engine: Engine, district: District, key: str, start: int, n: int) -> None:
    """``n`` cases with a reporter and one refused entry, kept with ``key``."""
    entries = [entry(case(f"{start}-{i}", reporter=SECRET)) for i in range(n)]
    entries += [entry(case("X", version=0, reporter=SECRET), event_id=f"bad-{start}"), entry(case(f"{start}-plain"))]
    Ingest(engine, district, Sealer(key)).apply(numbered(entries, NOON + start), NOON)


def texts(engine: Engine) -> list[bytes]:
    with engine.connect() as connection:
        return [
            bytes(row[0])
            for table in (schema.history, schema.dead)
            for row in connection.execute(select(table.c.sealed).where(table.c.sealed.is_not(None)))
        ]


def quiet(_text: str) -> None:
    pass


def test_everything_is_encrypted_anew_and_the_old_key_can_go(engine: Engine, tiny: District) -> None:
    fill(engine, tiny, OLD, 0, 7)
    fill(engine, tiny, NEW, 100, 2)
    both = Sealer(f"{NEW},{OLD}")
    plain = sorted(both.open(text) for text in texts(engine))
    assert count_keys(engine, both) == {("history", 0): 2, ("history", 1): 7, ("dead", 0): 1, ("dead", 1): 1}
    assert "is still needed" in "\n".join(told_keys(count_keys(engine, both), both))
    assert rotate(engine, both, quiet) == Rotated(done=8, before=3, closed=0)
    assert sorted(Sealer(NEW).open(text) for text in texts(engine)) == plain
    assert count_keys(engine, both) == {("history", 0): 9, ("dead", 0): 2}
    said = "\n".join(told_keys(count_keys(engine, both), both))
    assert "can be taken out of LIANQIN_DATA_KEY" in said
    assert OLD not in said
    assert rotate(engine, both, quiet) == Rotated(done=0, before=11, closed=0)


class Killed(BaseException):
    pass


def test_killed_half_way_it_goes_on_where_it_was(
    engine: Engine, tiny: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, tiny, OLD, 0, 10)
    both = Sealer(f"{NEW},{OLD}")
    plain = sorted(both.open(text) for text in texts(engine))
    monkeypatch.setattr(key_rotation, "BATCH", 3)
    replace, left = sealed.replace, [2]

    def dies(*arguments: object) -> None:
        replace(*arguments)  # type: ignore[arg-type]  # passed on
        left[0] -= 1
        if left[0] < 0:
            raise Killed  # in the third transaction, before its end

    monkeypatch.setattr(sealed, "replace", dies)
    with pytest.raises(Killed):
        rotate(engine, both, quiet)
    assert count_keys(engine, both) == {("history", 0): 6, ("history", 1): 4, ("dead", 1): 1}
    monkeypatch.setattr(sealed, "replace", replace)
    assert rotate(engine, both, quiet) == Rotated(done=5, before=6, closed=0)
    assert sorted(Sealer(NEW).open(text) for text in texts(engine)) == plain


def test_what_no_key_opens_is_counted_and_left_alone(engine: Engine, tiny: District) -> None:
    fill(engine, tiny, LOST, 0, 3)
    fill(engine, tiny, OLD, 100, 2)
    closed = {text for text in texts(engine) if Sealer(LOST).key_of(text) is not None}
    both = Sealer(f"{NEW},{OLD}")
    assert rotate(engine, both, quiet) == Rotated(done=3, before=0, closed=4)
    assert closed < set(texts(engine))
    assert "no key of the list opens 3 in history, 1 in dead" in "\n".join(told_keys(count_keys(engine, both), both))


def test_a_text_that_changed_meanwhile_is_not_overwritten(engine: Engine, tiny: District) -> None:
    fill(engine, tiny, OLD, 0, 1)
    with engine.connect() as connection:
        (batch,) = sealed.batches(connection, schema.history, 10)
    with writing(engine) as connection:
        connection.execute(update(schema.history).where(schema.history.c.entry == batch[0].entry).values(sealed=b"new"))
        sealed.replace(connection, schema.history, [(batch[0], b"stale")])
    assert b"new" in texts(engine)
    assert b"stale" not in texts(engine)


def test_progress_is_told(sqlite_engine: Engine, tiny: District, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(sqlite_engine, tiny, OLD, 0, 4)
    monkeypatch.setattr(key_rotation, "BATCH", 1)
    monkeypatch.setattr(key_rotation, "SAID_EVERY", 2)
    said: list[str] = []
    rotate(sqlite_engine, Sealer(f"{NEW},{OLD}"), said.append)
    assert said == [f"key rotate: history, {n} encrypted anew so far" for n in (2, 4)]


def test_without_a_key_there_is_nothing_to_encrypt_with(sqlite_engine: Engine) -> None:
    for call in (lambda: rotate(sqlite_engine, Sealer(""), quiet), lambda: count_keys(sqlite_engine, Sealer(""))):
        with pytest.raises(OperationError, match="lianqin key make"):
            call()
