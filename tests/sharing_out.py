"""How the tests are shared out among the workers of a parallel run (pytest -n … --dist loadscope).

A module is one piece of work, so that its fixtures are made once. The longest pieces go first and the shortest last:
then no worker is left alone with a long one at the end. Modules that ask for the same costly things, which a process
computes once, are one piece.
"""

import pytest

# Pieces of more than some 10 s, the longest first; the others follow by folder. A stale line does no harm.
LONGEST = (
    "tests/browser/test_desk.py", "tests/browser/test_accessible.py", "tests/browser/test_access.py",
    "tests/browser/test_bad_days.py", "tests/browser/test_coverage.py", "tests/integration/test_demo.py",
    "the demo district", "tests/browser/test_wall.py", "tests/browser/test_replay.py",
)  # fmt: skip
FOLDERS = ("tests/browser", "tests/faults", "tests/attacks", "tests/integration", "tests/unit")
# The demo's generated district and its case system: seconds to make, kept for the process (functools.cache).
TOGETHER = {"tests/unit/test_demo_": "the demo district", "tests/unit/test_simulator_": "the demo district"}


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
