"""«Why?»: a figure of the wall opens to its definition and cases; wall, HTTP and terminal show the same."""

import json
import os
import subprocess
import sys
import urllib.error
from typing import Any

import pytest
from playwright.sync_api import Page

from services.platform.clock import to_rfc3339
from tests.browser.conftest import Product, open_wall, wait_until
from tests.browser.shown import inside
from tests.browser.test_wall import text
from tests.tiny import NOON, case, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis]
HOUR = 3_600_000


def at(hours: float) -> str:
    return to_rfc3339(NOON + round(hours * HOUR))


def told(case_id: str, status: str, deadline: float, closed: float | None = None, **more: Any) -> dict[bytes, bytes]:
    clock = {"what": "close", "started_at": at(-9), "limit": {"value": 4, "unit": "WH"}, "deadline_at": at(deadline)}
    state = {"filed_at": at(-9), "reported_at": at(-9), "clocks": [clock], "level": "street", "lead_unit": "D1", **more}
    if closed is not None:
        state["closed_at"] = at(closed)
    return entry(
        case(case_id, more.pop("version", 1), status, **{k: v for k, v in state.items() if k != "version"}),
        "case.corrected",
        NOON - HOUR,
    )


def six_cases(product: Product) -> None:
    """East street: 3 closed in time, 1 late, 1 overdue and open, 1 not yet due."""
    product.publish_and_wait(
        *[told(f"K{i}", "closed", 1, -2 - i) for i in range(3)],
        told("L", "closed", -3, -1),
        told("O", "handling", -2),
        told("N", "handling", 5),
    )


def test_the_rate_of_a_street_opens_and_is_the_same_everywhere(product: Product, page: Page) -> None:
    six_cases(product)
    open_wall(page, product)
    wait_until(lambda: "60.0%" in text(page, "#tile-streets"), "the wall shows 3 of 5")
    page.locator("#tile-streets .name", has_text="东街").click()
    page.wait_for_selector("#case-panel:not([hidden]) ol li")
    panel = text(page, "#case-panel")
    for shown in ("按期结案率 · 东街", "60.00% = 3 / 5", "应结案数", "有效截止时间", "统计期", "截至"):
        assert shown in panel, panel
    rows = page.locator("#case-panel li.row").all_inner_texts()
    assert {row.split("\n")[0]: row.split("\n")[2] for row in rows} == {
        "K0": "按期结案",
        "K1": "按期结案",
        "K2": "按期结案",
        "L": "逾期结案",
        "O": "到期未结",
    }
    assert {row.split("\n")[0] for row in rows[:2]} == {"L", "O"}, "what spoils the rate comes first"

    product.become_leader()  # a wall opens its panels, the lists over HTTP are for people
    over_http = product.get("/api/v1/indicators?name=on_time_close_rate&by=street")
    (east,) = [g for g in over_http["groups"] if g["by"] == {"street": "S1"}]
    assert (east["figures"]["on_time_close_rate"]["numerator"], east["figures"]["on_time_close_rate"]["n"]) == (3, 5)
    board = next(row for row in product.board()["streets"] if row["code"] == "S1")
    assert (board["closed_on_time"], board["should_close"], board["closed"]) == (3, 5, 4)
    behind = product.get("/api/v1/indicators/on_time_close_rate/cases?street=S1")
    assert {c["case_id"]: c["why"] for c in behind["cases"]}["L"] == "closed_late"

    explained = subprocess.run(
        [sys.executable, "-m", "dashboard.cli", "explain", "indicator", "on_time_close_rate", "--street", "S1",
         "--day", "2026-11-23"],
        env={**os.environ, **product.environment}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "60.00 % = 3 / 5" in explained
    assert "above the line: 3" in explained
    assert "below the line only: 2" in explained
    assert "out of the count: 1" in explained
    assert "截止时间未到" in explained

    page.locator("#case-panel li.row", has_text="逾期结案").click()
    page.wait_for_selector("#case-panel dt:text-is('期限来由')")
    panel = text(page, "#case-panel")
    assert "时限 4工作时" in panel
    assert "公布截止" in panel


def test_every_figure_of_the_wall_opens(product: Product, page: Page) -> None:
    six_cases(product)
    open_wall(page, product)
    wait_until(lambda: page.locator("[data-figure]").count() > 20, "the tiles are there")
    figures = {
        f
        for f in page.evaluate("() => [...document.querySelectorAll('[data-figure]')].map(e => e.dataset.figure)")
        if f
    }
    assert {json.loads(f)["figure"] for f in figures} >= {
        "overdue", "due_soon", "open", "intake", "closed", "on_time_close_rate", "grid_solved_rate", "district_share",
        "street_solved_rate", "at_district", "proposed", "unplaced", "irregular", "computed",
    }  # fmt: skip
    for figure in sorted(figures):
        page.evaluate("() => { document.getElementById('case-panel-close').click(); }")
        page.wait_for_selector("#case-panel[hidden]", state="attached")
        page.evaluate(inside("f => lianqin.panel.show(JSON.parse(f))"), figure)
        page.wait_for_selector("#case-panel:not([hidden]) h2", timeout=10_000)
        assert text(page, "#case-panel h2").strip(), figure


def test_a_panel_follows_its_case(product: Product, page: Page) -> None:
    six_cases(product)
    open_wall(page, product)
    page.locator("#tile-today [data-figure*=overdue]").first.click()
    page.locator("#case-panel li.row", has_text="O").first.click()
    page.wait_for_selector("#case-panel dd:text-is('处置')")
    product.publish_and_wait(told("O", "suspended", -2, version=2, suspensions=[{"from": at(0)}]))
    page.wait_for_selector("#case-panel dd:text-is('挂账')", timeout=10_000)


def test_the_district_takes_it_in(product: Product, page: Page) -> None:
    """A case due in 70 minutes goes to the district 30 minutes later; one that was due an hour ago is proposed."""
    product.publish_and_wait(told("soon", "handling", 70 / 60, **middle(2, 0)), told("late", "handling", -1))
    product.start("escalator")
    open_wall(page, product)
    wait_until(lambda: "待确认" in text(page, "#tile-next"), "the proposal is on the wall", 20)
    shown = text(page, "#tile-next")
    assert "街道超期待确认" in shown
    assert "西街" in shown
    assert "后接管" in shown
    assert "1小时" in shown
    page.locator("#tile-next h2").click()
    page.wait_for_selector("#case-panel li.row")
    assert "late" in text(page, "#case-panel")


UNANSWERABLE = (
    ("?name=nothing", "is unknown: one of"),
    ("?by=moon", "is unknown: one of"),
    ("?first=yesterday", "is no day"),
    ("?first=2026-11-23&last=2026-11-01", "lies before"),
    ("?first=2020-01-01", "more than 800 days"),
    ("?grid=G00&domain=04", "do not hold"),
    ("/nothing/cases", "is unknown"),
)


def test_a_question_that_cannot_be_answered_says_what_to_ask_and_an_empty_one_is_empty(product: Product) -> None:
    product.become_leader()
    for path, says in UNANSWERABLE:
        with pytest.raises(urllib.error.HTTPError) as caught:
            product.get("/api/v1/indicators" + path)
        assert caught.value.code == 400
        assert says in json.loads(caught.value.read())["error"]
    found = product.get("/api/v1/indicators?first=2027-01-01&last=2027-01-31")
    (group,) = found["groups"]
    assert group["figures"]["on_time_close_rate"] == {
        "value": None,
        "numerator": 0,
        "denominator": 0,
        "n": 0,
        "before": None,
        "year_ago": None,
    }
