"""The page /coverage and the coverage on the wall in a real Chromium, fed through the store as the surveyor does it."""

import csv
import io
import json
import time
import urllib.error
import urllib.request
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page

from services.access import service as accounts
from services.access.account import Account
from services.coverage.told import Region, Sight, WatchedSpot
from services.platform.database import open_engine
from tests.browser.conftest import Product, open_wall, wait_until
from tests.browser.shown import inside, wait_inside
from tests.browser.test_wall import due, text
from tests.coverage_scene import fan, figures, keyed, off, sight, write_things
from tests.tiny import CODE, NOON, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis]
BAD = "<img src=x onerror=window.pwned=1>"
RING = [-1000, -1000, 1000, -1000, 1000, 1000, -1000, 1000]


def told(product: Product, *bodies: Any, plan: dict[str, Any] | None = None, **more: Any) -> int:
    """Bodies into the store; the page hears of them as of the surveyor's."""
    engine = open_engine(product.environment["LIANQIN_DATABASE_URL"])
    things = [*keyed(*bodies), *([("plan", "all", plan)] if plan else []), *more.get("things", ())]
    with product.client() as client:
        found = write_things(engine, client, CODE, things)
    engine.dispose()
    return found


def place(column: float = 0, row: float = 0) -> tuple[float, float]:
    found = middle(column, row)
    return found["lon"], found["lat"]


def area(name: str = "东站广场", **more: Any) -> WatchedSpot:
    """A key area of 200 m × 200 m in the middle of the first grid; a quarter of it is blind."""
    lon, lat = place()
    blind = [[[-1000, -1000, 0, -1000, 0, 0, -1000, 0]]]
    given = {
        "street": "S1", "weight": 2.0, "size": 40_000.0, "planned": 4_000.0, "live": 10_000.0, "planned_night": 8_000.0,
        "live_night": 20_000.0, "now": 10_000.0, "demand": 12.4, "cases": 23, "unseen": 6, "need": 6.2, "gap": "live",
        "way": "repair", "camera": "C2", "camera_m": 35.0, "outline": [[RING]], "blind": blind, **more,
    }  # fmt: skip
    return WatchedSpot(id=given.pop("id", "area:KA1"), kind="area", name=name, lon=lon, lat=lat, **given)


def three_cameras() -> list[Sight]:
    lon, lat = place()
    return [
        sight("C1", lon, lat, name="东站1号", street="S1", url="https://video.local/c/1", grade="B",
              reasons=["azimuth_8_points", "range_estimated"], estimated=["range"]),
        off(sight("C2", lon + 0.0004, lat, name=BAD, street="S1", url="javascript:alert(1)"), NOON - 60_000),
        sight("C3", lon, lat + 0.0004, view="unknown", grade="D", shapes=[], azimuths=[], sees_day=False,
              sees_night=False, reasons=["azimuth_unknown"]),
    ]  # fmt: skip


def regions() -> list[Region]:
    return [
        Region(CODE, "district", 4e6, 2e6, 1.5e6, 1e6, 0.8e6),
        Region("S1", "street", 2e6, 1.2e6, 1e6, 0.6e6, 0.5e6),
    ]


def scene(product: Product, **more: Any) -> tuple[list[Sight], WatchedSpot]:
    cameras, spot = three_cameras(), area()
    told(product, *cameras, spot, *regions(), figures(cameras, [spot], NOON), **more)
    return cameras, spot


def open_coverage(page: Page, product: Product, query: str = "") -> None:
    page.goto(f"{product.url}/coverage{query}")
    wait_inside(
        page,
        "() => lianqin.layer && lianqin.layer._map && document.documentElement.dataset.coverage",
        timeout=20_000,
    )


def state(page: Page) -> Any:
    return page.evaluate("() => document.documentElement.dataset.coverage")


def test_the_page_says_how_much_is_seen_of_what_and_what_nobody_knows(product: Product, page: Page) -> None:
    scene(product)
    open_coverage(page, product)
    wait_until(lambda: "清单覆盖" in text(page, "#coverage-figures"), "the figures are there")
    shown = " ".join(text(page, "#coverage-figures").split())
    for words in (
        "看见 95% 以上算覆盖", "重点区域 0/1 规划 0", "分母：户外 4.00 平方公里，已除去建筑",
        "规划（全部摄像机） 50.0% 25.0%",
        "实时（工作中的） 37.5% 20.0%", "东街 50.0% 60.0%", "在线率 66.7% 2 / 3 ▲ 目标 98.0%",
        "完好率", "方向未知 1", "没有同时掉线",
        "计数复核 12:00 一致", "A", "B 部分估算 1", "D 不可用 1",
    ):  # fmt: skip
        assert words in shown, (words, shown)
    row = " ".join(text(page, "#coverage-ranking article").split())
    for words in (
        "A 东站广场 离线",
        "区域 · 东街",
        "需求 6.2 = 加权案件 12.4 × 权重 2 × 缺口 25.0%",
        "近30日 23 件，看不见 6 件",
        "抢修",
        "35 米",
    ):
        assert words in row, (words, row)
    assert not [
        w
        for w in text(page, "#coverage").split()
        if w.isascii() and w.isalpha() and w not in {*"ABCD", "km"} and w not in BAD
    ]


def test_a_camera_that_fails_changes_map_list_and_figures_without_a_reload(product: Product, page: Page) -> None:
    cameras, spot = scene(product)
    open_coverage(page, product)
    wait_until(lambda: page.locator("#coverage-ranking article").count() == 1, "the list is there")
    page.evaluate(inside("() => { window.mark = 1; window.kept = lianqin.state.get('sights', 'C3'); }"))
    grown = msgspec.structs.replace(spot, live=30_000.0, need=18.6, blind=[[RING]], unseen=17)
    dark = [off(cameras[0], NOON), *cameras[1:]]
    told(product, dark[0], grown, figures(dark, [grown], NOON + 1000))
    wait_inside(page, "() => lianqin.state.get('sights', 'C1').state === 'offline'", timeout=20_000)
    page.wait_for_function(
        "() => document.querySelector('#coverage-ranking').innerText.includes('75.0%')", timeout=20_000
    )
    page.wait_for_function("() => document.querySelector('#coverage-figures').innerText.includes('33.3%')")
    assert page.evaluate(inside("() => lianqin.layer.spots.get('area:KA1').body.blind[0][0][0]")) == -1000
    assert page.evaluate(inside("() => !lianqin.layer.counts(lianqin.layer.sights.get('C1').body)"))
    assert page.evaluate(inside("() => window.mark === 1 && window.kept === lianqin.state.get('sights', 'C3')"))
    told(product, things=[("sight", "C2", {"id": "C2", "removed": True})])
    wait_inside(page, "() => !lianqin.layer.sights.has('C2')")


def test_what_was_missed_while_the_line_was_cut_is_asked_for(product: Product, page: Page) -> None:
    cameras, spot = scene(product)
    open_coverage(page, product)
    page.evaluate(inside("() => lianqin.live.socket.disconnect()"))
    page.wait_for_selector('html[data-state="offline"]', state="attached")
    wait_until(lambda: "停在 12:0" in text(page, "#sources"), "the page says of when its figures are")
    assert "连接断开" in text(page, "#sources")
    told(product, off(cameras[0], NOON), msgspec.structs.replace(spot, name="改名广场"))
    page.evaluate(inside("() => lianqin.live.socket.connect()"))
    wait_inside(page, "() => lianqin.state.get('sights', 'C1').state === 'offline'", timeout=10_000)
    wait_until(lambda: "改名广场" in text(page, "#coverage-ranking"), "the list has the new name")


def test_the_card_of_a_camera_says_what_it_costs_and_links_only_where_that_is_safe(
    product: Product, page: Page
) -> None:
    lon, lat = place()
    product.publish_and_wait(entry(due(20, lon=lon, lat=lat + 0.0002)))
    scene(product)
    open_coverage(page, product, "?camera=C1")
    page.wait_for_selector("#case-panel:not([hidden]) dl")
    card = text(page, "#case-panel")
    area_m2 = 60 * 60 * 0.5 * sum([0.09965] * 14)  # 14 triangles of 80°/14 each
    seen = page.locator("#case-panel dd", has_text="共看").inner_text()
    assert abs(float(seen.split(" ")[0].replace(",", "")) - area_m2) < 15, seen
    for words in ("东站1号", "在线", "枪机", "固定视域", "北 0°", "80°", "60 米 估算", "60 / 24 / 12 / 6 米",
                  "B 部分估算",
                  "方向只到八方位", "距离按类型估算", "东站广场", "只有它看得见的在办案件 1", "A1"):  # fmt: skip
        assert words in card, (words, card)
    link = page.locator("#case-panel dd a")
    assert link.get_attribute("href") == "https://video.local/c/1"
    assert "noopener" in (link.get_attribute("rel") or "")
    page.locator("#coverage-ranking [data-camera=C2]").dispatch_event("click")
    page.wait_for_function("() => document.querySelector('#case-panel h2').innerText.includes('onerror')")
    assert "链接协议不被允许" in text(page, "#case-panel")
    assert page.locator("#case-panel dd a").count() == 0
    assert page.evaluate("() => window.pwned") is None
    assert page.evaluate("() => location.search") == "?camera=C2"
    page.keyboard.press("Escape")
    page.wait_for_selector("#case-panel[hidden]", state="attached")
    wait_until(lambda: page.evaluate("() => location.search") == "", "the link is forgotten")


def test_a_click_on_the_map_opens_the_camera_and_one_on_the_list_flies_there(product: Product, page: Page) -> None:
    scene(product)
    open_coverage(page, product)
    page.locator("#coverage-ranking article").click(position={"x": 60, "y": 12})
    wait_inside(page, "() => lianqin.layer.drawn.cameras.length === 3 && lianqin.maps.get('map').getZoom() > 15")
    assert page.locator("#coverage-ranking article.picked").count() == 1
    wait_until(lambda: page.evaluate(inside("() => lianqin.layer.drawn.sectors")) == 2, "the polygons are drawn")
    x, y = page.evaluate(
        inside("""() => { const l = lianqin.layer, d = l.drawn.cameras.find(c => c.id === "C1"), b = l._bounds.min;
             const p = l._map.layerPointToContainerPoint([d.x + b.x, d.y + b.y]);
             const r = l._map.getContainer().getBoundingClientRect(); return [r.left + p.x, r.top + p.y]; }""")
    )
    page.mouse.move(x, y)
    wait_until(lambda: "东站1号" in text(page, "#map-tooltip"), "the tooltip names it")
    page.mouse.click(x, y)
    page.wait_for_selector("#case-panel:not([hidden]) dl")
    assert "东站1号" in text(page, "#case-panel h2")


def plan() -> dict[str, Any]:
    lon, lat = place()
    sites = [
        {"rank": k, "pole": f"P{k}", "name": "=1+1" if k == 1 else f"站前路{k}", "street": "S1", "lon": lon,
         "lat": lat + k * 1e-4,
         "model": "bullet", "azimuth": 30.0 * k, "hfov": 80.0, "range_m": 60.0, "gain": 0.1, "covered_m2": 2000.0,
         "cases": 9 - k, "cost": 1.0, "shape": fan(30 * k, 80, 60)}
        for k in range(1, 6)
    ]  # fmt: skip
    return {
        "at": NOON, "candidates": 400, "poles": 50, "pole_source": "poles", "sites": sites,
        "curve": [0, 0.1, 0.2, 0.3, 0.4, 0.5], "district": [0.5, 0.52, 0.54, 0.56, 0.58, 0.6],
        "areas": [0, 0, 0, 1, 1, 1],
        "roads": [0] * 6, "places": [0] * 6,
    }  # fmt: skip


def as_officer(product: Product) -> urllib.request.OpenerDirector:
    """Exports are for people: a wall may look, and takes nothing away."""
    engine = open_engine(product.environment["LIANQIN_DATABASE_URL"])
    now = time.time_ns() // 1_000_000
    accounts.add(engine, now, Account("duty", "周敏", "duty_officer"), "four Plain words here")
    entered = accounts.log_in(engine, now, "duty", "four Plain words here", "127.0.0.1")
    engine.dispose()
    opener = urllib.request.build_opener()
    opener.addheaders = [("Cookie", f"lianqin={entered.token}")]
    return opener


def test_the_next_sites_are_on_the_map_and_leave_as_a_table_and_as_geojson(product: Product, page: Page) -> None:
    scene(product, plan=plan())
    open_coverage(page, product, "?tab=plan&n=3")
    wait_until(lambda: page.locator("#coverage-ranking [data-site]").count() == 3, "three sites are listed")
    shown = " ".join(text(page, "#coverage-ranking").split())
    for words in (
        "第 1 到 3 台共看见加权盲区的 30.0%",
        "户外面积 50.0% → 56.0%",
        "重点区域 0/1 → 1/1",
        "导出前 3 处",
        "朝 30°",
    ):
        assert words in shown, (words, shown)
    wait_until(lambda: page.evaluate(inside("() => lianqin.layer.drawn.sites.length")) == 3, "three are on the map")
    page.locator("#plan-n").fill("5")
    wait_until(lambda: page.locator("#coverage-ranking [data-site]").count() == 5, "five sites are listed")
    assert page.evaluate(inside("() => lianqin.layer.sites.length")) == 5
    links = [a.get_attribute("href") for a in page.locator(".exports a").all()]
    assert links == ["/api/v1/coverage/plan.csv?n=5", "/api/v1/coverage/plan.geojson?n=5"]
    officer = as_officer(product)
    with officer.open(f"{product.url}{links[0]}") as answer:
        table = answer.read().decode("utf-8")
        assert "attachment" in answer.headers["Content-Disposition"]
    assert table.startswith("\ufeff序号,杆号")
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert [row["序号"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rows[0]["位置"] == "'=1+1"
    with officer.open(f"{product.url}/api/v1/coverage/plan.geojson?n=2") as answer:
        assert len(json.loads(answer.read())["features"]) == 2


def test_without_cameras_the_screens_say_what_to_load(product: Product, page: Page) -> None:
    open_coverage(page, product)
    wait_until(lambda: "还没有摄像机" in text(page, "#coverage-figures"), "the page says that there are none")
    assert "cameras.csv" in text(page, "#coverage-figures")
    assert "未载入摄像机" in text(page, "#coverage-ranking")
    with pytest.raises(urllib.error.HTTPError) as caught:
        as_officer(product).open(f"{product.url}/api/v1/coverage/plan.csv")
    assert caught.value.code == 404
    caught.value.close()
    open_wall(page, product)
    assert "未载入摄像机" in text(page, "#tile-blind")
    assert "未载入摄像机" in text(page, "#tile-cameras")


def test_what_could_not_be_computed_is_unknown_and_not_covered(product: Product, page: Page) -> None:
    unknown = area("未算广场", planned=None, live=None, planned_night=None, live_night=None, now=None, need=0.0,
                   gap="unknown", way="", blind=[])  # fmt: skip
    cameras = three_cameras()
    told(product, *cameras, unknown, *regions(), figures(cameras, [unknown], NOON, notes=["no_buildings"]))
    open_coverage(page, product)
    wait_until(lambda: "未算广场" in text(page, "#coverage-ranking"), "it is listed")
    assert "缺口未知，不计需求" in text(page, "#coverage-ranking")
    shown = text(page, "#coverage-figures")
    assert "未知 1" in shown
    assert "建筑未载入" in shown
    assert "分母：全部" in shown


def test_the_wall_has_the_worst_spots_the_cameras_on_line_and_one_tile_a_spot(product: Product, page: Page) -> None:
    cameras, spot = scene(product)
    open_wall(page, product)
    wait_until(lambda: "东站广场" in text(page, "#tile-blind"), "the wall names the spot")
    assert " ".join(text(page, "#tile-blind .body").split()) == "A 东站广场 离线 6 件"
    assert " ".join(text(page, "#tile-cameras .body").split()) == "66.7% 2 / 3 目标 98%"
    assert "1 盲区" in " ".join(text(page, "#map-legend").split())
    wait_inside(page, "() => lianqin.cover && lianqin.cover.drawn.spots.length === 1")
    assert page.evaluate(inside("() => lianqin.layer.letters.map(l => l.text).join()")) == "A"
    page.evaluate(
        inside("""() => { window.names = []; const socket = lianqin.live.socket; socket.on("delta", bytes => {
             const tiles = JSON.parse(new TextDecoder().decode(bytes)).tiles || {};
             window.names.push(...Object.keys(tiles).filter(n => n.startsWith("spot:"))); }); }""")
    )
    other = area("西站广场", id="area:KA2", need=9.9)
    told(product, other, figures(cameras, [spot, other], NOON))
    wait_until(lambda: text(page, "#tile-blind .body").split()[:2] == ["A", "西站广场"], "the worse one comes first")
    assert page.evaluate("() => window.names") == ["spot:area:KA2"], "the other polygon is not sent again"
    told(product, msgspec.structs.replace(other, need=0.0, live=0.0, live_night=0.0, blind=[], gap="none", way=""))
    wait_inside(page, "() => !lianqin.cover.spots.has('area:KA2')")


def test_the_case_panel_says_which_cameras_see_the_place_or_the_nearest_that_does_not(
    product: Product, page: Page
) -> None:
    lon, lat = place()
    product.publish_and_wait(
        entry(due(1, lon=lon, lat=lat + 0.0002)),
        entry(due(1, case_id="A2", **middle(3, 1))),
        entry(due(1, case_id="A3", domain="09", lon=lon, lat=lat + 0.0002)),
    )
    scene(product)
    open_wall(page, product)
    ask = inside("id => lianqin.panel.show({id})")
    page.evaluate(ask, "A1")
    page.wait_for_selector("#case-panel dt:text-is('看得见的摄像机')")
    assert "东站1号，22 米，在线" in text(page, "#case-panel")
    page.evaluate(ask, "A2")
    page.wait_for_selector("#case-panel b:text-is('无可用摄像机看到此处')")
    assert "最近" in text(page, "#case-panel")
    assert "盲区案件" in text(page, "#case-panel")
    page.evaluate(ask, "A3")
    page.wait_for_function("() => document.querySelector('#case-panel h2').innerText.startsWith('A3')")
    assert "看得见的摄像机" not in text(page, "#case-panel"), "nobody may work out where a sensitive case is"


def test_of_five_thousand_cameras_what_is_near_and_in_view_is_drawn_and_500_change_at_once(
    product: Product, page: Page
) -> None:
    lon, lat = place()
    many = [
        sight(
            f"N{i}",
            lon - 0.005 + 0.04 * (i % 100) / 100,
            lat - 0.005 + 0.02 * (i // 100) / 50,
            azimuths=[float(i % 360)],
            shapes=[fan(i % 360, 80, 60, steps=40)],
        )
        for i in range(5000)
    ]
    told(product, *many, area(), *regions(), figures(many, [], NOON))
    open_coverage(page, product)
    wait_inside(page, "() => lianqin.layer.drawn.cameras.length === 5000", timeout=20_000)
    page.evaluate(
        inside("() => lianqin.maps.get('map').setZoom(lianqin.maps.get('map').getZoom() + 2, {animate: false})")
    )
    wait_inside(page, "() => { const n = lianqin.layer.drawn.sectors; return n > 100 && n < 4000; }", timeout=20_000)
    told(product, *[off(camera, NOON) for camera in many[:500]])
    wait_inside(page, "() => lianqin.state.get('sights', 'N499').state === 'offline'", timeout=20_000)


def test_nothing_on_the_page_overflows(product: Product, browser: Any) -> None:
    scene(product, plan=plan())
    for width, height in ((1366, 768), (1920, 1080), (2560, 1440)):
        page = browser.new_page(viewport={"width": width, "height": height})
        for query in ("", "?tab=plan", "?lang=en", "?lang=en&tab=plan&theme=light"):
            open_coverage(page, product, query)
            page.wait_for_selector("#coverage-figures .rows")
            assert page.evaluate("() => [document.body.scrollWidth, document.body.scrollHeight]") == [width, height]
            wide = page.evaluate(
                """() => [...document.querySelectorAll('.figures, .ranking, .layers, .legend')]
                     .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className)"""
            )
            assert wide == [], query
        page.close()


def test_the_walls_right_column_holds_queue_and_coverage(product: Product, browser: Any) -> None:
    held = {"level": "district", "escalations": [{"to": "D1", "reason_code": "beyond_power"}]}
    product.publish_and_wait(*[entry(due(1 + i, case_id=f"H{i}", **held)) for i in range(12)])
    cameras = three_cameras()
    spots = [area(f"很长很长的重点区域名字{i}", id=f"area:{i}", need=10.0 - i) for i in range(5)]
    from services.coverage.told import Outage

    told(product, *cameras, *spots, figures(cameras, spots, NOON, outages=[Outage(NOON, 212, 32, ["S1"])]))
    for width, height in ((1920, 1080), (3840, 2160), (7680, 2160), (5760, 3240)):
        page = browser.new_page(viewport={"width": width, "height": height})
        open_wall(page, product)
        page.wait_for_function("() => document.querySelectorAll('.queue .case').length >= 3")
        page.wait_for_selector("#tile-cameras .figure-2")
        page.wait_for_timeout(1500)
        outside = page.evaluate(
            """() => { const column = document.querySelector("#tile-queue").parentElement;
                 const c = column.getBoundingClientRect();
                 const boxes = [...column.children].map(e => e.getBoundingClientRect());
                 return [...boxes.filter(r => r.bottom > c.bottom + 1 || r.right > c.right + 1).map(r => r.bottom),
                         ...boxes.slice(1).filter((r, i) => r.top < boxes[i].bottom - 1).map(r => r.top)]; }"""
        )
        assert outside == []
        assert page.locator(".queue .case").count() >= 4
        assert "失联 32 台" in text(page, "#tile-cameras")
        page.close()
