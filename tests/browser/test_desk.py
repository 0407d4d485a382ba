"""The desks in a real Chromium: dispatching, refusals in words, two officers, a street's own and nothing else."""

import csv
import io
import json
import math
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from services.platform.clock import to_rfc3339
from tests.browser.conftest import Product, wait_until
from tests.browser.desks import add_people, case_system, command, desk_is_ready, fill, logged_in, pick, says
from tests.browser.shown import inside, wait_inside
from tests.tiny import NOON, case, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis]

HOUR = 3_600_000


def filed(case_id: str, hours: float = 2, column: int = 0, **more: Any) -> dict[bytes, bytes]:
    """A dispatched case of street S1 (columns 0, 1) or S2 (2, 3) whose deadline is so many hours after noon."""
    started = to_rfc3339(NOON - 2 * HOUR)
    clock = {
        "what": "close",
        "started_at": started,
        "limit": {"value": 8, "unit": "UH"},
        "deadline_at": to_rfc3339(NOON + int(hours * HOUR)),
    }
    return entry(case(case_id, **{
        "status": "dispatched", "level": "street", "lead_unit": "D1", "clocks": [clock], "reported_at": started,
        "filed_at": started, "dispatched_at": started, "dispatches": 1, **middle(column, 0), **more,
    }))  # fmt: skip


@pytest.fixture
def people(product: Product) -> Product:
    add_people(product)
    return product


def test_an_officer_dispatches_a_case_and_sees_it_done(people: Product, browser: Browser) -> None:
    with case_system(people, [filed("A1"), filed("A2", 3)]) as system, logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        assert page.url.endswith("/desk")
        pick(page, "A1")
        command(page, "case.dispatch", lead_unit="D2")
        says(page, "#panel-command", "派遣，交 城管局 · 已办")
        assert system.cases["A1"].lead_unit == "D2"
        step = system.cases["A1"].step
        assert step is not None and (step.actor, step.reason) == ("duty", "测试理由")
        says(page, '.ag-row[row-id="A1"] [col-id="unit"]', "城管局")
        says(page, "#case-panel-body", "责任单位\n城管局")
        assert "case=A1" in page.url


def test_a_map_that_is_zoomed_in_names_the_street_and_the_roads(people: Product, browser: Browser) -> None:
    road = {
        "type": "Feature",
        "properties": {"class": "minor", "name": "澜江路", "name_en": "Lanjiang Road"},
        "geometry": {"type": "LineString", "coordinates": [[118.8, 31.901], [119.1, 31.901]]},
    }
    layer = {"type": "FeatureCollection", "features": [road]}

    def on_the_ground(route: Route) -> None:
        ground = route.fetch().json()
        ground["features"].append({**road, "properties": {"kind": "road-minor"}})
        route.fulfill(json=ground)

    with logged_in(browser, people, "duty", "/account") as page:
        page.route("**/district/ground.geojson", on_the_ground)
        page.route("**/district/roads.geojson", lambda route: route.fulfill(json=layer))
        for language, name in (("zh-CN", "澜江路"), ("en", "Lanjiang Road")):
            page.goto(f"{people.url}/desk?lang={language}")
            desk_is_ready(page)
            wait_inside(page, "() => lianqin.names && lianqin.layer.labels.length === 2")
            assert page.evaluate(inside("() => lianqin.names.drawn.length")) == 0, (
                "the whole district has no room for it"
            )
            # In a corner of the street, far from its middle.
            page.evaluate(inside("() => lianqin.maps.get('map').setView([31.901, 118.901], 17, {animate: false})"))
            wait_inside(page, "name => lianqin.names.drawn.some(n => n.name === name)", name)
            assert page.evaluate(
                inside("""() => lianqin.layer.labels.map(({text, x, y}) => {
                    const map = lianqin.maps.get("map"), world = 256 * 2 ** map.getZoom();
                    return [text, map.getPixelBounds().contains([x * world, y * world])]; })""")
            ) == [["东街", True]]


def test_a_name_gives_way_to_an_overdue_sign_and_a_case_that_opens_leaves_the_map_as_it_is(
    people: Product, browser: Browser
) -> None:
    road = {
        "type": "Feature",
        "properties": {"class": "minor", "name": "澜江路"},
        "geometry": {"type": "LineString", "coordinates": [[118.8, 31.905], [119.1, 31.905]]},
    }

    def on_the_ground(route: Route) -> None:
        ground = route.fetch().json()
        ground["features"].append({**road, "properties": {"kind": "road-minor"}})
        route.fulfill(json=ground)

    frame = """() => { const map = lianqin.maps.get("map"), s = map.getSize(), c = map.getCenter();
        return [s.x, s.y, c.lat, c.lng, map.getZoom()]; }"""
    with logged_in(browser, people, "duty", "/account", 1366, 768) as page:
        page.route("**/district/ground.geojson", on_the_ground)
        layer = {"type": "FeatureCollection", "features": [road]}
        page.route("**/district/roads.geojson", lambda route: route.fulfill(json=layer))
        page.goto(f"{people.url}/desk")
        desk_is_ready(page)
        wait_inside(page, "() => lianqin.names && lianqin.maps.get('map')")
        page.evaluate(inside("() => lianqin.maps.get('map').setView([31.905, 118.905], 16, {animate: false})"))
        wait_inside(page, "() => lianqin.names.drawn.length === 1")
        before = page.evaluate(inside("() => lianqin.names.drawn[0]"))
        at = page.evaluate(inside("n => lianqin.maps.get('map').containerPointToLatLng([n.x + 9, n.y])"), before)
        people.publish_and_wait(filed("A1", -1, lon=at["lng"], lat=31.905))
        wait_inside(page, "() => lianqin.layer.inTheWay().length === 1")
        wait_inside(page, "before => lianqin.names.drawn[0] && lianqin.names.drawn[0].x !== before.x", before)
        name, sign = page.evaluate(inside("() => [lianqin.names.drawn[0], lianqin.layer.inTheWay()[0]]"))
        assert abs(before["x"] - sign["x"]) < before["length"] / 2 + sign["r"], "the sign came onto the name"
        assert abs(name["x"] - sign["x"]) > name["length"] / 2 + sign["r"]
        assert name["name"] == "澜江路" and abs(name["y"] - sign["y"]) < 2
        was = page.evaluate(inside(frame))
        pick(page, "A1")
        assert page.evaluate(inside(frame)) == was, "neither its size nor its view changes"
        page.click("#case-panel-close")
        page.wait_for_selector("#case-panel[hidden]", state="attached")
        assert page.evaluate(inside(frame)) == was


def test_the_distance_along_a_line_of_clicks_is_measured_and_picks_no_case(people: Product, browser: Browser) -> None:
    # From corner to corner of a rectangle: metres of a sphere of Leaflet's radius.
    south, north, west, east = 31.9025, 31.9055, 118.9025, 118.9065
    radius = 6_371_000
    up = radius * math.radians(north - south)
    across = radius * math.radians(east - west) * math.cos(math.radians(north))
    click = """([lat, lng]) => { const map = lianqin.maps.get("map"), box = map.getContainer().getBoundingClientRect(),
        p = map.latLngToContainerPoint([lat, lng]); return [box.x + p.x, box.y + p.y]; }"""
    with logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        people.publish_and_wait(filed("A1", lon=west, lat=north))
        wait_inside(page, "() => lianqin.layer && lianqin.maps.get('map')")
        page.evaluate(inside("() => lianqin.maps.get('map').setView([31.904, 118.9045], 17, {animate: false})"))
        page.click("#measure")
        says(page, "#measured", "沿线 0 米")
        for at in ((south, west), (north, west), (north, east)):
            page.mouse.click(*page.evaluate(inside(click), list(at)))
        # A pixel at this zoom is one metre; each end is off by half a pixel.
        said = page.locator("#measured span").inner_text()
        assert abs(int(said.split()[1]) - (up + across)) < 4
        expect(page.locator("#case-panel")).to_have_attribute("hidden", "")
        page.keyboard.press("Escape")
        expect(page.locator("#measured")).to_have_count(0)
        expect(page.locator("#measure")).to_have_attribute("aria-pressed", "false")
        page.mouse.click(*page.evaluate(inside(click), [north, west]))
        page.wait_for_selector('#panel-of[data-case="A1"]', state="attached")


def test_the_keyboard_alone_takes_one_through_a_case(people: Product, browser: Browser) -> None:
    with case_system(people, [filed("A1"), filed("A2", 3)]) as system, logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        page.wait_for_selector('.ag-row[row-id="A1"]')
        page.keyboard.press("j")
        page.wait_for_selector('#case-panel-body [data-key="U"]')
        page.keyboard.press("j")
        page.wait_for_selector('#case-panel:not([hidden]) :text("A2")')
        page.keyboard.press("u")
        page.wait_for_selector("dialog[open]")
        page.keyboard.type("群众再次来电")
        page.keyboard.press("Tab")
        page.locator("dialog button[type=submit]").focus()
        page.keyboard.press("Enter")
        says(page, "#panel-command", "催办 · 已办")
        assert [c.step.reason for c in system.cases.values() if c.step] == ["群众再次来电"]
        page.keyboard.press("Escape")
        expect(page.locator("#case-panel")).to_have_attribute("hidden", "")
        page.keyboard.press("f")
        page.keyboard.type("A1")
        wait_until(lambda: page.locator(".ag-row[row-id='A2']").count() == 0, "the table shows A1 alone")


def test_a_command_without_a_reason_or_far_too_long_is_refused_in_words(people: Product, browser: Browser) -> None:
    with case_system(people, [filed("A1")]) as system, logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        asked = page.evaluate(
            inside("""async () => {
          const send = body => lianqin.post('/api/v1/commands', body);
          const wish = more => ({batch: crypto.randomUUID(), type: 'case.urge', cases: [['A1', 1]],
            reason: '理由写在这里', data: {}, ...more});
          const found = {};
          found.none = await send(wish({reason: ' '}));
          found.long = await send(wish({reason: '长'.repeat(10000)}));
          found.stale = await send(wish({cases: [['A1', 7]]}));
          found.closed = await send(wish({cases: [['Z9', 1]]}));
          found.unit = await send(wish({type: 'case.dispatch', data: {lead_unit: 'nobody'}}));
          found.unknown = await send(wish({type: 'case.explode'}));
          found.until = await send(wish({type: 'case.suspend', data: {until: '2031-01-01T00:00:00+08:00'}}));
          found.into = await send(wish({type: 'case.merge', data: {into: 'A1'}}));
          found.outside = await send(wish({type: 'case.locate', data: {lon: 0.5, lat: 0.5, coord_sys: 'WGS84'}}));
          return found;
        }""")
        )
        codes = {name: [o["reason"] for o in found.get("outcomes", [])] for name, found in asked.items()}
        assert codes == {
            "none": ["no_reason"], "long": ["long_reason"], "stale": ["stale"], "closed": ["closed"],
            "unit": ["unknown_unit"], "unknown": [], "until": ["bad_until"], "into": ["bad_into"],
            "outside": ["outside"],
        }  # fmt: skip
        assert asked["unknown"]["error"]
        pick(page, "A1")
        page.click('#case-panel-body [data-command="case.urge"]')
        page.click("dialog button[type=submit]")
        assert page.locator("dialog[open]").count() == 1  # the browser itself asks for the reason
        assert system.seen == []


def test_a_double_click_and_a_second_try_are_one_command(people: Product, browser: Browser) -> None:
    with case_system(people, [filed("A1")]) as system, logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        outcomes = page.evaluate(
            inside("""async () => {
          const wish = {batch: 'one-click-0001', type: 'case.urge', cases: [['A1', 1]], reason: '同一次点击', data: {}};
          const send = () => lianqin.post('/api/v1/commands', wish);
          return [...await Promise.all([send(), send(), send()]), await send()].flatMap(a => a.outcomes || [a]);
        }""")
        )
        assert len({o["command_id"] for o in outcomes if o.get("command_id")}) == 1
        wait_until(lambda: len(system.executed) == 1, "it is carried out")
        assert len(system.executed) == 1
        assert system.cases["A1"].version == 2


def test_two_officers_on_one_case_see_each_other_and_the_second_is_told(people: Product, browser: Browser) -> None:
    with (
        case_system(people, [filed("A1")]) as system,
        logged_in(browser, people, "duty") as one,
        logged_in(browser, people, "duty2") as two,
    ):
        for page in (one, two):
            desk_is_ready(page)
            pick(page, "A1")
        says(one, "#panel-command", "何静 也在看")
        says(two, "#panel-command", "周敏 也在看")
        says(one, '.ag-row[row-id="A1"] [col-id="case"]', "何静")
        system.paused.set()
        command(one, "case.return", reason_code="wrong_unit")
        says(one, "#panel-command", "回退 · 已发")
        command(two, "case.dispatch", lead_unit="D2")
        says(two, "#panel-command", "派遣，交 城管局 · 已发")
        system.paused.clear()
        says(one, "#panel-command", "回退 · 已办")
        says(two, "#panel-command", "版本已变：有人先处理了")
        assert len(system.executed) == 1
        two.click("#case-panel-close")
        wait_until(lambda: "何静" not in one.locator("#panel-command").inner_text(), "the other has left")


def test_many_cases_at_once(people: Product, browser: Browser) -> None:
    five = [filed(f"A{i}", 2 + i / 10) for i in range(5)]
    with case_system(people, five) as system, logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        page.click(".ag-header .ag-checkbox-input-wrapper")
        says(page, "#queue-batch", "已选 5 件")
        page.click('[data-batch="case.dispatch"]')
        fill(page, "lead_unit", "D2")
        page.fill("dialog textarea", "统一调度")
        page.click("dialog button[type=submit]")
        wait_until(lambda: len(system.executed) == 5, "all five are carried out")
        assert {c.lead_unit for c in system.cases.values()} == {"D2"}
        says(page, "#desk-toasts", "5 件已发，0 件未发")


def test_a_socket_cut_in_the_middle_of_a_command_loses_nothing(people: Product, browser: Browser) -> None:
    with case_system(people, [filed("A1")]) as system, logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        pick(page, "A1")
        system.paused.set()
        command(page, "case.urge")
        says(page, "#panel-command", "催办 · 已发")
        page.context.set_offline(True)
        page.evaluate(inside("() => lianqin.live.socket.io.engine.close()"))
        system.paused.clear()
        wait_until(lambda: len(system.executed) == 1, "it is carried out meanwhile")
        page.context.set_offline(False)
        says(page, "#panel-command", "催办 · 已办", 20)
        assert len(system.executed) == 1


def test_a_command_while_redis_is_down_is_said_and_done_once_by_the_next_click(
    people: Product, browser: Browser
) -> None:
    with case_system(people, [filed("A1")]) as system, logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        pick(page, "A1")
        page.click('#case-panel-body [data-command="case.urge"]')
        page.fill("dialog textarea", "断开时点的")
        people.redis.stop()
        page.click("dialog button[type=submit]")
        says(page, "dialog [role=alert]", "消息通道断开", 30)
        assert system.executed == []
        people.redis.start()
        page.click("dialog button[type=submit]")
        wait_until(lambda: len(system.executed) == 1, "the second click carries it out", 30)
        assert system.cases["A1"].version == 2


def test_a_proposal_is_confirmed_or_declined(people: Product, browser: Browser) -> None:
    people.start("escalator")
    two = [filed("A1", returns=2), filed("A2", returns=3)]
    with case_system(people, two) as system, logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        says(page, '.ag-row[row-id="A1"] [col-id="takeover"]', "待确认", 20)
        pick(page, "A1")
        page.click('[data-answer="confirm"]')
        says(page, "dialog", "确认后案件归区级，交 区联勤指挥中心")
        page.fill("dialog textarea", "确需区里协调")
        page.click("dialog button[type=submit]")
        wait_until(lambda: system.cases["A1"].level == "district", "it went to the district")
        says(page, "#panel-command", "确认升级，交 区联勤指挥中心 · 已办")
        pick(page, "A2")
        page.click('[data-answer="decline"]')
        page.fill("dialog textarea", "街道可以解决")
        page.click("dialog button[type=submit]")
        wait_until(
            lambda: "待确认" not in page.locator('.ag-row[row-id="A2"] [col-id="takeover"]').inner_text(),
            "it stands down",
        )
        assert system.cases["A2"].level == "street"
        says(page, '.ag-row[row-id="A2"] [col-id="takeover"]', "不升级 周敏")
        with logged_in(browser, people, "duty2", "/desk?case=A2") as other:  # who comes next need not decide again
            desk_is_ready(other)
            for where in ("#panel-declined", "#case-panel-body ol"):
                says(other, where, "不升级（多次退回）· 周敏 · 街道可以解决")
            says(other, "#case-panel-body .clocks", "已定不升级")
            says(other, '.ag-row[row-id="A2"] [col-id="takeover"]', "不升级 周敏")
            assert "待确认" not in other.inner_text("#case-panel-body")
            pick(other, "A1")
            says(other, "#case-panel-body ol", "升级 · 周敏")
            other.click('[data-command="case.acknowledge_escalation"]')
            says(other, "#case-panel-body dl", "何静")
            says(other, "#case-panel-body .personal", "签收人\n何静")
        says(page, '.ag-row[row-id="A1"] [col-id="takeover"]', "区在办")


def test_a_street_sees_its_own_and_a_workstation_its_community(people: Product, browser: Browser) -> None:
    mine, others = [filed("A1", column=0), filed("A2", column=1)], [filed("B1", column=2)]
    with case_system(people, [*mine, *others]):
        for user, path, shown in (
            ("s1", "/street/S1", {"A1", "A2"}),
            ("c1", "/street/S1", {"A1"}),
            ("duty", "/desk", {"A1", "A2", "B1"}),
        ):
            with logged_in(browser, people, user) as page:
                desk_is_ready(page)
                assert page.url.split("?")[0].endswith(path)
                assert set(page.evaluate(inside("() => [...lianqin.live.state.rows.keys()]"))) == shown
                if user != "duty":
                    assert page.evaluate(inside("() => lianqin.live.state.tiles.figures.open")) == len(shown)


def test_a_case_that_changes_its_street_leaves_one_desk_for_the_other(people: Product, browser: Browser) -> None:
    with (
        case_system(people, [filed("A1", column=0)]),
        logged_in(browser, people, "s1") as one,
        logged_in(browser, people, "s2") as two,
    ):
        desk_is_ready(one)
        desk_is_ready(two)
        moved = json.loads(filed("A1", column=3)[b"data"]) | {"version": 5}
        people.publish(entry(moved, "case.corrected"))
        wait_until(lambda: one.evaluate(inside("() => lianqin.live.state.rows.size")) == 0, "it has left S1")
        wait_until(lambda: two.evaluate(inside("() => lianqin.live.state.rows.size")) == 1, "it is in S2")


def test_filters_groups_and_views_are_links_and_are_kept(people: Product, browser: Browser) -> None:
    with case_system(
        people, [filed("A1", -1), filed("A2", 3), filed("A3", 90, lon=..., lat=..., coord_sys=..., street="S1")]
    ):
        with logged_in(browser, people, "duty") as page:
            desk_is_ready(page)
            page.click('[data-only="overdue"]')
            wait_until(lambda: page.locator(".ag-row[row-id='A2']").count() == 0, "overdue ones alone")
            assert "only=overdue" in page.url
            page.select_option("#queue-group", "domain")
            says(page, ".group-head", "1 件")
            page.select_option("#queue-view", "\u0000save")
            page.fill("dialog input", "我的超期")
            page.click("dialog button[type=submit]")
            wait_until(lambda: "我的超期" in page.locator("#queue-view").inner_text(), "the view is kept")
            # A refusal is said, and what was typed stands; so is a list that cannot be read.
            page.route("**/api/v1/views", lambda route: route.fulfill(status=409, json={"error": "at most 30 views"}))
            page.select_option("#queue-view", "\u0000save")
            page.fill("dialog input", "第三十一个")
            page.click("dialog button[type=submit]")
            says(page, "dialog [role=alert]", "最多保存 30 个视图")
            page.unroute("**/api/v1/views")
            page.route("**/api/v1/views/desk", lambda route: route.abort())
            page.click("dialog button[type=submit]")
            says(page, "#desk-toasts", "暂时读不到已存的视图")
            page.unroute("**/api/v1/views/desk")
            link = page.url
        with logged_in(browser, people, "duty", link.removeprefix(people.url)) as page:
            desk_is_ready(page)
            wait_until(lambda: page.locator(".ag-row[row-id='A1']").count() > 0, "the link shows the same")
            assert page.locator(".ag-row[row-id='A2']").count() == 0
            page.click('[data-only="overdue"]')
            page.select_option("#queue-view", "我的超期")
            wait_until(lambda: page.locator(".ag-row[row-id='A2']").count() == 0, "the view filters again")


def test_what_is_filtered_is_said_and_leaves_by_escape_or_by_going_back(people: Product, browser: Browser) -> None:
    held = filed("A3", 5, level="district", escalations=[{"from": "D1", "to": "D2", "at": to_rfc3339(NOON)}])
    with case_system(people, [filed("A1", -1), filed("A2", 3), held]), logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        says(page, "#queue-tools", "共 3 件")
        # What the district holds and nobody took: a figure, a chip, the first group.
        says(page, '[data-chip="untaken"]', "1")
        assert page.locator(".group-head").first.inner_text().startswith("区在办 · 无人签收 1 件")
        page.click('[data-chip="district"]')
        says(page, "#queue-filtered", "显示 1 / 3 件")
        assert "only=district" in page.url
        page.click('[data-drop="only:district"]')
        says(page, "#queue-tools", "共 3 件")
        page.keyboard.press("f")
        page.keyboard.type("没有这样的案件")
        says(page, "#queue-filtered", "查找 «没有这样的案件»")
        says(page, ".queue-grid", "没有符合的案件")
        assert "No Matching" not in page.locator("body").inner_text()
        page.keyboard.press("Escape")
        says(page, "#queue-tools", "共 3 件")
        assert "q=" not in page.url
        assert page.input_value("#desk-find") == ""
        pick(page, "A1")
        pick(page, "A2")
        map_height = "() => document.querySelector('.map-box').offsetHeight"
        height = page.evaluate(map_height)
        page.wait_for_timeout(1600)  # from case to case faster than this is one step of the history
        pick(page, "A3")
        page.wait_for_selector('#panel-of[data-case="A3"]', state="attached")
        page.evaluate("() => { document.getElementById('desk').isTheSame = true; }")
        with page.expect_response(lambda r: "_pages_content" in (r.request.post_data or "")) as router:
            page.go_back()
            page.wait_for_selector('#panel-of[data-case="A2"]', state="attached")
        assert router.value.status == 204  # a step back draws nothing anew
        assert page.evaluate(map_height) == height
        page.keyboard.press("Escape")
        page.wait_for_selector("#case-panel[hidden]", state="attached")
        assert page.evaluate("() => document.getElementById('desk').isTheSame")
        # A column's filter counts for heads and export too; the table's cells can be copied.
        page.evaluate("() => dash_ag_grid.getApi('queue-grid').setFilterModel({id: {type: 'endsWith', filter: 'a1'}})")
        says(page, "#queue-filtered", "显示 1 / 3 件")
        answer = page.request.get(people.url + str(page.get_attribute("#queue-export", "href")))
        rows = list(csv.reader(io.StringIO(answer.text().removeprefix("\ufeff"))))
        assert [row[0] for row in rows[2:]] == ["A1"]
        page.locator('.ag-row[row-id="A1"] [col-id="case"]').first.focus()
        copied = page.evaluate("""() => {
          const how = {clipboardData: new DataTransfer(), bubbles: true, cancelable: true};
          const event = new ClipboardEvent("copy", how);
          document.activeElement.dispatchEvent(event);
          return event.clipboardData.getData("text/plain");
        }""")
        assert copied.endswith(" A1")


def test_live_changes_keep_selection_scroll_and_the_open_panel(people: Product, browser: Browser) -> None:
    many = [filed(f"A{i:03d}", 2 + i / 10) for i in range(120)]
    with case_system(people, many), logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        page.locator('.ag-row[row-id="A003"] .ag-checkbox-input').first.click()
        pick(page, "A003")
        page.evaluate("() => { document.querySelector('.ag-body-viewport').scrollTop = 900; }")
        panel = page.evaluate(
            "() => { const p = document.getElementById('case-panel'); p.scrollTop = 30; return p.scrollTop; }"
        )
        before = page.evaluate("() => document.querySelector('.ag-body-viewport').scrollTop")
        assert before > 500
        for n in range(8):
            data = json.loads(many[20 + n][b"data"]) | {"version": 2, "status": "handling"}
            people.publish(entry(data, "case.handling"))
        data = json.loads(many[3][b"data"]) | {"version": 2, "status": "handling"}
        last = people.publish(entry(data, "case.handling"))
        page.wait_for_selector(f'html[data-last-entry="{last}"]', state="attached", timeout=10_000)
        says(page, "#case-panel-body", "处置")
        state = page.evaluate(
            inside("""() => ({scroll: document.querySelector('.ag-body-viewport').scrollTop,
          panel: document.getElementById('case-panel').scrollTop,
          picked: lianqin.queue.selection().map(s => s[0])})""")
        )
        assert state["picked"] == ["A003"]
        assert abs(state["scroll"] - before) < 2
        assert state["panel"] == panel


def test_a_row_that_would_move_under_a_pressed_hand_stays_until_it_is_clicked(
    people: Product, browser: Browser
) -> None:
    """A click whose row moves between down and up falls between two rows, and opens nothing."""
    with (
        case_system(people, [filed(f"A{i}", 2 + i / 10) for i in range(6)]),
        logged_in(browser, people, "duty") as page,
    ):
        desk_is_ready(page)
        row = page.locator('.ag-row[row-id="A4"] [col-id="case"]').first
        box = row.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
        page.mouse.down()
        people.publish_and_wait(entry(case("A0", 2, "closed", closed_at=to_rfc3339(NOON)), "case.closed"))
        page.wait_for_timeout(250)  # what has come is drawn within it, where nobody presses
        assert row.bounding_box() == box
        page.mouse.up()
        page.wait_for_selector('#panel-of[data-case="A4"]', state="attached")
        page.wait_for_selector('.ag-row[row-id="A0"]', state="detached")


def test_a_figure_that_each_second_draws_anew_hears_a_click_that_lasts_over_it(
    people: Product, browser: Browser
) -> None:
    with (
        case_system(people, [filed("A1", -1), filed("A2", 3)]),
        logged_in(browser, people, "duty") as page,
    ):
        desk_is_ready(page)
        chip = page.locator('[data-chip="overdue"]')
        page.evaluate("window.before = document.querySelector('[data-chip=overdue]')")
        box = chip.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.wait_for_timeout(1300)  # the clock's second has passed meanwhile
        assert page.evaluate("before.isConnected"), "what lies under a pressed hand stays"
        page.mouse.up()
        says(page, "#queue-filtered", "显示 1 / 2 件")
        wait_until(lambda: not page.evaluate("before.isConnected"), "then the seconds go on")


def test_the_queue_goes_out_as_a_table_without_formulas(people: Product, browser: Browser) -> None:
    nasty = filed("A1", category={"name": "=1+1", "minor": "01"})
    with case_system(people, [nasty, filed("B1", column=2)]), logged_in(browser, people, "s1") as page:
        desk_is_ready(page)
        answer = page.request.get(f"{people.url}/api/v1/cases.csv?street=S1")
        assert "attachment" in answer.headers["content-disposition"]
        rows = list(csv.reader(io.StringIO(answer.text().removeprefix("\ufeff"))))
        assert "s1 马骏" in rows[0][0]
        assert [row[0] for row in rows[2:]] == ["A1"]
        assert rows[2][2] == "'=1+1"


def test_script_text_in_every_field_runs_nowhere(people: Product, browser: Browser) -> None:
    bad = "<img src=x onerror=window.pwned=1>"
    nasty = filed("A1", title=bad, description=bad, address=bad, handler=bad, category={"name": bad})
    with case_system(people, [nasty]), logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        pick(page, "A1")
        command(page, "case.urge", reason=bad)
        says(page, "#panel-command", "催办 · 已办")
        page.click("#tab-log")
        page.click("#add-entry")
        page.fill("dialog textarea", bad)
        page.click("dialog button[type=submit]")
        says(page, "#body-log", "<img")
        for tab in ("alarms", "handover", "grids", "queue"):
            page.click(f"#tab-{tab}")
        page.wait_for_timeout(300)
        assert page.evaluate("() => window.pwned") is None


def test_a_session_that_ends_closes_the_desk(people: Product, browser: Browser) -> None:
    from services.admin.errands.accounts import UserWish, user
    from services.platform.settings import Settings

    with case_system(people, [filed("A1")]), logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        user(Settings(database_url=people.environment["LIANQIN_DATABASE_URL"]), "disable", UserWish("duty"))
        page.wait_for_selector(".ended", timeout=5000)
        assert page.evaluate(inside("() => lianqin.live.socket.connected")) is False


def test_without_cases_the_desk_says_so_and_nothing_breaks(people: Product, browser: Browser) -> None:
    with logged_in(browser, people, "duty") as page:
        desk_is_ready(page)
        says(page, "#queue-tools", "共 0 件")
        says(page, "#desk-strip", "—")
        says(page, "#case-panel", "选一个案件")
