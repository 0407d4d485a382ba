"""What is asked wrongly of the web process: words and the right number, no traces, no foreign names."""

import json
import logging
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from dashboard.app import Doors, create_app
from dashboard.door.hosts import is_known
from services.access import service as accounts
from services.access.account import Account
from services.district.package import District
from services.platform.clock import SetClock
from services.platform.settings import Settings
from tests.stores import fresh_engine
from tests.tiny import NOON

UPDATE = "/_dash-update-component"
PAGE = {
    "output": ".._pages_content.children..._pages_store.data..",
    "outputs": [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}],
    "inputs": [
        {"id": "_pages_location", "property": "pathname", "value": "/wall"},
        {"id": "_pages_location", "property": "search", "value": ""},
    ],
    "changedPropIds": ["_pages_location.pathname"],
}


@pytest.fixture(scope="module")
def web(tiny: District, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One for all: nothing here writes. This machine is a wall of its store's."""
    engine = fresh_engine(tmp_path_factory.mktemp("refusals") / "store.db")
    accounts.add(engine, 1, Account("wall", "大屏", "wall", addresses="127.0.0.0/8"), "")
    doors = Doors(
        engine,
        redis.Redis(port=1),
        SetClock(NOON),
        tiny,
        hosts=("wall.example.cn",),
        settings=Settings(monitors=("127.0.0.0/8",)),
    )
    yield create_app(doors).flask
    engine.dispose()


@pytest.fixture
def client(web: Flask) -> Iterator[FlaskClient]:
    with web.test_client() as found:
        found.environ_base["HTTP_ORIGIN"] = "http://localhost"
        yield found


@pytest.mark.parametrize(
    "path", ["/nope", "/wall/nope", "/_dash-nope", "/api/v1/nope", "/assets/nope.js", "/district/nope.geojson"]
)
def test_a_page_that_is_not_there_says_so_in_both_languages(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text
    assert "There is no such page" in answer.text


HTML = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Mode": "navigate"}


@pytest.mark.parametrize(("method", "path", "code"), [
    ("GET", "/nope", 404), ("GET", "/desk", 403), ("GET", "/metrics/nope", 404), ("POST", "/nope", 405),
    ("POST", "/leadership", 405), ("GET", "/api/v1/cases.csv", 403), ("GET", "/leadership", 403),
    ("GET", "/assets/nope.css", 404), ("GET", "/wall?a=%00", 400),
])  # fmt: skip
@pytest.mark.parametrize(("lang", "word"), [("", "首页"), ("en", "Back to my page")])
def test_who_reads_a_refusal_in_a_window_gets_a_page_with_a_way_back_and_a_script_gets_json(
    client: FlaskClient, method: str, path: str, code: int, lang: str, word: str
) -> None:
    asked = f"{path}{'&' if '?' in path else '?'}lang={lang}" if lang else path
    page = client.open(asked, method=method, headers=HTML)
    assert (page.status_code, page.mimetype) == (code, "text/html")
    assert f'lang="{lang or "zh-CN"}"' in page.text and word in page.text
    assert page.headers["Cache-Control"] == "no-store"
    for headers in ({"Accept": "application/json"}, {**HTML, "Sec-Fetch-Mode": "cors"}, {}):
        said = client.open(asked, method=method, headers=headers)
        assert (said.status_code, said.mimetype) == (code, "application/json")
        assert said.json["error"]
    assert page.headers.get("Allow") == said.headers.get("Allow")


def test_an_error_that_nobody_foresaw_has_the_products_face_and_no_trace(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError("秘密")

    monkeypatch.setitem(client.application.view_functions, "healthz", broken)
    page = client.get("/healthz", headers=HTML)
    assert (page.status_code, page.mimetype) == (500, "text/html")
    assert "系统出错" in page.text and "秘密" not in page.text
    assert client.get("/healthz").json["error"].startswith("系统出错 / ")
    assert "秘密" in caplog.text, "the log has it"


def test_a_store_that_does_not_answer_is_said_and_the_page_tries_again(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setitem(client.application.view_functions, "healthz", away)
    page = client.get("/healthz", headers=HTML)
    assert page.status_code == 503
    assert page.headers["Refresh"] == page.headers["Retry-After"]
    assert "disk" not in page.text


def test_a_walls_machine_shows_the_way_to_the_log_in_and_goes_on_to_the_wall(client: FlaskClient) -> None:
    page = client.get("/", headers=HTML)
    assert page.status_code == 200
    assert 'href="/login"' in page.text
    assert page.headers["Refresh"].endswith("url=/wall")
    assert client.get("/").headers["Location"] == "/wall"


def test_a_session_that_has_ended_is_said_at_the_log_in(client: FlaskClient) -> None:
    client.environ_base["REMOTE_ADDR"] = "203.0.113.9"  # no wall stands there
    assert client.get("/desk").headers["Location"] == "/login?next=/desk"
    client.set_cookie("lianqin", "a-session-of-yesterday")
    ended = client.get("/desk")
    assert ended.headers["Location"] == "/login?next=/desk&ended=1"
    assert "登录已失效" in client.get(ended.headers["Location"]).text
    api = client.get("/api/v1/cases.csv", headers=HTML)
    assert api.status_code == 401 and "登录已失效" in api.text and 'href="/login"' in api.text


@pytest.mark.parametrize("path", ["/wall", "/wall/", "/wall?lang=en", "/_dash-layout", "/healthz"])
def test_what_is_there_is_answered(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200


def changed(**changes: Any) -> bytes:
    return json.dumps({**PAGE, **changes}).encode()


@pytest.mark.parametrize("body", [
    b"", b"{}", b"[]", b"null", b"\xff", b'{"output":"x"}', changed(output="x"), changed(output=5),
    changed(inputs=[]), changed(inputs=5), changed(inputs=PAGE["inputs"][:1]), changed(outputs=[]),
    changed(outputs=PAGE["outputs"][0]), changed(state=PAGE["inputs"]), changed(changedPropIds=[5]),
    changed(inputs=[{**PAGE["inputs"][0], "value": 5}, PAGE["inputs"][1]]),
])  # fmt: skip
def test_a_wrong_body_for_a_callback_is_refused_without_a_trace(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = client.post(UPDATE, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert [record.exc_info for record in caplog.records] == [None]


def test_a_right_body_for_a_callback_is_answered(client: FlaskClient) -> None:
    client.get("/wall")  # Dash's set-up is over with the first request
    assert client.post(UPDATE, data=changed(), content_type="application/json").status_code == 200


def test_the_metrics_name_their_charset_once(client: FlaskClient) -> None:
    assert client.get("/metrics").headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_the_page_may_connect_to_its_own_origin_only(client: FlaskClient) -> None:
    policy = client.get("/wall").headers["Content-Security-Policy"]
    assert "connect-src 'self';" in policy


@pytest.mark.parametrize("host", [
    "localhost", "LOCALHOST:8050", "127.0.0.1:8050", "192.168.3.7", "[::1]:8050", "wall.example.cn",
    "Wall.Example.cn.:443", socket.gethostname(),
])  # fmt: skip
def test_addresses_the_machines_name_and_listed_names_are_let_in(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/wall", "/healthz", "/socket.io/?EIO=4&transport=polling"])
@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:8050", ""])
def test_a_foreign_name_is_refused_everywhere(client: FlaskClient, path: str, host: str) -> None:
    answer = client.get(path, headers={"Host": host}, environ_overrides={"HTTP_HOST": host})
    assert answer.status_code == 400
    assert "LIANQIN_HOSTS" in answer.text


def test_a_star_lets_every_name_in() -> None:
    assert is_known("anything.example", ["*"])


def test_the_settings_page_says_what_the_check_is() -> None:
    page = (Path(__file__).parents[3] / "docs/settings.md").read_text("utf-8")
    assert "`LIANQIN_HOSTS`" in page
