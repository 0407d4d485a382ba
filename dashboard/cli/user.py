"""``lianqin user …``: accounts from the command line."""

import argparse
from collections.abc import Callable
from typing import Any

from services.access.rights import ROLES
from services.platform.settings import Settings

ACTIONS = ("add", "set", "disable", "enable", "reset", "reset-factor", "end", "list")


def add_user_command(
    add: Callable[..., argparse.ArgumentParser], local: Callable[[argparse.ArgumentParser], Any]
) -> None:
    """Add the command to the parser."""
    user = add(
        "user", _user, "accounts: add, set, disable, enable, reset (password), reset-factor, end (sessions), list"
    )
    local(user)
    user.add_argument("action", choices=ACTIONS)
    user.add_argument("id", nargs="?", default="", help="the account")
    user.add_argument("--name", help="the person's name")
    user.add_argument("--role", choices=ROLES)
    user.add_argument("--street", metavar="CODE", help="of street_staff: the one street that they see")
    user.add_argument("--community", metavar="CODE", help="narrows it to a workstation's community")
    user.add_argument("--unit", metavar="CODE", help="of department: the unit of departments.csv whose cases they see")
    user.add_argument("--grid", metavar="CODE", help="of grid_worker: the grid whose cases they see")
    user.add_argument("--addresses", metavar="NETS", help="of a wall: where it stands, such as 10.1.2.3/32")
    user.add_argument(
        "--sso",
        nargs="?",
        const="",
        metavar="SUBJECT",
        help="by the single sign-on alone, without a password: the person with this «sub»; without one, the first who "
        "signs on under the account's name (or --sso-name)",
    )
    user.add_argument("--sso-name", metavar="NAME", help="what LIANQIN_OIDC_CLAIM says of the person, if not the id")
    user.add_argument("--password-stdin", action="store_true", help="read the password; else one is made and shown")


def _user(options: argparse.Namespace, settings: Settings) -> int:
    import sys

    from services.admin.errands.accounts import UserWish, user

    password = sys.stdin.readline().rstrip("\n") if options.password_stdin else ""
    wish = UserWish(
        options.id, options.name, options.role, options.street, options.community, options.unit, options.grid,
        options.addresses, password, options.sso, options.sso_name,
    )  # fmt: skip
    for line in user(settings, options.action, wish):
        print(line)
    return 0
