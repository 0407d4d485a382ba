"""Have a photo fetched and decoded in a process of its own, and end that process when its time is over."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from services.photos.faults import PhotoRefused
from services.photos.made import MadePhoto, PhotoAnswer, PhotoOrder

_ROOT = Path(__file__).parents[2]
# Starting the process, and a name server that the process cannot interrupt.
MARGIN_S = 3.0


def fetch_apart(order: PhotoOrder) -> MadePhoto:
    """The photo at the order's address. Blocks, in a server of greenlets only its own one. Raises PhotoRefused."""
    child = subprocess.Popen(
        [sys.executable, "-m", "services.photos.fetching_errands"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PYTHONPATH": str(_ROOT), "PATH": os.defpath},
        start_new_session=True,
    )
    try:
        said, _ = child.communicate(msgspec.json.encode(order), order.fetch_s + order.decode_s + MARGIN_S)
    except subprocess.TimeoutExpired:
        raise PhotoRefused("too_slow", "its process had to be ended") from None
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()
    if child.returncode != 0:
        raise PhotoRefused("no_picture", f"its process ended with {child.returncode}")
    return _read(said)


def _read(said: bytes) -> MadePhoto:
    head, _, rest = said.partition(b"\n")
    answer = msgspec.json.decode(head, type=PhotoAnswer)
    if answer.fault is not None:
        raise PhotoRefused(answer.fault, answer.said)
    photo, small = rest[: answer.photo_bytes], rest[answer.photo_bytes :]
    return MadePhoto(photo, small, answer.width, answer.height)
