"""What Prometheus reads keeps its names, types and words: alert rules are written with them."""

import platform
from collections import Counter
from types import SimpleNamespace
from typing import Any

from dashboard.callbacks.health import metrics_text
from services.board.state import Share
from services.platform.version import our_version

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
"""


def build_info() -> str:
    labels = f'version="{our_version()}",python="{platform.python_version()}"'
    return (
        "# HELP lianqin_build_info which version this web process is\n# TYPE lianqin_build_info gauge\n"
        f"lianqin_build_info{{{labels}}} 1\n"
    )


def test_the_text_is_what_it_was() -> None:
    total = Share(open=1_234_567, overdue=2)
    board = SimpleNamespace(
        total=lambda: total, revision=77, lost=5, tallies={("refused", "/szcg"): 4, ("clock_skew", '/a"b\\c\nd'): 9}
    )
    follower: Any = SimpleNamespace(board=board, health=SimpleNamespace(fresh_ms=lambda: 320))
    refusals = SimpleNamespace(counts=Counter(rate=8, origin=2))
    room: Any = SimpleNamespace(browsers=lambda: 3, dropped=1, refusals=refusals)
    assert metrics_text(room, follower) == TEXT + build_info()
    told = metrics_text(room, follower, 1_204)
    assert "# TYPE lianqin_search_backlog gauge\nlianqin_search_backlog 1204\n" in told
