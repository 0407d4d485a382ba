"""How long what is kept, and the statements that take away the rest. The audit is never touched.

Every statement finds its rows by an index and deletes a bounded number of them.
"""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, or_, select

from services.access import tables as people_schema
from services.access.log_in.rules import DEVICE_DAYS
from services.cases import tables as case_tables
from services.duty import tables as duty_tables
from services.jobs import tables as job_tables
from services.past import tables as past_tables
from services.photos import tables as photo_tables
from services.platform.settings import Settings
from services.projector.store import tables as schema


class Rule(NamedTuple):
    """Rows of ``table`` older than ``days`` go; 0: none. ``on_machine``: by the machine's clock, not the district's."""

    name: str
    table: Table
    column: str
    days: int
    on_machine: bool = False


def rules_of(settings: Settings) -> list[Rule]:
    """What the settings say."""
    return [
        Rule("sessions", people_schema.sessions, "seen_at", settings.keep_sessions_days, True),
        Rule("jobs", job_tables.jobs, "asked_at", settings.keep_jobs_days, True),
        Rule("known_devices", people_schema.known_devices, "seen_at", DEVICE_DAYS, True),  # no log-in knows it any more
        Rule("photos", photo_tables.photos, "kept_at", settings.keep_photos_days, True),
        Rule("photo_tries", photo_tables.photo_tries, "at", settings.keep_photos_days, True),
        Rule("commands", case_tables.commands, "at", settings.keep_commands_days),
        Rule("alarm_lives", duty_tables.alarm_lives, "at", settings.keep_alarms_days),
        Rule("dead", schema.dead, "at", settings.keep_dead_days),
        Rule("moments", past_tables.moments, "at", settings.keep_moments_days),
        Rule("beats", schema.beats, "until", settings.keep_beats_days),
    ]


def take_away(connection: Connection, rule: Rule, before: int, step: int) -> int:
    """Delete at most ``step`` rows older than ``before`` (Unix ms); returns how many."""
    table = rule.table
    keys = list(table.primary_key.columns)
    old = select(*keys).where(table.c[rule.column] < before, *_stays(rule)).order_by(table.c[rule.column]).limit(step)
    rows = connection.execute(old).all()
    if not rows:
        return 0
    if len(keys) == 1:
        where: ColumnElement[bool] = keys[0].in_([row[0] for row in rows])
    else:
        where = or_(*(and_(*(key == value for key, value in zip(keys, row, strict=True))) for row in rows))
    return connection.execute(delete(table).where(where)).rowcount


def _stays(rule: Rule) -> list[ColumnElement[bool]]:
    """What is not taken however old it is: a command that waits for its answer, the steps of an alarm that stands."""
    if rule.name == "commands":
        return [rule.table.c.state.not_in(("unsent",))]
    if rule.name == "alarm_lives":
        t = schema.things.c
        return [rule.table.c.alarm.not_in(select(t.key).where(t.kind == "alarm"))]
    return []
