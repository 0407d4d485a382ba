"""Python's collector of cycles, out of the way of a loop that makes very many objects and no cycles."""

import contextlib
import gc
from collections.abc import Iterator

# Objects made and not gone again after which it looks all the same, should nobody collect.
_AFTER = 200_000


@contextlib.contextmanager
def rare_collections() -> Iterator[None]:
    """Leave the collector to the chores: a batch's objects go by themselves, and it looked at them for a quarter of our
    time. What the program has loaded by now is not looked at again; who has frozen it before keeps it so.
    """
    is_ours, usual = not gc.get_freeze_count(), gc.get_threshold()
    if is_ours:
        gc.collect()
        gc.freeze()
    gc.set_threshold(_AFTER, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        if is_ours:
            gc.unfreeze()
