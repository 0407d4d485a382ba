"""The publishers of docs/contract.md run as they stand there, and the projector takes in what they send."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, select

from services.cases import tables as case_tables
from services.contract.parse import Event, parse
from services.district.doors import OpenDoors
from services.district.load import load
from services.platform.clock import SystemClock
from services.platform.redis import Keys
from services.platform.settings import Settings
from services.projector.bootstrap import make_projector

pytestmark = pytest.mark.redis

PAGE = (Path(__file__).parents[3] / "docs/contract.md").read_text("utf-8")
KEYS = Keys("320400")


def _block(language: str) -> str:
    return PAGE.split(f"<!-- test: {language} -->\n```{language}\n")[1].split("```")[0]


def _district(folder: Path) -> Path:
    """A square around the examples' positions."""
    west, south, east, north = 119.9, 31.7, 120.1, 31.9
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    street = {
        "type": "Feature",
        "properties": {"code": "S1", "name": "一街"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    (folder / "district.toml").write_text('code = "320400"\nname = "示例区"\n', "utf-8")
    (folder / "streets.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [street]}), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("language", "command", "types", "case_id"),
    [
        ("python", [sys.executable, "-"], ["case.dispatched", "source.heartbeat"], "20261123-00417"),
        ("sh", ["sh"], ["case.reported"], "20261123-00418"),
    ],
)
def test_a_publisher_copied_from_the_page_is_understood(
    language: str, command: list[str], types: list[str], case_id: str,
    redis_url: str, redis_client: redis.Redis, sqlite_engine: Engine, tmp_path: Path,
) -> None:  # fmt: skip
    if language == "sh" and shutil.which("redis-cli") is None:
        pytest.skip("redis-cli is not installed: run `make setup-tests`")
    subprocess.run(
        command, input=_block(language), text=True, check=True, timeout=30, env={**os.environ, "REDIS_URL": redis_url}
    )
    now = SystemClock().now_ms()
    events = [parse(entry_id.decode(), fields, now) for entry_id, fields in redis_client.xrange(KEYS.events)]
    assert all(isinstance(event, Event) and not event.flags and not event.unknown_fields for event in events), events
    assert [event.type for event in events] == types

    doors = OpenDoors(Settings(), sqlite_engine, redis_client, load(_district(tmp_path)), SystemClock())
    make_projector(doors, "p").drain()
    c = case_tables.cases.c
    with sqlite_engine.connect() as connection:
        assert connection.execute(select(c.case_id, c.street, c.flags)).all() == [(case_id, "S1", "")]
