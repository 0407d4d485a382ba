"""The one place where the environment is read. Every setting is listed in docs/settings.md, and a test says so."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

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
    sessions: int = 0
    reauth_minutes: int | None = 15
    password_days: int = 0
    password_classes: int = 0
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
    audit_heads: str = ""
    audit_syslog: str = ""
    reveals: int = 10
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
            if not self.database_url.startswith(
                ("postgres://", "postgresql://", "postgresql+psycopg://", "sqlite:///")
            ):
                kind = self.database_url.partition(":")[0]
                raise ValueError(
                    f"LIANQIN_DATABASE_URL names a database of kind {kind!r}: the store is PostgreSQL or SQLite "
                    "(postgresql://user:password@host/name, or nothing for SQLite under LIANQIN_DATA_DIR)"
                )
            return self.database_url.replace("postgres://", "postgresql://", 1).replace(
                "postgresql://", "postgresql+psycopg://", 1
            )
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
    "LIANQIN_SESSIONS": "sessions",
    "LIANQIN_REAUTH_MINUTES": "reauth_minutes",
    "LIANQIN_PASSWORD_DAYS": "password_days",
    "LIANQIN_PASSWORD_CLASSES": "password_classes",
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
    "LIANQIN_AUDIT_HEADS": "audit_heads",
    "LIANQIN_AUDIT_SYSLOG": "audit_syslog",
    "LIANQIN_REVEALS": "reveals",
    "LIANQIN_SOCKET_RATE": "socket_rate",
    "LIANQIN_SOCKET_ADDRESS_RATE": "socket_address_rate",
    "LIANQIN_SOCKETS_PER_ADDRESS": "sockets_per_address",
    "LIANQIN_SOCKETS_PER_SESSION": "sockets_per_session",
    "LIANQIN_CONNECTION_RATE": "connection_rate",
    "LIANQIN_REQUEST_SECONDS": "request_seconds",
}


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; an empty variable counts as absent. Raises ValueError when a number is none."""
    values: dict[str, object] = {}
    for name, attribute in ENVIRONMENT.items():
        if not (text := environ.get(name, "").strip()):
            continue
        if attribute == "port":
            if not text.isdecimal():
                raise ValueError(f"{name}={text!r} is not a port number: give one from 1 to 65535")
            values[attribute] = int(text)
        elif attribute == "data_dir":
            values[attribute] = Path(text)
        elif attribute == "clock":
            if text not in {"machine", VIRTUAL}:
                raise ValueError(f"{name}={text!r} is no clock: give machine, or virtual for a demo or a replay")
            values[attribute] = text
        elif attribute == "proxies":
            if not text.isdecimal():
                raise ValueError(f"{name}={text!r} is not a number of proxies: give 0, 1, 2 …")
            values[attribute] = int(text)
        elif attribute.startswith("keep_"):
            if not text.isdecimal():
                raise ValueError(f"{name}={text!r} is not a number of days: give 0 (for ever), 1, 2 …")
            values[attribute] = int(text)
        elif attribute == "history_months":
            if not text.isdecimal():
                raise ValueError(f"{name}={text!r} is not a number of months: give 0 (nothing is removed), 1, 2 …")
            values[attribute] = int(text)
        elif attribute.startswith(("socket", "connection")):
            if not text.isdecimal() or int(text) < 1:
                raise ValueError(f"{name}={text!r} is not a number of sockets, connections or messages: give 1 or more")
            values[attribute] = int(text)
        elif attribute == "request_seconds":
            if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 3600:
                raise ValueError(f"{name}={text!r} is not a number of seconds: give 1 to 3600")
            values[attribute] = int(text)
        elif attribute == "origin":
            if not text.startswith(("http://", "https://")) or text.rstrip("/").count("/") != 2:
                raise ValueError(
                    f"{name}={text!r} is no address of a server: give one such as https://lianqin.example.cn"
                )
            values[attribute] = text.rstrip("/")
        elif attribute == "processes":
            values[attribute] = _processes(name, text)
        elif attribute in _LOG_IN:
            values[attribute] = _LOG_IN[attribute](name, text)
        elif attribute in {"hosts", "monitors"}:
            values[attribute] = tuple(filter(None, (name.strip() for name in text.split(","))))
        else:
            values[attribute] = text
    return Settings(**values)  # type: ignore[arg-type]  # the names are those of the fields, a test holds it


def _processes(name: str, text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(filter(None, (one.strip() for one in text.split(",")))))
    if strange := [one for one in found if one not in NAMES]:
        raise ValueError(f"{name}: {strange[0]!r} is no process of ours: name some of {', '.join(NAMES)}")
    return found


# Who logs in by a keyboard: a wall is known by its place. services.access.rights has the same roles, and a test says
# so.
FACTOR_ROLES = ("duty_officer", "street_staff", "leader", "auditor", "admin")


def _roles(name: str, text: str) -> tuple[str, ...]:
    found = _list(name, text)
    for role in found:
        if role not in FACTOR_ROLES:
            raise ValueError(
                f"{name}={text!r}: {role!r} is no role with a log-in: give some of {','.join(FACTOR_ROLES)}"
            )
    return found


def _list(_name: str, text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def _number(what: str, most: int) -> Callable[[str, str], int]:
    def read(name: str, text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or int(text) > most:
            raise ValueError(f"{name}={text!r} is not {what}: give 0 to {most}")
        return int(text)

    return read


def _minutes(name: str, text: str) -> int | None:
    return None if text == "off" else _number("a number of minutes, or «off»", 24 * 60)(name, text)


_LOG_IN: dict[str, Callable[[str, str], object]] = {
    "oidc_factors": _list,
    "second_factor": _roles,
    "sessions": _number("a number of sessions of one account (0: no limit)", 1000),
    "reauth_minutes": _minutes,
    "password_days": _number("a number of days (0: a password stays until it is changed)", 3650),
    "password_classes": _number("a number of kinds of characters (0: none is asked for)", 4),
}


NAMES = ("projector", "web", "escalator", "alarms", "surveyor", "papers", "past")
