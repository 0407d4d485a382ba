"""The addresses of many cases at once, as they are kept: masked already when they came in."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from services.cases.case import CaseRow
from services.contract.personal import mask_text
from services.projector.store import tables as schema

STEP = 500


class _Place(msgspec.Struct, frozen=True):
    address: str | None = None


_decode = msgspec.json.Decoder(_Place).decode


def addresses_of(connection: Connection, rows: Iterable[CaseRow]) -> dict[str, str]:
    """Case → its address, of those that have one. Raises what the database raises."""
    h = schema.history.c
    ids = {row.entry: row.case_id for row in rows}
    entries, found = sorted(ids), {}
    for first in range(0, len(entries), STEP):
        query: Any = select(h.entry, h.data).where(h.entry.in_(entries[first : first + STEP]))
        for entry, data in connection.execute(query):
            if address := _decode(data).address:
                found[ids[entry]] = mask_text(address)
    return found
