"""The door: who asks, from where, and whether they may (OWASP ASVS 5.0 level 2; docs/security.md has every item).

A cookie holds a random token; behind it stand a session and an account in the store, judged anew at every request and,
for open sockets, every second. What changes something must come from a page of ours (Sec-Fetch-Site, else Origin).
Nobody logged in: a page leads to the log-in, everything else says 401; without the right it says 403.
"""

import dataclasses
import logging
from collections.abc import Callable, Container, Mapping
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import quote

import flask
import msgspec
from flask import Flask, Response, g, request
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard.door.guards import (
    ADDRESSES,
    ALWAYS_FRESH,
    CALLBACKS,
    CHANGE_FIRST,
    FRESH,
    FRESH_CHANGES,
    HALF_WAY,
    PAGES,
    PUBLIC,
)
from dashboard.door.problem import front_page, problem, wants_page
from dashboard.door.routes import redirect
from dashboard.door.wire import App
from services.access import reader
from services.access import service as accounts
from services.access.account import Account
from services.access.log_in.rules import DEVICE_DAYS, NO_RULES, LogInRules
from services.access.rights import DISTRICT, Person, home, may, may_desk
from services.access.service import Half, SessionOwner
from services.cases.case import CaseRow
from services.cases.whose import may_case
from services.platform.clock import machine_ms
from services.platform.errors import STORE_ERRORS
from services.platform.every import Every
from services.platform.refusal import Refusal

log = logging.getLogger(__name__)

UPDATE = "/_dash-update-component"
PAGE_ENDPOINTS = frozenset({
    "/", "/<path:path>", "account_page", "audit_page", "leadership", "leadership_cases", "factor_page",
    "own_factor_page", "reauth_page", "reauth_by_sso", "admin_page", "people_page", "people_act",
    "policy_page", "change_policy", "undo_version", "areas_page", "change_area",
    "table_page", "change_table", "upload_page", "upload_files", "save_upload", "system_page", "system_act",
})  # fmt: skip
# A body of JSON: 500 cases of a command, a saved view.
MOST_BYTES = 128 * 1024
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# A wall's account that was just added or disabled is known after this long.
WALLS_EVERY_S = 1.0
COOKIE_S = 13 * 3600
# The app's extension that is told of every refusal: (person, right).
REFUSED = "lianqin.refused"
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
WALL_COOKIE_S = 400 * 86_400  # the longest that browsers keep one


class Access:
    """Who stands behind a request or a socket. ``origin`` is what browsers use; where it is https the cookie is too."""

    def __init__(
        self,
        engine: Engine,
        offload: Callable[[Any], Any],
        *,
        origin: str = "",
        monitors: tuple[str, ...] = (),
        proxies: int = 0,
        rules: LogInRules = NO_RULES,
    ) -> None:
        self.engine, self._offload = engine, offload
        self.origin = origin.rstrip("/")
        self.is_https = self.origin.startswith("https://")
        self.cookie = "__Host-lianqin" if self.is_https else "lianqin"
        self.device_cookie, self.rules = f"{self.cookie}-device", rules
        self._monitors, self._proxies = " ".join(monitors), proxies
        self._walls: list[Account] = []
        self._walls_every = Every(WALLS_EVERY_S)

    def behind_proxies(self, app: App) -> App:
        """Believe so many proxies' X-Forwarded-For and -Proto; without any, nobody's."""
        if not self._proxies:
            return app
        fixed: App = ProxyFix(app, x_for=self._proxies, x_proto=self._proxies)
        return fixed

    def find(self, environ: Mapping[str, Any], cookies: Mapping[str, str]) -> SessionOwner | None:
        """Who asks: by the cookie, else the wall that stands at this address; None is nobody.

        Who is half way through the log-in is nobody. Raises what the store raises where there is a cookie; walls are
        known from before when it does not answer.
        """
        found = self.find_any(environ, cookies)
        return None if isinstance(found, Half) else found

    def find_any(self, environ: Mapping[str, Any], cookies: Mapping[str, str]) -> SessionOwner | Half | None:
        """``find``, telling who has yet to show the second factor."""
        address = str(environ.get("REMOTE_ADDR") or "")
        if token := cookies.get(self.cookie, ""):
            found: SessionOwner | Half | None = self._offload(
                lambda: accounts.who_is(self.engine, machine_ms(), token, address)
            )
            if isinstance(found, SessionOwner):
                return found._replace(person=self._in_this_district(found.person))
            if found is not None:
                return found
        if not self.is_place_sure(environ):
            return None
        person = accounts.wall_at(self._known_walls(), address)
        return None if person is None else SessionOwner(person, False, 0)

    def is_place_sure(self, environ: Mapping[str, Any]) -> bool:
        """Whether the address says where the browser stands.

        It does not where a proxy has passed it on that LIANQIN_PROXIES does not count: all that comes through it has
        the proxy's own address, and a wall's network may hold that.
        """
        return bool(self._proxies) or not any(name in environ for name in FORWARDED)

    def still(self, people: Mapping[str, Person]) -> set[str]:
        """Of these (socket id → person), whose session or wall does not stand any more as it did."""
        if not people:
            return set()

        def look() -> set[str]:
            asked = {(person.session, person.address) for person in people.values() if person.session}
            places = {person.address for person in people.values() if not person.session}
            with self.engine.connect() as connection:
                sessions = accounts.persons_of(connection, machine_ms(), asked)
                walls = reader.walls(connection) if places else []
            known: dict[tuple[str, str], Person | None] = {
                session: self._in_this_district(person) for session, person in sessions.items()
            }
            known |= {("", address): accounts.wall_at(walls, address) for address in places}
            return {sid for sid, person in people.items() if known.get((person.session, person.address)) != person}

        found: set[str] = self._offload(look)
        return found

    def _in_this_district(self, person: Person) -> Person:
        """The person with what the settings say of all people's rights."""
        return dataclasses.replace(person, people_apart=self.rules.security_apart)

    def _known_walls(self) -> list[Account]:
        if self._walls_every.is_due():
            try:
                self._walls = self._offload(self._read_walls)
            except STORE_ERRORS:
                log.warning("the store does not answer: walls are known as they were")
            self._walls_every.begin()
        return self._walls

    def _read_walls(self) -> list[Account]:
        with self.engine.connect() as connection:
            return reader.walls(connection)

    def is_monitor(self, environ: Mapping[str, Any]) -> bool:
        """Whether a monitoring system asks, from its own address: it reads the metrics without a log-in."""
        address = str(environ.get("REMOTE_ADDR") or "")
        return self.is_place_sure(environ) and accounts.comes_from(address, self._monitors)

    def is_ours(self, environ: Mapping[str, Any]) -> bool:
        """Whether a page of ours sent this; what says nothing of where it comes from is not."""
        site = environ.get("HTTP_SEC_FETCH_SITE")
        if site is not None:
            return bool(site == "same-origin")
        origin = environ.get("HTTP_ORIGIN")
        own = self.origin or f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
        return bool(origin == own)

    def set_cookie(self, response: Response, token: str, person: Person) -> None:
        """Give the browser its token."""
        self._set(response, self.cookie, token, WALL_COOKIE_S if person.role == "wall" else COOKIE_S)

    def _set(self, response: Response, name: str, token: str, max_age: int) -> None:
        secure = self.is_https
        response.set_cookie(name, token, max_age=max_age, httponly=True, secure=secure, samesite="Lax", path="/")

    def know_browser(self, response: Response, person: Person) -> None:
        """Let this browser be known again: others' wrong tries elsewhere do not keep its people waiting."""
        try:
            token = self._offload(lambda: accounts.know_browser(self.engine, machine_ms(), person))
        except STORE_ERRORS:
            log.warning("the store does not answer: a browser is not remembered")  # the next page tries again
            return
        self._set(response, self.device_cookie, token, DEVICE_DAYS * 86_400)

    def forget_cookie(self, response: Response) -> None:
        """Take the token away, and whatever the browser keeps of ours."""
        response.delete_cookie(self.cookie, httponly=True, secure=self.is_https, samesite="Lax", path="/")
        response.headers["Clear-Site-Data"] = '"cache", "storage"'

    def touch(self) -> None:
        """The person at this request did something."""
        found: SessionOwner = g.found
        self._offload(lambda: accounts.touch(self.engine, machine_ms(), found))


def person() -> Person:
    """Who asks, in a request that the door let in."""
    found: SessionOwner = g.found
    return found.person


def half_way() -> Half | None:
    """Who asks and has yet to show the second factor; None: they have."""
    found: Half | None = g.get("half")
    return found


class RequestRefused(Refusal):
    """A request that is not answered as it was asked; ``status`` is the answer's number."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text, HTTPStatus(status).phrase.lower().replace(" ", "_"))
        self.status = status


def refuse(status: int, text: str, right: str = "") -> NoReturn:
    """Refuse the request in words; ``right``: which one is missing."""
    if status == 403:
        _note(person(), right or text)
    raise RequestRefused(status, text)


def _note(asking: Person, right: str) -> None:
    """Who was refused what, for the log (ASVS 5.0, 16.3.2)."""
    log.warning("%s (%s) may not %r: %s %r", asking.user_id, asking.role, right, request.method, request.path)
    if (told := flask.current_app.extensions.get(REFUSED)) is not None:
        told(asking, right)


def allowed(right: str, street: str | None = None, community: str | None = None) -> Person:
    """The person, who has this right there; answers 403 for all others."""
    asking = person()
    if not may(asking, right, street, community):
        refuse(403, f"无权：{right} / not allowed: {right}", right)
    return asking


def allowed_case(right: str, row: CaseRow) -> Person:
    """The person, who has this right over the case; answers 403 for all others."""
    asking = person()
    if not may_case(asking, right, row):
        refuse(403, f"无权：{right} / not allowed: {right}", right)
    return asking


def register_access(server: Flask, access: Access, callbacks: Callable[[], Container[str]], district: str) -> None:
    """Stand before everything else that the app does; ``callbacks`` are the outputs that Dash knows."""

    @server.before_request
    def look() -> Response | tuple[str, int] | None:
        endpoint = request.endpoint
        if endpoint is None:
            return None  # there is nothing: 404
        if "\0" in request.path or any("\0" in text for _, text in request.args.items(multi=True)):
            return problem(400, "地址不对 / a wrong address")  # PostgreSQL takes no NUL
        if request.mimetype == "application/json" and (request.content_length or 0) > MOST_BYTES:
            return problem(413, f"最多 {MOST_BYTES} 字节 / at most {MOST_BYTES} bytes")
        right = ADDRESSES.get(endpoint)
        if request.method not in SAFE and not access.is_ours(request.environ):
            log.warning("%s %r from a page that is not ours", request.method, request.path)
            return problem(403, "跨站请求已拒绝 / a request from another site")
        if right == PUBLIC or (endpoint == "metrics" and access.is_monitor(request.environ)):
            return None
        try:
            found = access.find_any(request.environ, request.cookies)
        except STORE_ERRORS:
            return problem(503, "库暂时不可用，请稍后再试 / the store does not answer: try again soon")
        if found is None:
            return _log_in_first(endpoint, had_session=access.cookie in request.cookies)
        if isinstance(found, Half):
            g.half = found
            return None if endpoint in HALF_WAY else _second_factor_first(endpoint)
        g.found = found
        if found.must_change and endpoint not in CHANGE_FIRST:
            return _go("/account") if endpoint in PAGE_ENDPOINTS else problem(403, "先改密码 / a new password first")
        if right is None or not may(found.person, right):
            _note(found.person, right or "nobody's")
            return problem(403)
        asks = right in FRESH or (right in FRESH_CHANGES and request.method not in SAFE)
        if asks and not access.rules.is_fresh(found.proved_at, machine_ms(), always=right in ALWAYS_FRESH):
            return _prove_first()
        return _page_or_callback(found.person, endpoint, callbacks, district)

    @server.after_request
    def know(response: Response) -> Response:
        found: SessionOwner | None = g.get("found")
        if (
            found is not None
            and found.person.session
            and found.person.role != "wall"
            and response.status_code == 200
            and request.endpoint in PAGE_ENDPOINTS
            and not request.cookies.get(access.device_cookie)
        ):
            access.know_browser(response, found.person)
        return response


def _page_or_callback(
    asking: Person, endpoint: str, callbacks: Callable[[], Container[str]], district: str
) -> Response | tuple[str, int] | None:
    """Dash answers every page at one address and every callback at another: each has its own right."""
    if endpoint == "/":
        is_at_wall = asking.role == "wall" and not asking.session
        return front_page(asking) if is_at_wall and wants_page() else _go(home(asking))
    if endpoint == "/<path:path>":
        wanted = page_right(request.path, district)
        if wanted is not None:
            right, kind, code = wanted
            if not (may_desk(asking, right, kind, code) if kind else may(asking, right)):
                _note(asking, right)
                return problem(403)
    if request.path == UPDATE and request.method == "POST":
        if request.mimetype != "application/json":
            return problem(415, "JSON only")
        try:
            body = request.get_json(silent=True)
        except RecursionError:
            return problem(400, "JSON: too deep")
        output = body.get("output") if isinstance(body, dict) else None
        # A callback that nobody has given a right is refused; what is none at all is answered in words behind us.
        is_one = isinstance(output, str) and (output in CALLBACKS or output in callbacks())
        if is_one and not may(asking, CALLBACKS.get(str(output), "")):
            _note(asking, str(output))
            return problem(403)
    return None


def page_right(path: str, district: str) -> tuple[str, str, str] | None:
    """(right, kind, code) of a Dash page; None where there is no such page.

    ``kind`` is «street», «unit», «grid» or «seat» (rights.may_desk), or empty; ``district``: the centre's seat.
    """
    path = path.rstrip("/") or "/"
    if path in PAGES:
        return PAGES[path], "", ""
    start, _, rest = path[1:].partition("/")
    page, code = f"/{start}/", rest.partition("/")[0]
    if page not in PAGES or not rest:
        return None
    if page == "/handover/":
        return PAGES[page], "seat", DISTRICT if code == district else code
    return PAGES[page], start, code


def _log_in_first(endpoint: str, *, had_session: bool) -> Response | tuple[str, int]:
    if endpoint in PAGE_ENDPOINTS and request.method in SAFE:
        return _go(f"/login?{_next()}{'&ended=1' if had_session else ''}")
    return problem(401, "请先登录 / log in first")


def _second_factor_first(endpoint: str) -> Response | tuple[str, int]:
    if endpoint in PAGE_ENDPOINTS and request.method in SAFE:
        return _go(f"/factor?{_next()}")
    return problem(401, "先验证第二因素 / the second factor first")


def _prove_first() -> Response | tuple[str, int]:
    """A page or a link leads to where one proves who one is; a script is told, asks, and comes again.

    A page's form leads there too, and from there back to the page: what was typed is typed again.
    """
    is_page = request.method in SAFE or request.endpoint in PAGE_ENDPOINTS
    if is_page and request.headers.get("Sec-Fetch-Mode", "") in {"navigate", ""} and _takes_html():
        return _go(f"/reauth?{_next()}")
    body = {"error": "请再次验证身份 / prove again who you are", "code": "reauth_required"}
    return Response(
        msgspec.json.encode(body),
        401,
        content_type="application/json; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


def _takes_html() -> bool:
    return "text/html" in request.headers.get("Accept", "")


def _next() -> str:
    language = request.args.get("lang", "")
    tail = f"&lang={quote(language)}" if language else ""
    return f"next={quote(request.full_path.rstrip('?'), safe='/')}{tail}"


def _go(address: str) -> Response:
    return redirect(address)
