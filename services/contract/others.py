"""The events that are not about a case: cameras, units, notices, sources, answers to commands (CONTRACT.md)."""

from typing import Annotated, Literal

from msgspec import Meta

from services.contract.case import MOST_PARTS, Case, Code, Key, Name, Note, Part, Time, Url, Version
from services.contract.codes import CoordSys

Degrees = Annotated[float, Meta(ge=0, le=360)]
Metres = Annotated[float, Meta(ge=0, le=20_000)]
CameraStatus = Literal["online", "offline", "degraded"]
Fault = Literal["video_lost", "blurred", "blocked", "dark", "moved"]


class CameraChanged(Part, frozen=True):
    """``camera.changed``: the whole camera."""

    camera_id: Key
    version: Version
    lon: float
    lat: float
    coord_sys: CoordSys
    name: Name | None = None
    kind: Literal["dome", "bullet", "ptz", "checkpoint", "lookout"] | None = None
    ptz_type: Annotated[int, Meta(ge=1, le=7)] | None = None
    azimuth: Degrees | None = None
    direction_type: Annotated[int, Meta(ge=1, le=8)] | None = None
    directions: Annotated[list[Degrees], Meta(max_length=MOST_PARTS)] = []
    hfov: Degrees | None = None
    tilt: float | None = None
    pan_now: Degrees | None = None
    hfov_now: Degrees | None = None
    range_m: Metres | None = None
    mount: Literal["pole", "wall", "roof", "indoor"] | None = None
    mount_height_m: Metres | None = None
    width_px: Annotated[int, Meta(ge=1)] | None = None
    focal_mm: Annotated[float, Meta(gt=0)] | None = None
    sensor_width_mm: Annotated[float, Meta(gt=0)] | None = None
    night: Literal["none", "infrared", "white", "laser"] | None = None
    lit_at_night: bool | None = None
    point_class: Annotated[int, Meta(ge=1, le=3)] | None = None
    source_quality: Literal["surveyed", "catalogue", "estimated"] | None = None
    status: CameraStatus | None = None
    fault: Fault | None = None
    stream_url: Url | None = None


class CameraStatusChanged(Part, frozen=True):
    """``camera.status``: what a GB/T 28181 ON/OFF notice can say; the later ``at`` wins."""

    camera_id: Key
    at: Time
    status: CameraStatus
    fault: Fault | None = None


class CameraRemoved(Part, frozen=True):
    """``camera.removed``."""

    camera_id: Key
    version: Version


class UnitMoved(Part, frozen=True):
    """``unit.moved``: a patrol's position."""

    unit_id: Key
    at: Time
    lon: float
    lat: float
    coord_sys: CoordSys
    kind: Literal["car", "foot", "volunteer", "enforcement"] | None = None
    group: Name | None = None
    street: Code | None = None
    status: Literal["free", "assigned", "on_scene", "off"] | None = None
    case_id: Code | None = None


class NoticePublished(Part, frozen=True):
    """``notice.published``."""

    notice_id: Key
    title: str  # this and ``body``: TEXT_LIMITS
    at: Time
    body: str | None = None
    audience: Name | None = None


class CommandAnswer(Part, frozen=True):
    """``command.accepted`` and ``command.rejected``."""

    command_id: Key
    case_id: Code | None = None
    reason: Note | None = None


class Heartbeat(Part, frozen=True):
    """``source.heartbeat``: a quiet source and a dead one differ by it."""

    at: Time
    interval_s: Annotated[float, Meta(gt=0, le=86_400)] = 10.0
    backlog: Annotated[int, Meta(ge=0)] | None = None


class DistrictLoaded(Part, frozen=True):
    """``district.loaded``: ours; from this entry on places are found with that package."""

    digest: Key
    code: Key


BODIES: dict[str, type[Part]] = {
    "camera.changed": CameraChanged,
    "camera.status": CameraStatusChanged,
    "camera.removed": CameraRemoved,
    "unit.moved": UnitMoved,
    "notice.published": NoticePublished,
    "command.accepted": CommandAnswer,
    "command.rejected": CommandAnswer,
    "source.heartbeat": Heartbeat,
    "district.loaded": DistrictLoaded,
}

# Longer texts are cut and flagged, not refused (CONTRACT.md).
TEXT_LIMITS: dict[type[Part], dict[str, int]] = {
    Case: {"title": 200, "description": 4000, "address": 200},
    NoticePublished: {"title": 200, "body": 4000},
}
