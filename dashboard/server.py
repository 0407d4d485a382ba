"""Run one web process: gunicorn with one gevent worker (ARCHITECTURE.md, decision 7).

gevent-websocket must not be installed: its mere presence breaks this worker. ``lianqin web`` patches the standard
library before anything else is imported (cli.py).
"""

import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import gevent
from gunicorn import glogging
from gunicorn.app.base import BaseApplication

from dashboard.sockets.accept import SocketWorker
from dashboard.sockets.connections import PER_SOCKET, Connections
from dashboard.sockets.refusals import Refusals
from dashboard.sockets.waiting import Patience
from services.platform.logs import JsonLines
from services.platform.settings import Settings

if TYPE_CHECKING:
    from dashboard.app import Doors, Web

log = logging.getLogger(__name__)

LOOK_EVERY_S = 4.0
# How long a thread of the pool may keep the interpreter while the loop has something to send. The usual 5 ms, several
# times a message, made walls wait a tenth of a second while a report was gathered.
SWITCH_S = 0.0005


class _JsonLog(glogging.Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own lines in the form of ours."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines())


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn without its command line and its files."""

    def __init__(self, settings: Settings, make_doors: Any) -> None:
        self._settings = settings
        self._make_doors = make_doors
        self._web: Web | None = None
        super().__init__()

    def load_config(self) -> None:
        """Loopback unless told otherwise."""
        for name, value in {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": 1,
            "worker_class": SocketWorker,
            "worker_connections": 4000,
            "timeout": 60,
            "graceful_timeout": 2,
            "loglevel": "warning",
            "control_socket_disable": True,
            "proc_name": "lianqin-web",
            "worker_exit": self._say_good_bye,
            # Whose X-Forwarded-Proto counts is LIANQIN_PROXIES' to say (dashboard.door.access).
            "forwarded_allow_ips": "",
        }.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        if self._settings.log == "json":
            self.cfg.set("logger_class", _JsonLog)

    def load(self) -> Any:
        """Called in the worker, after the fork: every connection belongs to it alone.

        What the pages need is imported here: the arbiter, which only watches, would keep it all the same.
        """
        from dashboard.app import create_app, start

        sys.setswitchinterval(SWITCH_S)
        doors = self._make_doors()
        self._web = web = create_app(doors)
        start(web)
        gevent.spawn(_end_when_outdated, doors)
        return web.flask

    def connections(self) -> tuple[Connections | None, Refusals]:
        """What the worker's listener asks, after ``load``; no limits of an address where all come from a proxy's."""
        refusals = self._web.room.refusals if self._web is not None else Refusals()
        if self._settings.proxies:
            return None, refusals
        return Connections(self._settings.connection_rate, PER_SOCKET * self._settings.sockets_per_address), refusals

    def patience(self) -> Patience:
        """How long the worker's listener waits for a client; gunicorn's own time-out between two requests stays."""
        return Patience.of(self._settings.request_seconds, self.cfg.keepalive)

    def _say_good_bye(self, _arbiter: object, _worker: object) -> None:
        """The worker ends because it was told to: it is not dead."""
        if self._web is not None:
            self._web.heart.stop(is_over=True)


def _end_when_outdated(doors: "Doors") -> None:
    """Another district package was loaded: end this worker, gunicorn starts one that has it; browsers come back."""
    from dashboard.app import offload
    from services.platform.errors import STORE_ERRORS

    while True:
        gevent.sleep(LOOK_EVERY_S)
        try:
            if offload(doors.is_outdated):
                break
        except STORE_ERRORS:
            continue  # the follower says it
    log.warning("another district package was loaded: this worker ends, the next one has it")
    os.kill(os.getpid(), signal.SIGTERM)
