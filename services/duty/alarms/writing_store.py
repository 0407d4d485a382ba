"""Changes of alarms as one transaction writes them: the list, the steps of their lives, the delta for the walls."""

from collections.abc import Sequence

import msgspec

from services.board.alarm import encode_alarm
from services.duty.alarms.life import QUIET, AlarmChange
from services.duty.alarms.store import KIND, write_lives
from services.projector.outbox.delta import Delta, ThingChange
from services.projector.store.write import Feed, Writer


def write_changes(writer: Writer, feed: Feed, now: int, changes: Sequence[AlarmChange]) -> Delta:
    """Write them under the feed's lock; returns what the outbox must tell."""
    version = feed.revision + 1
    kept = [(change, encode_alarm(change.alarm)) for change in changes if change.what != "forgotten"]
    gone = [(KIND, change.alarm.id) for change in changes if change.what == "forgotten"]
    bodies = {change.alarm.id: body for change, body in kept}  # the last of each
    writer.things([(KIND, key, version, 0, body) for key, body in bodies.items()])
    writer.drop_things(gone)
    write_lives(
        writer.connection,
        [(now, c.what, c.who, c.comment, c.alarm, body) for c, body in kept if c.what not in QUIET],
    )
    things = [ThingChange(KIND, key, version, 0, msgspec.Raw(body)) for key, body in bodies.items()]
    return Delta(last_entry="", things=things, things_gone=gone)
