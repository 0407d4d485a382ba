"""What is asked wrongly of the web process: words and the right number, no traces, no foreign names."""

import json
import logging
import socket
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
    "inputs": [{"id": "_pages_location", "property": "pathname", "value": "/wall"},
               {"id": "_pages_location", "property": "search", "value": ""}],
    "changedPropIds": ["_pages_location.pathname"],
}  # fmt: skip


@pytest.fixture(scope="module")
def web(tiny: District, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One for all: nothing here writes. This machine is a wall of its store's."""
    engine = fresh_engine(tmp_path_factory.mktemp("refusals") / "store.db")
    accounts.add(engine, 1, Account("wall", "大屏", "wall", addresses="127.0.0.0/8"), "")
    doors = Doors(
        engine, redis.Redis(port=1), SetClock(NOON), tiny,
        hosts=("wall.example.cn",), settings=Settings(monitors=("127.0.0.0/8",)),
    )  # fmt: skip
    yield create_app(doors).flask
    engine.dispose()


@pytest.fixture
def client(web: Flask) -> Iterator[FlaskClient]:
    with web.test_client() as found:
        found.environ_base["HTTP_ORIGIN"] = "http://localhost"
        yield found


@pytest.mark.parametrize("path", ["/nope", "/wall/nope", "/_dash-nope", "/api/v1/nope", "/assets/nope.js",
                                  "/district/nope.geojson"])  # fmt: skip
def test_a_page_that_is_not_there_says_so_in_both_languages(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text
    assert "There is no such page" in answer.text


@pytest.mark.parametrize("path", ["/wall", "/wall/", "/wall?lang=en", "/_dash-layout", "/healthz"])
def test_what_is_there_is_answered(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200


def changed(**changes: Any) -> bytes:
    return json.dumps({**PAGE, **changes}).encode()


@pytest.mark.parametrize("body", [
    b"", b"{}", b"[]", b"null", b"\xff", b'{"output":"x"}', changed(output="x"), changed(output=5),
    changed(inputs=[]), changed(inputs=5), changed(inputs=PAGE["inputs"][:1]), changed(outputs=[]),
    changed(outputs=PAGE["outputs"][0]), changed(state=PAGE["inputs"]), changed(changedPropIds=[5]),
    changed(inputs=[{**PAGE["inputs"][0], "value": 5}, PAGE["inputs"][1]]),  # type: ignore[dict-item]
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
    page = (Path(__file__).parents[2] / "docs/settings.md").read_text("utf-8")
    assert "`LIANQIN_HOSTS`" in page
