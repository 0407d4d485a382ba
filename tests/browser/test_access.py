"""The door in Chromium and by raw clients: the log-in, another street's desk, another site, sessions that end."""

import base64
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import socketio
import websocket
from playwright.sync_api import Browser, Page
from sqlalchemy import Engine
from sqlalchemy import text as sql

from services.access import service as accounts
from services.access.log_in import totp
from services.platform.database import open_engine, writing
from services.platform.sealing import make_key
from tests.accounts import set_account
from tests.browser.conftest import Product, run_product, wait_until
from tests.browser.desks import PASSWORD, add_people, desk_is_ready, logged_in_by_form
from tests.browser.shown import inside
from tests.browser.socket_client import Client
from tests.tiny import CODE, case, entry, middle

pytestmark = [pytest.mark.browser, pytest.mark.redis]
ENDED_S = 2.0


@pytest.fixture
def shut(tmp_path: Path) -> Iterator[Product]:
    """A product whose wall stands elsewhere: every browser here must log in. A case in each street."""
    for found in run_product(tmp_path, f"sqlite:///{tmp_path / 'store.db'}", wall="10.255.0.1/32"):
        add_people(found)
        found.publish_and_wait(entry(case("EAST", **middle(0, 0))), entry(case("WEST", **middle(2, 0))))
        yield found


@pytest.fixture
def store(shut: Product) -> Iterator[Engine]:
    engine = open_engine(shut.environment["LIANQIN_DATABASE_URL"])
    yield engine
    engine.dispose()


def now() -> int:
    return time.time_ns() // 1_000_000


def token_of(page: Page) -> str:
    return next(c["value"] for c in page.context.cookies() if c["name"] == "lianqin")


def asked(product: Product, path: str, token: str = "", **headers: str) -> tuple[int, str]:
    """GET with a cookie, redirects not followed; (code, body)."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    cookie = {"Cookie": f"lianqin={token}"} if token else {}
    request = urllib.request.Request(product.url + path, headers={**cookie, **headers})
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class Raw:
    """A Socket.IO client of somebody's own making."""

    def __init__(self, product: Product, token: str = "", origin: str | None = None) -> None:
        self.heard: list[tuple[str, Any]] = []
        options = {"suppress_origin": True} if origin is None else {"origin": origin}
        self.client = Client(reconnection=False, websocket_extra_options=options)
        self.client.on("*", lambda event, *args: self.heard.append((event, args[0] if args else None)))
        headers = {"Cookie": f"lianqin={token}"} if token else {}
        self.client.connect(product.url, headers=headers, transports=["websocket"], wait_timeout=5)

    def ask(self, event: str, wish: Any) -> list[str]:
        """Say it; what came until an answer did, and who was named in it."""
        self.heard.clear()
        self.client.emit(event, wish)
        wait_until(lambda: self.heard, f"an answer to {event} {wish}", 5)
        return [name for name, _ in self.heard]


class TestLogIn:
    """The page of the log-in, by keyboard alone, in both languages."""

    @pytest.mark.parametrize(
        ("query", "words"),
        [("", ("登录", "账号或密码不对")), ("?lang=en", ("Log in", "Wrong account or password"))],
        ids=["zh-CN", "en"],
    )
    def test_wrong_then_right_by_keyboard_alone(
        self, shut: Product, page: Page, query: str, words: tuple[str, str]
    ) -> None:
        page.goto(f"{shut.url}/desk{query}")
        assert "/login?next=/desk" in page.url
        page.wait_for_selector("input[name=user]:focus")
        assert words[0] in page.inner_text("h2")
        page.keyboard.type("duty")
        page.keyboard.press("Tab")
        page.keyboard.type("a wrong password")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        assert words[1] in page.inner_text("[role=alert]")
        assert page.input_value("input[name=user]") == "duty"
        assert page.input_value("input[name=password]") == ""
        page.wait_for_selector("input[name=user]:focus")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{shut.url}/desk**")
        desk_is_ready(page)
        lang = page.evaluate("() => document.getElementById('desk').lang")
        assert lang == ("en" if query else "zh-CN")

    def test_the_other_language_is_a_link_away_and_keeps_where_one_was_going(self, shut: Product, page: Page) -> None:
        page.goto(f"{shut.url}/street/S1")
        page.click("text=English")
        assert "Log in" in page.inner_text("h2")
        page.fill("input[name=user]", "s1")
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{shut.url}/street/S1?lang=en")

    def test_the_page_needs_no_script_and_its_fields_name_themselves(self, shut: Product, browser: Browser) -> None:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{shut.url}/login")
        page.get_by_label("账号").fill("boss")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button").click()
        page.wait_for_url(f"{shut.url}/leadership")
        context.close()

    def test_a_first_password_must_be_changed_before_anything_else(
        self, shut: Product, store: Engine, browser: Browser
    ) -> None:
        set_account(store, now(), "duty", must_change=True)
        with logged_in_by_form(browser, shut, "duty") as page:
            page.wait_for_url(f"{shut.url}/account**")
            page.goto(f"{shut.url}/desk")
            assert page.url.startswith(f"{shut.url}/account")
            page.fill("input[name=old]", PASSWORD)
            for name in ("new", "again"):
                page.fill(f"input[name={name}]", "another four plain words")
            page.click("main form button >> nth=0")
            page.wait_for_selector("text=密码已改")
            page.goto(f"{shut.url}/desk")
            desk_is_ready(page)


def test_street_staff_get_nowhere_near_another_street(shut: Product, browser: Browser) -> None:
    """Its address in the browser, its room by a raw client, its export over HTTP: all with a cookie that is right."""
    with logged_in_by_form(browser, shut, "s1") as page:
        desk_is_ready(page)
        assert page.url == f"{shut.url}/street/S1"
        assert page.evaluate(inside("() => [...lianqin.live.state.rows.keys()]")) == ["EAST"]
        token = token_of(page)
        for path in ("/street/S2", "/desk", "/wall", "/handover/S2/now"):
            answer = page.goto(shut.url + path)
            assert answer is not None
            assert answer.status == 403
            assert "WEST" not in page.content()
    raw = Raw(shut, token, shut.url)
    for zone in ("street:S2", "desk", "wall", "street:", "street:S1/../S2", "coverage"):
        assert raw.ask("hello", {"zone": zone}) == ["forbidden"], zone
    assert raw.ask("watch_coverage", {}) == ["forbidden"]
    assert "snapshot" in raw.ask("hello", {"zone": "street:S1"})
    shut.publish_and_wait(entry(case("WEST", 2, **middle(2, 0))), entry(case("EAST", 2, **middle(0, 0))))
    wait_until(lambda: any(name == "delta" for name, _ in raw.heard), "the street's own change")
    assert not [event for event, body in raw.heard if b"WEST" in (body if isinstance(body, bytes) else b"")]
    raw.client.disconnect()
    for path in (
        "/api/v1/cases.csv?street=S2",
        "/api/v1/log?seat=S2",
        "/api/v1/indicators?street=S2",
        "/api/v1/coverage",
    ):
        code, text = asked(shut, path, token)
        assert code == 403, path
        assert "WEST" not in text
    code, text = asked(shut, "/api/v1/cases.csv", token)
    assert code == 200
    assert "EAST" in text
    assert "WEST" not in text


@pytest.fixture
def evil() -> Iterator[str]:
    """Another site: a page on another port of this machine, which is even the same *site* to the browser."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>evil</title><body></body>")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def commands_sent(product: Product) -> int:
    with product.client() as client:
        return int(client.xlen(f"lianqin:{{{CODE}}}:commands"))


def test_a_page_of_another_site_does_nothing_with_our_persons_cookie(
    shut: Product, browser: Browser, evil: str, store: Engine
) -> None:
    wish = {"batch": "evil-evil-evil", "type": "case.urge", "cases": [["EAST", 1]], "reason": "evil"}
    with logged_in_by_form(browser, shut, "duty") as desk:
        desk_is_ready(desk)
        page = desk.context.new_page()
        page.goto(evil)
        script = """async ([url, wish]) => {
          const post = async (path, body, type, mode) => {
            try {
              const answer = await fetch(url + path, {method: "POST", mode, credentials: "include", body,
                headers: {"Content-Type": type}});
              return answer.type === "opaque" ? "opaque" : answer.status;
            } catch { return "blocked"; }
          };
          const read = async path => {
            try { return (await (await fetch(url + path, {credentials: "include"})).text()).slice(0, 40); }
            catch { return "blocked"; }
          };
          const socket = () => new Promise(done => {
            const found = new WebSocket(url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket");
            found.onopen = () => { found.send("40"); };
            found.onmessage = message => { if (String(message.data).startsWith("40")) done("joined");
                                           if (String(message.data).startsWith("44")) done("refused"); };
            found.onerror = () => done("refused");
            setTimeout(() => done("silent"), 4000);
          });
          const framed = () => new Promise(done => {
            const frame = document.createElement("iframe");
            frame.onload = () => done("loaded");
            frame.src = url + "/desk"; document.body.append(frame);
          });
          const shown = tag => new Promise(done => {
            const found = document.createElement(tag);
            found.onload = () => done("loaded"); found.onerror = () => done("blocked");
            found.src = url + "/api/v1/board"; document.body.append(found);
          });
          return {
            json: await post("/api/v1/commands", JSON.stringify(wish), "application/json", "cors"),
            text: await post("/api/v1/commands", JSON.stringify(wish), "text/plain", "no-cors"),
            callback: await post("/_dash-update-component", "{}", "text/plain", "no-cors"),
            here: await post("/api/v1/here", "", "text/plain", "no-cors"),
            csv: await read("/api/v1/cases.csv"), board: await read("/api/v1/board"),
            socket: await socket(), frame: await framed(), script: await shown("script"), image: await shown("img"),
          };
        }"""
        found = page.evaluate(script, [shut.url, wish])
        assert found["json"] == "blocked"
        assert found["csv"] == found["board"] == found["script"] == found["image"] == "blocked"
        assert found["socket"] == "refused"
        assert found["frame"] == "loaded"  # an error page: another site may not show ours in a frame
        assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]
        assert commands_sent(shut) == 0
        before = token_of(desk)
        for path, fields in (
            ("/logout", {}),
            ("/login", {"user": "s2", "password": PASSWORD}),
            ("/account/password", {"old": PASSWORD, "new": "evil four plain words", "again": "evil four plain words"}),
            ("/api/v1/commands", {'{"x":"': '"}'}),
        ):
            page.goto(evil)
            with page.expect_navigation():
                page.evaluate(
                    """([url, fields]) => { const form = document.createElement("form");
                    form.method = "POST"; form.action = url;
                    for (const [name, value] of Object.entries(fields)) { const one = document.createElement("input");
                      one.name = name; one.value = value; form.append(one); }
                    document.body.append(form); form.submit(); }""",
                    [shut.url + path, fields],
                )
            assert "跨站请求已拒绝" in page.content(), path
        assert token_of(desk) == before
        assert accounts.whose(store, now(), before, "127.0.0.1") is not None
        assert asked(shut, "/desk", before)[0] == 200
        assert desk.evaluate(inside("() => lianqin.live.socket.connected"))
    assert accounts.log_in(store, now(), "duty", PASSWORD, "127.0.0.1")


def test_a_socket_that_no_page_of_ours_opened_is_refused(shut: Product, browser: Browser) -> None:
    with logged_in_by_form(browser, shut, "duty") as page:
        desk_is_ready(page)
        token = token_of(page)
        for origin in (None, "null", "http://127.0.0.1:1", "https://evil.example"):
            with pytest.raises(socketio.exceptions.ConnectionError):
                Raw(shut, token, origin)
        with pytest.raises(socketio.exceptions.ConnectionError):
            Raw(shut, "", shut.url)
        with pytest.raises(socketio.exceptions.ConnectionError):
            Raw(shut, token[:-1], shut.url)
        raw = Raw(shut, token, shut.url)
        assert "snapshot" in raw.ask("hello", {"zone": "desk"})
        raw.client.disconnect()


def test_polling_is_no_way_round_the_socket(shut: Product) -> None:
    assert asked(shut, "/socket.io/?EIO=4&transport=polling", Origin=shut.url)[0] == 400


def test_a_connection_that_nobody_enters_on_is_cut(shut: Product, store: Engine) -> None:
    """Nobody gets none; a person's that never enters answers every ping, and is cut all the same."""
    address = shut.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(address, origin=shut.url, timeout=20)
    assert refused.value.status_code == 401
    token = accounts.log_in_as(store, now(), "tests|duty", "duty", "127.0.0.1").token
    wire = websocket.create_connection(address, origin=shut.url, timeout=20, cookie=f"lianqin={token}")
    began = time.monotonic()
    with pytest.raises((websocket.WebSocketException, OSError)):
        while time.monotonic() - began < 20:
            if (message := wire.recv()) == "2":
                wire.send("3")
            elif not message:
                raise websocket.WebSocketConnectionClosedException
    assert 8 < time.monotonic() - began < 15
    wire.shutdown()


def ends_within(page: Page, act: Callable[[], Any]) -> None:
    """After ``act`` the page says that its session has ended, and its socket is closed and stays so."""
    assert page.evaluate(inside("() => lianqin.live.socket.connected"))
    act()
    page.wait_for_selector(".ended", timeout=ENDED_S * 1000)
    assert "登录已失效" in page.inner_text(".ended")
    wait_until(
        lambda: not page.evaluate(inside("() => lianqin.live.socket.connected")), "the socket is closed", ENDED_S
    )
    page.evaluate("() => new Promise(done => setTimeout(done, 1500))")
    assert not page.evaluate(inside("() => lianqin.live.socket.connected"))


def test_a_disabled_account_is_out_of_its_open_desk_in_two_seconds(
    shut: Product, store: Engine, browser: Browser
) -> None:
    with logged_in_by_form(browser, shut, "s1") as page:
        desk_is_ready(page)
        token = token_of(page)
        raw = Raw(shut, token, shut.url)
        raw.ask("hello", {"zone": "street:S1"})
        ends_within(page, lambda: set_account(store, now(), "s1", is_disabled=True))
        wait_until(lambda: not raw.client.connected, "the raw client is cut too", ENDED_S)
        raw.heard.clear()
        shut.publish_and_wait(entry(case("EAST", 2, **middle(0, 0))))
        assert not raw.heard
        assert asked(shut, "/street/S1", token)[0] == 302
        assert asked(shut, "/api/v1/cases.csv", token)[0] == 401
        page.click(".ended a")
        page.fill("input[name=user]", "s1")
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        assert "停用" in page.inner_text("[role=alert]")


def test_another_role_or_place_ends_the_open_desk(shut: Product, store: Engine, browser: Browser) -> None:
    """The command ``lianqin user set`` (and ``end``) does the same call."""
    changes: list[dict[str, Any]] = [
        {"community": "C1"},
        {"street": "S2", "community": ""},
        {},
        {"role": "leader", "street": ""},
    ]
    for values in changes:
        with logged_in_by_form(browser, shut, "s1") as page:
            desk_is_ready(page)
            ends_within(page, partial(set_account, store, now(), "s1", **values))
            assert "EAST" not in page.inner_text(".ended")


def test_a_log_out_in_one_tab_ends_the_other(shut: Product, browser: Browser) -> None:
    with logged_in_by_form(browser, shut, "duty") as page:
        desk_is_ready(page)
        token = token_of(page)
        other = page.context.new_page()
        other.goto(f"{shut.url}/account")

        def leave() -> None:
            other.click("form[action^='/logout'] button")
            other.wait_for_url(f"{shut.url}/login**")

        ends_within(page, leave)
        assert not [c for c in page.context.cookies() if c["name"] == "lianqin"]
        assert asked(shut, "/desk", token)[0] == 302
        page.go_back()
        page.reload()
        assert "/login" in page.url


def test_a_changed_password_ends_the_sessions_elsewhere(shut: Product, browser: Browser) -> None:
    with (
        logged_in_by_form(browser, shut, "duty") as page,
        logged_in_by_form(browser, shut, "duty", "/account") as other,
    ):
        desk_is_ready(page)

        def change() -> None:
            other.fill("input[name=old]", PASSWORD)
            for name in ("new", "again"):
                other.fill(f"input[name={name}]", "another four plain words")
            other.click("main form button >> nth=0")
            other.wait_for_selector("[role=status]")

        ends_within(page, change)
        other.goto(f"{shut.url}/desk")
        desk_is_ready(other)


def test_a_session_that_runs_out_ends_the_open_desk(shut: Product, store: Engine, browser: Browser) -> None:
    from sqlalchemy import update

    from services.access.tables import sessions
    from services.platform.database import writing

    with logged_in_by_form(browser, shut, "boss", "/desk") as page:
        desk_is_ready(page)

        def age() -> None:
            with writing(store) as connection:
                connection.execute(update(sessions).values(seen_at=now() - 31 * 60_000))

        ends_within(page, age)


def test_a_wall_that_is_taken_away_goes_dark(tmp_path: Path, browser: Browser) -> None:
    for found in run_product(tmp_path, f"sqlite:///{tmp_path / 'store.db'}"):
        page = browser.new_page()
        page.goto(f"{found.url}/wall")
        page.wait_for_selector("html[data-last-entry]", state="attached", timeout=20_000)
        engine = open_engine(found.environment["LIANQIN_DATABASE_URL"])
        ends_within_wall = time.monotonic()
        set_account(engine, now(), "wall", is_disabled=True)
        page.wait_for_selector(".ended", timeout=3000)
        assert time.monotonic() - ends_within_wall < 3
        engine.dispose()
        page.close()


def test_no_page_breaks_its_own_policy_and_what_it_forbids_does_not_run(shut: Product, browser: Browser) -> None:
    with logged_in_by_form(browser, shut, "duty") as page:
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text))
        for path in ("/desk", "/wall", "/coverage", "/account", "/street/S1"):
            page.goto(shut.url + path)
            if path != "/account":
                page.wait_for_selector("html[data-last-entry], #coverage-figures *", state="attached", timeout=20_000)
        assert not [text for text in told if "Content Security Policy" in text]
        page.goto(f"{shut.url}/account")
        page.evaluate(
            """() => { const one = document.createElement("script"); one.textContent = "window.pwned = 1";
            document.body.append(one); document.body.insertAdjacentHTML("beforeend",
              "<img src=x onerror='window.pwned = 1'><a id=js href='javascript:window.pwned = 1'>x</a>");
            document.getElementById("js").click();
            setTimeout("window.pwned = 1", 0); return new Promise(done => setTimeout(done, 300)); }"""
        )
        wait_until(lambda: any("Content Security Policy" in text for text in told), "the policy says so")
        assert page.evaluate("() => window.pwned") is None
        assert page.evaluate("() => document.cookie") == ""


def test_a_reveal_asks_again_when_the_last_proof_is_old(shut: Product, store: Engine, browser: Browser) -> None:
    """One small dialog, by keyboard; then the very request goes on. So does a file that a link downloads."""

    def age() -> None:
        with writing(store) as connection:
            connection.execute(sql("UPDATE sessions SET proved_at = 5"))

    with logged_in_by_form(browser, shut, "duty") as page:
        page.wait_for_url(f"{shut.url}/desk**")
        desk_is_ready(page)
        reveal = inside("""() => { window.said = null; lianqin.post("/api/v1/cases/EAST/reveal", {field: "title",
            reason: "核对现场地址", purpose: "handle"}).then(said => { window.said = said; }); }""")
        age()
        page.evaluate(reveal)
        page.wait_for_selector("dialog.reauth input:focus")
        page.keyboard.press("Escape")
        page.wait_for_function("() => window.said")
        assert page.evaluate("() => window.said.code") == "reauth_required"
        assert "/desk" in page.url  # not «your session has ended»
        page.evaluate(reveal)
        page.wait_for_selector("dialog.reauth input:focus")
        page.keyboard.type("a wrong password")
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog.reauth [role=alert]:not(:empty)")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog.reauth", state="detached")
        page.wait_for_function("() => window.said")
        assert page.evaluate("() => window.said.code || ''") != "reauth_required"
        age()
        page.click("#queue-tools a[download]")
        page.wait_for_selector("dialog.reauth input:focus")
        page.keyboard.type(PASSWORD)
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        assert download.value.suggested_filename.endswith(".csv")


def test_a_second_factor_is_set_up_and_shown_in_the_browser(tmp_path: Path, browser: Browser) -> None:
    """Set up on one's own page, codes shown once; the next log-in asks for it."""
    key = make_key()
    for product in run_product(
        tmp_path, f"sqlite:///{tmp_path / 'store.db'}", wall="10.255.0.1/32", LIANQIN_DATA_KEY=key
    ):
        add_people(product)
        with logged_in_by_form(browser, product, "boss", "/account") as page:
            page.wait_for_url(f"{product.url}/account**")
            page.click("a[href^='/account/factor']")
            assert page.locator(".qr img").evaluate("e => e.naturalWidth") > 100
            secret = base64.b32decode(page.inner_text(".secret code").replace(" ", ""))
            page.fill("input[name=code]", totp.code_at(secret, totp.step_at(now())))
            page.keyboard.press("Enter")
            page.wait_for_selector("ol.codes li:nth-child(10)")
            code = page.inner_text("ol.codes li:nth-child(3) code")
        with logged_in_by_form(browser, product, "boss", "/account") as page:
            page.wait_for_url(f"{product.url}/factor**")
            page.goto(f"{product.url}/leadership")
            assert "/factor?next=/leadership" in page.url
            page.fill("input[name=code]", code)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{product.url}/leadership**")
