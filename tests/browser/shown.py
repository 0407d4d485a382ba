"""What the open page has made, for the scripts that a test runs in the browser."""

from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import wait_until

_SCRIPT = """async given => {
  const boot = document.querySelector('script[src$="/boot.mjs"]');
  if (!boot) return undefined;
  const at = boot.src.replace("boot.mjs", "modules/");
  const names = ["core/shown.js", "core/session.js", "map/maps.js", "map/signs.js"];
  const [{shown}, {post}, {maps}, {wallUnit}] = await Promise.all(names.map(name => import(at + name)));
  const lianqin = Object.assign(Object.create(shown.page), {post, maps, wallUnit});
  return (%s)(given);
}"""


def inside(script: str) -> str:
    """Give a script ``lianqin``: what the open page's module answered, with ``post``, ``maps`` and ``wallUnit``.

    There is no such global in the product. The address of boot.mjs names the folder of its modules, and a module that
    is imported by the same address is the same module. Before boot.mjs is there the answer is None. ``script``: a
    function of one argument or none.
    """
    return _SCRIPT % script


def wait_inside(page: Page, script: str, arg: Any = None, timeout: int = 30_000) -> None:
    """Wait until the script answers something true; ``timeout`` in milliseconds.

    The browser's own waiting does not await what a script promises, and the modules are only to be had by a promise.
    """
    wait_until(lambda: page.evaluate(inside(script), arg), script, timeout / 1000)
