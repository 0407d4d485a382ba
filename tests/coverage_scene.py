"""A coverage without the engine: generated bodies, put into a store with a delta as the surveyor does it.

``python -m tests.coverage_scene var/demo 5000`` fills the store of a running demo.
"""

import math
import random
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import redis
import shapely
import shapely.ops
from shapely.geometry import shape
from sqlalchemy import Engine

from services.coverage.told import Coverage, Listed, Outage, Region, Ring, Sight, WatchedSpot
from services.district.load import load
from services.district.package import District
from services.district.plane import plane_of
from services.platform.database import open_engine, writing
from services.platform.wakeups import Wakeups
from services.projector.outbox.delta import Delta, ThingChange, encode_delta
from services.projector.store.write import Writer

_encode = msgspec.json.Encoder().encode


def fan(azimuth: float, hfov: float, range_m: float, steps: int = 14) -> Ring:
    """A sector in decimetres around its camera."""
    ring: Ring = [] if hfov >= 360 else [0, 0]
    for i in range(steps + (hfov < 360)):
        a = math.radians(azimuth - hfov / 2 + hfov * i / steps)
        ring += [round(10 * range_m * math.sin(a)), round(10 * range_m * math.cos(a))]
    return ring


def sight(camera_id: str, lon: float, lat: float, **more: Any) -> Sight:
    """A working fixed camera that looks north."""
    given = {
        "name": f"摄像机{camera_id}", "kind": "bullet", "state": "online", "view": "fixed", "grade": "A",
        "azimuths": [0.0], "hfov": 80.0, "range_m": 60.0, "levels_m": [60.0, 24.0, 12.0, 6.0], "sees_day": True,
        "sees_night": True, "shapes": [fan(0, 80, 60)], **more,
    }  # fmt: skip
    return Sight(id=camera_id, lon=lon, lat=lat, **given)


def off(body: Sight, since: int = 0) -> Sight:
    """The same camera without a signal."""
    return msgspec.structs.replace(body, state="offline", sees_day=False, sees_night=False, since=since)


def write_things(engine: Engine, client: redis.Redis, code: str, bodies: Iterable[tuple[str, str, Any]]) -> int:
    """One transaction: (kind, key, body) as things, and the delta that tells the screens. Returns its revision."""
    with writing(engine) as connection:
        writer = Writer(connection)
        feed = writer.lock()
        revision = feed.revision + 1
        things = [ThingChange(kind, key, revision, 0, msgspec.Raw(_encode(body))) for kind, key, body in bodies]
        writer.things([(t.kind, t.key, t.version, t.entry, bytes(t.body)) for t in things])
        delta = Delta(last_entry=feed.last_entry, things=things)
        writer.publish(revision, 0, encode_delta(delta))
        writer.move_feed(msgspec.structs.replace(feed, revision=revision))
    Wakeups(client, code).tell(revision)
    return revision


def keyed(*bodies: Any) -> list[tuple[str, str, Any]]:
    """Bodies with the kind and key of each."""
    kinds = {Sight: ("sight", "id"), WatchedSpot: ("spot", "id"), Region: ("region", "code")}
    found = []
    for body in bodies:
        kind, key = kinds.get(type(body), ("coverage", ""))
        found.append((kind, getattr(body, key) if key else "all", body))
    return found


def figures(sights: list[Sight], spots: list[WatchedSpot], at: int, **more: Any) -> Coverage:
    """The district's figures of a scene."""
    listed = {}
    for kind in ("area", "road", "place"):
        of = [s for s in spots if s.kind == kind]
        listed[kind] = Listed(
            len(of),
            sum((s.planned or 0) < 0.05 * s.size for s in of),
            sum((s.live or 0) < 0.05 * s.size for s in of),
            sum(s.live is None for s in of),
        )
    states = Counter(s.state for s in sights)
    given = {
        "is_night": False,
        "outages": [],
        "notes": [],
        "refused": sum("outside" in s.reasons for s in sights),
        "indoor": sum("indoor" in s.reasons for s in sights),
        "proved_at": at,
        **more,
    }
    return Coverage(
        at=at, cameras=len(sights), online=states["online"] + states["degraded"], intact=states["online"],
        unstable=states["unstable"], state_unknown=states["unknown"], counted=sum(bool(s.shapes) for s in sights),
        turning=sum(s.view == "reach" for s in sights), direction_unknown=sum(s.view == "unknown" for s in sights),
        dark_unknown=sum("night_unknown" in s.reasons for s in sights),
        grades=dict(sorted(Counter(s.grade for s in sights).items())), areas=listed["area"], roads=listed["road"],
        places=listed["place"], target_online=0.98, target_intact=0.98, covered_share=0.95, **given,
    )  # fmt: skip


class Scene:
    """Random cameras along the district's roads, and what they leave of its key spots."""

    def __init__(self, district: District, cameras: int, seed: int = 1, at: int = 0) -> None:
        self.district, self.at, self.rng = district, at, random.Random(seed)
        self.plane = plane_of(district)
        self.sights = [self._sight(i) for i in range(cameras)]
        self.spots = [*self._spots(), *self._grids()]
        rng = self.rng
        self.regions = [Region(district.code, "district", 9.2e7, 5.1e7, 4.9e7, 3.9e7, 3.7e7)]
        for code in district.streets:
            m2 = rng.uniform(4e6, 9e6)
            planned = rng.uniform(0.35, 0.8)
            live = planned * rng.uniform(0.85, 0.99)
            shares = (planned, live, planned * 0.8, live * 0.78)
            self.regions.append(Region(code, "street", m2, *(m2 * share for share in shares)))
        outages = [Outage(at - 3_600_000, 212, 32, list(district.streets)[:1])]
        self.coverage = figures(self.sights, self.spots, at, outages=outages)

    def bodies(self) -> list[tuple[str, str, Any]]:
        """Everything, and a plan."""
        return [*keyed(*self.sights, *self.spots, *self.regions, self.coverage), ("plan", "all", self.plan())]

    def plan(self, n: int = 50) -> dict[str, Any]:
        """Sites at random blind spots with a falling gain."""
        rng, curve, sites = self.rng, [0.0], []
        blind = [s for s in self.spots if s.need > 0 and s.kind != "grid"] or self.spots
        for rank in range(1, n + 1):
            spot, azimuth = rng.choice(blind), rng.randrange(12) * 30.0
            gain = 0.03 * 0.94**rank
            curve.append(round(curve[-1] + gain, 5))
            model = rng.choice(["bullet", "dome"])
            hfov, range_m = (80.0, 60.0) if model == "bullet" else (360.0, 35.0)
            sites.append({
                "rank": rank, "pole": f"P{rank:04d}", "name": f"{spot.name}旁灯杆", "street": spot.street,
                "lon": spot.lon + rng.uniform(-1, 1) * 2e-3, "lat": spot.lat + rng.uniform(-1, 1) * 2e-3,
                "model": model,
                "azimuth": azimuth, "hfov": hfov, "range_m": range_m, "gain": gain, "covered_m2": 4800.0 * 0.97**rank,
                "cases": max(1, 40 - rank), "cost": 1.0, "shape": fan(azimuth, hfov, range_m),
            })  # fmt: skip
        steps = range(n + 1)
        return {
            "at": self.at, "candidates": 52000, "poles": 4000, "pole_source": "roads", "sites": sites, "curve": curve,
            "district": [round(0.554 + 0.0012 * k, 5) for k in steps], "areas": [3 + k // 12 for k in steps],
            "roads": [9 + k // 18 for k in steps], "places": [118 + k * 2 // 3 for k in steps],
        }  # fmt: skip

    def _sight(self, i: int) -> Sight:
        rng = self.rng
        feature = rng.choice(self.district.layers["roads"]["features"])
        line = shape(feature["geometry"])
        point = line.interpolate(rng.random(), normalized=True)
        kind = rng.choices(["bullet", "dome", "ptz", "checkpoint", "lookout"], [60, 20, 14, 5, 1])[0]
        azimuth, hfov, range_m = rng.randrange(8) * 45.0, 80.0, rng.uniform(45, 80)
        state = rng.choices(["online", "offline", "degraded", "unstable", "unknown"], [955, 20, 8, 9, 8])[0]
        view, shapes, now, reasons, grade = "fixed", [fan(azimuth, hfov, range_m)], [], [], "A"
        if kind in {"dome", "ptz", "lookout"}:
            view, range_m = "reach", 300.0 if kind == "lookout" else 90.0
            shapes, now = [fan(0, 360, range_m, 36)], [fan(azimuth, 60, range_m)]
        elif rng.random() < 0.12:
            view, shapes, grade, reasons = "unknown", [], "D", ["azimuth_unknown"]
        elif rng.random() < 0.5:
            grade, reasons = "B", ["azimuth_8_points", "range_estimated"]
        elif rng.random() < 0.2:
            grade, reasons = "C", ["moved_far", "hfov_estimated"]
        sees = state in {"online", "degraded", "unstable"} and bool(shapes)
        night = sees and rng.random() < 0.85
        return Sight(
            id=f"{self.district.code}00001310{i:06d}", name=f"{feature['properties'].get('name') or '路口'}{i}号",
            kind=kind, lon=round(point.x, 7), lat=round(point.y, 7), state=state, view=view,
            grade=grade, street=rng.choice(list(self.district.streets)),
            fault="video_lost" if state == "degraded" else "", since=self.at - 4_000_000,
            sees_day=sees, sees_night=night,
            azimuths=[] if view != "fixed" else [azimuth], hfov=hfov, range_m=round(range_m, 1),
            levels_m=[round(range_m, 1), round(range_m / 2.5, 1), round(range_m / 5, 1), round(range_m / 10, 1)],
            estimated=["range"] if "range_estimated" in reasons else [], reasons=reasons,
            moved_m=12.0 if "moved_far" in reasons else 0.0, shapes=shapes, now=now,
            url=f"http://10.1.2.3/live/{i}" if i % 3 else "javascript:alert(1)",
        )  # fmt: skip

    def _spots(self) -> list[WatchedSpot]:
        found = []
        for layer, kind, weight in (
            ("key_areas", "area", 2.0),
            ("key_roads", "road", 1.5),
            ("key_places", "place", 4.0),
        ):
            for feature in self.district.layers.get(layer, {}).get("features", []):
                properties = feature["properties"]
                found.append(
                    self._spot(f"{kind}:{properties['code']}", kind, properties, shape(feature["geometry"]), weight)
                )
        return found

    def _spot(self, spot_id: str, kind: str, properties: Any, geometry: Any, weight: float) -> WatchedSpot:
        rng, plane = self.rng, self.plane
        kx, ky = plane.metres_per_degree
        flat = shapely.transform(geometry, lambda xy: (xy - (plane.lon, plane.lat)) * (kx, ky))
        size = {"area": flat.area, "road": flat.length}.get(kind, 1.0)
        share = 0.0 if rng.random() < 0.3 else rng.uniform(0.1, 0.95)
        blind = self._part(flat, kind, share)
        gap, way = rng.choice([("permanent", "add"), ("live", "repair"), ("night", "light"), ("permanent", "turn")])
        cases, demand = rng.randrange(0, 60), 0.0
        demand = cases * rng.uniform(0.4, 0.9)
        unseen = round(cases * share)
        if share == 0:
            gap, way = "none", ""
        point = flat.representative_point()
        near = rng.choice(self.sights)
        return WatchedSpot(
            id=spot_id, kind=kind, name=properties["name"], lon=round(plane.lon + point.x / kx, 7),
            lat=round(plane.lat + point.y / ky, 7), street=rng.choice(list(self.district.streets)),
            place_type=properties.get("place_type", ""), weight=float(properties.get("weight", weight)),
            size=round(size, 1), planned=round(size * share * 0.7, 1), live=round(size * share, 1),
            planned_night=round(size * share * 0.8, 1), live_night=round(size * min(1, share * 1.2), 1),
            now=round(size * share, 1), demand=round(demand, 1), cases=cases, unseen=unseen,
            need=round(demand * weight * share, 1), gap=gap, way=way,
            camera=near.id if way else "", camera_m=round(rng.uniform(15, 180), 1) if way else 0.0,
            outline=rings_of(flat, point), blind=rings_of(blind, point) if share else [],
        )  # fmt: skip

    def _part(self, flat: Any, kind: str, share: float) -> Any:
        if kind == "road":
            return shapely.ops.substring(flat, 0, share, normalized=True) if share else flat
        if kind == "place":
            return flat
        west, south, east, north = flat.bounds
        return flat.intersection(shapely.box(west, south, west + (east - west) * share, north))

    def _grids(self) -> list[WatchedSpot]:
        found = []
        for code, area in self.district.grids.items():
            if area.geometry is not None:
                properties = {"name": area.name, "code": code}
                spot = self._spot(f"grid:{code}", "grid", properties, area.geometry, 1.0)
                found.append(msgspec.structs.replace(spot, blind=[], weight=1.0))
        return found


def rings_of(geometry: Any, origin: Any) -> list[list[Ring]]:
    found = []
    for part in shapely.get_parts(geometry):
        lines = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        end = -1 if part.geom_type == "Polygon" else None
        found.append(
            [
                [round(10 * v) for x, y in shapely.get_coordinates(line)[:end] for v in (x - origin.x, y - origin.y)]
                for line in lines
            ]
        )
    return found


def main(folder: str, cameras: int) -> None:
    import time

    root = Path(folder)
    district = load(root / "district")
    engine = open_engine(f"sqlite:///{root / 'lianqin.db'}")
    client = redis.Redis.from_url((root / "redis.url").read_text("utf-8").strip())
    scene = Scene(district, cameras, at=time.time_ns() // 1_000_000)
    print("revision", write_things(engine, client, district.code, scene.bodies()))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
