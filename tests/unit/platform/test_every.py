"""What is done once in so many seconds (services.platform.every)."""

import pytest

from services.platform.every import Every


class Watch:
    """A clock that a test moves."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("now", [0.0, 3.0, 1e9])
def test_the_first_time_is_at_once_however_young_the_machine_is(now: float) -> None:
    watch = Watch(now)
    every = Every(20, watch)
    assert every.is_due()
    assert every.left_s() == 0
    assert every.take()
    assert not every.take()


def test_it_is_due_when_its_seconds_have_passed_since_the_last_time() -> None:
    watch = Watch(100.0)
    every = Every(20, watch)
    every.begin()
    watch.now = 119.9
    assert not every.is_due()
    assert every.left_s() == pytest.approx(0.1)
    watch.now = 120.0
    assert every.take()
    watch.now = 139.9
    assert not every.take()


def test_late_is_counted_from_when_it_was_taken_and_nothing_is_made_up_for() -> None:
    watch = Watch()
    every = Every(20, watch)
    every.take()
    watch.now = 75.0
    assert every.take()
    assert not every.take()
    assert every.left_s() == 20


def test_asking_changes_nothing() -> None:
    every = Every(20, Watch())
    assert [every.is_due() for _ in range(3)] == [True, True, True]


def test_another_span_is_for_once() -> None:
    watch = Watch()
    every = Every(20, watch)
    every.begin(60)
    watch.now = 59.0
    assert not every.is_due()
    watch.now = 60.0
    assert every.take()
    assert every.left_s() == 20


def test_reset_is_due_at_once() -> None:
    every = Every(20, Watch())
    every.begin()
    every.reset()
    assert every.take()


def test_it_is_hastened_and_never_put_off() -> None:
    every = Every(20, Watch())
    every.begin()
    every.hasten(5)
    assert every.left_s() == 5
    every.hasten(10)
    assert every.left_s() == 5


def test_it_goes_by_the_monotonic_clock_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(5.0)
    every = Every(20)
    monkeypatch.setattr("services.platform.every.time.monotonic", watch)
    assert every.take()
    watch.now = 25.0
    assert every.take()
