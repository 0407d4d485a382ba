"""What is kept of reports: made once while it is fresh, however many ask at once."""

import gevent
import pytest

from dashboard.callbacks.leadership.cache import FRESH_S, MOST, ReportCache


def test_while_it_is_fresh_it_is_not_made_again() -> None:
    now, made = [0.0], []
    kept = ReportCache(lambda: now[0])

    def make() -> int:
        made.append(now[0])
        return len(made)

    assert [kept.get(("a",), make) for _ in range(3)] == [1, 1, 1]
    assert kept.get(("b",), make) == 2
    now[0] = FRESH_S
    assert kept.get(("a",), make) == 3


def test_ten_who_ask_at_once_are_given_what_was_made_once() -> None:
    kept, made = ReportCache(), []

    def make() -> str:
        made.append(1)
        gevent.sleep(0.01)
        return "report"

    people = [gevent.spawn(kept.get, ("a",), make) for _ in range(10)]
    gevent.joinall(people, raise_error=True)
    assert [person.value for person in people] == ["report"] * 10
    assert len(made) == 1


def test_what_could_not_be_made_is_not_kept() -> None:
    kept = ReportCache()
    with pytest.raises(OSError, match="gone"):
        kept.get(("a",), lambda: (_ for _ in ()).throw(OSError("gone")))
    assert kept.get(("a",), lambda: "well") == "well"


def test_it_does_not_grow_for_ever() -> None:
    now = [0.0]
    kept = ReportCache(lambda: now[0])
    for n in range(3 * MOST):
        now[0] += FRESH_S / 10
        kept.get((str(n),), lambda: "x")
    assert len(kept._kept) <= MOST + 1
