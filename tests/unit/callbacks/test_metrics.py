"""What Prometheus reads keeps its names, types and words: alert rules are written with them."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

from dashboard.callbacks.health import OTHERS, TALLIES_MOST, board_figures, process_figures
from services.board.state import Share
from services.health.beats import Process
from services.platform.metric import as_text

TEXT = r"""# HELP lianqin_open_cases open cases on the board
# TYPE lianqin_open_cases gauge
lianqin_open_cases 1234567
# HELP lianqin_overdue_cases of these, overdue
# TYPE lianqin_overdue_cases gauge
lianqin_overdue_cases 2
# HELP lianqin_revision the store's revision that the board shows
# TYPE lianqin_revision counter
lianqin_revision 77
# HELP lianqin_lag_ms ms since the board was last known to be up to date
# TYPE lianqin_lag_ms gauge
lianqin_lag_ms 320
# HELP lianqin_lost_entries entries trimmed away before they were read
# TYPE lianqin_lost_entries counter
lianqin_lost_entries 5
# HELP lianqin_browsers browsers on the wall
# TYPE lianqin_browsers gauge
lianqin_browsers 3
# HELP lianqin_browsers_dropped browsers cut because they read nothing
# TYPE lianqin_browsers_dropped counter
lianqin_browsers_dropped 1
# HELP lianqin_tally entries refused or flagged, by source
# TYPE lianqin_tally counter
lianqin_tally{what="clock_skew",source="/a\"b\\c\nd"} 9
lianqin_tally{what="refused",source="/szcg"} 4
# HELP lianqin_socket_refusals_total what the socket refused, by cause
# TYPE lianqin_socket_refusals_total counter
lianqin_socket_refusals_total{cause="origin"} 2
lianqin_socket_refusals_total{cause="rate"} 8
# HELP lianqin_board_age_seconds since the board was last up to date
# TYPE lianqin_board_age_seconds gauge
lianqin_board_age_seconds 0.32
"""


def shown(tallies: dict[tuple[str, str], int]) -> tuple[Any, Any]:
    total = Share(open=1_234_567, overdue=2)
    board = SimpleNamespace(total=lambda: total, revision=77, lost=5, tallies=tallies)
    follower: Any = SimpleNamespace(board=board, health=SimpleNamespace(fresh_ms=lambda: 320))
    refusals = SimpleNamespace(counts=Counter(rate=8, origin=2))
    room: Any = SimpleNamespace(browsers=lambda: 3, dropped=1, refusals=refusals)
    return room, follower


def test_the_text_is_what_it_was() -> None:
    room, follower = shown({("refused", "/szcg"): 4, ("clock_skew", '/a"b\\c\nd'): 9})
    assert as_text(board_figures(room, follower)) == TEXT
    told = as_text(board_figures(room, follower, 1_204))
    assert "# TYPE lianqin_search_backlog gauge\nlianqin_search_backlog 1204\n" in told


def test_however_many_sources_there_are_the_figures_of_the_smallest_are_one() -> None:
    room, follower = shown({("refused", f"/s{n:04}"): n + 1 for n in range(TALLIES_MOST + 900)})
    (tally,) = [metric for metric in board_figures(room, follower) if metric.name == "lianqin_tally"]
    assert len(tally.samples) == TALLIES_MOST + 1
    assert sum(n for _, n in tally.samples) == sum(range(1, TALLIES_MOST + 901))
    assert {labels["source"]: n for labels, n in tally.samples}[OTHERS] == sum(range(1, 901))


def test_of_the_states_of_a_process_one_is_1() -> None:
    state, alive = process_figures([Process("projector", "dead", alive=0), Process("web", "alive", alive=2)])
    assert [(labels["process"], labels["state"]) for labels, n in state.samples if n] == [
        ("projector", "dead"),
        ("web", "alive"),
    ]
    assert len(state.samples) == 12
    assert [n for _, n in alive.samples] == [0, 2]
