"""Which targets were in force at a past moment: those of the stored versions of ``policy.toml``, if there are any."""

import tomllib
from collections.abc import Callable

from sqlalchemy import Connection, select

from services.district import tables as schema
from services.district.package import District
from services.district.policy import Policy, read_policy

FILE = "policy.toml"


def policies(connection: Connection, district: District) -> Callable[[int], Policy]:
    """What says which policy was in force at a moment (Unix ms of the district's clock).

    Of a version from its moment on, before the first what it replaced.

    Where nothing of the file was ever changed in the store it is the present package's.
    """
    version, file = schema.package_versions.c, schema.package_files.c
    query = select(file.number, version.effective_at, file.before, file.after).join(
        schema.package_versions, file.number == version.number
    )
    rows = connection.execute(query.where(file.file == FILE).order_by(file.number)).all()
    if not rows:
        return lambda _at: district.policy
    first = _read(rows[0].before)
    later = [(row.effective_at, _read(row.after)) for row in rows]

    def policy_at(at: int) -> Policy:
        in_force = [policy for effective_at, policy in later if effective_at <= at]
        return in_force[-1] if in_force else first

    return policy_at


def _read(content: bytes | None) -> Policy:
    """The policy of a file that was checked when it was kept; without a file the defaults."""
    found = {} if content is None else tomllib.loads(bytes(content).decode("utf-8-sig"))
    return read_policy(found, lambda _key, _problem, _remedy: None)
