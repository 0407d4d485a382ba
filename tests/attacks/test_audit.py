"""Somebody with every right in the database, but without the data key: whatever they do to the audit is found.

Each forgery is made with the triggers gone, is checked at once, and again after honest rows have followed it.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, text
from sqlalchemy.exc import DatabaseError

from services.audit import NO_SIGNER, AuditRecord, Deed, Signer, Who, _link, chain, check, distrust
from services.audit import log_service as store
from services.audit.heads_store import Notary, notary_of, store_name
from services.audit.log_service import AuditLog, AuditQuery
from services.audit.service import accept, listed, open_log, verify_store
from services.audit.tables import audit
from services.district.package import District
from services.platform.database import is_postgres, writing
from services.platform.errors import OperationError
from services.platform.sealing import make_key
from services.platform.settings import Settings
from tests.doors import WHO as people
from tests.doors import house

KEY, OTHER = make_key(), make_key()
SIGNER = Signer([KEY])
NAME = next(iter(SIGNER._keys))
NOON = 1_782_964_800_000
WHO, STRANGER = Who("wang", "duty_officer", "", "10.0.0.7"), Who("boss", "leader", "", "10.0.0.8")
FORGED = Deed("reveal", "EAST-1", {"field": "phone", "reason": "核实情况"})
N = 20

Forgery = Callable[[list[AuditRecord]], list[AuditRecord]]


@pytest.fixture
def settings(engine: Engine, tmp_path: Path) -> Settings:
    """Twenty sealed rows in the store, the last one's head noted; the settings that open it."""
    found = Settings(
        database_url=engine.url.render_as_string(hide_password=False), data_dir=tmp_path / "data", data_key=KEY
    )
    AuditLog(engine, SIGNER).append_many(NOON, WHO, [Deed("see_case", f"C{i}") for i in range(N)])
    notary = notary_of(engine, found)
    assert notary is not None
    notary.look(engine)
    return found


def rows_of(engine: Engine) -> list[AuditRecord]:
    with engine.connect() as connection:
        return list(store.records(connection))


def put(engine: Engine, rows: list[AuditRecord]) -> None:
    """What the forger leaves: the triggers go, the rows are these."""
    with writing(engine) as connection:
        if is_postgres(connection):
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        else:
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
            for name in list(names):
                connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(delete(audit))
        if rows:
            connection.execute(insert(audit), [msgspec.structs.asdict(row) for row in rows])


def go_on(engine: Engine, settings: Settings) -> None:
    """Honest processes write what is done next."""
    for i in range(3):
        open_log(engine, settings).append(NOON + 1000 + i, WHO, "see_case", f"next {i}")


def remade(rows: list[AuditRecord], first: int = 0, name: str = "", seal: str = "") -> list[AuditRecord]:
    """Numbers and links as they should be from place ``first`` on; the rows' seals are gone, or made up."""
    done = rows[:first]
    for row in rows[first:]:
        before = done[-1].hash if done else ""
        now = msgspec.structs.replace(row, number=len(done) + 1)
        link = _link(before, name, now)
        done.append(msgspec.structs.replace(now, hash=f"{link}:{name}:{seal}" if name else link))
    return done


def changed(row: AuditRecord) -> AuditRecord:
    return msgspec.structs.replace(row, who="nobody", object="nothing")


def forged(after: AuditRecord, signer: Signer = NO_SIGNER) -> AuditRecord:
    (row,) = chain(after, NOON, STRANGER, [FORGED], signer)
    return row


def of_another_store(rows: list[AuditRecord]) -> list[AuditRecord]:
    """The same key seals a trial installation: its rows have true seals."""
    return list(chain(None, NOON, WHO, [Deed("log_in", f"other {i}") for i in range(len(rows))], SIGNER))


FORGERIES: dict[str, Forgery] = {
    "a row rewritten": lambda rows: [*rows[:6], changed(rows[6]), *rows[7:]],
    "a row rewritten, the links made anew": lambda rows: remade([*rows[:6], changed(rows[6]), *rows[7:]], 6),
    "a row rewritten, seals made up": lambda rows: remade([*rows[:6], changed(rows[6]), *rows[7:]], 6, NAME, "0" * 32),
    "a row rewritten, its seal kept": lambda rows: remade(
        [*rows[:6], changed(rows[6]), *rows[7:]], 6, NAME, rows[6].hash.split(":")[2]
    ),
    "the last row rewritten": lambda rows: remade([*rows[:-1], changed(rows[-1])], len(rows) - 1),
    "the first row rewritten": lambda rows: remade([changed(rows[0]), *rows[1:]]),
    "a row removed": lambda rows: [*rows[:6], *rows[7:]],
    "a row removed, the links made anew": lambda rows: remade([*rows[:6], *rows[7:]], 6),
    "the first row removed, the links made anew": lambda rows: remade(rows[1:]),
    "a row put in": lambda rows: remade([*rows[:6], forged(rows[5]), *rows[6:]], 6),
    "a row put in by a made-up key": lambda rows: remade(
        [*rows[:6], forged(rows[5]), *rows[6:]], 6, "1a2b3c4d", "f" * 32
    ),
    "rows swapped": lambda rows: remade([*rows[:6], rows[7], rows[6], *rows[8:]], 6),
    "a row added": lambda rows: [*rows, forged(rows[-1])],
    "a row added by another key": lambda rows: [*rows, forged(rows[-1], Signer([OTHER]))],
    "a row added, a seal copied": lambda rows: [*rows, msgspec.structs.replace(forged(rows[-1]), hash=rows[-1].hash)],
    "a row of 1970 added": lambda rows: [*rows, *chain(rows[-1], 0, STRANGER, [FORGED])],
    "a row far behind the end": lambda rows: [*rows, msgspec.structs.replace(forged(rows[-1]), number=10**9)],
    "all made anew without seals": remade,
    "all made anew by another key": lambda rows: list(chain(None, NOON, WHO, [FORGED] * len(rows), Signer([OTHER]))),
    "all of another store of the same key": of_another_store,
    "the tail cut off": lambda rows: rows[:-4],
    "emptied": lambda rows: [],
}


@pytest.mark.parametrize("is_followed", [False, True], ids=["at once", "followed"])
def test_every_forgery_is_found(engine: Engine, settings: Settings, is_followed: bool) -> None:
    rows, noted = rows_of(engine), settings.audit_heads_file.read_bytes()
    for name, forgery in FORGERIES.items():  # in one store: making one takes longer than all of them
        settings.audit_heads_file.write_bytes(noted)
        put(engine, forgery(rows))
        if is_followed:
            go_on(engine, settings)
        verdict = verify_store(settings, 1, ())
        assert not verdict.is_well, (name, verdict.lines)
        assert verdict.faults or verdict.is_empty, name


def test_what_nobody_has_forged_is_well_and_says_who_sealed_it(engine: Engine, settings: Settings) -> None:
    go_on(engine, settings)
    verdict = verify_store(settings, 1, ())
    assert verdict.is_well, verdict.lines
    assert "the data key has sealed them" in verdict.lines
    assert (verdict.rows, verdict.heads_met >= 1, verdict.lost_heads) == (N + 3, True, ())


def test_the_ranges_are_named(engine: Engine, settings: Settings) -> None:
    rows = rows_of(engine)
    put(engine, remade([*rows[:6], changed(rows[6]), *rows[7:]], 6))
    go_on(engine, settings)
    verdict = verify_store(settings, 1, ())
    assert [tuple(fault) for fault in verdict.faults if fault.why == "unsealed"] == [("unsealed", 7, 20)]
    assert any(line.startswith("NOT SEALED: rows 7-20: ") for line in verdict.lines)


def test_who_goes_on_behind_rows_without_a_seal_says_so_and_does_not_stand_for_them(
    engine: Engine, settings: Settings
) -> None:
    put(engine, remade(rows_of(engine), 12))
    go_on(engine, settings)
    rows = rows_of(engine)
    assert [row.action for row in rows[N:]] == ["unsealed_before", "see_case", "see_case", "see_case"]
    assert rows[N].detail == '{"first":13,"last":20,"why":"unsealed"}'
    assert distrust(rows[-1], rows[-2], SIGNER) == ""


def test_a_plain_insert_with_the_triggers_in_place_is_found(engine: Engine, settings: Settings) -> None:
    row = forged(rows_of(engine)[-1])
    with writing(engine) as connection:
        connection.execute(insert(audit), [msgspec.structs.asdict(row)])
    go_on(engine, settings)
    assert not verify_store(settings, 1, ()).is_well


@pytest.mark.parametrize(
    "verb",
    ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE", "INSERT"],
)
def test_sqlite_takes_no_row_in_anothers_place_nor_before_the_end(sqlite_engine: Engine, verb: str) -> None:
    log = AuditLog(sqlite_engine, SIGNER)
    log.append_many(NOON, WHO, [Deed("see_case", f"C{i}") for i in range(3)])
    for number in (2, 3, -1):
        with pytest.raises(DatabaseError, match="append-only"), writing(sqlite_engine) as connection:
            connection.execute(
                text(
                    f"{verb} INTO audit (number, at, who, role, street, address, action, object, detail, hash) "
                    f"VALUES ({number}, 1, 'x', '', '', '', 'reveal', '', '{{}}', '')"
                )
            )
    assert log.append(NOON, WHO, "log_out") == 4


def test_a_sealed_row_of_1970_is_found_though_its_clock_was_said_to_go_back(engine: Engine, settings: Settings) -> None:
    AuditLog(engine, SIGNER).append(0, WHO, "see_case")
    go_on(engine, settings)
    verdict = verify_store(settings, 1, ())
    assert [(fault.why, fault.first, fault.last) for fault in verdict.faults] == [("time", 21, 22)]


def test_a_clock_that_goes_back_says_so_and_one_that_was_made_to_is_found(engine: Engine, settings: Settings) -> None:
    AuditLog(engine, SIGNER).append(NOON - 3_600_000, WHO, "see_case")
    assert rows_of(engine)[-2].action == "clock_back"
    assert verify_store(settings, 1, ()).is_well
    rows = rows_of(engine)
    silent = msgspec.structs.replace(rows[-1], number=23, at=NOON - 7_200_000, hash="")
    put(engine, [*rows, msgspec.structs.replace(silent, hash=SIGNER.hash(rows[-1].hash, silent))])
    assert [tuple(fault) for fault in verify_store(settings, 1, ()).faults] == [("time", 23, 23)]


def test_rows_of_before_the_first_key_are_named_until_somebody_accepts_them_and_held_from_then_on(
    engine: Engine, tmp_path: Path
) -> None:
    bare = Settings(database_url=engine.url.render_as_string(hide_password=False), data_dir=tmp_path / "data")
    open_log(engine, bare).append_many(NOON, WHO, [Deed("see_case", f"C{i}") for i in range(5)])
    said = verify_store(bare, 1, ())
    assert said.is_well
    assert "no key" in said.lines[1]
    settings = dataclasses.replace(bare, data_key=KEY)
    go_on(engine, settings)
    assert [tuple(fault) for fault in verify_store(settings, 1, ()).faults] == [("unsealed", 1, 5)]
    with pytest.raises(OperationError, match="LIANQIN_DATA_KEY"):
        accept(bare, "升级前没有密钥")
    accept(settings, "升级前没有密钥")
    verdict = verify_store(settings, 1, ())
    assert (verdict.is_well, [tuple(fault) for fault in verdict.accepted]) == (True, [("unsealed", 1, 5)])
    assert any(line.startswith("accepted, but not proven: rows 1-5") for line in verdict.lines)
    rows = rows_of(engine)
    put(engine, [*remade([changed(rows[0]), *rows[1:5]]), *rows[5:]])
    assert not verify_store(settings, 1, ()).is_well


def test_nobody_accepts_what_was_changed_or_for_no_reason(engine: Engine, settings: Settings) -> None:
    with pytest.raises(OperationError, match="nothing to accept"):
        accept(settings, "一切正常没有问题")
    with pytest.raises(OperationError, match="--reason"):
        accept(settings, "x")
    rows = rows_of(engine)
    put(engine, [*rows[:6], changed(rows[6]), *rows[7:]])
    with pytest.raises(OperationError, match="cannot be accepted: BROKEN: row 7"):
        accept(settings, "恢复了昨天的备份")


def test_a_forged_acceptance_accepts_nothing(engine: Engine, settings: Settings) -> None:
    rows = remade(rows_of(engine), 12)
    deed = Deed("audit_accepted", "", {"faults": [["unsealed", 1, 10**6]], "heads": [], "reason": "真的"})
    put(engine, [*rows, *chain(rows[-1], NOON, WHO, [deed])])
    go_on(engine, settings)
    assert not verify_store(settings, 1, ()).is_well


def test_a_restored_backup_is_accepted_head_by_head_and_a_later_cut_is_found(
    engine: Engine, settings: Settings
) -> None:
    put(engine, rows_of(engine)[:-4])
    with pytest.raises(OperationError, match="nothing to accept"):
        accept(dataclasses.replace(settings, audit_heads=str(settings.data_dir / "none.jsonl")), "从昨晚的备份恢复")
    accept(settings, "从昨晚的备份恢复")
    go_on(engine, settings)
    assert verify_store(settings, 1, ()).is_well
    Notary(settings.audit_heads_file, store_name(settings.database)).look(engine)
    put(engine, rows_of(engine)[:-1])
    assert [fault.why for fault in verify_store(settings, 1, ()).faults] == ["head"]


def test_a_key_that_was_changed_still_checks_what_it_sealed(engine: Engine, settings: Settings) -> None:
    from services.projector.errands.keys import rotate_keys

    for keys in (f"{OTHER},{KEY}", f"{make_key()},{OTHER}"):
        settings = dataclasses.replace(settings, data_key=keys)
        rotate_keys(settings, lambda _: None)
        go_on(engine, settings)
    newest = dataclasses.replace(settings, data_key=settings.data_key.split(",")[0])
    verdict = verify_store(newest, 1, ())
    assert (verdict.is_well, verdict.unknown) == (True, 0), verdict.lines
    rows = rows_of(engine)
    put(engine, remade([*rows[:6], changed(rows[6]), *rows[7:]], 6, NAME, "0" * 32))
    assert not verify_store(newest, 1, ()).is_well


def test_a_key_that_nobody_has_any_more_must_be_named_and_stands_only_before_those_that_are_had(
    engine: Engine, settings: Settings
) -> None:
    now = dataclasses.replace(settings, data_key=OTHER)
    go_on(engine, now)
    assert not verify_store(now, 1, ()).is_well
    assert verify_store(now, 1, (), [NAME]).is_well
    rows = rows_of(engine)
    row = msgspec.structs.replace(forged(rows[-1]), hash="")
    link = _link(rows[-1].hash, NAME, row)
    put(engine, [*rows, msgspec.structs.replace(row, hash=f"{link}:{NAME}:{'0' * 32}")])
    assert not verify_store(now, 1, (), [NAME]).is_well
    go_on(engine, now)
    assert not verify_store(now, 1, (), [NAME]).is_well
    put(engine, remade(rows[:5], 0, NAME, "0" * 32))
    assert not verify_store(now, 1, (), [NAME]).is_well


@st.composite
def forgeries(draw: st.DrawFn) -> tuple[list[AuditRecord], list[AuditRecord]]:
    """Rows as they were written, and what somebody without the key has made of them."""
    rows = list(chain(None, NOON, WHO, [Deed("see_case", f"C{i}") for i in range(draw(st.integers(2, 12)))], SIGNER))
    made = list(rows)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(made) - 1, 0)))
        what = draw(st.sampled_from(["delete", "insert", "update", "swap", "replace", "cut", "replay"]))
        if not made or what == "insert":
            made.insert(at, msgspec.structs.replace(forged(rows[0]), at=NOON + draw(st.integers(0, 5))))
        elif what == "delete":
            del made[at]
        elif what == "update":
            made[at] = changed(made[at])
        elif what == "swap":
            other = draw(st.integers(0, len(made) - 1))
            made[at], made[other] = made[other], made[at]
        elif what == "replace":
            made[at:] = [changed(row) for row in made[at:]]
        elif what == "cut":
            made = made[:at]
        else:
            made.append(made[at])
    first = draw(st.integers(0, len(made)))
    how = draw(st.sampled_from([("", ""), (NAME, "0" * 32), ("1a2b3c4d", "f" * 32), None]))
    return rows, made if how is None else remade(made, first, *how)


@given(forgeries(), st.booleans())
def test_whatever_is_made_of_the_rows_is_found(
    made: tuple[list[AuditRecord], list[AuditRecord]], is_followed: bool
) -> None:
    rows, forged_rows = made
    if forged_rows == rows:
        return
    noted = {rows[-1].number: {rows[-1].link}}
    if is_followed:
        last = forged_rows[-1] if forged_rows else None
        prior = forged_rows[-2] if len(forged_rows) > 1 else None
        why = distrust(last, prior, SIGNER)
        mark = [Deed("unsealed_before", "", {"first": 1, "last": last.number, "why": why})] if last and why else []
        forged_rows = [*forged_rows, *chain(last, NOON + 9, WHO, [*mark, Deed("log_out")], SIGNER)]
    assert check(forged_rows, signer=SIGNER, noted=noted).faults


ODD = (
    {"at": 10**18}, {"at": -(10**18)}, {"detail": "no JSON"}, {"detail": "[1]"}, {"detail": "null"}, {"detail": ""},
    {"action": "none"}, {"hash": ""}, {"hash": "::"}, {"hash": "a:b:c:d"}, {"who": "x" * 100_000},
)  # fmt: skip


@pytest.mark.redis
def test_a_row_that_is_none_blinds_neither_the_check_nor_the_auditor(
    engine: Engine, redis_client: redis.Redis, tiny: District, settings: Settings
) -> None:
    rows = rows_of(engine)
    auditor = next(who for who in people if who.name == "auditor")
    with house(engine, redis_client, tiny, data_key=KEY) as home:
        for odd in ODD:
            put(engine, [*rows, msgspec.structs.replace(forged(rows[-1]), **odd)])
            assert not verify_store(settings, 1, ()).is_well, odd
            assert home.get(auditor, "/audit").status_code == 200, odd
            assert home.get(auditor, "/api/v1/audit.csv").status_code == 200, odd
            assert listed(settings, AuditQuery(), 5)
            assert not verify_store(settings, 1, ()).is_well, odd


def test_sqlites_loose_types_end_no_check(sqlite_engine: Engine, tmp_path: Path) -> None:
    log = AuditLog(sqlite_engine, SIGNER)
    log.append_many(NOON, WHO, [Deed("see_case", f"C{i}") for i in range(4)])
    found = Settings(database_url=str(sqlite_engine.url), data_dir=tmp_path, data_key=KEY)
    put(sqlite_engine, rows_of(sqlite_engine))
    for column in ("at", "who", "detail", "hash"):
        for value in ("x'00ff'", "'text'", "1.5", "7"):
            before = rows_of(sqlite_engine)
            with writing(sqlite_engine) as connection:
                connection.execute(text(f"UPDATE audit SET {column} = {value} WHERE number = 2"))
            assert not verify_store(found, 1, ()).is_well, (column, value)
            put(sqlite_engine, before)
