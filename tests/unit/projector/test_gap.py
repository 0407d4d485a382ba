"""The arithmetic of the gap: against a model of a stream that is added to, read, trimmed and deleted from at random."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contract.entry import entry_order
from services.projector.gap import Gap, measure
from services.projector.store.write import Feed
from services.projector.stream import HELD, NEWEST, StreamState


def feed(position: str = "0-0", processed: int = 0, last: str = "", lost: int = 0) -> Feed:
    return Feed("D", 1, position, last or position, processed, lost, None, None)


def stream(*ids: str, added: int | None = None, **more: object) -> StreamState:
    found = {
        "length": len(ids),
        "added": len(ids) if added is None else added,
        "first": ids[0] if ids else "",
        "last": ids[-1] if ids else "0-0",
        "last_delivered": "0-0",
        "newest": tuple(reversed(ids))[:NEWEST],
    } | more
    return StreamState(**found)


def ids(start: int, end: int) -> list[str]:
    return [f"{n}-0" for n in range(start, end)]


def test_a_fresh_stream_has_no_gap() -> None:
    assert measure(feed(), stream(), ()) is None
    assert measure(feed(), stream(*ids(1, 6)), ()) is None


def test_what_was_trimmed_before_the_first_start_is_lost() -> None:
    assert measure(feed(), stream(*ids(7, 11), added=10), ()) == Gap(6, f"6-{2**64 - 1}", 6, False)


def test_our_own_trimming_is_no_gap() -> None:
    found = stream(*ids(95, 101), added=100, last_delivered="100-0")
    assert measure(feed("100-0", 100), found, ()) is None
    assert measure(feed("100-0", 100), stream(added=100, last="100-0", last_delivered="100-0"), ()) is None


def test_a_stream_trimmed_empty_past_us_moves_the_position_to_its_end() -> None:
    found = stream(added=100, last="100-0", last_delivered="90-0")
    assert measure(feed("90-0", 90), found, ()) == Gap(10, "100-0", 100, False)


def test_another_stream_is_told_by_what_it_holds() -> None:
    assert measure(feed("10-0", 10), stream(), ()) == Gap(0, "0-0", 0, True)
    assert measure(feed("10-0", 10), stream(*ids(20, 23)), ()) == Gap(0, "10-0", 0, True)
    assert measure(feed("10-0", 10), stream(*ids(20, 40)), ()) == Gap(0, "10-0", 0, True)
    assert measure(feed("10-0", 10), stream(*ids(1, 4)), ()) == Gap(0, "0-0", 0, True)
    assert measure(feed("10-0", 10), stream(*ids(20, 23), added=5), ()) == Gap(0, "10-0", 2, True)


def test_a_store_that_never_read_cannot_find_its_stream_emptied() -> None:
    assert measure(feed(), stream(*ids(5, 6)), ()) is None


def test_a_stream_that_fell_back_is_followed_from_its_newest_known_entry() -> None:
    found = stream("1-0", "2-0", "4-0", last_delivered="2-0")
    known = {"1-0", "2-0"}
    assert measure(feed("5-0", 5), found, known) == Gap(0, "2-0", 2, False)


def test_a_group_that_was_set_back_is_no_gap() -> None:
    assert measure(feed("10-0", 10), stream(*ids(1, 11)), ()) is None


def test_a_long_backlog_with_a_hole_somewhere_waits_until_it_is_short() -> None:
    found = stream("1-0", *ids(10, 10 + NEWEST + 5), added=500, last_delivered="1-0")
    assert measure(feed("1-0", 1), found, ()) is None


def test_too_many_held_entries_wait_until_they_are_fewer() -> None:
    assert HELD > 1000
    assert measure(feed(), stream(*ids(5, 9), added=50, held=None), ()) is None


@dataclass
class Model:
    """A stream, one group, one store; ``lost`` is the truth."""

    added: int = 0
    readable: list[int] = field(default_factory=list)
    delivered: int = 0
    pending: list[int] = field(default_factory=list)
    store: set[int] = field(default_factory=set)
    feed: Feed = field(default_factory=feed)

    @property
    def lost(self) -> int:
        return self.added - len(self.store | set(self.readable))

    def add(self, n: int) -> None:
        self.readable += range(self.added + 1, self.added + n + 1)
        self.added += n

    def deliver(self, n: int) -> None:
        got = [e for e in self.readable if e > self.delivered][:n]
        self.pending += got
        self.delivered = max([self.delivered, *got])

    def take_in(self, n: int) -> None:
        """The first n pending: those that can still be read are stored, all are acknowledged."""
        batch, self.pending = self.pending[:n], self.pending[n:]
        fresh = {e for e in batch if e in self.readable and e > entry_order(self.feed.position)[0]}
        self.store |= fresh
        low = self.pending[0] - 1 if self.pending else self.delivered
        position = max(f"{low}-0", self.feed.position, key=entry_order)
        last = max([self.feed.last_entry, *(f"{e}-0" for e in fresh)], key=entry_order)
        self.feed = feed(position, self.feed.processed + len(fresh), last, self.feed.lost)

    def trim(self, keep: int) -> None:
        self.readable = self.readable[len(self.readable) - keep :] if keep < len(self.readable) else self.readable

    def delete(self, n: int) -> None:
        if self.readable:
            self.readable.pop(n % len(self.readable))

    def look(self) -> None:
        state = stream(
            *(f"{e}-0" for e in self.readable),
            added=self.added,
            last=f"{self.added}-0" if self.added else "0-0",
            last_delivered=f"{self.delivered}-0",
            held=tuple(f"{e}-0" for e in self.pending),
            newest=tuple(f"{e}-0" for e in self.readable[::-1][:4]),
        )
        known = {entry for entry in state.ids() if entry_order(entry)[0] in self.store}
        gap = measure(self.feed, state, known)
        if gap is not None:
            assert not gap.emptied
            lost = self.feed.lost + gap.lost
            self.feed = feed(gap.position, gap.processed, self.feed.last_entry, lost)
        assert self.feed.lost <= self.lost, "never more than was lost"


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["add", "deliver", "take_in", "trim", "delete", "look"]), st.integers(0, 12)), max_size=40
)


@settings(max_examples=400)
@given(OPERATIONS)
def test_whatever_happens_the_count_ends_at_what_was_lost(operations: list[tuple[str, int]]) -> None:
    model = Model()
    for name, n in operations:
        if name == "look":
            model.look()
        else:
            getattr(model, name)(n)
    model.look()
    model.deliver(10**6)
    model.take_in(10**6)
    model.look()
    assert model.feed.lost == model.lost
    assert model.feed.processed == model.added
    model.look()
    assert model.feed.lost == model.lost
    assert set(model.readable) <= model.store


def test_ids_of_any_size_are_no_gap() -> None:
    """A sequence past 2^20, milliseconds past 2^42: compared as they are."""
    far = [f"{2**63}-{2**64 - 2}", f"{2**63}-{2**64 - 1}"]
    near = [f"5-{2**20 + n}" for n in range(3)]
    found = stream(*near, *far, last_delivered=near[-1])
    assert measure(feed(near[-1], 3), found, set(near)) is None
    lost = stream(*far, added=9, last_delivered=near[-1])
    assert measure(feed(near[-1], 3), lost, ()) == Gap(4, f"{2**63}-{2**64 - 3}", 7, False)
