"""How a process's log lines look: as text, or one JSON object a line for whoever gathers them.

Lines of ours are written from the level of the settings on, those of libraries from «warning» on.
"""

import logging
from datetime import UTC, datetime
from typing import Literal

import msgspec

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
OURS = ("lianqin", "services", "dashboard")
Form = Literal["text", "json"]


class JsonLines(logging.Formatter):
    """``at`` (UTC), ``level``, ``logger``, ``message``, ``pid``, ``thread``; a traceback as ``error``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        found = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
            "thread": record.threadName,
        }
        if record.exc_info:
            found["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(found).decode()


def begin_logging(form: str, level: str) -> None:
    """Write to standard error. Called again, it changes how."""
    logging.basicConfig(level=logging.WARNING, format=TEXT)
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:  # not one that somebody else has put there
            handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(TEXT))
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
