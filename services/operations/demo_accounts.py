"""The demo's accounts: one of each role, with passwords made at the first start and kept beside the demo's data."""

from pathlib import Path

from sqlalchemy import Engine

from services.access import passwords, reader
from services.access import service as accounts
from services.access.account import Account
from services.district.package import District
from services.operations.simulator.names import (
    DAY_OFFICER,
    DUTY_LEADER,
    NIGHT_OFFICER,
    STREET_OFFICERS,
    UNIT,
    UNIT_OFFICERS,
)
from services.platform.clock import machine_ms

FILE = "accounts.txt"
LOOPBACK = "127.0.0.0/8 ::1/128"


def make_demo_accounts(engine: Engine, district: District, data_dir: Path) -> list[str]:
    """Make them where there are none; returns «account password role name» of those that can log in."""
    kept = data_dir / FILE
    with engine.connect() as connection:
        is_there = bool(reader.all_accounts(connection))
    if is_there:
        return kept.read_text("utf-8").splitlines() if kept.is_file() else []
    now = machine_ms()
    accounts.add(engine, now, Account("wall", "大屏", "wall", addresses=LOOPBACK), "")
    lines = []
    for account in _people(district):
        password = passwords.make()
        accounts.add(engine, now, account, password)
        lines.append(f"{account.user_id:<8} {password}  {account.role} {account.name}")
    kept.touch(mode=0o600)
    kept.write_text("\n".join(lines) + "\n", "utf-8")
    return lines


def _people(district: District) -> list[Account]:
    street = next(iter(district.streets), "")
    community = next((code for code, area in district.communities.items() if area.parent == street), "")
    found = [
        Account("duty", DAY_OFFICER[0], "duty_officer"),
        Account("duty2", NIGHT_OFFICER[0], "duty_officer"),
        Account("leader", DUTY_LEADER[0], "leader"),
        Account("auditor", "钱立", "auditor"),
        Account("security", "冯洁", "security"),
        Account("admin", "孙伟", "admin"),
    ]
    if street:
        found.extend(
            Account(user_id, name, "street_staff", street)
            for user_id, (name, _) in zip(("street", "street2"), STREET_OFFICERS, strict=True)
        )
    if district.units:
        unit = UNIT if UNIT in district.units else next(iter(district.units))
        found.extend(
            Account(user_id, name, "department", unit=unit)
            for user_id, (name, _) in zip(("unit", "unit2"), UNIT_OFFICERS, strict=True)
        )
    if grid := next((code for code, area in district.grids.items() if area.parent == community), ""):
        found.append(Account("grid", "沈佳", "grid_worker", grid=grid))
    if community:
        found.append(Account("station", "罗勇", "street_staff", street, community))
    return found
