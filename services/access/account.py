"""What is kept of an account and of a session."""

import msgspec


class Account(msgspec.Struct, frozen=True):
    """One row of ``accounts``."""

    user_id: str
    name: str
    role: str
    street: str = ""
    community: str = ""
    password: str = ""
    subject: str = ""
    addresses: str = ""
    is_disabled: bool = False
    must_change: bool = False
    made_at: int = 0
    changed_at: int = 0
    sso_name: str = ""
    password_at: int = 0
    factor: bytes | None = None
    factor_at: int = 0
    factor_step: int = 0
    unit: str = ""
    grid: str = ""
    once_until: int = 0


class Session(msgspec.Struct, frozen=True):
    """One row of ``sessions``."""

    token_hash: str
    user_id: str
    made_at: int
    seen_at: int
    address: str
    ended_at: int | None = None
    stage: str = ""
    how: str = ""
    device: str = ""
    proved_at: int = 0
