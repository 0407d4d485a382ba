"""How long entries wait, and the word for it: whatever Redis' clock and the publishers' ids say."""

from hypothesis import given
from hypothesis import strategies as st

from services.health.waiting import LATE_BELOW_MS, LIVE_BELOW_MS, EntryWait, shown_age_ms, word_of
from services.platform.wakeups import StreamLook

NOW = 1_763_877_909_120


def looks(waiting: EntryWait, *steps: tuple[float, str, str, int], position: str = "0-0") -> list[int]:
    """(seconds, first unread, newest, Redis' clock) of each look → how long the oldest waits."""
    return [waiting.waiting_ms(StreamLook(first, new, clock), position, at) for at, first, new, clock in steps]


def test_the_oldest_counts_and_not_the_newest() -> None:
    """Sources go on while nobody takes in."""
    entries = [f"{NOW + n * 100}-0" for n in range(60)]
    steps = [(n * 0.5, entries[0], entries[n * 5], NOW + n * 500) for n in range(9)]
    assert looks(EntryWait(), *steps) == [n * 500 for n in range(9)]


def test_nothing_waits() -> None:
    assert looks(EntryWait(), (0, "", "", NOW), (1, "", f"{NOW}-0", NOW + 9000), position=f"{NOW}-0") == [0, 0]


def test_a_fresh_process_believes_the_id() -> None:
    assert looks(EntryWait(), (0, f"{NOW}-0", f"{NOW}-0", NOW + 7000)) == [7000]


def test_an_id_ahead_of_redis_clock_waits_as_long_as_we_have_seen_it() -> None:
    ahead = f"{NOW + 3_600_000}-5"
    assert looks(EntryWait(), *((n, ahead, ahead, NOW + n * 1000) for n in range(5))) == [0, 1000, 2000, 3000, 4000]


def test_redis_clock_that_is_set_changes_nothing() -> None:
    """Set an hour ahead and back while one entry waits that came half a second before."""
    one = f"{NOW}-0"
    steps = [(0, "", f"{NOW - 1}-0", NOW), (0.5, one, one, NOW + 3_600_000), (1.0, one, one, NOW - 3_600_000)]
    assert looks(EntryWait(), *steps, position=f"{NOW - 1}-0") == [0, 500, 500]


def test_an_old_id_that_came_just_now_has_not_waited() -> None:
    steps = [(0, "", "1-0", NOW), (0.5, "5-0", "5-0", NOW), (4.5, "5-0", "9-0", NOW + 4000)]
    assert looks(EntryWait(), *steps, position="1-0") == [0, 500, 4500]


def test_a_stream_that_went_back_behind_the_position_waits() -> None:
    steps = [(0, "", "90-0", NOW), (1, "", "7-0", NOW), (6, "", "7-1", NOW)]
    assert looks(EntryWait(), *steps, position="90-0")[2] >= 5000


def test_an_outage_of_redis_does_not_count_what_came_after_it() -> None:
    """The entry's own age lies between what we saw before and after."""
    steps = [(0, "", "90-0", NOW), (60, f"{NOW + 59_000}-0", f"{NOW + 59_900}-0", NOW + 60_000)]
    assert looks(EntryWait(), *steps, position="90-0") == [0, 1000]


@given(
    st.lists(st.tuples(st.floats(0.01, 2), st.integers(-5000, 5000)), min_size=1, max_size=80),
    st.integers(-10_000_000, 10_000_000),
)
def test_what_has_waited_for_long_is_never_live(pauses: list[tuple[float, int]], off_ms: int) -> None:
    """Whatever the clock does meanwhile, and however far the id is from it."""
    waiting, at, one = EntryWait(), 0.0, f"{NOW + off_ms}-0"
    for pause, jump in [(0.0, 0), *pauses]:
        at += pause
        found = waiting.waiting_ms(StreamLook(one, f"{NOW + off_ms + int(at * 1000)}-1", NOW + jump), "0-0", at)
        assert found >= int(at * 1000) - 1
    assert at <= 3 or word_of(shown_age_ms(0, found)) != "live"


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_the_word_is_live_only_when_nothing_waited_for_3_s_and_somebody_looked(unsure: int, waiting: int) -> None:
    age = shown_age_ms(unsure, waiting)
    is_live = waiting <= 3000 and unsure <= 4000
    assert (word_of(age) == "live") == (age < LIVE_BELOW_MS) == is_live
    assert (word_of(age) == "stale") == (age >= LATE_BELOW_MS)


@given(st.integers(0, 60_000), st.integers(0, 60_000), st.integers(0, 60_000))
def test_the_age_never_falls_while_it_gets_worse(unsure: int, waiting: int, more: int) -> None:
    assert shown_age_ms(unsure + more, waiting) >= shown_age_ms(unsure, waiting)
    assert shown_age_ms(unsure, waiting + more) >= shown_age_ms(unsure, waiting)
