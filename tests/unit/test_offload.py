"""Work in gevent's threads: what it raises comes to whoever asked, and to nobody's terminal."""

import pytest

from dashboard.app import offload


def test_what_the_work_raises_is_raised_here_and_not_printed_by_the_thread(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise LookupError("refused")

    with pytest.raises(LookupError, match="refused"):
        offload(work)
    assert offload(lambda: 7) == 7
    assert capfd.readouterr() == ("", "")
