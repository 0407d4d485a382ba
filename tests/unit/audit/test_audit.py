"""The audit's chain as arithmetic: whatever is done to its rows is found, with the number."""

import json
from time import perf_counter

import msgspec
import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from services.audit import ACTIONS, NO_SIGNER, AuditRecord, Break, Deed, Signer, Who, chain, check, verify

KEY, OTHER = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SIGNER = Signer([KEY])
TEXT = st.text(max_size=8)
WHO = Who("wang", "duty_officer", "S1", "10.0.0.7")
DEEDS = st.lists(
    st.builds(Deed, st.sampled_from([*ACTIONS]), TEXT, st.dictionaries(TEXT, TEXT | st.integers(), max_size=2)),
    min_size=2,
    max_size=8,
)
FIELDS = ("at", "who", "role", "street", "address", "action", "object", "detail", "hash")


def rows_of(deeds: list[Deed], signer: Signer = NO_SIGNER) -> list[AuditRecord]:
    rows: list[AuditRecord] = []
    for i, deed in enumerate(deeds):
        rows += chain(rows[-1] if rows else None, 1000 + i, WHO, [deed], signer)
    return rows


def many(n: int, signer: Signer = NO_SIGNER) -> list[AuditRecord]:
    return list(chain(None, 1, WHO, (Deed("see_case", f"C{i}") for i in range(n)), signer))


def altered(row: AuditRecord, field: str, at: int, to: str) -> AuditRecord:
    """The row with one character of one field made another."""
    value = getattr(row, field)
    if isinstance(value, int):
        return msgspec.structs.replace(row, **{field: value + 1 + at})
    if not value:
        return msgspec.structs.replace(row, **{field: to})
    at %= len(value)
    changed = value[:at] + (to if value[at] != to else to + to) + value[at + 1 :]
    return msgspec.structs.replace(row, **{field: changed})


@given(DEEDS, st.booleans())
def test_a_chain_as_it_was_written_holds(deeds: list[Deed], is_sealed: bool) -> None:
    signer = SIGNER if is_sealed else NO_SIGNER
    rows = rows_of(deeds, signer)
    assert [row.number for row in rows] == list(range(1, len(deeds) + 1))
    assert verify(rows, signer=signer) is None
    assert verify(rows[1:], rows[0].hash, signer) is None
    assert verify(iter(rows)) is None  # whoever has no key checks the chain alone


@given(DEEDS, st.booleans(), st.data())
def test_one_changed_character_is_found_with_its_rows_number(
    deeds: list[Deed], sealed: bool, data: st.DataObject
) -> None:
    signer = SIGNER if sealed else NO_SIGNER
    rows = rows_of(deeds, signer)
    at = data.draw(st.integers(0, len(rows) - 1))
    field = data.draw(st.sampled_from(FIELDS))
    rows[at] = altered(rows[at], field, data.draw(st.integers(0, 200)), data.draw(st.sampled_from("0aX张")))
    found = verify(rows, signer=signer)
    assert found is not None
    assert found.number == at + 1


@given(DEEDS, st.data())
def test_a_dropped_row_is_found_at_the_row_behind_it(deeds: list[Deed], data: st.DataObject) -> None:
    rows = rows_of(deeds)
    at = data.draw(st.integers(0, len(rows) - 2))
    del rows[at]
    assert verify(rows) == Break(at + 2, "gap")


@given(DEEDS, st.data())
def test_swapped_rows_are_found_at_the_first_of_them(deeds: list[Deed], data: st.DataObject) -> None:
    rows = rows_of(deeds)
    one, other = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2, unique=True).map(sorted))
    rows[one], rows[other] = rows[other], rows[one]
    assert verify(rows) == Break(other + 1, "gap")
    # Numbered again as if nothing had happened.
    renumbered = [msgspec.structs.replace(row, number=i + 1) for i, row in enumerate(rows)]
    assert verify(renumbered) == Break(one + 1, "link")


@given(DEEDS, DEEDS, st.data())
def test_an_inserted_row_is_found_where_it_stands(deeds: list[Deed], more: list[Deed], data: st.DataObject) -> None:
    rows = rows_of(deeds)
    at = data.draw(st.integers(0, len(rows)))
    before = rows[at - 1] if at else None
    (strange,) = chain(before, 5, Who("strange"), more[:1])
    following = [msgspec.structs.replace(row, number=row.number + 1) for row in rows[at:]]
    found = verify([*rows[:at], strange, *following])
    # Chained in with its own hash it follows, and what stood there does not; at the very end it is a row like another.
    assert (found.number if found else None) == (at + 2 if at < len(rows) else None)
    if following:
        assert verify([*rows[:at], msgspec.structs.replace(strange, hash=rows[0].hash), *following]) is not None


def test_rows_cut_off_at_the_end_and_a_chain_made_anew_are_found_by_a_head_noted_before() -> None:
    rows = many(20)
    noted = rows[14].link
    assert check(rows, heads=[noted]).heads == {noted}
    assert check(rows, heads=[noted[:16]]).heads == {noted[:16]}
    assert not check(rows[:14], heads=[noted]).heads
    anew = list(chain(None, 1, Who("nobody"), (Deed("see_case", f"C{i}") for i in range(20))))
    assert verify(anew) is None
    assert not check(anew, heads=[noted]).heads


def test_who_has_no_key_cannot_make_the_chain_anew() -> None:
    rows = many(6, SIGNER)
    assert check(rows, signer=SIGNER).sealed == 6
    plain = check(list(chain(rows[2], 9, WHO, [Deed("see_case")])), before=rows[2].hash, signer=SIGNER)
    assert (plain.broken, plain.sealed, plain.rows) == (None, 0, 1)
    stranger = list(chain(rows[2], 9, WHO, [Deed("see_case")], Signer([OTHER])))
    found = check([*rows[:3], *stranger], signer=SIGNER)
    assert (found.broken, found.sealed, found.unknown) == (None, 3, 1)
    named = stranger[0].hash.split(":")
    named[1] = rows[0].hash.split(":")[1]
    claimed = msgspec.structs.replace(stranger[0], hash=":".join(named))
    assert verify([*rows[:3], claimed], signer=SIGNER) == Break(4, "link")


def test_a_seal_on_a_link_that_was_made_anew_is_found() -> None:
    rows = many(3, SIGNER)
    name = rows[0].hash.split(":")[1]
    forged = msgspec.structs.replace(rows[2], who="strange", hash="")
    from services.audit import _link  # what anybody can compute

    link = _link(rows[1].hash, name, forged)
    forged = msgspec.structs.replace(forged, hash=f"{link}:{name}:{'0' * 32}")
    assert verify([*rows[:2], forged], signer=SIGNER) == Break(3, "seal")


def test_seals_of_a_retired_key_are_counted_and_checked_where_it_is_given() -> None:
    old = many(2, Signer([OTHER]))
    rows = [*old, *chain(old[-1], 2, WHO, [Deed("log_out")], SIGNER)]
    both, now = check(rows, signer=Signer([KEY, OTHER])), check(rows, signer=SIGNER)
    assert (both.sealed, both.unknown, both.broken) == (3, 0, None)
    assert (now.sealed, now.unknown, now.broken) == (3, 2, None)


def test_an_action_that_is_none_and_a_detail_without_end_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'look' is not in audit.ACTIONS"):
        list(chain(None, 1, WHO, [Deed("look")]))
    with pytest.raises(ValueError, match="keep counts there"):
        list(chain(None, 1, WHO, [Deed("export", "", {"rows": "x" * 70_000})]))


def test_long_and_odd_texts_are_cut_and_mended() -> None:
    (row,) = chain(
        None, 1, Who("u" * 300, "r", "s", "a\x00b"), [Deed("log_in_failed", "\ud800", {"b": 1, "a": "\x00"})]
    )
    assert (len(row.who), row.address, row.object) == (200, "ab", "?")
    assert row.detail == '{"a":"\\u0000","b":1}'
    assert json.loads(row.detail) == {"a": "\x00", "b": 1}
    assert verify([row]) is None


def test_a_hundred_thousand_rows_are_checked_in_seconds() -> None:
    rows = many(100_000, SIGNER)
    start = perf_counter()
    assert check(rows, signer=SIGNER).sealed == 100_000
    assert perf_counter() - start < 10
