"""The coverage model as the store has it: the package's cameras, what events said of them, the cases of the window."""

from sqlalchemy import Connection

from services.cases import reader
from services.contract.kept import kept_decoder
from services.contract.others import CameraChanged, CameraStatusChanged
from services.coverage.condition import Reported, reported_by
from services.coverage.model import CoverageModel
from services.district.package import District
from services.platform.clock import DAY_MS, to_ms
from services.projector.store import read

_CAMERA = kept_decoder(CameraChanged)
_STATUS = kept_decoder(CameraStatusChanged)


def read_model(connection: Connection, district: District, now: int) -> CoverageModel:
    """Work a whole model out: seconds for a district."""
    since = now - int(district.policy.coverage.window_days * DAY_MS)
    cameras: dict[str, CameraChanged | None] = {camera.camera_id: camera for camera in district.cameras}
    reported: dict[str, Reported] = {}
    for thing in read.all_things(connection, ("camera", "camera_status")):
        if thing.kind == "camera":
            cameras[thing.key] = camera_in(thing.body)
        else:
            reported[thing.key] = report_in(thing.body)
    model = CoverageModel(district)
    standing = [camera for camera in cameras.values() if camera is not None]
    recent = list(reader.reported_since(connection, since))
    model.load(((camera, reported.get(camera.camera_id)) for camera in standing), recent, now)
    return model


def camera_in(body: bytes) -> CameraChanged | None:
    """The camera of a thing, None where it was removed."""
    return None if b'"lon"' not in body else _CAMERA(body)


def report_in(body: bytes) -> Reported:
    """The status of a thing."""
    status = _STATUS(body)
    return reported_by(status, to_ms(status.at))
