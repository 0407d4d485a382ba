"""Numbers of stream ids: any that Redis can give, in order, back again, the same however often they come."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contract.entry import before, entry_id, entry_key, entry_order
from services.contract.numbering import HEADROOM, OUTSIDE, STRAYS, Numbering

BIG = 2**64 - 1
NATURAL_MS, NOW = 2**42 - 1, 1_795_000_000_000
EDGES = st.sampled_from([NATURAL_MS, NATURAL_MS + 1, BIG])
MS = st.one_of(st.integers(0, BIG), st.integers(NOW, NOW + 40), st.integers(0, 30), EDGES)
RUNS = st.sampled_from([BIG, 2**30, 2**30 + 2**20])
SEQ = st.one_of(st.integers(0, BIG), st.integers(2**20 - 3, 2**20 + 3), st.integers(0, 3), RUNS)
IDS = st.sets(st.tuples(MS, SEQ).filter(lambda i: i != (0, 0)), max_size=40)


def take_in(numbering: Numbering, ids: list[tuple[int, int]], used: dict[tuple[int, int], int]) -> Numbering:
    """As the store does it: the highest number in use is looked up, a segment added where one is needed."""
    for one in ids:
        key = numbering.key(one)
        if key is None:
            limit = numbering.limit(one)
            highest = max((k for k in used.values() if k < limit), default=0)
            segment = numbering.segment_for(one, highest)
            numbering = numbering.and_segment(segment)
            key = segment.key
        used.setdefault(one, key)
        assert used[one] == key
    return numbering


def holds(numbering: Numbering, used: dict[tuple[int, int], int], strays: int = 0) -> None:
    ids = sorted(used)
    keys = [used[i] for i in ids]
    in_order = [key for key in keys if not STRAYS <= key < OUTSIDE]
    assert in_order == sorted(in_order)
    assert len(set(keys)) == len(keys) <= len(in_order) + strays
    assert not keys or (min(keys) >= 0 and max(keys) < 2**63)
    assert [numbering.id(key) for key in keys] == ids
    assert [numbering.key(i) for i in ids] == keys


@settings(max_examples=300, deadline=None)
@given(IDS)
def test_an_increasing_sequence_has_increasing_numbers_that_give_the_ids_back(ids: set[tuple[int, int]]) -> None:
    used: dict[tuple[int, int], int] = {}
    holds(take_in(Numbering(), sorted(ids), used), used)


@settings(max_examples=100, deadline=None)
@given(IDS, st.data())
def test_two_projectors_that_commit_by_turns_keep_the_order(ids: set[tuple[int, int]], data: Any) -> None:
    """What one holds comes behind what the other has committed; only what finds no place there is a stray."""
    ordered = sorted(ids)
    start = data.draw(st.integers(0, len(ordered)))
    stop = data.draw(st.integers(start, len(ordered)))
    used: dict[tuple[int, int], int] = {}
    numbering = take_in(Numbering(), ordered[:start] + ordered[stop:], used)
    holds(take_in(numbering, ordered[start:stop], used), used, strays=stop - start)


def test_ids_between_two_others_that_are_there_already_find_their_place() -> None:
    """One projector holds the middle of a run that another one has gone past."""
    run = [(NOW, 2**20 + n) for n in range(6000)]
    used: dict[tuple[int, int], int] = {}
    numbering = take_in(Numbering(), run[:1000] + run[3000:], used)
    holds(take_in(numbering, run[1000:3000], used), used)


@given(st.integers(0, NATURAL_MS), st.integers(0, 2**20 - 1))
def test_a_natural_id_keeps_its_number_where_nothing_else_ever_came(ms: int, seq: int) -> None:
    assert Numbering().key((ms, seq)) == entry_key(f"{ms}-{seq}") == ms << 20 | seq
    assert entry_id(ms << 20 | seq) == f"{ms}-{seq}"


def test_a_clock_that_was_ahead_costs_two_segments_and_numbers_stay_near_the_time() -> None:
    ahead = NOW + 3_600_000
    used: dict[tuple[int, int], int] = {}
    ids = [(ahead, 2**20 - 500 + n) for n in range(1100)] + [(ahead + 1 + 25 * n, 0) for n in range(100)]
    numbering = take_in(Numbering(), ids, used)
    holds(numbering, used)
    assert numbering.count == 2
    assert all(abs((key >> 20) - ms) <= 2 * (HEADROOM >> 20) + 4 for (ms, _), key in used.items())


def test_a_publisher_who_names_ids_in_microseconds() -> None:
    used: dict[tuple[int, int], int] = {}
    numbering = take_in(Numbering(), [(NOW * 1000 * 10**6 + n * 25_000, n % 2) for n in range(300)], used)
    holds(numbering, used)


@pytest.mark.parametrize(
    ("entry", "expected"), [("5-3", "5-2"), ("5-0", f"4-{BIG}"), ("0-0", "0-0"), ("0-1", "0-0"), ("7", f"6-{BIG}")]
)
def test_the_id_right_before(entry: str, expected: str) -> None:
    assert before(entry) == expected


@given(IDS)
def test_ids_are_compared_as_two_numbers(ids: set[tuple[int, int]]) -> None:
    texts = [f"{ms}-{seq}" for ms, seq in ids]
    assert [entry_order(text) for text in sorted(texts, key=entry_order)] == sorted(ids)
