"""``lianqin coverage import``: read a file of cameras, say what is wrong with it, and publish what can be used."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import redis

from services.contract.entry import encode_entry
from services.contract.others import CameraChanged, CameraRemoved
from services.district.cameras.inside import find_moved, footprints
from services.district.cameras.reading import Format, Reading, guess_format, read_cameras
from services.district.cameras.site import site_of
from services.district.doors import district_clock
from services.district.finding import KINDS, RowFinding
from services.district.load import load
from services.district.package import District
from services.district.plane import plane_of
from services.files.fault import FileFault
from services.files.raw import read_file
from services.platform.errors import OperationError
from services.platform.redis import Keys, open_redis
from services.platform.settings import Settings

SOURCE = "/camera-import"
BATCH = 500
FIRST = 50
# Where one of these is empty a default of the kind counts (估算), or nothing.
WANTED = ("kind", "azimuth", "hfov", "range_m", "night", "mount", "mount_height_m")
WORDS = {
    "refused": "refused, not taken",
    "outside": "outside of the district",
    "missing": "missing",
    "doubtful": "doubtful",
    "moved": "inside a building",
}


def import_cameras(
    settings: Settings, file: Path, *, file_format: Format | None, coord_sys: str | None, dry_run: bool
) -> Iterator[str]:
    """The lines of the report; behind them, unless it is a dry run, what was published.

    Raises OperationError where the file holds nothing that can be used, NotConfigured without a Redis.
    """
    try:
        data = read_file(file)
    except FileFault as error:
        raise OperationError(f"{file} {error}") from error
    district = load(settings.district_dir)
    file_format = file_format or guess_format(data)
    if dry_run:
        found = examine(district, data, file_format, coord_sys, now_ms=1)
        yield from report(found, file_format)
        if not (found.cameras or found.statuses or found.removed):
            raise OperationError(f"{file} holds no camera that can be used")
        yield "a dry run: nothing was published"
        return
    with open_redis(settings, district.code) as client:
        now_ms = district_clock(settings, client, district.code).now_ms()
        found = examine(district, data, file_format, coord_sys, now_ms)
        yield from report(found, file_format)
        sent = publish_reading(client, district.code, found, now_ms)
    if not sent:
        raise OperationError(f"{file} holds no camera that can be used; nothing was published")
    yield f"published {sent:,} events of {SOURCE} to district {district.code}"


def examine(district: District, data: bytes, file_format: Format, coord_sys: str | None, now_ms: int) -> Reading:
    """Read and judge a file against the district: its outline, and its buildings."""
    outlines = [a.geometry for a in district.streets.values() if a.geometry is not None]
    found = read_cameras(data, file_format, now_ms=now_ms, coord_sys=coord_sys, site=site_of(outlines))
    buildings = footprints(district.layers.get("buildings", {}))
    found.findings.extend(find_moved(found.cameras, found.row_of, buildings, plane_of(district)))
    return found


def report(found: Reading, file_format: Format) -> Iterator[str]:
    """What there is to say of a file, the counts first."""
    yield f"{file_format}: {found.rows:,} rows, {len(found.cameras):,} cameras can be used" + (
        f"; {found.others:,} items are no cameras" if found.others else ""
    )
    if found.statuses or found.removed:
        yield f"  {len(found.statuses):,} changes of status, {len(found.removed):,} removed"
    if found.cameras:
        yield f"  empty, so a default of the kind counts (估算): {_empty(found.cameras)}"
    yield from said_of_cameras(found.findings, few=FIRST)


def said_of_cameras(findings: Sequence[RowFinding], few: int) -> Iterator[str]:
    """How many findings of each kind there are, and the first ``few`` of it."""
    counts = Counter(finding.kind for finding in findings)
    for kind in KINDS:
        these = [finding for finding in findings if finding.kind == kind]
        if these:
            yield f"  {counts[kind]:,} {WORDS[kind]}"
            yield from (f"    {finding}" for finding in these[:few])
            if len(these) > few:
                yield f"    … and {len(these) - few:,} more"


def publish_reading(client: redis.Redis, code: str, found: Reading, now_ms: int) -> int:
    """Publish what a file says; returns how many events."""
    entries = list(_entries(found, now_ms))
    for start in range(0, len(entries), BATCH):
        with client.pipeline(transaction=False) as pipe:
            for fields in entries[start : start + BATCH]:
                pipe.xadd(Keys(code).events, dict(fields.items()))
            pipe.execute()
    return len(entries)


def _entries(found: Reading, now_ms: int) -> Iterator[dict[bytes, bytes]]:
    bodies: Iterable[tuple[str, str, object]] = [
        *(("camera.changed", c.camera_id, c) for c in found.cameras),
        *(("camera.status", s.camera_id, s) for s in found.statuses),
        *(("camera.removed", name, CameraRemoved(camera_id=name, version=now_ms)) for name in found.removed),
    ]
    for kind, camera_id, body in bodies:
        yield encode_entry(SOURCE, kind, body, now_ms, subject=camera_id)


def _empty(cameras: Sequence[CameraChanged]) -> str:
    def is_empty(camera: CameraChanged, name: str) -> bool:
        if name == "azimuth" and (camera.direction_type is not None or camera.directions):
            return False
        return getattr(camera, name) is None

    counts = {name: sum(is_empty(camera, name) for camera in cameras) for name in WANTED}
    return ", ".join(f"{name} {n:,}" for name, n in counts.items() if n) or "nothing"
