"""Scripts, styles and words: what a page carries, how it is compressed, how long a browser keeps it."""

import gzip
import json
import re
import time
from collections.abc import Iterator

import pytest
import redis
from flask.testing import FlaskClient
from sqlalchemy import Engine

from dashboard.app import Doors, create_app
from dashboard.door.static_files import (
    ASKED_AGAIN,
    BOOT,
    FOLDER,
    KEPT,
    NOT_SENT,
    asset_address,
    script_address,
    without_comments,
    words_address,
)
from dashboard.layouts.frame import PAGE_MODULES, preloads
from dashboard.texts import LANGUAGES, texts
from services.access import service as accounts
from services.access.account import Account
from services.district.package import District
from services.platform.clock import SetClock
from tests.tiny import NOON

PACKED = {"Accept-Encoding": "gzip"}


@pytest.fixture
def client(tiny: District, sqlite_engine: Engine) -> Iterator[FlaskClient]:
    now = time.time_ns() // 1_000_000
    accounts.add(sqlite_engine, now, Account("duty", "周敏", "duty_officer"), "")
    token = accounts.log_in_as(sqlite_engine, now, "tests|duty", "duty", "127.0.0.1").token
    web = create_app(Doors(sqlite_engine, redis.Redis(port=1), SetClock(NOON), tiny))
    with web.flask.test_client() as found:
        found.set_cookie("lianqin", token)
        yield found


def frame(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.text


def test_no_script_asks_for_words_that_are_not_sent() -> None:
    asked = re.compile(rf"\btexts\??\.({'|'.join(NOT_SENT)})\b")
    for path in (FOLDER / "modules").rglob("*.js"):
        assert not asked.search(path.read_text("utf-8")), path


def test_a_script_is_sent_without_the_lines_that_are_comments_alone() -> None:
    for path in (FOLDER / "modules").rglob("*.js"):
        written = path.read_text("utf-8")
        lines, sent = written.splitlines(), without_comments(written).splitlines()
        assert len(sent) == len(lines), path
        gone = [i for i, (line, kept) in enumerate(zip(lines, sent, strict=True)) if kept != line]
        assert gone and not any(sent[i] for i in gone)
        # Nothing of a text over several lines is taken for a comment.
        assert not [i for i in gone if "\n".join(sent[:i]).count("`") % 2], path


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_are_a_file_that_a_browser_keeps(client: FlaskClient, language: str) -> None:
    answer = client.get(words_address(language))
    assert json.loads(answer.data) == {name: table for name, table in texts(language).items() if name not in NOT_SENT}
    assert answer.headers["Cache-Control"] == KEPT
    again = client.get(f"/texts/{language}.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == ASKED_AGAIN
    assert client.get("/texts/none.json").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/assets/wall.css",
        "/assets/boot.mjs",
        "/texts/zh-CN.json",
        "/_dash-component-suites/dash_leaflet/dash_leaflet.js",
    ],
)
def test_a_file_goes_compressed_to_whoever_takes_it_and_once_while_it_is_the_same(
    client: FlaskClient, path: str
) -> None:
    plain, packed = client.get(path), client.get(path, headers=PACKED)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data)
    assert gzip.decompress(packed.data) == plain.data
    assert plain.headers["ETag"] == packed.headers["ETag"]
    same = client.get(path, headers={**PACKED, "If-None-Match": packed.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"other"'}).data == plain.data
    assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": "gzip;q=0"}).headers


def test_only_a_name_that_names_the_content_is_kept_without_asking(client: FlaskClient) -> None:
    assert client.get(asset_address("wall.css")).headers["Cache-Control"] == KEPT
    assert client.get("/assets/wall.css?v=0123456789abcdef").headers["Cache-Control"] == ASKED_AGAIN
    assert client.get("/assets/wall.css").headers["Cache-Control"] == ASKED_AGAIN
    assert client.get("/_favicon.ico").headers["Cache-Control"] == ASKED_AGAIN


def test_modules_are_under_the_name_of_their_content_and_under_no_other(client: FlaskClient) -> None:
    answer = client.get(script_address("modules/core/scope.js"))
    assert answer.text == without_comments((FOLDER / "modules/core/scope.js").read_text("utf-8"))
    assert answer.headers["Cache-Control"] == KEPT
    assert answer.content_type == "text/javascript; charset=utf-8"
    for path in (
        "/scripts/0123456789abcdef/boot.mjs",
        script_address("../app.py"),
        script_address("wall.css"),
        script_address("vendor/socket.io.min.js"),
        script_address("modules"),
    ):
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize("page", ["wall", "coverage", "replay", "desk", "street/S1", "handover/S1/now"])
def test_a_page_carries_one_script_of_ours_and_names_its_modules(client: FlaskClient, page: str) -> None:
    html = frame(client, f"/{page}")
    ours = re.findall(r'<script src="(/(?:assets|scripts)/[^"]*)"', html)
    assert ours == [script_address(BOOT), asset_address("vendor/socket.io.min.js")]
    assert f'<script src="{script_address(BOOT)}" type="module">' in html
    assert re.search(r'<script id="_dash-renderer[^>]*type="module">', html), "Dash begins after boot.mjs"
    assert ("/dash_ag_grid/" in html) == page.startswith(("desk", "street"))
    assert "?m=" not in re.sub(r"/_dash-component-suites/[^\"]*", "", html)
    links = re.findall(r'rel="modulepreload" href="([^"]*)"', html)
    assert script_address(PAGE_MODULES[page.partition("/")[0]]) in links
    assert {client.get(link).status_code for link in links} == {200}


def test_a_page_fetches_no_module_of_another_page() -> None:
    of_pages = {path.partition("/")[2].partition("/")[0] for path in PAGE_MODULES.values()}
    for page, entry in PAGE_MODULES.items():
        own = entry.split("/")[1]
        for other in of_pages - {own}:
            assert f"/modules/{other}/" not in preloads(page), (page, other)


def test_the_frame_and_the_words_of_it_go_compressed(client: FlaskClient) -> None:
    answer = client.get("/wall", headers=PACKED)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "no-store"
    assert b"<html" in gzip.decompress(answer.data)
