"""«?» on a desk: the keys and signs that the desk itself uses, found by hand and by key, in both languages."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.texts import texts
from services.cases.actions import ORDER
from tests.browser.conftest import Product
from tests.browser.desks import add_people, case_system, desk_is_ready, logged_in, pick
from tests.browser.shown import inside
from tests.browser.test_accessible import AXE, RUN
from tests.browser.test_desk import filed

pytestmark = [pytest.mark.browser, pytest.mark.redis]

MODULE = """const at = document.querySelector('script[src$="/boot.mjs"]').src.replace("boot.mjs", "modules/");"""
# Which of the functions that draw a sign the table's signs call, and which there are beside names, flags and letters of
# the wall.
DRAWN = f"""async () => {{ {MODULE}
  const [{{SIGNS}}, {{makeSigns}}] = await Promise.all(["map/sign-table.js", "map/signs.js"].map(m => import(at + m)));
  const signs = makeSigns(), called = new Set(), g = document.createElement("canvas").getContext("2d");
  const spied = new Proxy(signs, {{get: (of, name) => {{ called.add(name); return of[name]; }}}});
  for (const sign of SIGNS) sign.draw(spied, g, 1, 22, 22);
  return [SIGNS.map(s => s.word), [...called].sort(), Object.keys(signs).sort()]; }}"""
KEYS = f"async () => {{ {MODULE} return (await import(at + 'desk/keys.js')).KEYS.map(k => [k.keys[0], k.word]); }}"
PICTURES = """() => [...document.querySelectorAll(".help canvas")].map(c =>
  [...c.getContext("2d").getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 3).join())"""


def listed(page: Page) -> list[tuple[str, str]]:
    found: list[Any] = page.evaluate(
        """() => [...document.querySelectorAll(".help dl")].map(list => [...list.querySelectorAll("dt")].map(
            dt => [[...dt.children].map(k => k.textContent).join("|"), dt.nextElementSibling.textContent]))"""
    )
    return [(key, does) for part in found for key, does in part]


def test_the_help_lists_every_key_and_every_sign_that_the_desk_uses(product: Product, browser: Browser) -> None:
    add_people(product)
    with case_system(product, [filed("A1"), filed("A2", 3)]), logged_in(browser, product, "duty") as page:
        for language in ("zh-CN", "en"):
            page.goto(f"{product.url}/desk?lang={language}")
            desk_is_ready(page)
            words = texts(language)["help"]
            expect(page.locator("#help")).to_be_visible()
            page.keyboard.press("?")
            expect(page.locator("dialog.help[open]")).to_be_visible()
            rows = listed(page)
            keys = page.evaluate(KEYS)
            shown = {"Escape": "Esc"}
            wanted = [(shown.get(k, k.upper() if len(k) == 1 else k), words["keys"][word]) for k, word in keys]
            assert rows[: len(wanted)] == wanted
            assert ("/|Ctrl K", words["keys"]["search"]) in rows
            letters = {key for key, _ in rows}
            assert {key for kind, key in ORDER if kind in ("case.dispatch", "case.urge", "case.merge")} <= letters
            assert {"Y", "N"} <= letters
            names, called, there = page.evaluate(DRAWN)
            assert page.locator(".help li").all_inner_texts() == [words["signs"][name] for name in names]
            assert set(called) == set(there) - {"flag", "letter", "name"}
            pictures = page.evaluate(PICTURES)
            assert len(set(pictures)) == len(names), "each sign is another picture"
            page.keyboard.press("j")
            page.keyboard.press("Escape")
            expect(page.locator("dialog.help")).to_have_count(0)
            expect(page.locator("#case-panel")).to_have_attribute("hidden", "")
        # By hand; the focus comes back; the buttons of an open case carry keys and words of the list.
        page.click("#help")
        expect(page.locator("dialog.help[open]")).to_be_visible()
        rows = listed(page)
        page.evaluate(AXE.read_text("utf-8"))
        assert page.evaluate(RUN, "dark") == []
        assert page.evaluate(RUN, "light") == []
        page.click(".help .buttons button")
        assert page.evaluate("() => document.activeElement.id") == "help"
        pick(page, "A1")
        buttons = page.evaluate(
            """() => [...document.querySelectorAll("#case-panel-body [data-key]")].map(
                b => [b.dataset.key, b.firstChild.textContent])"""
        )
        assert len(buttons) > 5 and {tuple(one) for one in buttons} <= set(rows)
        page.evaluate("() => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '？', bubbles: true}))")
        expect(page.locator("dialog.help[open]")).to_be_visible()


def test_whoever_may_not_search_or_decide_is_shown_no_such_key(product: Product, browser: Browser) -> None:
    add_people(product)
    with logged_in(browser, product, "d1", "/unit/D1") as page:
        desk_is_ready(page)
        page.click("#help")
        expect(page.locator("dialog.help[open]")).to_be_visible()
        may = page.evaluate(inside("() => lianqin.about.rights"))
        letters = {key for key, _ in listed(page)}
        assert ("/|Ctrl K" in letters) == ("search" in may)
        assert "Y" not in letters and "D" not in letters and "H" in letters
