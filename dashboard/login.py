"""The log-in, the log-out, one's own password: plain pages of the server, which work before any script has loaded."""

import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import flask
from flask import Flask, Response, request

from dashboard.access import Access, machine_ms, person
from dashboard.addresses import network
from dashboard.oidc import SignOnFailed, SingleSignOn
from dashboard.recording import Recorder
from dashboard.texts import texts
from services import accounts
from services.accounts import LoggedIn, LogInRefused
from services.passwords import LEAST, BadPassword
from services.rights import home

log = logging.getLogger(__name__)

# Tries from one address: more than this many in the span wait (ASVS 6.3.1); an account has its own lock-out beside.
TRIES, SPAN_S = 30, 300.0


class Tries:
    """How often each address has tried of late."""

    def __init__(self) -> None:
        self._at: defaultdict[str, deque[float]] = defaultdict(deque)

    def wait_s(self, address: str) -> float:
        """Count one more try; how long to wait first, 0 for not at all. An IPv6 network of 64 bits is one address."""
        now, address = time.monotonic(), network(address)
        if len(self._at) > 10_000:  # addresses that have long gone
            self._at = defaultdict(deque, {a: t for a, t in self._at.items() if t and now - t[-1] < SPAN_S})
        tries = self._at[address]
        while tries and now - tries[0] >= SPAN_S:
            tries.popleft()
        if len(tries) >= TRIES:
            return SPAN_S - (now - tries[0])
        tries.append(now)
        return 0.0


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pages show of the district, and where they write down what happened."""

    access: Access
    offload: Callable[[Any], Any]
    record: Recorder
    name: Callable[[str], str]
    street: Callable[[str], str]
    sso: SingleSignOn | None

    def show(self, page: str, code: int = 200, *, wrong: str = "", said: str = "", **values: Any) -> Response:
        """The page ``log_in`` or ``account``."""
        words = texts(request.args.get("lang", ""))
        labels = words["login"]
        others: dict[str, Any] = {**request.args.to_dict(), "lang": "zh-CN" if words["language"] == "en" else "en"}
        body = flask.render_template(
            f"{page}.html", w=words, title=labels[page], name=self.name(words["language"]), wrong=wrong, said=said,
            other=flask.url_for("account_page" if page == "account" else "log_in_page", **others),
            query=_query(), sso=self.sso is not None, least=LEAST, rule=labels["new"].format(least=LEAST), **values,
        )  # fmt: skip
        return Response(body, code, content_type="text/html; charset=utf-8")

    def begin(self, entered: LoggedIn, how: str, wanted: str) -> Response:
        """Let them in: the cookie, and on to where they wanted to go."""
        if before := request.cookies.get(self.access.cookie):
            self.offload(lambda: accounts.forget(self.access.engine, machine_ms(), before))
        self.record("log_in", entered.person, entered.person.user_id, {"how": how})
        language = request.args.get("lang", "")
        aim = "/account" if entered.must_change else safe_aim(wanted) or home(entered.person)
        if language and "lang=" not in aim:
            aim += f"{'&' if '?' in aim else '?'}lang={quote(language)}"
        response: Response = flask.redirect(aim, 303)  # type: ignore[assignment]  # a Flask response
        self.access.set_cookie(response, entered.token, entered.person)
        return response

    def show_account(self, code: int = 200, *, wrong: str = "", said: str = "") -> Response:
        """One's own account."""
        asking, found = person(), flask.g.found
        said = said or (label("must_change") if found.must_change else "")
        back = "" if found.must_change or home(asking) == "/account" else home(asking)
        street = self.street(asking.street) if asking.street else ""
        return self.show("account", code, wrong=wrong, said=said, p=asking, street=street, home=back)


def label(key: str, **values: object) -> str:
    """A word of the log-in in the page's language."""
    return str(texts(request.args.get("lang", ""))["login"][key]).format(**values)


def register_login(server: Flask, pages: Pages) -> None:
    """Add log-in, log-out, the account's page and the single sign-on."""
    tries = Tries()
    _log_in(server, pages, tries)
    _account(server, pages, tries)
    _sign_on(server, pages, tries)


def _log_in(server: Flask, pages: Pages, tries: Tries) -> None:
    access = pages.access

    @server.get("/login")
    def log_in_page() -> Response:
        return pages.show("login", user="", said=label("ended") if request.args.get("ended") else "")

    @server.post("/login")
    def log_in() -> Response:
        user, password = _entered("user", 64).strip(), _entered("password", 200)
        address = request.remote_addr or ""
        if (wait := tries.wait_s(address)) > 0:
            return pages.show("login", 429, user=user, wrong=label("slow", n=int(wait // 60) + 1))
        try:
            entered = pages.offload(lambda: accounts.log_in(access.engine, machine_ms(), user, password, address))
        except LogInRefused as refused:
            action = "locked_out" if refused.code == "locked" else "log_in_failed"
            pages.record(action, None, user[:32], {"why": refused.code})
            minutes = max(refused.until - machine_ms(), 0) // 60_000 + 1
            return pages.show("login", 403, user=user, wrong=label(refused.code, n=minutes))
        return pages.begin(entered, "password", request.args.get("next", ""))

    @server.post("/logout")
    def log_out() -> Response:
        asking = person()
        if asking.session:
            pages.offload(lambda: accounts.log_out(access.engine, machine_ms(), asking))
            pages.record("log_out", asking, asking.user_id, {})
        response: Response = flask.redirect(f"/login{_query()}", 303)  # type: ignore[assignment]
        access.forget_cookie(response)
        return response


def _account(server: Flask, pages: Pages, tries: Tries) -> None:
    access = pages.access

    @server.get("/account")
    def account_page() -> Response:
        return pages.show_account()

    @server.post("/account/password")
    def change_password() -> Response:
        asking = person()
        old, new = _entered("old", 200), _entered("new", 200)
        if new != request.form.get("again", ""):
            return pages.show_account(400, wrong=label("differ"))
        if (wait := tries.wait_s(request.remote_addr or "")) > 0:
            return pages.show_account(429, wrong=label("slow", n=int(wait // 60) + 1))
        try:
            pages.offload(lambda: accounts.change_password(access.engine, machine_ms(), asking, old, new))
        except LogInRefused as refused:
            pages.record("locked_out" if refused.code == "locked" else "log_in_failed", asking, asking.user_id, {
                "why": "wrong_old"})  # fmt: skip
            minutes = max(refused.until - machine_ms(), 0) // 60_000 + 1
            word = label("locked", n=minutes) if refused.code == "locked" else label("wrong_old")
            return pages.show_account(403, wrong=word)
        except BadPassword as bad:
            return pages.show_account(400, wrong=label(f"bad_{bad.code}", least=LEAST))
        pages.record("password_changed", asking, asking.user_id, {})
        flask.g.found = flask.g.found._replace(must_change=False)
        return pages.show_account(said=label("changed"))

    @server.post("/api/v1/here")
    def here() -> tuple[dict[str, Any], int]:
        access.touch()
        return {}, 200


def _sign_on(server: Flask, pages: Pages, tries: Tries) -> None:
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
        address = request.remote_addr or ""
        if (wait := tries.wait_s(address)) > 0:
            return pages.show("login", 429, user="", wrong=label("slow", n=int(wait // 60) + 1))
        try:
            subject, user_id, aim = sso.finish()
            entered = pages.offload(
                lambda: accounts.log_in_as(access.engine, machine_ms(), subject, user_id, address)
            )  # fmt: skip
        except (SignOnFailed, LogInRefused) as error:
            pages.record("log_in_failed", None, "sso", {"why": str(error)[:200]})
            response = pages.show("login", 403, user="", wrong=label("sso_failed"))
            sso.forget(response)
            return response
        response = pages.begin(entered, "sso", aim)
        sso.forget(response)
        return response


def _entered(name: str, most: int) -> str:
    """What was typed into a field; a NUL is no letter of any account."""
    return request.form.get(name, "")[:most].replace("\0", "")


def safe_aim(aim: str) -> str:
    """Where to go after the log-in: an address of ours alone (no open redirect); else empty."""
    is_ours = aim.startswith("/") and not aim.startswith(("//", "/login", "/logout", "/oidc")) and "\\" not in aim
    return aim if is_ours and aim.isprintable() and aim != "/" else ""


def _query() -> str:
    """What of the query the next page needs too."""
    kept: dict[str, Any] = {key: request.args[key] for key in ("next", "lang") if request.args.get(key)}
    return f"?{flask.url_for('log_in_page', **kept).partition('?')[2]}" if kept else ""
