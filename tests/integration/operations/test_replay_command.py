"""``lianqin replay``: what it says, what it refuses, and how Ctrl-C ends it."""

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest
import redis

from services.district.load import load
from services.operations.replay.command import STOPPED, make_district, replay
from services.platform.clock import from_hash, parse_ms
from services.platform.errors import OperationError
from services.platform.redis import Keys
from services.platform.settings import Settings
from tests.unit.operations.test_replay_player import HEADER, ROWS

pytestmark = pytest.mark.redis
KEYS = Keys("sf")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sf311_some.csv"
    path.write_text("\n".join((HEADER, *ROWS)) + "\n")
    return path


@pytest.fixture
def settings(redis_url: str, tmp_path: Path, file: Path) -> Settings:
    district = tmp_path / "district"
    assert make_district(file, district, None, lambda _: None) == 0
    return Settings(redis_url=redis_url, district=str(district), data_dir=tmp_path)


def _replay(file: Path, settings: Settings, until: str | None = None) -> tuple[int, str]:
    said: list[str] = []
    code = replay(file, settings, speed=None, instant=True, until=until, say=said.append)
    return code, "\n".join(said)


def test_a_replay_says_what_it_sends_what_it_cannot_use_and_what_the_wall_shows(
    file: Path, settings: Settings, redis_client: redis.Redis
) -> None:
    code, said = _replay(file, settings)
    assert code == 0
    assert "sf-311: 3 cases, 8 events" in said
    assert "4 rows cannot be used (the header is row 1):" in said
    assert "1 × has not as many cells as the header: row 7" in said
    assert "1 × used all the same: channel 'Pigeon' is not in the table: MEDIA" in said
    assert "the wall shows then: 1 open (0 overdue), 2 closed" in said
    assert redis_client.xlen(KEYS.events) == 8


def test_until_a_moment_the_clock_stands_there_and_the_rest_is_counted(
    file: Path, settings: Settings, redis_client: redis.Redis
) -> None:
    until = "2019-05-13T17:50:00-07:00"
    code, said = _replay(file, settings, until)
    assert code == 0
    assert "2 more cases were opened after 2019-05-14T00:50:00.000Z: not sent" in said
    assert from_hash(redis_client.hgetall(KEYS.clock)).now_ms() == parse_ms(until)


def test_a_moment_without_an_offset_is_refused(file: Path, settings: Settings) -> None:
    with pytest.raises(ValueError, match="has no offset"):
        _replay(file, settings, "2019-05-13T17:50:00")


def test_another_districts_package_is_refused_with_what_to_do(
    file: Path, settings: Settings, tiny_folder: Path, redis_client: redis.Redis
) -> None:
    with pytest.raises(OperationError, match=r"San Francisco \(sf\), the district here is 990001.*--make-district"):
        _replay(file, dataclasses.replace(settings, district=str(tiny_folder)))
    assert redis_client.keys() == []


def test_a_file_of_no_known_form_is_refused(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(OperationError, match="not a known form"):
        _replay(tmp_path / "other.csv", settings)


def test_a_made_district_loads_and_is_never_written_over(file: Path, tmp_path: Path) -> None:
    said: list[str] = []
    assert make_district(file, tmp_path / "sf", None, said.append) == 0
    assert load(tmp_path / "sf").code == "sf"
    assert "1 streets, 0 drawn" in said[0]
    assert "counted by street, not drawn" in said[1]
    with pytest.raises(OperationError, match="holds a district package"):
        make_district(file, tmp_path / "sf", None, said.append)


def test_ctrl_c_ends_a_slow_replay_between_two_events(
    file: Path, settings: Settings, redis_url: str, redis_client: redis.Redis
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", "replay", str(file), "--speed", "1"],
        env={**os.environ, "LIANQIN_REDIS_URL": redis_url, "LIANQIN_DISTRICT": settings.district},
        stdout=subprocess.PIPE,
        text=True,
    )
    end = monotonic() + 30
    while redis_client.xlen(KEYS.events) < 2:
        assert monotonic() < end
        assert process.poll() is None
        sleep(0.02)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=10)
    assert process.returncode == STOPPED
    assert "stopped after 2 of 8; run it again to go on: the ids are the same" in said
