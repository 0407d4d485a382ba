"""The log-in in its two steps, the log-out, the single sign-on: plain pages, which work before any script."""

import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import flask
from flask import Flask, Response, request

from dashboard.door.access import Access, half_way, person
from dashboard.door.devices import words_of
from dashboard.door.hashing import RETRY_AFTER_S, Hashing
from dashboard.door.oidc import SignedOn, SignOnFailed, SingleSignOn
from dashboard.door.recording import Recorder
from dashboard.door.refusal_text import refusal_text
from dashboard.door.routes import redirect
from dashboard.texts import texts
from services.access import notices_service as notices
from services.access import service as accounts
from services.access.log_in import factors_service as factors
from services.access.log_in import own_sessions_service as own_sessions
from services.access.log_in.network import network_of
from services.access.passwords import LEAST
from services.access.rights import Person, home
from services.access.service import Browser, LoggedIn, LogInRefused
from services.platform.clock import machine_ms
from services.platform.refusal import Refusal
from services.platform.sealing import Sealer

log = logging.getLogger(__name__)

# Tries from one address: more than this many in the span wait (ASVS 6.3.1); a pair has its own lock-out beside.
TRIES, SPAN_S = 30, 300.0


class Tries:
    """How often each address has tried of late."""

    def __init__(self) -> None:
        self._at: defaultdict[str, deque[float]] = defaultdict(deque)

    def wait_s(self, address: str) -> float:
        """Count one more try; how long to wait first, 0 for not at all. An IPv6 network of 64 bits is one address."""
        now, address = time.monotonic(), network_of(address)
        if len(self._at) > 10_000:  # addresses that have long gone
            self._at = defaultdict(deque, {a: t for a, t in self._at.items() if t and now - t[-1] < SPAN_S})
        tries = self._at[address]
        while tries and now - tries[0] >= SPAN_S:
            tries.popleft()
        if len(tries) >= TRIES:
            return SPAN_S - (now - tries[0])
        tries.append(now)
        return 0.0


class Slow(Refusal):
    """Too many tries from this address: wait so many seconds."""

    texts, status = "login.", 429

    def __init__(self, wait_s: float) -> None:
        super().__init__("too many tries from this address", "slow", n=int(wait_s // 60) + 1)


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pages show of the district, and where they write down what happened."""

    access: Access
    offload: Callable[[Any], Any]
    record: Recorder
    name: Callable[[str], str]
    street: Callable[[str], str]
    sso: SingleSignOn | None
    sealer: Sealer
    hashing: Hashing
    tries: Tries
    zone: ZoneInfo
    demo: bool = False

    def at(self, ms: int) -> str:
        """A time as the pages write it, by the district's clock."""
        return datetime.fromtimestamp(ms / 1000, self.zone).strftime("%Y-%m-%d %H:%M")

    def show(self, page: str, code: int = 200, *, wrong: str = "", said: str = "", **values: Any) -> Response:
        """A page of the log-in or the account."""
        words = texts(request.args.get("lang", ""))
        labels = words["login"]
        others: dict[str, Any] = {**request.args.to_dict(), "lang": "zh-CN" if words["language"] == "en" else "en"}
        endpoint = {
            "account": "account_page",
            "factor": "factor_page",
            "own_factor": "own_factor_page",
            "reauth": "reauth_page",
        }.get(page, "log_in_page")
        body = flask.render_template(
            f"{page}.html", w=words, title=labels[page], name=self.name(words["language"]), wrong=wrong, said=said,
            other=flask.url_for(endpoint, **others), query=query(), sso=self.sso is not None, least=LEAST,
            rule=labels["new"].format(least=LEAST), demo=self.demo, **values,
        )  # fmt: skip
        response = Response(body, code, content_type="text/html; charset=utf-8")
        if code == 503:
            response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response

    def browser(self) -> Browser:
        """What asks: its address, its device cookie, what it calls itself."""
        return Browser(
            request.remote_addr or "",
            request.cookies.get(self.access.device_cookie, "")[:100],
            words_of(request.headers.get("User-Agent", "")),
        )

    def tried(self, work: Callable[[], Any]) -> Any:
        """Do what tries a secret: in the pool for that, as often as the address may. Raises Slow, Busy."""
        address = request.remote_addr or ""
        if (wait := self.tries.wait_s(address)) > 0:
            raise Slow(wait)
        return self.hashing.run(address, work)

    def begin(self, entered: LoggedIn, how: str, wanted: str) -> Response:
        """Let them in: the cookie, and on to where they wanted to go, or to the second factor first."""
        if before := request.cookies.get(self.access.cookie):
            self.offload(lambda: accounts.forget(self.access.engine, machine_ms(), before))
        if entered.stage:
            response = redirect(f"/factor{query(next=safe_aim(wanted))}", 303)
        else:
            self.record("log_in", entered.person, entered.person.user_id, {"how": how})
            response = redirect(self.aim(entered, wanted), 303)
        self.access.set_cookie(response, entered.token, entered.person)
        return response

    def aim(self, entered: LoggedIn, wanted: str) -> str:
        """Where to go after the log-in."""
        language = request.args.get("lang", "")
        aim = "/account" if entered.must_change else safe_aim(wanted) or home(entered.person)
        if not entered.must_change and self.offload(lambda: notices.unread(self.access.engine, entered.person)):
            aim = f"/account?next={quote(aim, safe='/')}"
        if language and "lang=" not in aim:
            aim += f"{'&' if '?' in aim else '?'}lang={quote(language)}"
        return aim

    def why(self, error: Refusal, wrong: str = "wrong") -> tuple[str, int]:
        """What a refused try is told, and the answer's number. ``wrong``: the words for a wrong secret here."""
        if isinstance(error, LogInRefused) and error.code == "wrong":
            return label(wrong), error.status
        return refusal_words(error), error.status

    def note_refused(self, error: Refusal, asking: Person | None, user_id: str, why: str = "") -> None:
        """Write a wrong try down; what was only too early is none."""
        if isinstance(error, LogInRefused):
            action = "locked_out" if error.code == "locked" else "log_in_failed"
            self.record(action, asking, user_id[:32], {"why": why or error.code})


def refusal_words(error: Refusal) -> str:
    """What a page says of a refusal: its words in the page's language, else its text."""
    return refusal_text(error, texts(request.args.get("lang", "")))


def label(key: str, **values: object) -> str:
    """A word of the log-in in the page's language."""
    return str(texts(request.args.get("lang", ""))["login"][key]).format(**values)


def register_login(server: Flask, pages: Pages) -> None:
    """Add log-in, second step, log-out and the single sign-on."""
    _log_in(server, pages)
    _second_step(server, pages)
    _sign_on(server, pages)


def _log_in(server: Flask, pages: Pages) -> None:
    access = pages.access

    @server.get("/login")
    def log_in_page() -> Response:
        return pages.show("login", user="", said=label("ended") if request.args.get("ended") else "")

    @server.post("/login")
    def log_in() -> Response:
        user, password, browser = entered("user", 64).strip(), entered("password", 200), pages.browser()
        try:
            found = pages.tried(
                lambda: accounts.log_in(
                    access.engine, machine_ms(), user, password, browser.address, rules=access.rules,
                    device=browser.device, words=browser.words,
                )
            )  # fmt: skip
        except Refusal as error:
            pages.note_refused(error, None, user)
            wrong, code = pages.why(error)
            return pages.show("login", code, user=user, wrong=wrong)
        return pages.begin(found, "password", request.args.get("next", ""))

    @server.post("/logout")
    def log_out() -> Response:
        half = half_way()
        asking = half.person if half is not None else person()
        if asking.session:
            pages.offload(lambda: accounts.log_out(access.engine, machine_ms(), asking))
            if half is None:
                pages.record("log_out", asking, asking.user_id, {})
        response = redirect(f"/login{query()}", 303)
        access.forget_cookie(response)
        return response


def _second_step(server: Flask, pages: Pages) -> None:
    access = pages.access

    def ask(code: int = 200, wrong: str = "") -> Response:
        half = half_way()
        assert half is not None
        offer = None
        if half.stage == "enrol":
            offer = factors.make_offer(pages.sealer, half.person)
        return pages.show("factor", code, wrong=wrong, p=half.person, **offered(offer, half.person, pages.name))

    @server.get("/factor")
    def factor_page() -> Response:
        if half_way() is None:
            return redirect(home(person()))
        return ask()

    @server.post("/factor")
    def show_factor() -> Response:
        half, browser = half_way(), pages.browser()
        if half is None:
            return redirect(home(person()), 303)
        typed, offer = entered("code", 64), entered("offer", 400)
        try:
            shown = pages.tried(
                lambda: factors.show(
                    access.engine, pages.sealer, machine_ms(), half, typed=typed, offer=offer, browser=browser,
                    rules=access.rules,
                )
            )  # fmt: skip
        except Refusal as error:
            pages.note_refused(error, half.person, half.person.user_id, "wrong_code")
            wrong, code = pages.why(error, "wrong_code")
            return ask(code, wrong)
        found = shown.entered
        if shown.how != "factor":
            pages.record("factor_changed", found.person, found.person.user_id, {"what": shown.how})
        response = pages.begin(found, f"{half.how}, {shown.how}", request.args.get("next", ""))
        if shown.codes:
            aim = pages.aim(found, request.args.get("next", ""))
            page = pages.show("codes", codes=shown.codes, aim=aim)
            for cookie in response.headers.getlist("Set-Cookie"):
                page.headers.add("Set-Cookie", cookie)
            return page
        return response


def offered(offer: Any, who: Person, name: Callable[[str], str]) -> dict[str, Any]:
    """What a page shows of a new secret: a QR code made here, the address in it, the secret in groups."""
    if offer is None:
        return {"offer": ""}
    import segno

    from services.access.log_in import totp

    address = factors.address_of(offer.secret, who.user_id, f"联勤 {name('zh-CN')}")
    picture = segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=4, light="#fff")
    return {"offer": offer.sealed, "qr": picture, "secret": totp.in_groups(offer.secret), "otpauth": address}


def _sign_on(server: Flask, pages: Pages) -> None:
    access, sso = pages.access, pages.sso

    @server.get("/oidc")
    def oidc_begin() -> Response:
        if sso is None:
            flask.abort(404)
        try:
            return sso.begin(safe_aim(request.args.get("next", "")), access.is_https)
        except SignOnFailed as error:
            log.warning("the single sign-on: %s", error)
            return pages.show("login", 503, user="", wrong=label("sso_failed"))

    @server.get("/oidc/return")
    def oidc_return() -> Response:
        if sso is None:
            flask.abort(404)
        browser = pages.browser()
        if (wait := pages.tries.wait_s(browser.address)) > 0:
            return pages.show("login", 429, user="", wrong=label("slow", n=int(wait // 60) + 1))
        try:
            signed: SignedOn = sso.finish()
            if signed.proves:
                response = _proved_by_sso(pages, signed)
            else:
                found = pages.offload(
                    lambda: accounts.log_in_as(
                        access.engine, machine_ms(), signed.subject, signed.name, browser.address, rules=access.rules,
                        device=browser.device, words=browser.words, has_factor=signed.has_factor,
                    )
                )  # fmt: skip
                response = pages.begin(found, "sso", signed.aim)
        except (SignOnFailed, LogInRefused) as error:
            pages.record("log_in_failed", None, "sso", {"why": str(error)[:200]})
            response = pages.show("login", 403, user="", wrong=label("sso_failed"))
        sso.forget(response)
        return response


def _proved_by_sso(pages: Pages, signed: SignedOn) -> Response:
    """Who was sent to the sign-on to prove again who they are is back. Raises LogInRefused where it is another."""
    access = pages.access
    found = access.find(request.environ, request.cookies)
    if found is None or not pages.offload(
        lambda: own_sessions.prove_as(access.engine, machine_ms(), found.person, signed.subject)
    ):
        raise LogInRefused("wrong")
    pages.record("proved", found.person, found.person.user_id, {"how": "sso"})
    return redirect(signed.aim or home(found.person), 303)


def entered(name: str, most: int) -> str:
    """What was typed into a field; a NUL is no letter of any account."""
    return request.form.get(name, "")[:most].replace("\0", "")


def safe_aim(aim: str) -> str:
    """Where to go after the log-in: an address of ours alone (no open redirect); else empty."""
    ways = ("//", "/login", "/logout", "/oidc", "/factor", "/reauth")
    is_ours = aim.startswith("/") and not aim.startswith(ways) and "\\" not in aim
    return aim if is_ours and aim.isprintable() and aim != "/" else ""


def query(**more: str) -> str:
    """What of the query the next page needs too."""
    asked = {**{key: request.args.get(key, "") for key in ("next", "lang")}, **more}
    kept: dict[str, Any] = {key: value for key, value in asked.items() if value}
    return f"?{flask.url_for('log_in_page', **kept).partition('?')[2]}" if kept else ""
