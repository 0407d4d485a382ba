"""How the tests are shared out among the workers of a parallel run (pytest -n … --dist loadscope).

A module is one piece of work, so that its fixtures are made once. The long pieces go first and the short ones last:
then no worker is left alone with a long one at the end. Long ones that wait (for a browser, for a process to be missed)
and long ones that reckon take turns, so that neither the processors nor the workers stand idle. Modules that ask for
the same costly things, which a process computes once, are one piece.
"""

from itertools import chain, zip_longest

import pytest

# Pieces of more than some 10 s of time, the longest first; the others follow by folder. A stale line does no harm.
WAITING = (
    "tests/browser/test_access.py", "tests/browser/test_desk.py", "tests/browser/test_bad_days.py",
    "tests/faults/test_store_refuses.py", "tests/browser/test_accessible.py", "tests/browser/test_coverage.py",
    "tests/browser/test_wall.py", "tests/faults/test_gap.py", "tests/faults/test_word.py",
    "tests/browser/test_replay.py", "tests/browser/test_pages.py", "tests/browser/test_traffic.py",
    "tests/faults/test_gone_back.py", "tests/faults/test_redis.py",
)  # fmt: skip
RECKONING = (
    "the demo district",
    "tests/attacks/test_requests.py",
    "tests/integration/operations/test_demo.py",
    "tests/integration/past/test_past.py",
    "tests/integration/test_rights_matrix.py",
    "tests/integration/projector/test_archive.py",
    "tests/integration/leadership/test_leadership_parts.py",
    "tests/integration/leadership/test_leadership.py",
    "tests/unit/test_kernel_bounds.py",
    "tests/integration/audit/test_audit_page.py",
    "tests/integration/indicators/test_rollups.py",
    "tests/integration/coverage/test_coverage_planning.py",
)
# Two that wait for each that reckons.
LONGEST = tuple(filter(None, chain.from_iterable(zip_longest(WAITING[::2], RECKONING, WAITING[1::2]))))
FOLDERS = ("tests/browser", "tests/faults", "tests/attacks", "tests/integration", "tests/unit")
# The demo's generated district and its case system: seconds to make, kept for the process (functools.cache).
TOGETHER = {
    "tests/unit/operations/test_demo_": "the demo district",
    "tests/unit/operations/test_simulator_": "the demo district",
}


def piece_of(nodeid: str) -> str:
    """The name of the piece of work that a test belongs to."""
    module = nodeid.partition("::")[0]
    return next((piece for start, piece in TOGETHER.items() if module.startswith(start)), module)


def rank(piece: str) -> tuple[int, int]:
    """Where a piece comes in the queue."""
    if piece in LONGEST:
        return LONGEST.index(piece), 0
    folders = (n for n, folder in enumerate(FOLDERS) if piece.startswith(folder + "/"))
    return len(LONGEST), next(folders, -1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest first; within a piece as they were."""
    items.sort(key=lambda item: rank(piece_of(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """The scheduler of ``--dist loadscope`` with our pieces, in our order."""
    if config.getvalue("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Pieces(LoadScopeScheduling):  # type: ignore[misc]  # xdist's own class
        def _split_scope(self, nodeid: str) -> str:
            return piece_of(nodeid)

    config.option.loadscopereorder = False
    return Pieces(config, log)
