"""The alert rules with whole processes: killed ones, and browsers that read nothing for as long as it takes."""

import signal
import urllib.request
from pathlib import Path

import pytest

from tests import alerts
from tests.alerts import judge, spell
from tests.browser.conftest import Product, wait_until
from tests.browser.test_bad_days import raw_browser

pytestmark = [pytest.mark.slow, pytest.mark.redis, pytest.mark.skipif(alerts.PROMTOOL is None, reason=alerts.WHY_NOT)]


def scrape(product: Product) -> str | None:
    """What Prometheus reads; None: nobody answers."""
    try:
        with urllib.request.urlopen(f"{product.url}/metrics", timeout=5) as answer:
            return str(answer.read(), "utf-8")
    except OSError:
        return None


def says(product: Product, line: str) -> bool:
    return line in (scrape(product) or "").splitlines()


def well(product: Product) -> str:
    wait_until(lambda: says(product, 'lianqin_process_state{process="projector",state="alive"} 1'), "all is well")
    found = scrape(product)
    assert found is not None
    return found


def test_browsers_that_read_nothing_are_an_alert(product: Product, tmp_path: Path) -> None:
    before = well(product)
    stuck = [raw_browser(product) for _ in range(7)]
    wait_until(lambda: says(product, "lianqin_browsers 7"), "the stuck browsers are in the room")
    wait_until(lambda: says(product, "lianqin_browsers_dropped 7"), "they are dropped", 30)
    after = well(product)
    for one in stuck:
        one.close()
    judge(tmp_path, [spell(2, before), spell(10, after, fires=["LianqinBrowsersDropped"]), spell(61, after)])


def test_processes_that_are_killed_are_alerts(product: Product, tmp_path: Path) -> None:
    before = well(product)
    product.processes["projector"].send_signal(signal.SIGKILL)
    dead = 'lianqin_process_state{process="projector",state="dead"} 1'
    wait_until(lambda: says(product, dead) and "\nlianqin_lag_ms 5" in (scrape(product) or ""), "it is dead", 15)
    late = scrape(product)
    product.processes["web"].kill_family()
    wait_until(lambda: scrape(product) is None, "nobody answers")
    judge(
        tmp_path,
        [
            spell(2, before),
            spell(2, late, fires=["LianqinLate", "LianqinProcessDown"]),
            spell(2, scrape(product), fires=["LianqinDown"]),
        ],
    )
