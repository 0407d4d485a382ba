"""``lianqin coverage import`` beside a real Redis: what is published is what the projector reads."""

from pathlib import Path

import pytest
import redis

from dashboard.cli.main import main
from services.contract.others import CameraChanged, CameraRemoved, CameraStatusChanged
from services.contract.parse import Event, parse
from services.coverage.errands import import_cameras
from services.platform.errors import OperationError
from services.platform.redis import Keys
from services.platform.settings import Settings
from tests.tiny import CODE

pytestmark = pytest.mark.redis
IDS = [f"3204990000132000000{k}" for k in range(5)]
ITEMS = "".join(
    f"<Item><DeviceID>{name}</DeviceID><Name>口{k}</Name><Longitude>{118.905 + k / 1000}</Longitude>"
    f"<Latitude>{latitude}</Latitude><Status>ON</Status><Info><PTZType>3</PTZType><DirectionType>1</DirectionType></Info>"
    f"</Item>"
    for k, (name, latitude) in enumerate(zip(IDS[:3], ("31.905", "31.906", "91.9"), strict=True))
) + (
    f"<Item><DeviceID>{IDS[3]}</DeviceID><Event>OFF</Event></Item>"
    f"<Item><DeviceID>{IDS[4]}</DeviceID><Event>DEL</Event></Item>"
)
CATALOGUE = f'<?xml version="1.0" encoding="GB2312"?><Notify><DeviceList>{ITEMS}</DeviceList></Notify>'.encode("gb2312")


@pytest.fixture
def settings(redis_url: str, tmp_path: Path, tiny_folder: Path) -> Settings:
    return Settings(redis_url=redis_url, district=str(tiny_folder), data_dir=tmp_path / "var")


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "catalogue.xml"
    path.write_bytes(CATALOGUE)
    return path


def imported(settings: Settings, file: Path, *, dry_run: bool = False) -> str:
    return "\n".join(import_cameras(settings, file, file_format=None, coord_sys=None, dry_run=dry_run))


def test_a_catalogue_is_published_as_events_that_the_projector_reads(
    settings: Settings, redis_client: redis.Redis, catalogue: Path
) -> None:
    said = imported(settings, catalogue)
    assert said.startswith("gb28181: 5 rows, 2 cameras can be used\n  1 changes of status, 1 removed")
    assert "1 refused, not taken\n    row 3 [32049900001320000002]: position lon=118.907 lat=91.9" in said
    assert said.endswith("published 4 events of /camera-import to district 990001")
    events = [parse(i.decode(), f, 2**41) for i, f in redis_client.xrange(Keys(CODE).events)]
    assert all(isinstance(e, Event) and e.source == "/camera-import" and not e.flags for e in events)
    bodies = [e.body for e in events if isinstance(e, Event)]
    assert [type(b) for b in bodies] == [CameraChanged, CameraChanged, CameraStatusChanged, CameraRemoved]
    first = bodies[0]
    assert isinstance(first, CameraChanged) and first.version > 1_700_000_000_000
    assert (first.camera_id, first.name, first.direction_type) == (IDS[0], "口0", 1)


def test_a_dry_run_says_the_same_and_publishes_nothing(
    settings: Settings, redis_client: redis.Redis, catalogue: Path
) -> None:
    said = imported(settings, catalogue, dry_run=True)
    assert said.endswith("a dry run: nothing was published") and "1 refused" in said
    assert not redis_client.exists(Keys(CODE).events)


def test_a_file_with_nothing_to_use_says_so(settings: Settings, tmp_path: Path, redis_client: redis.Redis) -> None:
    path = tmp_path / "cameras.csv"
    path.write_text("camera_id,lon,lat\nA,80,40\n", "utf-8")
    for dry_run in (True, False):
        with pytest.raises(OperationError, match="no camera that can be used"):
            imported(settings, path, dry_run=dry_run)
    assert not redis_client.exists(Keys(CODE).events)


def test_the_command_line_takes_it(
    tiny_folder: Path, catalogue: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIANQIN_DISTRICT", str(tiny_folder))
    assert main(["coverage", "import", str(catalogue), "--dry-run", "--format", "gb28181"]) == 0
    assert "2 cameras can be used" in capsys.readouterr().out
    assert main(["coverage", "import", str(catalogue.with_name("none.xml")), "--dry-run"]) == 1
