"""What is told to a person at the next log-in. Pure."""

from collections.abc import Mapping

import msgspec


class PersonNotice(msgspec.Struct, frozen=True):
    """One notice: ``at`` in Unix ms, ``kind`` what was done, ``detail`` by whom and what was before and after."""

    id: str
    user_id: str
    at: int
    kind: str
    detail: Mapping[str, object] = {}
