"""Check a district package, and load one: whole into its place, kept in the store, told to the stream."""

import contextlib
import ctypes
import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, func, insert, select, update

from services.admin.changes import Author
from services.admin.loading_service import settle_changes
from services.contract.entry import encode_entry
from services.contract.others import DistrictLoaded
from services.coverage.errands import said_of_cameras
from services.district import tables as district_tables
from services.district.doors import district_clock
from services.district.load import load
from services.district.package import District
from services.platform.clock import Clock, SystemClock
from services.platform.database import open_engine, writing
from services.platform.errors import NotConfigured, OperationError
from services.platform.migrate import upgrade
from services.platform.redis import open_redis
from services.platform.settings import Settings
from services.projector.publish_service import add
from services.projector.store.write import open_feed

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
LOCAL = Author("cli", "")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the same package, the same bytes


def check_district(folder: Path) -> str:
    """Counts of everything in the package, and what is absent. Raises PackageError with every fault."""
    return "\n".join(_counts(load(folder)))


def load_district(settings: Settings, folder: Path, author: Author = LOCAL, *, over: bool = False) -> str:
    """Check a package and make it the district's. Raises PackageError, WrongDistrict or OperationError before it acts.

    ``over``: its files count where others were changed in the browser. Processes that run notice it (PackageWatch).
    """
    district = load(folder)
    target = settings.district_dir
    if settings.district and target.resolve() != folder.resolve():
        raise OperationError(
            f"LIANQIN_DISTRICT is {settings.district}: that folder is what the processes read. Put the package there "
            f"and load that folder, or unset LIANQIN_DISTRICT to have it copied to {settings.data_dir / 'district'}"
        )
    engine = open_engine(settings.database)
    upgrade(engine)
    with writing(engine) as connection:
        open_feed(connection, district.code)
    changed = settle_changes(engine, folder, _now(settings, district), author, over=over)
    if target.resolve() != folder.resolve():
        put_in_place(folder, target)
    said = [*_counts(district), *changed, f"in place at {target}"]
    try:
        with open_redis(settings, district.code) as client:
            clock = district_clock(settings, client, district.code)
            _keep(engine, district, folder, clock)
            body = DistrictLoaded(digest=district.digest, code=district.code)
            fields = encode_entry("/lianqin-cli", "district.loaded", body, clock.now_ms(), subject=district.code)
            said.append(f"told to the stream as {add(client, district.code, fields)}")
    except NotConfigured:
        _keep(engine, district, folder, SystemClock())
        said.append("kept in the store; no Redis is known here, so the stream was not told: load it again to do so")
    finally:
        engine.dispose()
    return "\n".join(
        [*said, "projector and web take it over within seconds; a page that is open has its names after a reload"]
    )


def _now(settings: Settings, district: District) -> int:
    """The district's time; the machine's where no Redis is known."""
    try:
        with open_redis(settings, district.code) as client:
            return district_clock(settings, client, district.code).now_ms()
    except NotConfigured:
        return SystemClock().now_ms()


def put_in_place(source: Path, target: Path) -> None:
    """Copy ``source`` to ``target``; whoever reads finds the old package or the new one, never a half."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        shutil.copytree(source, partial)
        if not target.exists():
            partial.rename(target)
        elif not _exchange(partial, target):
            old = target.with_name(f"{target.name}.old-{os.getpid()}")
            target.rename(old)
            partial.rename(target)
            shutil.rmtree(old)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def archive(folder: Path) -> bytes:
    """The package's files as a zip; the same files give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")):
            zipped.writestr(zipfile.ZipInfo(path.name, _ZIP_TIME), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _keep(engine: Engine, district: District, folder: Path, clock: Clock) -> None:
    """The package loaded last has the latest moment, an old one that is loaded again too, whatever the clock says."""
    c = district_tables.packages.c
    with writing(engine) as connection:
        latest = connection.execute(select(func.max(c.loaded_at))).scalar() or 0
        now = max(clock.now_ms(), latest + 1)
        if not connection.execute(
            update(district_tables.packages).where(c.digest == district.digest).values(loaded_at=now)
        ).rowcount:
            connection.execute(
                insert(district_tables.packages).values(
                    digest=district.digest, loaded_at=now, code=district.code, archive=archive(folder)
                )
            )


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step (Linux: renameat2); False where the system cannot."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        done: int = libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
        return done == 0
    return False


def _counts(district: District) -> Iterator[str]:
    yield f"{district.code} {district.name} {district.name_en}".rstrip() + f", package {district.digest}"
    for name in ("streets", "communities", "grids"):
        areas = getattr(district, name)
        drawn = sum(area.geometry is not None for area in areas.values())
        households = sum(area.households for area in areas.values())
        more = f", {households:,} households" if households else ""
        yield f"  {len(areas):,} {name} ({drawn:,} with an outline{more})"
    for name, layer in sorted(district.layers.items()):
        features = layer["features"]
        assert isinstance(features, list)
        drawn = sum(bool(f.get("geometry")) for f in features if isinstance(f, dict))
        yield f"  {len(features):,} {name} ({drawn:,} with a geometry)"
    for name, rows in sorted(district.tables.items()):
        if rows:
            yield f"  {len(rows):,} {name}"
    if district.cameras or district.camera_findings:
        yield f"  {len(district.cameras):,} cameras"
        yield from said_of_cameras(district.camera_findings, few=3)
    if district.absent:
        yield f"  absent, so not drawn and not counted: {', '.join(district.absent)}"
