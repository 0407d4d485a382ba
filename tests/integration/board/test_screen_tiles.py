"""What the zones send is what their structs say: every tile of every kind of screen, and no field beside."""

from typing import Any

import msgspec
import pytest
import redis
from sqlalchemy import Engine

from dashboard.live.screen_tiles import DeskTiles, ShownAlarm, ShownSubject, SmallDeskTiles, WallTiles
from dashboard.live.zones import Zones
from services.board.alarm import Alarm, Subject
from services.board.follower import Follower
from services.board.lenses import DeskCase
from services.cases.masking import WallCase
from services.coverage.told import Coverage, Listed, Outage, WatchedSpot
from services.district.borders import Borders
from services.district.package import District
from services.health.around_reader import Oddity
from services.health.beats import Process
from services.platform.clock import SetClock, to_rfc3339
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.projector.outbox.delta import Delta, ThingChange, TickerLine
from tests.lives import lives
from tests.tiny import NOON, entry, middle, numbered

SCREENS: dict[str, tuple[type[msgspec.Struct], type[msgspec.Struct]]] = {
    "wall": (WallTiles, WallCase),
    "desk": (DeskTiles, DeskCase),
    "street:S1": (DeskTiles, DeskCase),
    "unit:D1": (SmallDeskTiles, DeskCase),
    "grid:G00": (SmallDeskTiles, DeskCase),
}
NONE = Listed(0, 0, 0, 0)
FIGURES = Coverage(
    at=NOON, is_night=False, cameras=3, online=2, intact=2, unstable=0, state_unknown=0, counted=2, turning=0,
    direction_unknown=0, refused=0, indoor=0, dark_unknown=0, grades={"A": 2}, areas=NONE, roads=NONE, places=NONE,
    outages=[Outage(NOON, 2, 1, ["S1"])], notes=[], target_online=0.9, target_intact=0.9, covered_share=0.8,
)  # fmt: skip
LINE = TickerLine(NOON, "case.reported", "S1", "01", "占道", "")
SPOT = WatchedSpot("area:K1", "area", "站前", 118.9, 31.9, street="S1", need=2.0, live=5.0, gap="live")


@pytest.fixture
def zones(sqlite_engine: Engine, tiny: District) -> Zones:
    """A board with something for every tile."""
    clock = SetClock(NOON)
    at = to_rfc3339(NOON)
    more = [
        entry({"unit_id": "U1", "at": at, "kind": "car", "street": "S1", **middle(1, 0)}, "unit.moved"),
        entry({"at": at, "interval_s": 10}, "source.heartbeat", source="/s1"),
    ]
    entries = numbered([*lives(3, cases=80), *more])
    Ingest(sqlite_engine, tiny, Sealer("")).apply(entries, NOON, entries[-1][0])
    follower = Follower(sqlite_engine, redis.Redis(port=1), tiny, clock, lambda _ids: None)
    follower.load()
    bodies = [ThingChange("coverage", "all", 1, 0, raw(FIGURES)), ThingChange("spot", SPOT.id, 1, 0, raw(SPOT))]
    follower.board.apply(follower.board.revision + 1, Delta("1-0", things=bodies, happened=[LINE]), NOON)
    seats = (tiny.code, "S1")
    follower.board.alarms = {
        seat: Alarm(seat, seat, "overdue_severe", 1, "open_case", NOON, NOON, subject=Subject(street="S1"))
        for seat in seats
    }
    follower.health.processes = [Process("projector", "stuck", NOON)]
    follower.health.around = [Oddity("forgotten_group", "old")]
    present = {"present": {"A1": [("zhou", "周")]}}
    return Zones(follower, clock, lambda: None, Borders(tiny), [lambda zone: {} if zone == "wall" else present])


def raw(body: msgspec.Struct) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(body))


@pytest.mark.parametrize("key", SCREENS)
def test_a_zone_sends_the_tiles_and_rows_of_its_structs(zones: Zones, key: str) -> None:
    kind, row = SCREENS[key]
    parts = [msgspec.json.decode(part) for part in zones.get(key).snapshot(NOON)[0]]
    sent: dict[str, Any] = parts[-1]["tiles"]
    spots = {name: sent.pop(name) for name in list(sent) if name.startswith("spot:")}
    assert msgspec.json.decode(msgspec.json.encode(msgspec.convert(sent, kind))) == sent
    assert [msgspec.convert(body, WatchedSpot) for body in spots.values()] == ([SPOT] if key == "wall" else [])
    for values in (values for part in parts for values in part.get("rows", [])):
        assert msgspec.to_builtins(msgspec.convert(values, row)) == values


def test_something_of_every_list_was_sent(zones: Zones) -> None:
    sent = {key: msgspec.json.decode(zones.get(key).snapshot(NOON)[0][-1])["tiles"] for key in SCREENS}
    empty = {name for tiles in sent.values() for name, tile in tiles.items() if tile in (None, [], {}, "")}
    assert empty <= {"filling", "shift"}, "a list without a row shows no shape"


def test_a_shown_alarm_has_every_field_of_an_alarm_but_its_earlier_raises() -> None:
    assert set(ShownAlarm.__struct_fields__) == set(Alarm.__struct_fields__) - {"earlier"}
    assert ShownSubject.__struct_fields__ == Subject.__struct_fields__
