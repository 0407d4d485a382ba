"""What somebody tries who wants in, or further than they may: each door is pushed in ways that no page of ours does."""

import copy
import json
import logging
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from dashboard.door.guards import ADDRESSES
from dashboard.door.login import SPAN_S, TRIES, Tries
from services.access import service as accounts
from services.access.rights import RIGHTS
from services.district.package import District
from services.platform.version import our_version
from tests.accounts import set_account
from tests.doors import (
    COOKIE,
    DESK_AT,
    DUTY,
    OURS,
    S1,
    S2,
    UPDATE,
    WALL,
    WALL_AT,
    WHO,
    House,
    house,
    is_refused,
)
from tests.integration.test_rights_matrix import ROUTER, attempts, panel_of
from tests.tiny import CODE

ADMIN = next(who for who in WHO if who.name == "admin")

pytestmark = pytest.mark.redis
HTTPS = "https://lianqin.example.cn"
PASSWORD = "three green herons 7"


@pytest.fixture
def home(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny) as found:
        yield found


@pytest.fixture
def either(engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    """On each database: what one takes for a text the other may not."""
    with house(engine, redis_client, tiny) as found:
        yield found


@pytest.fixture
def behind_proxy(sqlite_engine: Engine, redis_client: redis.Redis, tiny: District) -> Iterator[House]:
    with house(sqlite_engine, redis_client, tiny, proxies=1, monitors=("10.7.0.1",)) as found:
        yield found


def log_in(client: FlaskClient, user: str, password: str = PASSWORD, query: str = "") -> TestResponse:
    return client.post(f"/login{query}", data={"user": user, "password": password})


def with_password(home: House, user_id: str) -> None:
    from services.access import passwords

    set_account(home.engine, 1, user_id, password=passwords.hashed(PASSWORD))


def test_a_session_that_somebody_planted_is_not_the_one_that_is_logged_in(home: House) -> None:
    """Fixation: the token is new at the log-in, and whatever stood in the browser before has ended."""
    planted, client = home.tokens["s2"], home.client(S1)
    with_password(home, "s1")
    for cookie in (planted, "attackers-own-choice", home.tokens["s1"]):
        client.set_cookie(COOKIE, cookie)
        answer = log_in(client, "s1")
        assert answer.status_code == 303
        fresh = client.get_cookie(COOKIE)
        assert fresh is not None
        assert fresh.value not in {cookie, planted}
        assert client.get("/street/S1").status_code == 200
    assert accounts.whose(home.engine, 2_000_000_000_000, planted, DESK_AT) is None
    assert is_refused(home.get(S2, "/street/S2"))


PATHS = [
    "/street/S2", "/street/S2/", "/street//S2", "//street/S2", "/street/./S2", "/street/S1/../S2", "/street/../desk",
    "/street/S1/..", "/street/S1%2f..%2fS2", "/street/S1%252f..%252fS2", "/street/%53%32", "/street/S2.",
    "/street/S2%20", "/street/S2%09", "/street/S2%00", "/street/S2%00S1", "/street/S2;S1", "/street/S1;/../S2",
    "/street/s2", "/STREET/S2",
    "/Street/S2", "/street/S2?code=S1", "/street/S2?street=S1", "/street/S1,S2", "/street/", "/street", "/street/*",
    "/street/<code>", "/street/none", "/street/%EF%BC%B32", "/street\\S2", "/street%5cS2", "/street/S1\\..\\S2",
    "/desk", "/desk/", "//desk", "/desk//", "/desk.", "/desk/.", "/./desk", "/x/../desk", "/%64esk",
    "/desk%20", "/desk;x",
    "/desk%00", "/desk?street=S1", "/desk?code=S1", "/Desk", "/desk/S1", "/wall", "/wall/", "//wall", "/coverage",
    "/handover/S2/now", "/handover//S2/now", "/handover/S1/../S2/now", f"/handover/{CODE}/now",
    "/handover/S2/now?seat=S1",
    "/handover/none/none", "/api/v1/cases.csv?street=S2", "/api/v1/cases.csv?street=S2&street=S1",
    "/api/v1//cases.csv?street=S2", "/api/v1/cases.csv/?street=S2",
    "/api/v1/log?seat=S2", "/api/v1/log?seat=S2&seat=S1",
    f"/api/v1/log?seat={CODE}", "/api/v1/grids?seat=S2", "/api/v1/indicators?street=S2", "/api/v1/indicators?street=",
    "/api/v1/indicators?street=S2&street=S1", "/api/v1/panel?case=WEST-1", "/api/v1/panel?case=WEST-1&case=EAST-1",
    "/api/v1/panel?figure=open&street=S2", "/api/v1/panel?figure=open", "/api/v1/panel?camera=K1",
    "/api/v1/units?street=S2", "/api/v1/units/near?case=WEST-1", "/metrics",
    "/api/v1/coverage", "/api/v1/coverage/plan.csv",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_way_of_writing_an_address_leads_a_street_to_what_is_not_its_own(home: House, path: str) -> None:
    client = home.client(S1)
    raw, _, query = path.partition("?")
    answer = client.get("/", environ_overrides={"PATH_INFO": _decoded(raw), "QUERY_STRING": query, "RAW_URI": path})
    for _ in range(3):
        if answer.status_code not in {301, 302, 308}:
            break
        aim = answer.headers["Location"]
        assert aim.startswith(("/", OURS)), aim
        answer = client.get(aim)
    assert answer.status_code in {400, 403, 404}, f"{path}: {answer.status_code}"
    assert "WEST" not in answer.text
    shown = home.call(S1, ROUTER, _decoded(raw), f"?{query}")
    text = shown.text
    is_shown = shown.status_code == 200 and '"refused"' not in text and "404 - " not in text
    assert shown.status_code == (400 if "%00" in path else 200)
    assert not is_shown or "S1" in query, f"{path} by the router"
    assert "西街" not in text


def _decoded(path: str) -> str:
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path).decode("latin-1")


def test_a_street_named_twice_is_the_first_and_the_last_does_not_come_after_it(home: House) -> None:
    text = home.get(S1, "/api/v1/cases.csv?street=S1&street=S2").text
    assert "EAST-1" in text
    assert "WEST-1" not in text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "FOO"])
def test_another_method_opens_nothing(home: House, method: str) -> None:
    before = home.traces()
    for who in (DUTY, S1, WHO[0]):
        for tried in attempts(home, who).values():
            path = tried[0].path
            headers = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
            with home.client(who).open(path, method=method, json=tried[0].body, headers=headers) as answer:
                assert answer.status_code in {401, 403, 404, 405}, f"{method} {path}: {answer.status_code}"
    assert home.traces() == before


FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {}, {"Origin": "http://localhost:81"},
    {"Origin": "https://localhost"}, {"Origin": "http://localhost.evil.example"}, {"Origin": f"{OURS}, {OURS}"},
    {"Origin": OURS, "Sec-Fetch-Site": "cross-site"}, {"Origin": OURS, "Sec-Fetch-Site": "same-site"},
    {"Origin": OURS, "Sec-Fetch-Site": "none"}, {"Referer": f"{OURS}/desk"},
]  # fmt: skip


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_somebody_elses_writes_nothing_with_our_persons_cookie(home: House, headers: dict[str, str]) -> None:
    before, client = home.traces(), home.client(DUTY)
    del client.environ_base["HTTP_ORIGIN"]
    for tried in attempts(home, DUTY).values():
        for attempt in tried:
            if attempt.method == "POST":
                if attempt.form is not None:
                    answer = client.post(attempt.path, data=attempt.form, headers=headers)
                else:
                    answer = client.post(attempt.path, json=attempt.body, headers=headers)
                assert answer.status_code == 403, attempt.path
                assert "Set-Cookie" not in answer.headers
    assert home.traces() == before
    client.environ_base["HTTP_ORIGIN"] = OURS
    assert home.get(DUTY, "/desk").status_code == 200  # nor has it logged them out


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_somebody_elses_opens_no_socket(home: House, headers: dict[str, str]) -> None:
    from flask_socketio import SocketIOTestClient

    for who in (DUTY, WALL):
        client = home.client(who)
        client.environ_base.pop("HTTP_ORIGIN", None)
        socket = SocketIOTestClient(home.web.flask, home.web.socketio, flask_test_client=client, headers=headers)
        assert not socket.is_connected(), who.name
        assert socket.queue == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "text/json"]
)
def test_json_that_a_form_could_send_is_none(home: House, kind: str) -> None:
    before = home.traces()
    for endpoint, tried in attempts(home, DUTY).items():
        may = RIGHTS.get(ADDRESSES[endpoint], {"duty_officer": "all"})
        who = next(one for one in (DUTY, ADMIN, *WHO) if one.role in may)
        for attempt in tried[:1]:
            if attempt.method == "POST" and attempt.form is None and endpoint != "here":
                data = json.dumps(attempt.body).encode()
                answer = home.client(who).post(attempt.path, data=data, content_type=kind)
                assert answer.status_code == 415, attempt.path
    assert home.traces() == before


JUNK: list[Any] = [
    None, True, 0, -1, 1 << 70, 1e308, "", "\u0000", "a\u0000b", "x" * 5000, "三", [], [[]], [None], ["x"], {},
    {"a": {}},
    "../../etc/passwd", "' OR 1=1 --", "{{7*7}}", "<script>", "=cmd()", "\r\nSet-Cookie: a=b",
]  # fmt: skip


def mutated(body: Any) -> Iterator[Any]:
    """The body with each of its fields, however deep, replaced by junk, left out, or doubled."""
    if isinstance(body, dict):
        for name in body:
            for junk in JUNK:
                yield {**body, name: junk}
            yield {key: value for key, value in body.items() if key != name}
            for inner in mutated(body[name]):
                yield {**body, name: inner}
        yield {**body, "role": "admin", "user_id": "duty", "__class__": "x", "street": "S2"}
    elif isinstance(body, list):
        for index, one in enumerate(body):
            for inner in mutated(one):
                yield [*body[:index], inner, *body[index + 1 :]]
            for junk in JUNK:
                yield [*body[:index], junk, *body[index + 1 :]]


RAW = [
    b"", b"{", b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b'"\\ud800"', b"NaN", b"[1e999]", b"null", b"7", b'"x"',
    b'{"seat": "S1", "seat": "S2"}', b'{"batch": "\\u0000"}', b"\x00", b"{}" + b" " * 900_000,
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_no_body_however_wrong_breaks_a_door(either: House) -> None:
    for endpoint, tried in attempts(either, DUTY).items():
        attempt = tried[0]
        if attempt.method != "POST" or attempt.form is not None:
            continue
        bodies = [json.dumps(one).encode() for one in [*JUNK, *mutated(copy.deepcopy(attempt.body))]]
        for data in [*RAW, *bodies]:
            answer = either.client(DUTY).post(attempt.path, data=data, content_type="application/json")
            assert answer.status_code < 500, f"{endpoint}: {data[:900]!r}: {answer.status_code}"


def test_no_pick_however_wrong_breaks_the_panel(either: House) -> None:
    for junk in JUNK:
        text = junk if isinstance(junk, str) else json.dumps(junk)
        picks: list[dict[str, Any]] = [
            {}, {"case": text}, {"case": text, "desk": 1}, {"case": "EAST-1", "desk": text}, {"camera": text},
            {"case": "EAST-1", "moment": text}, {"figure": text}, {"figure": "closed", "span": text},
            *[{"figure": name, heading: text} for name in ("open", "closed", "street_solved_rate", "watch")
              for heading in ("street", "community", "grid", "unit", "channel", "level", "domain", "x")],
        ]  # fmt: skip
        for picked, language in [*((one, "zh-CN") for one in picks), (picks[1], text)]:
            answer = either.get(DUTY, panel_of(picked, language))
            assert answer.status_code in {200, 400, 404}, f"{picked} {language!r}: {answer.status_code}"


COMMON = ("lang", "n", "hours", "limit", "since", "street", "first", "by")


def test_no_query_however_wrong_breaks_a_door(either: House) -> None:
    asked: defaultdict[str, set[str]] = defaultdict(set)  # an address that is tried in several ways is asked once
    for attempt in (attempt for tried in attempts(either, DUTY).values() for attempt in tried):
        if attempt.method == "GET":
            path, _, query = attempt.path.partition("?")
            asked[path] |= {*re.findall(r"(\w+)=", query), *COMMON}
    for path, names in asked.items():
        for name in names:
            for junk in ("%00", "-1", "9" * 30, "%ff%fe", "'", "..%2f..", "x" * 3000, "%0d%0aa:b", "1e9", "２０"):
                with either.client(DUTY).get(f"{path}?{name}={junk}") as answer:
                    assert answer.status_code < 500 or path == "/readyz", f"{path}?{name}={junk[:20]}"


def test_a_body_of_two_megabytes_is_not_read(home: House) -> None:
    for path in (UPDATE, "/api/v1/commands", "/login", "/account/password", "/api/v1/views"):
        kind = "application/x-www-form-urlencoded" if path in {"/login", "/account/password"} else "application/json"
        data = b"user=" + b"x" * (2 << 20) if kind.startswith("application/x") else b'"' + b"x" * (2 << 20) + b'"'
        assert home.client(DUTY).post(path, data=data, content_type=kind).status_code == 413, path


def test_a_cookie_that_is_there_twice_is_one_of_the_two(home: House) -> None:
    s1, s2 = home.tokens["s1"], home.tokens["s2"]
    nobody = home.web.flask.test_client(use_cookies=False)
    nobody.environ_base = {"REMOTE_ADDR": DESK_AT}
    for text, street in ((f"{COOKIE}={s1}; {COOKIE}={s2}", "S1"), (f"{COOKIE}={s2}; {COOKIE}={s1}", "S2")):
        headers = {"Cookie": text}
        codes = {code: nobody.get(f"/street/{code}", headers=headers).status_code for code in ("S1", "S2")}
        assert codes[street] == 200
        assert sorted(codes.values()) == [200, 403]
        board = nobody.get("/api/v1/board", headers=headers).json
        assert [row["code"] for row in board["streets"]] == [street]
    for junk in ("x" * 8000, "\ufffd", '"', ";;=", "%00", "a\x00b"):
        assert is_refused(nobody.get("/desk", headers={"Cookie": f"{COOKIE}={junk}"}))


SPOOFS = [
    {name: WALL_AT}
    for name in ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Client-Ip", "X-Client-Ip", "True-Client-Ip", "Via")
]


@pytest.mark.parametrize("headers", SPOOFS, ids=str)
def test_nobody_becomes_a_wall_by_a_header(home: House, headers: dict[str, str]) -> None:
    nobody = home.client(WHO[0])
    assert is_refused(nobody.get("/wall", headers=headers))
    assert is_refused(nobody.get("/metrics", headers=headers))


def test_what_a_proxy_that_is_not_counted_passes_on_is_no_wall(home: House) -> None:
    """A proxy on the wall's own machine: everybody would come from the wall's address."""
    assert home.get(WALL, "/wall").status_code == 200
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert is_refused(home.get(WALL, "/wall", headers={name: "203.0.113.9"})), name
    assert home.get(DUTY, "/desk", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 200


def test_behind_a_counted_proxy_the_last_address_counts_and_what_was_sent_before_it_does_not(
    behind_proxy: House,
) -> None:
    nobody = behind_proxy.client(WHO[0])

    def at_wall(forwarded: str) -> bool:
        return not is_refused(nobody.get("/wall", headers={"X-Forwarded-For": forwarded}))

    assert at_wall(WALL_AT)
    assert at_wall(f"203.0.113.9, {WALL_AT}")
    assert not at_wall(f"{WALL_AT}, 203.0.113.9")
    assert not at_wall("203.0.113.9")
    assert not is_refused(nobody.get("/metrics", headers={"X-Forwarded-For": "10.7.0.1"}))
    assert is_refused(nobody.get("/metrics", headers={"X-Forwarded-For": "10.7.0.1, 10.7.0.2"}))


def test_what_dash_tells_of_itself_holds_nothing_of_the_district(home: House) -> None:
    for path in ("/_dash-layout", "/_dash-dependencies", "/_reload-hash"):
        for who in (S1, WALL):
            text = home.get(who, path).text
            assert not re.search("EAST|WEST|NOWHERE|东街|西街|社区|姓名|U1", text), path


def test_the_log_in_says_back_nothing_that_runs(home: House) -> None:
    nasty = '"><script>alert(1)</script>'
    nobody = home.client(WHO[0])
    for answer in (
        nobody.get("/login", query_string={"next": nasty, "lang": nasty, "ended": nasty}),
        log_in(nobody, nasty[:60], query="?lang=en"),
        nobody.get("/nowhere/" + nasty),
        nobody.get("/login", headers={"Referer": nasty, "User-Agent": nasty}),
    ):
        assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "aim", ["//evil.example", "https://evil.example", "/\\evil.example", "/desk\r\nX: y", "javascript:x"]
)
@pytest.mark.parametrize("lang", ["", "en", "en\r\nSet-Cookie: a=b", "&x=//evil.example", "#//evil"])
def test_the_log_in_leads_to_no_other_site(home: House, aim: str, lang: str) -> None:
    with_password(home, "leader")
    answer = home.client(WHO[0]).post(
        "/login", query_string={"next": aim, "lang": lang}, data={"user": "leader", "password": PASSWORD}
    )
    assert answer.status_code == 303
    assert re.fullmatch(r"/leadership(\?lang=[\w%/.-]*)?", answer.headers["Location"])
    assert len(answer.headers.getlist("Set-Cookie")) == 1


def test_a_name_with_a_line_in_it_makes_no_line_in_the_log(home: House, caplog: pytest.LogCaptureFixture) -> None:
    nobody = home.client(WHO[0])
    with caplog.at_level(logging.WARNING):
        nobody.post("/x", environ_overrides={"PATH_INFO": "/street/\n2026-11-24 root logged in", "HTTP_ORIGIN": "x"})
        nobody.post(UPDATE, environ_overrides={"HTTP_ORIGIN": "x"})
    assert caplog.records
    assert not [record for record in caplog.records if "\n" in record.getMessage()]


def test_too_many_tries_from_one_address_wait_and_other_addresses_do_not(home: House) -> None:
    nobody = home.client(WHO[0])
    codes = [log_in(nobody, f"nobody{n}", "x").status_code for n in range(TRIES + 2)]
    assert codes == [403] * TRIES + [429] * 2
    nobody.environ_base["REMOTE_ADDR"] = "10.1.2.4"
    assert log_in(nobody, "nobody", "x").status_code == 403


def test_an_ipv6_network_of_one_subscriber_is_one_address() -> None:
    tries = Tries()
    for n in range(TRIES):
        assert tries.wait_s(f"2001:db8:1:2::{n + 1:x}") == 0
    assert 0 < tries.wait_s("2001:db8:1:2:ffff::1") <= SPAN_S
    assert tries.wait_s("2001:db8:1:3::1") == 0
    assert tries.wait_s("unix") == 0
    for n in range(TRIES):
        assert tries.wait_s(f"::ffff:10.0.0.{n}") == 0  # each an IPv4 address of its own
    assert tries.wait_s("::ffff:10.0.1.1") == 0


def test_who_must_change_the_password_gets_no_further(home: House) -> None:
    set_account(home.engine, 1, "duty", must_change=True)
    home.enter(DUTY)
    for endpoint, tried in attempts(home, DUTY).items():
        for attempt in tried[:1]:
            if "public" in attempt.rights or endpoint in {"account_page", "change_password", "log_out"}:
                continue
            answer = home.client(DUTY).open(attempt.path, method=attempt.method, json=attempt.body)
            assert answer.status_code == 403 or answer.headers.get("Location") == "/account", attempt.path
    assert not home.socket(DUTY).is_connected()
    assert home.get(DUTY, "/account").status_code == 200


def test_without_its_store_the_door_is_shut_but_walls_and_health_go_on(
    home: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.get(WALL, "/wall")
    home.engine.dispose()
    for name in tmp_path.glob("store.db*"):
        os.rename(name, tmp_path / f"away-{name.name}")
    (tmp_path / "store.db").mkdir()
    with caplog.at_level(logging.ERROR):
        assert home.get(DUTY, "/desk").status_code == 503
        assert home.get(S1, "/api/v1/board").status_code == 503
        assert home.get(WHO[0], "/healthz").status_code == 200
        assert home.get(DUTY, "/healthz").json == {"status": "up", "version": our_version()}
        assert home.get(DUTY, "/login").status_code == 200
        home.web.room._access._walls_every.reset()
        assert home.get(WALL, "/wall").status_code == 200
        assert is_refused(home.get(WHO[0], "/wall"))
        assert not home.socket(DUTY).is_connected()
    assert not caplog.records


class TestHeaders:
    """What goes with every answer."""

    @pytest.fixture(params=["http", "https"])
    def answers(
        self, request: pytest.FixtureRequest, sqlite_engine: Engine, redis_client: redis.Redis, tiny: District
    ) -> Iterator[tuple[bool, House]]:
        is_https = request.param == "https"
        with house(sqlite_engine, redis_client, tiny, origin=HTTPS if is_https else "") as found:
            yield is_https, found

    def test_each_answer_has_its_headers(self, answers: tuple[bool, House]) -> None:
        is_https, home = answers
        paths = ["/login", "/wall", "/desk", "/street/S1", "/account", "/api/v1/board", "/api/v1/cases.csv", "/nowhere",
                 "/assets/login.css", "/_dash-layout", "/healthz", "/metrics", "/district/streets.geojson"]  # fmt: skip
        for path in paths:
            for who in (DUTY, S1, WHO[0]):
                with home.get(who, path) as answer:
                    head = answer.headers
                policy = dict(part.strip().partition(" ")[::2] for part in head["Content-Security-Policy"].split(";"))
                assert policy["default-src"] == "'self'"
                assert "unsafe" not in policy["script-src"]
                assert "*" not in head["Content-Security-Policy"]
                assert "http:" not in head["Content-Security-Policy"]
                assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
                assert policy["form-action"] == policy["connect-src"] == "'self'"
                assert head["X-Content-Type-Options"] == "nosniff"
                assert head["Referrer-Policy"] == "same-origin"
                assert head["Cross-Origin-Resource-Policy"] == head["Cross-Origin-Opener-Policy"] == "same-origin"
                assert ("Strict-Transport-Security" in head) == is_https
                if is_https:
                    age = re.search(r"max-age=(\d+)", head["Strict-Transport-Security"])
                    assert age is not None
                    assert int(age[1]) >= 31_536_000
                kept = head["Cache-Control"]
                if path.startswith("/assets/"):
                    continue
                assert kept == ("no-cache" if path.endswith(".geojson") and answer.status_code == 200 else "no-store")
                assert "Access-Control-Allow-Origin" not in head
                assert "python" not in head.get("Server", "").lower()

    def test_the_cookie_is_the_servers_alone(self, answers: tuple[bool, House]) -> None:
        is_https, home = answers
        with_password(home, "leader")
        nobody = home.client(WHO[0])
        if is_https:
            nobody.environ_base["HTTP_ORIGIN"] = HTTPS
        answer = log_in(nobody, "leader")
        assert answer.status_code == 303
        (cookie,) = answer.headers.getlist("Set-Cookie")
        name = "__Host-lianqin" if is_https else "lianqin"
        assert cookie.startswith(f"{name}=")
        parts = {part.strip() for part in cookie.split(";")[1:]}
        assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= parts
        assert ("Secure" in parts) == is_https
        assert not [part for part in parts if part.lower().startswith("domain")]

    def test_a_log_out_takes_the_cookie_and_what_the_browser_has_kept(self, answers: tuple[bool, House]) -> None:
        is_https, home = answers
        client = home.client(DUTY)
        if is_https:
            client.environ_base["HTTP_ORIGIN"] = HTTPS
            client.set_cookie("__Host-lianqin", home.tokens["duty"])
        answer = client.post("/logout", data={})
        assert answer.status_code == 303
        assert "Max-Age=0" in answer.headers["Set-Cookie"]
        assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
        assert accounts.whose(home.engine, 2_000_000_000_000, home.tokens["duty"], DESK_AT) is None


def test_a_cookie_of_plain_http_is_none_where_the_origin_is_https(
    sqlite_engine: Engine, redis_client: redis.Redis, tiny: District
) -> None:
    """A neighbour on the same host can set ``lianqin``, and cannot set ``__Host-lianqin``."""
    with house(sqlite_engine, redis_client, tiny, origin=HTTPS) as found:
        assert is_refused(found.get(DUTY, "/desk"))
        found.client(DUTY).set_cookie("__Host-lianqin", found.tokens["duty"])
        assert found.get(DUTY, "/desk").status_code == 200
        assert found.post(DUTY, "/api/v1/here", {}).status_code == 403  # the origin is no longer http://localhost


def test_no_tool_of_a_developer_is_on(home: House) -> None:
    assert not home.web.flask.debug
    assert not home.web.flask.testing
    names = {rule.rule for rule in home.web.flask.url_map.iter_rules()}
    assert not [name for name in names if re.search("mcp|jupyter|console|debug|_alive|ws-callback", name)]
