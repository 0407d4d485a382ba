"""The machine as it should be: the web port, the data key, room on the disk."""

import contextlib
import json
import shutil
import socket
import urllib.request
from collections.abc import Iterator

from services.admin.doctor.finding import DoctorFinding, note, ok, wrong
from services.platform.sealing import Sealer
from services.platform.settings import Settings

LEAST_FREE_BYTES = 1 << 30
LEAST_FREE_SHARE = 0.05


def port_findings(settings: Settings) -> Iterator[DoctorFinding]:
    """Whether the web server can have its port, or has it."""
    where = f"{settings.host}:{settings.port}"
    if not 1 <= settings.port <= 65535:
        yield wrong("web port", f"{settings.port} is no port", "Set LIANQIN_PORT to a number from 1 to 65535")
        return
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except PermissionError:
            yield wrong(
                "web port", f"{where} is not for us", "Take a port above 1023 (LIANQIN_PORT), with a proxy before it"
            )
            return
        except OSError as error:
            if _is_ours(settings):
                yield ok("web port", f"a web process of ours answers at {where}")
            else:
                yield wrong(
                    "web port", f"{where}: {error.strerror}", "End what holds it, or set LIANQIN_PORT or LIANQIN_HOST"
                )
            return
    yield ok("web port", f"{where} is free")
    if settings.host not in {"127.0.0.1", "localhost", "::1"}:
        missing = [
            name
            for name, is_set in (
                ("LIANQIN_ORIGIN=https://…", settings.origin.startswith("https://")),
                ("LIANQIN_SECOND_FACTOR=admin,auditor,leader", settings.second_factor),
            )
            if not is_set
        ]
        if missing:
            yield note(
                "web port",
                f"{settings.host} is reached from outside",
                f"Put a proxy with TLS before it and set {' and '.join(missing)} (docs/security.md)",
            )


def _is_ours(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host
    with (
        contextlib.suppress(OSError, ValueError),
        urllib.request.urlopen(f"http://{host}:{settings.port}/healthz", timeout=2) as answer,
    ):
        told = json.load(answer)
        return isinstance(told, dict) and told.keys() == {"status", "version"} and told["status"] == "up"
    return False


def key_findings(settings: Settings) -> Iterator[DoctorFinding]:
    """The key that personal fields are kept with."""
    if not settings.data_key:
        yield note(
            "data key",
            "LIANQIN_DATA_KEY is not set: reporters, masked texts and refused originals are not kept",
            "`lianqin key make` (docs/settings.md)",
            code="no_key",
        )
        return
    try:
        keys = Sealer(settings.data_key).keys
    except ValueError as error:
        yield wrong("data key", "cannot be used", str(error), "bad_key")
        return
    yield ok("data key", "present and well formed", "key_well")
    if len(keys) > 1:
        yield note(
            "data key",
            f"{len(keys)} keys, the first encrypts",
            "`lianqin key check` says when the oldest can go",
            "many_keys",
            n=len(keys),
        )


def disk_findings(settings: Settings) -> Iterator[DoctorFinding]:
    """Room for the store and the embedded Redis."""
    folder = settings.data_dir.resolve()
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    free = f"{usage.free / (1 << 30):,.1f} GiB free under {folder}"
    if usage.free < LEAST_FREE_BYTES or usage.free < usage.total * LEAST_FREE_SHARE:
        yield wrong(
            "disk",
            free,
            "Make room, or set LIANQIN_DATA_DIR: a full disk stops the store and Redis",
            "disk_full",
            free_gib=usage.free / (1 << 30),
        )
    else:
        yield ok("disk", free, "disk_well", free_gib=usage.free / (1 << 30))


def font_findings() -> Iterator[DoctorFinding]:
    """Said because people ask: fonts are the browser's affair."""
    yield ok("fonts", "none needed here; a machine that shows a wall needs a Chinese font (Noto Sans CJK)")
