"""What every paper says of itself, and how it is put down: whole, or not at all."""

import secrets
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.platform.whole_file import write_whole


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
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")  # another process may make the same paper
    write_whole(path, data, is_private=True, is_flushed=True, partial=partial)


def _text(ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(ms / 1000, zone).strftime("%Y-%m-%d %H:%M")
