"""A Socket.IO client that hears messages in the order in which they came."""

from typing import Any

import engineio
import socketio


class _OneByOne(engineio.Client):  # type: ignore[misc]  # engineio has no types
    def _trigger_event(self, event: str, *arguments: Any, **more: Any) -> Any:
        return super()._trigger_event(event, *arguments, **{**more, "run_async": False})


class Client(socketio.Client):  # type: ignore[misc]  # socketio has no types
    """python-socketio's own gives each message a thread: a binary part may overtake the head that it belongs to."""

    def _engineio_client_class(self) -> type[engineio.Client]:
        return _OneByOne
