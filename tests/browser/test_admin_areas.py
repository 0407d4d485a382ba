"""A watched area drawn with the mouse: put, counted, crossed, a step back, saved. The app answers the browser here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Page, Route, expect
from sqlalchemy import Engine

from dashboard.texts import texts
from services.district.load import load
from services.district.package_watch_reader import PackageWatch
from tests.doors import House, house
from tests.tiny import write_tiny_district

pytestmark = [pytest.mark.redis, pytest.mark.browser]
OURS = "http://localhost"


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "district"
    folder.mkdir()
    write_tiny_district(folder)
    with house(sqlite_engine, redis_client, load(folder), data_dir=tmp_path) as found:
        yield found


@pytest.fixture
def admin(home: House, page: Page) -> Page:
    """A page whose every request the administrator's own client answers: no process, no port."""

    def answer(route: Route) -> None:
        request = route.request
        found = home.clients["admin"].open(
            request.url.removeprefix(OURS),
            method=request.method,
            data=request.post_data_buffer,
            content_type=request.headers.get("content-type"),
            follow_redirects=True,
        )
        kept = {"content-type", "content-security-policy"}
        headers = {name: value for name, value in found.headers.items() if name.lower() in kept}
        route.fulfill(status=found.status_code, headers=headers, body=found.data)

    page.route("**/*", answer)
    page.set_viewport_size({"width": 1440, "height": 900})
    return page


FORMS = (
    "/admin/people?who=s1", "/admin/people?who=new", "/admin/policy?field=target_on_time", "/admin/areas?about=new",
    "/admin/tables/departments", "/admin/tables/departments?row=new", "/admin/notices", "/admin/upload",
    "/admin/upload?kind=roster", "/account", "/reauth?next=/admin/people", "/admin/system",
)  # fmt: skip
# Every field that may not stay as it is, and what is said beside it; nothing is said in a bubble.
ASK_ALL = """() => [...document.forms].flatMap(form => {
  let bubbles = 0;
  const count = event => (bubbles += !event.defaultPrevented);
  addEventListener("invalid", count);
  document.addEventListener("invalid", count);
  form.addEventListener("invalid", count);
  for (const field of form.elements) if (field.required) field.value = "";
  form.reportValidity();
  return [...form.elements].filter(field => field.willValidate && !field.checkValidity()).map(field => [
    field.name, document.getElementById(field.getAttribute("aria-errormessage") ?? "")?.textContent ?? "", bubbles]);
})"""


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_a_field_lacks_is_said_beside_it_on_every_page_with_a_form(admin: Page, language: str) -> None:
    words, n = texts(language)["field"], 0
    for path in FORMS:
        admin.goto(f"{OURS}{path}{'&' if '?' in path else '?'}lang={language}")
        admin.wait_for_load_state("load")
        for name, said, bubbles in admin.evaluate(ASK_ALL):
            assert said in {words["missing"], words["file"], words["choose"]}, (path, name, said)
            assert not bubbles, (path, name)
            n += 1
    assert n >= 14
    page = f"{OURS}/admin/notices?lang={language}"
    admin.goto(page)
    admin.locator("aside button.first").click()
    field = admin.locator("textarea[name=text]")
    expect(field).to_be_focused()
    expect(admin.locator(".field-wrong")).to_have_text(words["missing"])
    field.fill("x")
    expect(admin.locator(".field-wrong")).to_have_count(0)


def test_an_area_is_drawn_with_the_mouse(home: House, admin: Page, tmp_path: Path) -> None:
    watch = PackageWatch(home.engine, tmp_path / "district", home.district, home.clock.now_ms)
    admin.goto(f"{OURS}/admin/areas?about=new")
    box = admin.locator("#ground").bounding_box()
    assert box is not None
    side = min(box["width"], box["height"])
    left, top = box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2

    def click(x: float, y: float) -> None:
        admin.mouse.click(left + side * x, top + side * y)

    # The district is twice as wide as high: its middle half of the square. Crossed first, then the last two steps back.
    for x, y in ((0.1, 0.3), (0.3, 0.3), (0.1, 0.6), (0.3, 0.6)):
        click(x, y)
    expect(admin.locator("[data-wrong]")).to_have_text("✕ 边相交")
    expect(admin.locator("button.first")).to_be_disabled()
    admin.keyboard.press("Control+z")
    admin.keyboard.press("Control+z")
    click(0.3, 0.6)
    click(0.1, 0.6)
    expect(admin.locator("[data-figure=streets]")).to_have_text("否")
    expect(admin.locator("[data-wrong]")).to_be_hidden()
    expect(admin.locator("[name=street]")).to_have_value("S1")
    admin.mouse.move(left + side * 0.3, top + side * 0.6)
    admin.mouse.down()
    admin.mouse.move(left + side * 0.7, top + side * 0.6, steps=3)
    admin.mouse.up()
    expect(admin.locator("[data-figure=streets]")).to_have_text("2 个街道：东街、西街")
    admin.fill("[name=name]", "夜市")
    admin.fill("[name=reason]", "新设")
    admin.locator("button.first").click()
    expect(admin.locator(".said")).to_contain_text("已保存为第 1 版")
    expect(admin.locator(".corner")).to_have_count(4)
    found = watch.newer()
    assert found is not None
    (feature,) = found.layers["watch_areas"]["features"]  # type: ignore[misc]  # a layer is JSON
    assert feature["properties"]["name"] == "夜市"
