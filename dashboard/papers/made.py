"""What every paper says of itself, and how it is put down: whole, or not at all."""

import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Made(NamedTuple):
    """Who made it and when (Unix ms, by the district's clock). The only line in which two papers of one data differ."""

    by: str
    at: int

    def line(self, form: str, as_of: int, zone: ZoneInfo) -> str:
        """The line: by, at, as_of."""
        return form.format(by=self.by, at=_text(self.at, zone), as_of=_text(as_of, zone))


def put(path: Path, data: bytes) -> None:
    """Write the file, whole: whoever looks sees the old one or the new one, never a half. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o600)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _text(ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(ms / 1000, zone).strftime("%Y-%m-%d %H:%M")
