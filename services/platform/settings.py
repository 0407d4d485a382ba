"""The one place where the environment is read. Every setting is listed in docs/settings.md, and a test says so."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args

import msgspec

from services.platform.database_address import store_address

# The clock that Redis keeps is followed: for a demo and a replay alone.
VIRTUAL = "virtual"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process needs to know before it starts.

    Empty ``redis_url`` and ``database_url`` mean the embedded ones, kept under ``data_dir``.
    """

    redis_url: str = ""
    database_url: str = ""
    district: str = ""
    data_dir: Path = Path("var")
    data_key: str = ""
    consumer: str = ""
    clock: str = ""
    processes: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    hosts: tuple[str, ...] = ()
    port: int = 8050
    origin: str = ""
    proxies: int = 0
    monitors: tuple[str, ...] = ()
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_claim: str = "preferred_username"
    oidc_factors: tuple[str, ...] = ()
    second_factor: tuple[str, ...] = ()
    security_apart: bool = False
    sessions: int = 0
    reauth_minutes: int | None = 15
    password_days: int = 0
    password_classes: int = 0
    once_hours: int = 72
    archive: str = ""
    history_months: int = 0
    keep_sessions_days: int = 90
    keep_jobs_days: int = 7
    keep_commands_days: int = 1100
    keep_alarms_days: int = 1100
    keep_dead_days: int = 365
    keep_moments_days: int = 0
    keep_beats_days: int = 1100
    keep_command_stream_days: int = 7
    keep_photos_days: int = 30
    demo_photos: str = ""
    backup_hours: int = 0
    metrics: str = ""
    log: str = "text"
    log_level: str = "info"
    audit_heads: str = ""
    audit_syslog: str = ""
    reveals: int = 10
    person_searches: int = 10
    socket_rate: int = 20
    socket_address_rate: int = 400
    sockets_per_address: int = 1000
    sockets_per_session: int = 32
    connection_rate: int = 100
    request_seconds: int = 60

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the store: the given one, else SQLite under ``data_dir``."""
        if self.database_url:
            return store_address(self.database_url)
        return f"sqlite:///{self.data_dir.resolve() / 'lianqin.db'}"

    @property
    def district_dir(self) -> Path:
        """The district package: the given folder, else the demo's."""
        return Path(self.district) if self.district else self.data_dir / "district"

    @property
    def audit_heads_file(self) -> Path:
        """Where the audit's heads are noted: the given file, else one under ``data_dir``."""
        return Path(self.audit_heads) if self.audit_heads else self.data_dir.resolve() / "audit-heads.jsonl"

    @property
    def metrics_dir(self) -> Path:
        """Where the processes write their figures: the given folder, else one under ``data_dir``."""
        return Path(self.metrics) if self.metrics else self.data_dir.resolve() / "metrics"

    @property
    def archive_dir(self) -> Path:
        """The archive: the given folder, else one under ``data_dir``."""
        return Path(self.archive) if self.archive else self.data_dir / "archive"


ENVIRONMENT = {
    "LIANQIN_REDIS_URL": "redis_url",
    "LIANQIN_DATABASE_URL": "database_url",
    "LIANQIN_DISTRICT": "district",
    "LIANQIN_DATA_DIR": "data_dir",
    "LIANQIN_DATA_KEY": "data_key",
    "LIANQIN_CONSUMER": "consumer",
    "LIANQIN_CLOCK": "clock",
    "LIANQIN_PROCESSES": "processes",
    "LIANQIN_HOST": "host",
    "LIANQIN_HOSTS": "hosts",
    "LIANQIN_PORT": "port",
    "LIANQIN_ORIGIN": "origin",
    "LIANQIN_PROXIES": "proxies",
    "LIANQIN_MONITORS": "monitors",
    "LIANQIN_OIDC_ISSUER": "oidc_issuer",
    "LIANQIN_OIDC_CLIENT_ID": "oidc_client_id",
    "LIANQIN_OIDC_CLIENT_SECRET": "oidc_client_secret",
    "LIANQIN_OIDC_CLAIM": "oidc_claim",
    "LIANQIN_OIDC_FACTORS": "oidc_factors",
    "LIANQIN_SECOND_FACTOR": "second_factor",
    "LIANQIN_SECURITY_APART": "security_apart",
    "LIANQIN_SESSIONS": "sessions",
    "LIANQIN_REAUTH_MINUTES": "reauth_minutes",
    "LIANQIN_PASSWORD_DAYS": "password_days",
    "LIANQIN_PASSWORD_CLASSES": "password_classes",
    "LIANQIN_ONE_TIME_PASSWORD_HOURS": "once_hours",
    "LIANQIN_ARCHIVE": "archive",
    "LIANQIN_HISTORY_MONTHS": "history_months",
    "LIANQIN_KEEP_SESSIONS_DAYS": "keep_sessions_days",
    "LIANQIN_KEEP_JOBS_DAYS": "keep_jobs_days",
    "LIANQIN_KEEP_COMMANDS_DAYS": "keep_commands_days",
    "LIANQIN_KEEP_ALARMS_DAYS": "keep_alarms_days",
    "LIANQIN_KEEP_DEAD_DAYS": "keep_dead_days",
    "LIANQIN_KEEP_MOMENTS_DAYS": "keep_moments_days",
    "LIANQIN_KEEP_BEATS_DAYS": "keep_beats_days",
    "LIANQIN_KEEP_COMMAND_STREAM_DAYS": "keep_command_stream_days",
    "LIANQIN_KEEP_PHOTOS_DAYS": "keep_photos_days",
    "LIANQIN_DEMO_PHOTOS": "demo_photos",
    "LIANQIN_BACKUP_HOURS": "backup_hours",
    "LIANQIN_METRICS": "metrics",
    "LIANQIN_LOG": "log",
    "LIANQIN_LOG_LEVEL": "log_level",
    "LIANQIN_AUDIT_HEADS": "audit_heads",
    "LIANQIN_AUDIT_SYSLOG": "audit_syslog",
    "LIANQIN_REVEALS": "reveals",
    "LIANQIN_PERSON_SEARCHES": "person_searches",
    "LIANQIN_SOCKET_RATE": "socket_rate",
    "LIANQIN_SOCKET_ADDRESS_RATE": "socket_address_rate",
    "LIANQIN_SOCKETS_PER_ADDRESS": "sockets_per_address",
    "LIANQIN_SOCKETS_PER_SESSION": "sockets_per_session",
    "LIANQIN_CONNECTION_RATE": "connection_rate",
    "LIANQIN_REQUEST_SECONDS": "request_seconds",
}


Name = Literal["projector", "web", "escalator", "alarms", "surveyor", "papers", "past"]
NAMES: tuple[str, ...] = get_args(Name)
# Who logs in by a keyboard: a wall is known by its place. services.access.rights has the same roles, and a test says
# so.
FactorRole = Literal[
    "duty_officer", "street_staff", "department", "grid_worker", "leader", "auditor", "security", "admin"
]
FACTOR_ROLES: tuple[str, ...] = get_args(FactorRole)


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; an empty variable counts as absent. Raises ValueError for a value that its form refuses."""
    values: dict[str, object] = {}
    for name, attribute in ENVIRONMENT.items():
        if text := environ.get(name, "").strip():
            values[attribute] = _read(name, text, _FORMS.get(attribute, _TEXT))
    return msgspec.convert(values, Settings)


class _Form(NamedTuple):
    """How a value is written: ``read`` takes the text apart, ``type`` is what msgspec asks of it.

    ``says`` is the error of what it refuses, of ``name``, ``text`` and, in a list, ``one``: the first strange part.
    """

    read: Callable[[str], Any]
    type: Any
    says: str = ""


def _read(name: str, text: str, form: _Form) -> object:
    value = form.read(text)
    try:
        return msgspec.convert(value, form.type)
    except msgspec.ValidationError:
        one = next((part for part in value if not _fits((part,), form.type)), "") if isinstance(value, tuple) else ""
        raise ValueError(form.says.format(name=name, text=text, one=one)) from None


def _fits(value: object, type_: Any) -> bool:
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return False
    return True


def _digits(text: str) -> int | str:
    """Only digits: msgspec's own way to read a number from a text (``strict=False``) takes 1e3, 2.0 and -0 as well."""
    return int(text) if text.isascii() and text.isdecimal() else text


def _list(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def _number(what: str, give: str, least: int = 0, most: int | None = None) -> _Form:
    limits = msgspec.Meta(ge=least, le=most)
    return _Form(_digits, Annotated[int, limits], f"{{name}}={{text!r}} is not {what}: give {give}")


_TEXT = _Form(str, str)
_LIST = _Form(_list, tuple[str, ...])
_DAYS = _number("a number of days", "0 (for ever), 1, 2 …")
_SOCKETS = _number("a number of sockets, connections or messages", "1 or more", 1)
_FORMS: Mapping[str, _Form] = {
    "data_dir": _Form(Path, Path),
    "port": _number("a port number", "one from 1 to 65535"),
    "clock": _Form(
        str, Literal["machine", "virtual"],
        "{name}={text!r} is no clock: give machine, or virtual for a demo or a replay",
    ),
    "origin": _Form(
        lambda text: text.rstrip("/"), Annotated[str, msgspec.Meta(pattern="^https?://[^/]*$")],
        "{name}={text!r} is no address of a server: give one such as https://lianqin.example.cn",
    ),
    "demo_photos": _Form(
        str, Annotated[str, msgspec.Meta(pattern="^http://127[.]0[.]0[.]1:[0-9]{1,5}/([A-Za-z0-9._-]+/)*$")],
        "{name}={text!r} is no folder of this machine: give one such as http://127.0.0.1:8051/media/",
    ),
    "proxies": _number("a number of proxies", "0, 1, 2 …"),
    "processes": _Form(
        lambda text: tuple(dict.fromkeys(_list(text))), tuple[Name, ...],
        f"{{name}}: {{one!r}} is no process of ours: name some of {', '.join(NAMES)}",
    ),
    "log": _Form(str, Literal["text", "json"], "{name}={text!r} is no form of a log: give text or json"),
    "log_level": _Form(
        str.lower, Literal["debug", "info", "warning", "error"],
        "{name}={text!r} is no level of a log: give debug, info, warning or error",
    ),
    "hosts": _LIST, "monitors": _LIST, "oidc_factors": _LIST,
    "second_factor": _Form(
        _list, tuple[FactorRole, ...],
        f"{{name}}={{text!r}}: {{one!r}} is no role with a log-in: give some of {','.join(FACTOR_ROLES)}",
    ),
    "security_apart": _Form(
        lambda text: {"0": False, "1": True}.get(text, text), bool, "{name}={text!r}: give 1 (apart) or 0",
    ),
    "sessions": _number("a number of sessions of one account (0: no limit)", "0 to 1000", most=1000),
    "reauth_minutes": _Form(
        lambda text: None if text == "off" else _digits(text), Annotated[int, msgspec.Meta(ge=0, le=1440)] | None,
        "{name}={text!r} is not a number of minutes, or «off»: give 0 to 1440",
    ),
    "password_days": _number(
        "a number of days (0: a password stays until it is changed)", "0 to 3650", most=3650
    ),
    "password_classes": _number("a number of kinds of characters (0: none is asked for)", "0 to 4", most=4),
    "once_hours": _number("a number of hours that a one-time password opens for", "1 to 720", 1, 720),
    "history_months": _number("a number of months", "0 (nothing is removed), 1, 2 …"),
    **dict.fromkeys((a for a in ENVIRONMENT.values() if a.startswith("keep_")), _DAYS),
    "backup_hours": _number("a number of hours that a backup may be old", "0 (nobody is told), 1, 2 …"),
    "reveals": _number("a number of fields", "0, 1, 2 …"),
    "person_searches": _number("a number of searches", "0, 1, 2 …"),
    **dict.fromkeys((a for a in ENVIRONMENT.values() if a.startswith(("socket", "connection"))), _SOCKETS),
    "request_seconds": _number("a number of seconds", "1 to 3600", 1, 3600),
}  # fmt: skip
