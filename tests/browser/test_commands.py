"""Every form of the desk is clicked to its end: what it sends is what the command's body has, and the server takes it.

One product, one case a command. A command that a desk offers and that is missing here fails a test.
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from services.access.rights import RIGHTS
from services.cases.actions import ORDER
from services.contract.commands import COMMANDS
from services.platform.clock import to_rfc3339
from tests.browser.conftest import Product, run_product, wait_until
from tests.browser.desks import add_people, case_system, desk_is_ready, fill, logged_in, pick, says
from tests.browser.shown import inside
from tests.browser.test_coverage import scene
from tests.browser.test_desk import HOUR, filed
from tests.case_system import TinyCaseSystem
from tests.tiny import NOON, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis]

AT = to_rfc3339(NOON - HOUR)
PASSED = {"level": "district", "lead_unit": "D1", "escalations": [{"from": "D2", "to": "D1", "at": AT}]}
# Command → what its form is filled with, and what of the body that makes beside case, version, person and reason.
FORMS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "case.acknowledge_escalation": ({}, {}),
    "case.dispatch": (
        {"lead_unit": "cgj", "co_units": "D1,城管", "limit": "2", "limit_unit": "WD"},
        {"lead_unit": "D2", "co_units": ["D1", "D2"], "limit": {"value": 2.0, "unit": "WD"}},
    ),
    "case.urge": ({"to": "D2"}, {"to": "D2"}),
    "case.whistle": (
        {"units": "szzx,D2", "reason_code": "needs_departments"},
        {"units": ["D1", "D2"], "reason_code": "needs_departments"},
    ),
    "case.answer_whistle": ({"what": "answered"}, {"unit": "D1", "what": "answered"}),
    "case.return": ({"to_unit": "城管", "reason_code": "wrong_unit"}, {"to_unit": "D2"}),
    "case.suspend": ({"until": "2026/11/25 18:00"}, {"until": "2026-11-25T18:00:00+08:00"}),
    "case.resume": ({}, {}),
    "case.extend": ({}, {}),
    "case.escalate": ({"to": "D2", "reason_code": "beyond_power"}, {"to": "D2", "reason_code": "beyond_power"}),
    "case.take_back": ({}, {}),
    "case.supervise": ({"kind": "leader", "level": "2"}, {"kind": "leader", "level": 2}),
    "case.close": ({"result": "已清理"}, {"result": "已清理"}),
    "case.locate": ({}, {"coord_sys": "WGS84"}),
    "case.merge": ({"into": "case.dispatch"}, {"into": "case.dispatch"}),
    "case.split": ({}, {}),
    "case.void": ({}, {}),
}
HOW_IT_STANDS: dict[str, dict[str, Any]] = {
    "case.acknowledge_escalation": PASSED,
    "case.take_back": PASSED,
    "case.close": {"status": "handling"},
    "case.answer_whistle": {"whistles": [{"at": AT, "units": [{"unit": "D1"}]}]},
    "case.resume": {"status": "suspended", "suspensions": [{"from": AT}]},
    "case.locate": {"lon": ..., "lat": ..., "coord_sys": ..., "street": "S1"},
}


def body_of(system: TinyCaseSystem, kind: str) -> dict[str, Any]:
    """What the last command of this type says on the stream, once the case system has carried it out."""

    def last() -> dict[str, Any] | None:
        found = [one for one in system.seen if one[b"type"].decode() == kind]
        return json.loads(found[-1][b"data"]) if found and found[-1][b"id"].decode() in system.executed else None

    return dict(wait_until(last, f"{kind} is carried out"))


def check_body(body: dict[str, Any], kind: str, case_id: str, more: dict[str, Any], reason: str | None) -> None:
    """The body is of the command's own type, field by field, and says what was filled in."""
    assert body.keys() <= {field.encode_name for field in msgspec.structs.fields(COMMANDS[kind])}
    msgspec.convert(body, COMMANDS[kind])
    assert (body["case_id"], body["actor"]["user"], body.get("reason")) == (case_id, "duty", reason)
    assert {name: body.get(name) for name in more} == more


def refuses_what_is_no_moment(page: Page) -> None:
    """The field is text, in the district's form: what is none is said in words, and nothing is sent."""
    typed = page.input_value("dialog [name=until]")
    fill(page, "until", "11/25/2026 06:00 PM")
    page.click("dialog button[type=submit]")
    says(page, "dialog [role=alert]", "日期和时间写法不对")
    fill(page, "until", typed)


# Of each field of the open form that lacks something: its name, and what is said beside it.
LACKS = """() => { const form = document.querySelector("dialog[open] form"); form.reportValidity();
  return [...form.elements].filter(one => one.willValidate && !one.validity.valid).map(one =>
    [one.name, document.getElementById(one.getAttribute("aria-errormessage") ?? "")?.textContent ?? ""]); }"""
PICK = "请从列表中选一个"


def click_through(page: Page, system: TinyCaseSystem, kind: str) -> None:
    """One form, from the button to «done»."""
    fields, more = FORMS[kind]
    pick(page, kind)
    page.click(f'#case-panel-body [data-command="{kind}"]:not(:disabled)')
    if kind == "case.locate":
        says(page, ".placing-hint", kind)
        page.locator(".map").click(position={"x": 200, "y": 200})
    reason = None
    if kind != "case.acknowledge_escalation":  # to sign is one click
        says(page, "dialog[open]", kind)
        for name, value in fields.items():
            fill(page, name, value)
        reason = "理由写在这里"
        lacks = page.evaluate(LACKS)
        assert lacks or kind == "case.answer_whistle", "that one alone needs no reason"
        assert all(said in {"请填写", "请选择", PICK} for _, said in lacks), lacks
        page.fill("dialog textarea[name=reason]", reason)
        if kind == "case.suspend":
            refuses_what_is_no_moment(page)
        act = page.inner_text("dialog h2")
        assert page.inner_text("dialog button[type=submit]") == act, "the button says the act"
        page.click("dialog button[type=submit]")
    check_body(body_of(system, kind), kind, kind, more, reason)
    page.wait_for_selector("dialog[open]", state="detached")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Product, TinyCaseSystem]]:
    """A product with a case for each form, two without a place, one that is over, and cameras."""
    folder = tmp_path_factory.mktemp("commands")
    lost = {"lon": ..., "lat": ..., "coord_sys": ..., "street": "S1"}
    cases = [filed(kind, 3, **HOW_IT_STANDS.get(kind, {})) for kind in FORMS]
    cases += [filed("nobody-yet"), filed("A1", **lost), filed("A2", 3, **lost)]
    cases.append(filed("OVER", status="closed", closed_at=AT))
    for product in run_product(folder, f"sqlite:///{folder / 'store.db'}"):
        add_people(product)
        scene(product)
        with case_system(product, cases) as system:
            yield product, system


def test_every_form_sends_exactly_what_its_command_has(place: tuple[Product, TinyCaseSystem], browser: Browser) -> None:
    offered = {kind for kind, _ in ORDER if "duty_officer" in RIGHTS[kind]}  # the others' are test_seats'
    assert FORMS.keys() == offered, "a new command of the desk: say here how its form is filled"
    product, system = place
    with logged_in(browser, product, "duty") as page:
        refused: list[str] = []
        page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
        desk_is_ready(page)
        for kind in FORMS:  # what takes a case away comes last: another is merged into one of these
            click_through(page, system, kind)
        system_units(system, product)
        pick(page, "nobody-yet")
        page.click('#desk-units [data-unit="U1"]')
        page.fill("dialog textarea[name=reason]", "离现场最近")
        page.click("dialog button[type=submit]")
        body = body_of(system, "case.assign_unit")
        check_body(body, "case.assign_unit", "nobody-yet", {"unit_id": "U1"}, "离现场最近")
        repair_a_camera(page, system)
        assert refused == []


def repair_a_camera(page: Page, system: TinyCaseSystem) -> None:
    """From the case's panel to a camera that sees its place, and to the form of its repair."""
    page.locator("#case-panel-body [data-camera]").first.click()
    page.click('#case-panel-body [data-command="camera.repair"]')
    camera = page.inner_text("dialog p").split(" · ")[1]
    system.cameras = frozenset({camera})
    fill(page, "fault", "blurred")
    page.fill("dialog textarea[name=reason]", "巡检发现")
    page.click("dialog button[type=submit]")
    body = body_of(system, "camera.repair")
    msgspec.convert(body, COMMANDS["camera.repair"])
    assert body | {"actor": None} == {
        "camera_id": camera,
        "expected_version": 0,
        "actor": None,
        "fault": "blurred",
        "reason": "巡检发现",
    }
    says(page, "#desk-toasts", "已办")


def system_units(system: TinyCaseSystem, product: Product) -> None:
    """A patrol comes by."""
    system._units = {"U1": "free"}
    product.publish(
        entry({"unit_id": "U1", "kind": "foot", "status": "free", "at": to_rfc3339(NOON), **middle(0, 0)}, "unit.moved")
    )


def test_no_seat_asks_for_what_it_may_not_have_and_the_console_is_quiet(
    place: tuple[Product, TinyCaseSystem], browser: Browser
) -> None:
    product, _ = place
    for user, path in (("duty", "/desk"), ("boss", "/desk"), ("c1", "/street/S1")):
        with logged_in(browser, product, user, "/healthz") as page:
            said: list[str] = []
            page.on("console", lambda one, said=said: said.append(one.text) if one.type != "log" else None)
            page.on("response", lambda a, said=said: said.append(f"{a.status} {a.url}") if a.status > 399 else None)
            page.goto(f"{product.url}{path}?case=OVER")
            desk_is_ready(page)
            says(page, "#case-panel-body", "OVER")
            says(page, "#desk-units", "只为在办案件找最近的人")
            page.evaluate(inside("() => lianqin.pick('nowhere')"))
            says(page, "#case-panel-body", "没有这个案件")
            says(page, "#desk-units", "只为在办案件找最近的人")
            for tab in ("alarms", "log", "handover", "grids"):
                page.click(f"#tab-{tab}")
                wait_until(lambda tab=tab: page.inner_text(f"#body-{tab}").strip(), f"{tab} is drawn")
            assert said == [], user


def test_a_started_placing_is_for_its_own_case_or_for_none(
    place: tuple[Product, TinyCaseSystem], browser: Browser
) -> None:
    product, system = place
    sent = len(system.seen)
    with logged_in(browser, product, "duty") as page:
        desk_is_ready(page)
        spot = {"x": 150, "y": 150}

        def ends(how: str) -> None:
            """Nothing is on any more, and a click on the map is a click on the map."""
            page.wait_for_selector(".placing-hint", state="detached")
            assert page.locator(".map.placing").count() == 0, how
            page.locator(".map").click(position=spot)  # type: ignore[arg-type]  # two numbers
            assert page.locator("dialog").count() == 0, how

        pick(page, "A1")
        page.keyboard.press("l")
        says(page, ".placing-hint", "A1")
        assert page.locator("#desk-toasts .placing-hint").count() == 0, "it is no line of news that goes by itself"
        page.keyboard.press("Escape")
        ends("Escape")
        assert page.locator("#case-panel:not([hidden])").count() == 1, "Escape ended the placing and nothing else"
        page.keyboard.press("l")
        pick(page, "A2")
        ends("another case")
        page.keyboard.press("l")
        says(page, ".placing-hint", "A2")
        page.click("#case-panel-close")
        ends("the panel closed")
        pick(page, "A1")
        page.keyboard.press("l")
        page.click("#placing-stop")
        ends("its button")
        page.keyboard.press("l")
        page.locator(".map").click(position=spot)  # type: ignore[arg-type]  # two numbers
        says(page, "dialog", "A1")
        assert len(system.seen) == sent
