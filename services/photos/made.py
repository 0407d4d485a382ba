"""What goes between the server and the process that fetches and decodes. Pure."""

from typing import NamedTuple

import msgspec

from services.photos.addresses import PhotoAddress
from services.photos.faults import PhotoFault

FETCH_S, DECODE_S = 8.0, 5.0


class MadePhoto(NamedTuple):
    """The photo and a small one of it, JPEG; ``width`` and ``height`` of the photo, px."""

    photo: bytes
    small: bytes
    width: int
    height: int


class PhotoOrder(msgspec.Struct, frozen=True):
    """What to fetch. ``never``: (IP address or name, port) of our own Redis and PostgreSQL; ``loopback``: the one
    (address, port) of this machine that a demo may ask.
    """

    address: PhotoAddress
    never: tuple[tuple[str, int], ...] = ()
    loopback: tuple[str, int] | None = None
    fetch_s: float = FETCH_S
    decode_s: float = DECODE_S


class PhotoAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first line of the answer: a fault with its text for a log, or the sizes."""

    fault: PhotoFault | None = None
    said: str = ""
    width: int = 0
    height: int = 0
    photo_bytes: int = 0
    small_bytes: int = 0
